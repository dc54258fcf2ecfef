//! The part of a record that says something about it.
//!
//! Links to files are signed anew with every answer. With them no record would ever be the same as before.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// Members that hold such links, wherever they stand.
const LINKS: [&str; 6] = [
    "icon",
    "icon_url",
    "icon_thumb_url",
    "attachment",
    "attachment_url",
    "attachments",
];

/// Returns `record` without links to files.
pub(super) fn content(record: &Map<String, Value>) -> Cow<'_, Map<String, Value>> {
    if has_links(record) {
        Cow::Owned(without_links(record))
    } else {
        Cow::Borrowed(record)
    }
}

fn is_link(name: &str) -> bool {
    LINKS.contains(&name)
}

fn has_links(members: &Map<String, Value>) -> bool {
    fn holds_links(value: &Value) -> bool {
        match value {
            Value::Object(members) => has_links(members),
            Value::Array(items) => items.iter().any(holds_links),
            _ => false,
        }
    }
    members
        .iter()
        .any(|(name, value)| is_link(name) || holds_links(value))
}

fn without_links(members: &Map<String, Value>) -> Map<String, Value> {
    fn bare(value: &Value) -> Value {
        match value {
            Value::Object(members) => without_links(members).into(),
            Value::Array(items) => items.iter().map(bare).collect(),
            other => other.clone(),
        }
    }
    let kept = members.iter().filter(|(name, _)| !is_link(name));
    kept.map(|(name, value)| (name.clone(), bare(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bare(record: &Value) -> Value {
        Value::Object(content(record.as_object().unwrap()).into_owned())
    }

    #[test]
    fn links_to_files_say_nothing() {
        let record = json!({
            "id": 1, "icon": null,
            "member": {"name": "A", "icon": {"url": "https://files/1?sig=2"}},
            "participants": [{"member_id": 2, "icon_url": "x"}],
        });
        assert_eq!(
            bare(&record),
            json!({"id": 1, "member": {"name": "A"}, "participants": [{"member_id": 2}]})
        );
    }

    #[test]
    fn a_record_without_links_is_taken_as_it_is() {
        let record = json!({"id": 1, "member": {"name": "A"}});
        assert!(matches!(
            content(record.as_object().unwrap()),
            Cow::Borrowed(_)
        ));
    }
}
