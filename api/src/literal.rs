//! Text in query parameters that is looked for as it is.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult, Type};

/// Longest text that can be searched for.
pub(crate) const MAX_SEARCH_CHARS: usize = 200;
/// Longest name that can be filtered by; upstreams cut theirs long before.
pub(crate) const MAX_NAME_CHARS: usize = 2000;

/// PostgreSQL can store every character but NUL.
const PATTERN: &str = r"^[^\u0000]*$";

/// Text of at most `MAX_CHARS` characters, without NUL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Literal<const MAX_CHARS: usize>(String);

/// Text to search for; an empty one finds everything.
pub(crate) type Search = Literal<MAX_SEARCH_CHARS>;
/// The name of a stage or source.
pub(crate) type Name = Literal<MAX_NAME_CHARS>;

impl<const MAX_CHARS: usize> Literal<MAX_CHARS> {
    /// Returns the text, unless it is empty.
    pub(crate) fn given(text: Option<Self>) -> Option<String> {
        text.map(|text| text.0).filter(|text| !text.is_empty())
    }
}

impl<const MAX_CHARS: usize> Type for Literal<MAX_CHARS> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            pattern: Some(PATTERN.to_owned()),
            max_length: Some(MAX_CHARS),
            ..MetaSchema::new("string")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<const MAX_CHARS: usize> ParseFromParameter for Literal<MAX_CHARS> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        if value.chars().nth(MAX_CHARS).is_some() {
            let detail = format!("the text must have at most {MAX_CHARS} characters");
            return Err(ParseError::custom(detail));
        }
        if value.contains('\0') {
            return Err(ParseError::custom("the text must not contain NUL"));
        }
        Ok(Self(value.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        let fox = "🦊".repeat(MAX_SEARCH_CHARS);
        assert!(Search::parse_from_parameter(&fox).is_ok());
        assert!(Search::parse_from_parameter(&format!("{fox}x")).is_err());
    }

    #[test]
    fn nul_is_refused_and_nothing_else() {
        assert!(Search::parse_from_parameter("a\0b").is_err());
        assert!(Search::parse_from_parameter("%_\\\u{1}\u{10ffff}").is_ok());
    }
}
