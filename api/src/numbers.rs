//! Whole numbers in one query parameter: `2,3,none`.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult, Type};

/// What stands for having no number.
const NONE: &str = "none";
/// Most numbers at once.
const MAX_NUMBERS: usize = 50;
/// Most digits of one.
const MAX_DIGITS: usize = 10;
/// Each with a sign and a comma.
const MAX_CHARS: usize = MAX_NUMBERS * (MAX_DIGITS + 2);

const PATTERN: &str = r"^(none|-?[0-9]{1,10})(,(none|-?[0-9]{1,10}))*$";

/// Some whole numbers, separated by commas; `none` stands for having none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbers(Vec<Option<i32>>);

impl Numbers {
    /// Returns the numbers, each once and in order: the same ones however they were given.
    pub(crate) fn given(numbers: Option<Self>) -> Option<Vec<Option<i32>>> {
        numbers.map(|Self(mut numbers)| {
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        })
    }
}

impl Type for Numbers {
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
            example: Some("0,1".into()),
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

impl ParseFromParameter for Numbers {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        let number = |text| {
            if text == NONE {
                Some(None)
            } else {
                number(text).map(Some)
            }
        };
        let numbers = value.split(',').take(MAX_NUMBERS + 1).map(number);
        let numbers: Option<Vec<_>> = numbers.collect();
        numbers
            .filter(|numbers| numbers.len() <= MAX_NUMBERS)
            .map(Self)
            .ok_or_else(|| {
                ParseError::custom(format!(
                    "this is no list like 2,3 of at most {MAX_NUMBERS} whole numbers, or {NONE} for what has none"
                ))
            })
    }
}

/// Reads plain digits; Rust's own reading takes a plus sign, too.
fn number(text: &str) -> Option<i32> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= MAX_DIGITS;
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_and_separated_by_commas() {
        let read = |text| Numbers::parse_from_parameter(text).map(|numbers| numbers.0);
        assert_eq!(read("2").unwrap(), [Some(2)]);
        assert_eq!(
            read("3,none,-1,2147483647").unwrap(),
            [Some(3), None, Some(-1), Some(i32::MAX)]
        );
        let long = vec!["1"; MAX_NUMBERS + 1].join(",");
        for wrong in [
            "",
            ",",
            "2,",
            "2, 3",
            "+2",
            "2.0",
            "order",
            "None",
            "2147483648",
            "--1",
            "-",
            &long,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_same_numbers_are_the_same_filter() {
        let read = |text| Numbers::given(Numbers::parse_from_parameter(text).ok());
        assert_eq!(read("3,2,none,3"), read("none,2,3"));
        assert_eq!(read("x"), None);
    }
}
