//! Times as Current RMS writes them: UTC, milliseconds, `Z`.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::Value;

/// Returns the text of a time.
pub(crate) fn text(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Returns whether a field of this name holds a time.
pub(crate) fn is_time(field: &str) -> bool {
    field.ends_with("_at")
}

/// Reads a time out of a filter; one without a zone is in `zone`, one without a time of day means midnight.
pub(crate) fn parse(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.to_utc());
    }
    let local = local(text)?;
    let moment = local.and_local_timezone(zone).earliest()?;
    Some(moment.to_utc())
}

fn local(text: &str) -> Option<NaiveDateTime> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Some(day.and_time(NaiveTime::MIN));
    }
    let text = text.replacen(' ', "T", 1);
    text.parse().ok()
}

/// Rewrites every time within a record's field with the offset of `zone`.
pub(crate) fn localize(field: &str, value: &mut Value, zone: Tz) {
    match value {
        Value::String(text) if is_time(field) => {
            if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
                let local = moment.with_timezone(&zone);
                *text = local.to_rfc3339_opts(SecondsFormat::Millis, false);
            }
        }
        Value::Array(values) => {
            for value in values {
                localize(field, value, zone);
            }
        }
        Value::Object(fields) => {
            for (field, value) in fields {
                localize(field, value, zone);
            }
        }
        _ => {}
    }
}
