//! Text in the bodies of requests.
//!
//! poem-openapi takes numbers and booleans for text, too, and repeats in its refusals what it was given.
//! These types take JSON strings only, and repeat nothing.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use secrecy::SecretString;
use serde_json::Value;

/// Control characters: one of them, NUL, PostgreSQL cannot even store.
const LINE_PATTERN: &str = r"^[^\u0000-\u001F\u007F-\u009F]*$";
/// Longest secret that is taken.
const MAX_SECRET_CHARS: usize = 4096;

/// Text on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

/// Text that must not show anywhere: printable ASCII without spaces.
#[derive(Debug, Clone)]
pub(crate) struct Secret(pub(crate) SecretString);

impl Type for Text {
    const IS_REQUIRED: bool = true;
    type RawValueType = String;
    type RawElementValueType = String;

    fn name() -> Cow<'static, str> {
        "string".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            pattern: Some(LINE_PATTERN.to_owned()),
            ..MetaSchema::new("string")
        }))
    }

    fn as_raw_value(&self) -> Option<&String> {
        Some(&self.0)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a String> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromJSON for Text {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::String(text)) if !text.chars().any(char::is_control) => Ok(Self(text)),
            Some(Value::String(_)) => Err(ParseError::custom("the text must be on one line")),
            Some(_) => Err(ParseError::custom("this is no text")),
            None => Err(ParseError::expected_input()),
        }
    }
}

impl ToJSON for Text {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.clone()))
    }
}

impl Type for Secret {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string(password)".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            pattern: Some("^[!-~]+$".to_owned()),
            max_length: Some(MAX_SECRET_CHARS),
            write_only: true,
            ..MetaSchema::new_with_format("string", "password")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromJSON for Secret {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let is_secret = |text: &str| {
            (1..=MAX_SECRET_CHARS).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_graphic())
        };
        match value {
            Some(Value::String(text)) if is_secret(&text) => Ok(Self(text.into())),
            Some(_) => Err(ParseError::custom(
                "a secret must be printable ASCII without spaces, and not empty",
            )),
            None => Err(ParseError::expected_input()),
        }
    }
}

/// poem-openapi asks this of every field of a body; the answer is nothing.
impl ToJSON for Secret {
    fn to_json(&self) -> Option<Value> {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_json_string_is_text() {
        assert_eq!(
            Text::parse_from_json(Some(json!("é 🦊"))).unwrap().0,
            "é 🦊"
        );
        for wrong in [
            json!(5),
            json!(true),
            json!(null),
            json!(["a"]),
            json!("a\u{0}b"),
            json!("a\nb"),
        ] {
            assert!(
                Text::parse_from_json(Some(wrong.clone())).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_secret_that_is_refused_is_not_repeated() {
        for wrong in [json!("web key 1"), json!(["web-key-1"]), json!("")] {
            let error = Secret::parse_from_json(Some(wrong)).unwrap_err();
            assert!(!error.message().contains("web"), "{}", error.message());
        }
    }

    #[test]
    fn a_secret_is_never_written() {
        let secret = Secret::parse_from_json(Some(json!("web-key-1"))).unwrap();
        assert_eq!(secret.to_json(), None);
        assert!(!format!("{secret:?}").contains("web-key-1"));
    }
}
