//! Moments, as requests and answers write them: RFC 3339, to the microsecond, in answers UTC with a `Z`.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, SecondsFormat, SubsecRound};
use entity::Timestamp;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{
    ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type,
};
use serde_json::Value;

/// Places behind the second that are kept: microseconds, as everywhere.
const PLACES: u16 = 6;

/// A moment of the years that both databases can compare, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl Type for Moment {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string(date-time)".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl From<Timestamp> for Moment {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp)
    }
}

impl ParseFromParameter for Moment {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        let parsed = DateTime::parse_from_rfc3339(value).ok();
        let moment = parsed.map(|moment| moment.to_utc().trunc_subsecs(PLACES));
        moment
            .filter(|moment| (0..=9999).contains(&moment.year()))
            .map(Self)
            .ok_or_else(|| {
                ParseError::custom(
                    "this is no time like 2026-11-20T08:15:30Z of the years 0 to 9999",
                )
            })
    }
}

impl ParseFromJSON for Moment {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let text = value.as_ref().and_then(Value::as_str);
        Self::parse_from_parameter(text.unwrap_or_default())
    }
}

impl ToJSON for Moment {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_rfc_3339_of_a_common_year() {
        for text in [
            "2026-11-20T08:15:30Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:60.9999999+00:00",
        ] {
            assert!(Moment::parse_from_parameter(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "2026-11-20",
            "now",
            "+10000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-01:00",
            "\0",
        ] {
            assert!(Moment::parse_from_parameter(text).is_err(), "{text}");
        }
    }

    #[test]
    fn offsets_are_understood_and_more_than_microseconds_cut() {
        let moment = Moment::parse_from_parameter("2026-11-20T10:15:30.1234567+02:00").unwrap();
        assert_eq!(moment.to_json(), Some("2026-11-20T08:15:30.123456Z".into()));
    }
}
