//! Single values of upstream records, read by rules written down a second time.

use chrono::{DateTime, Days, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use ctsync_sandbox::Record;
use entity::Timestamp;
use serde_json::Value;

/// Ten-thousandths in one whole.
const SCALE: i64 = 10_000;

/// Returns the text of a field; blank, null and the word `null` are nothing.
pub(super) fn text(record: &Record, field: &str) -> Option<String> {
    let text = match record.get(field)? {
        Value::String(text) => text.trim().replace('\0', "\u{fffd}"),
        Value::Null => return None,
        other => other.to_string(),
    };
    (!text.is_empty() && text.to_lowercase() != "null").then_some(text)
}

/// Returns the stage of a contact or opportunity.
pub(super) fn stage(record: &Record, field: &str) -> String {
    text(record, field).unwrap_or_else(|| "New Lead".to_owned())
}

/// Returns an amount in ten-thousandths: plain digits, or with `$` and all its commas in place.
pub(super) fn amount(record: &Record, field: &str) -> Option<i64> {
    let text = text(record, field)?;
    let (sign, unsigned) = text
        .strip_prefix('-')
        .map_or((1, &*text), |rest| (-1, rest));
    let number = unsigned.strip_prefix('$').unwrap_or(unsigned).trim_start();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = whole.replace(',', "");
    let is_written_well = digits == whole || with_commas(&digits) == whole;
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !is_written_well || !is_number(&digits) || !is_number(fraction) || fraction.len() > 4 {
        return None;
    }
    let whole: i64 = digits.parse().ok()?;
    let fraction: i64 = format!("{fraction:0<4}").parse().ok()?;
    Some(sign * whole.checked_mul(SCALE)?.checked_add(fraction)?)
}

fn with_commas(digits: &str) -> String {
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(|group| String::from_utf8_lossy(group)).collect();
    groups.join(",")
}

/// Returns the moment a field names: a local time or day, or a moment that tells its own offset.
pub(super) fn time(record: &Record, field: &str, zone: Tz) -> Option<Timestamp> {
    let text = text(record, field)?;
    if let Ok(moment) = DateTime::parse_from_rfc3339(&text) {
        return Some(moment.to_utc());
    }
    let day = format!("{text} 00:00:00");
    let local = [text, day]
        .iter()
        .find_map(|text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok());
    local.map(|local| to_utc(local, zone))
}

/// Returns the moment of a local time: the first of two, and past a gap by as much as it lay in it.
pub(super) fn to_utc(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    // Both rules say the same: until the clocks have changed, the offset of the day before holds. On any
    // other day the offset is the day's own.
    let own = zone.offset_from_local_datetime(&local).single();
    let day_before = || zone.offset_from_utc_datetime(&(local - Days::new(1)));
    let offset = own.unwrap_or_else(day_before).fix();
    (local - offset).and_utc()
}

/// Returns the name of the person responsible, which may be an object written as text.
pub(super) fn assigned_user(record: &Record) -> Option<String> {
    let text = text(record, "assigned_user")?;
    let user: Record = match serde_json::from_str(&text) {
        Ok(user) => user,
        Err(_) => return Some(text),
    };
    Some(format!(
        "{} {}",
        user.text("first_name"),
        user.text("last_name")
    ))
}
