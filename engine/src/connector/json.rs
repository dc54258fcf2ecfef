//! Finds records in a body without copying them.

use std::ops::Range;

use serde_json::value::RawValue;

/// Returns a body without the mark that some servers put before it.
pub(super) fn content(body: &str) -> &str {
    body.strip_prefix('\u{feff}').unwrap_or(body)
}

/// Returns where in `body` the elements of `list` stand; `None` when it is not a list.
pub(super) fn elements(body: &str, list: &RawValue) -> Option<Vec<Range<usize>>> {
    let items: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    Some(items.into_iter().map(|item| place(body, item)).collect())
}

/// Returns where in `body` a part of it stands.
pub(super) fn place(body: &str, part: &RawValue) -> Range<usize> {
    let start = part.get().as_ptr().addr() - body.as_ptr().addr();
    start..start + part.get().len()
}
