//! Names as HTTP writes them, and no words that say nothing.

use serde_json::Value;

use super::walk::{Object, each_operation, entries_mut, items_mut};

/// Keys that poem-openapi writes although they are the default.
const DEFAULTS: [(&str, bool); 2] = [("deprecated", false), ("explode", true)];

/// Corrects media types and header names, and leaves out what is the default anyway.
pub(super) fn correct(document: &mut Value) {
    each_operation(document, |_, _, operation| {
        for parameter in operation
            .get_mut("parameters")
            .into_iter()
            .flat_map(items_mut)
        {
            leave_out_defaults(parameter);
        }
        if let Some(body) = operation.get_mut("requestBody") {
            rename(body, "content", media_type);
        }
        for (_, response) in operation
            .get_mut("responses")
            .into_iter()
            .flat_map(entries_mut)
        {
            rename(response, "content", media_type);
            rename(response, "headers", header_name);
            let headers = response.get_mut("headers").into_iter();
            for (_, header) in headers.flat_map(entries_mut) {
                leave_out_defaults(header);
            }
        }
    });
}

fn leave_out_defaults(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        for (key, default) in DEFAULTS {
            // A path parameter is never exploded, and says so.
            if object
                .get(key)
                .is_some_and(|value| *value == default || key == "explode")
            {
                object.remove(key);
            }
        }
    }
}

fn rename(holder: &mut Value, key: &str, name: fn(&str) -> String) {
    if let Some(Value::Object(entries)) = holder.get_mut(key) {
        *entries = std::mem::take(entries)
            .into_iter()
            .map(|(key, value)| (name(&key), value))
            .collect::<Object>();
    }
}

/// A media type without parameters: JSON is UTF-8 in any case.
fn media_type(text: &str) -> String {
    let essence = text.split(';').next().unwrap_or(text);
    essence.trim().to_owned()
}

/// `RETRY-AFTER` → `Retry-After`; the one name that is written otherwise is known.
fn header_name(text: &str) -> String {
    if text.eq_ignore_ascii_case("etag") {
        return "ETag".to_owned();
    }
    let word = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_uppercase() + &rest.to_lowercase(),
        None => word.to_owned(),
    };
    text.split('-').map(word).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_http_writes_them() {
        assert_eq!(
            media_type("application/json; charset=utf-8"),
            "application/json"
        );
        assert_eq!(header_name("RETRY-AFTER"), "Retry-After");
        assert_eq!(header_name("ETAG"), "ETag");
    }
}
