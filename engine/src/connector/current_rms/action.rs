//! Actions: what the service posts to webhooks when something happened.
//!
//! An action names its subject and does not carry it. Names of members are read without regard to case: public
//! receivers saw `Action_type`.

use entity::Stream;
use serde_json::{Map, Value};

use super::listings::is_id;
use crate::connector::Notice;

/// The action that says that its subject is gone.
pub(in crate::connector) const DESTROY: &str = "destroy";
/// What an action without a proper type is called.
const UNNAMED: &str = "unknown";
/// Longest type of an action.
const MAX_TYPE_CHARS: usize = 60;

/// Reads the body of a delivery; `None` when it holds no action, or one that cannot be told from others.
pub(in crate::connector) fn notice(body: &str) -> Option<Notice> {
    let body: Value = serde_json::from_str(body).ok()?;
    let action = member(body.as_object()?, "action")?.as_object()?;
    let id = id_in(action, "id")?;
    let acted_at = text_in(action, "created_at").and_then(|text| text.parse().ok());
    Some(Notice {
        delivery_key: format!("action:{id}"),
        event: event(action),
        record: subject(action),
        acted_at,
    })
}

/// The opportunity that the action happened to: whatever it came from, such as a line, the subject is what counts.
fn subject(action: &Map<String, Value>) -> Option<(Stream, String)> {
    let kind = text_in(action, "subject_type")?;
    if !kind.eq_ignore_ascii_case("Opportunity") {
        return None;
    }
    Some((Stream::Opportunities, id_in(action, "subject_id")?))
}

fn event(action: &Map<String, Value>) -> String {
    let event = text_in(action, "action_type").map(str::to_ascii_lowercase);
    event
        .filter(|event| is_word(event))
        .unwrap_or_else(|| UNNAMED.to_owned())
}

fn is_word(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=MAX_TYPE_CHARS).contains(&text.len()) && text.bytes().all(is_letter)
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut members = object.iter();
    members
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn text_in<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    member(object, name)?.as_str()
}

fn id_in(object: &Map<String, Value>, name: &str) -> Option<String> {
    let id = match member(object, name)? {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    is_id(&id).then_some(id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(action: &Value) -> Option<Notice> {
        notice(&json!({ "action": action }).to_string())
    }

    #[test]
    fn an_action_names_its_subject_and_its_time() {
        let action = json!({
            "id": 1364, "subject_id": 501, "subject_type": "Opportunity", "source_id": 7, "source_type": "OpportunityItem",
            "action_type": "update_item", "created_at": "2026-05-01T09:00:00.000Z", "member": {"name": "Sam User"},
        });
        let expected = Notice {
            delivery_key: "action:1364".to_owned(),
            event: "update_item".to_owned(),
            record: Some((Stream::Opportunities, "501".to_owned())),
            acted_at: "2026-05-01T09:00:00Z".parse().ok(),
        };
        assert_eq!(read(&action), Some(expected));
    }

    #[test]
    fn names_are_read_without_regard_to_case() {
        let body = r#"{"Action":{"ID":"9","Subject_ID":"501","Subject_type":"opportunity","Action_type":"Destroy"}}"#;
        let notice = notice(body).unwrap();
        assert_eq!(
            (notice.event.as_str(), notice.record.is_some()),
            (DESTROY, true)
        );
    }

    #[test]
    fn another_subject_is_no_record_of_ours() {
        for subject in [
            json!({"subject_type": "Member", "subject_id": 5}),
            json!({"subject_type": "Opportunity", "subject_id": "5; drop"}),
            json!({"subject_type": "Opportunity"}),
            json!({}),
        ] {
            let mut action = subject.clone();
            action["id"] = json!(1);
            let notice = read(&action).unwrap();
            assert_eq!((notice.record, notice.event.as_str()), (None, UNNAMED));
        }
    }

    #[test]
    fn what_cannot_be_told_from_others_is_no_notice() {
        for body in [
            "",
            "{",
            "[]",
            "null",
            r#"{"action":null}"#,
            r#"{"action":{}}"#,
            r#"{"action":{"id":null}}"#,
            r#"{"action":{"id":1.5}}"#,
            r#"{"action":{"id":"one"}}"#,
            r#"{"opportunity":{"id":1}}"#,
        ] {
            assert_eq!(notice(body), None, "{body}");
        }
    }

    #[test]
    fn a_strange_type_or_time_is_not_repeated() {
        let action = json!({"id": 1, "action_type": "x; <script>", "created_at": "yesterday"});
        let notice = read(&action).unwrap();
        assert_eq!((notice.event.as_str(), notice.acted_at), (UNNAMED, None));
    }
}
