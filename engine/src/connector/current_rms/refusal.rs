//! What the service says when it refuses: `{"errors": ["…"]}`, or the same less properly.

use serde::Deserialize;
use serde_json::Value;

/// Most messages that are looked at.
const MAX_MESSAGES: usize = 10;

/// Whether a refusal has exactly the form of the service: gateways before it have forms of their own, which other
/// refusals are read from, too, but which say nothing about a record.
pub(super) fn is_of_the_service(body: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Messages {
        errors: Vec<String>,
    }
    serde_json::from_str(body).is_ok_and(|Messages { errors }| !errors.is_empty())
}

/// The messages of a refusal; only for telling kinds apart, never to be shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(Vec<String>);

impl Refusal {
    /// Reads a body; `None` when it is not the service's way of refusing.
    pub(super) fn read(body: &str) -> Option<Self> {
        let Ok(Value::Object(body)) = serde_json::from_str(body) else {
            return None;
        };
        let told = ["errors", "error", "message"];
        let told = told.iter().find_map(|name| body.get(*name))?;
        Some(Self(messages(told)))
    }

    /// Whether the account may not use the API at all.
    pub(super) fn is_of_the_api(&self) -> bool {
        self.any(|text| {
            text.contains("api")
                && ["not enabled", "disabled", "not been enabled"]
                    .iter()
                    .any(|word| text.contains(word))
        })
    }

    /// Whether the credentials are not taken.
    pub(super) fn is_of_the_credentials(&self) -> bool {
        let words = [
            "unauthorized",
            "unauthorised",
            "not authorized",
            "forbidden",
            "access denied",
        ];
        self.any(|text| words.iter().any(|word| text.contains(word)))
    }

    fn any(&self, test: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|text| test(text))
    }
}

/// Returns the texts in `told`, in small letters: of a text, a list of texts, or objects that hold them.
fn messages(told: &Value) -> Vec<String> {
    match told {
        Value::String(text) => vec![text.to_lowercase()],
        Value::Array(items) => items.iter().take(MAX_MESSAGES).flat_map(messages).collect(),
        Value::Object(members) => members
            .values()
            .filter(|value| !value.is_object())
            .take(MAX_MESSAGES)
            .flat_map(messages)
            .collect(),
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_refusal_is_read() {
        for body in [
            r#"{"errors":["API not enabled"]}"#,
            r#"{"errors":"API access is disabled"}"#,
            r#"{"error":"The API has not been enabled"}"#,
            r#"{"errors":[{"detail":"API not enabled"}]}"#,
            r#"{"errors":{"base":["API not enabled"]}}"#,
        ] {
            assert!(Refusal::read(body).unwrap().is_of_the_api(), "{body}");
        }
        let refusal = Refusal::read(r#"{"errors":["Unauthorized"]}"#).unwrap();
        assert!(refusal.is_of_the_credentials() && !refusal.is_of_the_api());
    }

    #[test]
    fn what_is_no_refusal_of_the_service_is_none() {
        for body in ["<html></html>", "[]", r#"{"opportunities":[]}"#, ""] {
            assert_eq!(Refusal::read(body), None, "{body}");
        }
    }
}
