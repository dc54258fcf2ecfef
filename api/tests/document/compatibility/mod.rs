//! What a client of the old document would trip over in the new one.
//!
//! A request that was good must stay good, and an answer must stay one that was announced. Additions are
//! fine: operations, optional parameters and properties of requests, properties and words of answers (clients
//! pass over what they do not know). What a generated client would not compile with counts as broken, too.

mod operations;
mod schemas;
#[cfg(test)]
mod tests;

use serde_json::Value;

/// Returns a sentence for each thing that breaks clients.
pub(crate) fn breaks(old: &Value, new: &Value) -> Vec<String> {
    operations::compare(old, new)
}

/// Whether the version of `new` announces that it may break clients of `old`: another major version, or another
/// minor version before 1.0.
pub(crate) fn starts_a_new_series(old: &Value, new: &Value) -> bool {
    series(new) > series(old)
}

fn series(document: &Value) -> (u64, u64) {
    let version = document.pointer("/info/version");
    let version = version.and_then(Value::as_str).unwrap_or_default();
    let mut numbers = version
        .split('.')
        .map(|part| part.parse().unwrap_or_default());
    match (numbers.next(), numbers.next()) {
        (Some(0), Some(minor)) => (0, minor),
        (major, _) => (major.unwrap_or_default(), 0),
    }
}
