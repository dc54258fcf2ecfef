//! Reads the fields of an upstream record without trusting their types.

use std::cell::Cell;

use chrono::{
    DateTime, Datelike, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;
use entity::{Amount, Timestamp};
use serde_json::{Map, Value};

/// Characters of an id or name: three of these, of four bytes each, fit into one entry of an index.
pub const MAX_NAME: usize = 200;

/// The fields of one record. Values that are there but cannot be read are counted, never guessed.
#[derive(Debug)]
pub struct Fields<'a> {
    record: &'a Map<String, Value>,
    zone: Tz,
    unreadable: Cell<u32>,
}

impl<'a> Fields<'a> {
    /// The fields of `record`; times without a zone are read in `zone`.
    pub fn new(record: &'a Map<String, Value>, zone: Tz) -> Self {
        Self {
            record,
            zone,
            unreadable: Cell::new(0),
        }
    }

    /// How many values were there but could not be read.
    pub fn unreadable(&self) -> u32 {
        self.unreadable.get()
    }

    /// Returns the text of the first of `names` that has one.
    ///
    /// Numbers and booleans are given as text; null, blank and the word `null` are nothing; a NUL
    /// character, which PostgreSQL cannot store, becomes U+FFFD.
    pub fn text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.scalar(name))
    }

    /// The same of a name that lists and numbers are made by: an index takes no text of any length. What is beyond
    /// [`MAX_NAME`] is cut off, and the value counts as unreadable.
    pub fn name(&self, names: &[&str]) -> Option<String> {
        let text = self.text(names)?;
        let Some((end, _)) = text.char_indices().nth(MAX_NAME) else {
            return Some(text);
        };
        self.counted(None::<()>);
        Some(format!("{}…", text.get(..end)?))
    }

    /// Returns the exact decimal in field `name`: plain, with a `$`, or with thousands separators.
    pub fn amount(&self, name: &str) -> Option<Amount> {
        let text = self.scalar(name)?;
        self.counted(parse_amount(&text))
    }

    /// Returns the whole number in field `name`.
    pub fn integer(&self, name: &str) -> Option<i32> {
        let text = self.scalar(name)?;
        self.counted(text.parse().ok())
    }

    /// Returns the moment in the first of `names` that has a text.
    pub fn time(&self, names: &[&str]) -> Option<Timestamp> {
        let text = self.text(names)?;
        // What databases write for "no date".
        if text.starts_with("0000-00-00") {
            return None;
        }
        self.counted(parse_time(&text, self.zone))
    }

    fn scalar(&self, name: &str) -> Option<String> {
        let text = match self.record.get(name)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null => return None,
            Value::Array(_) | Value::Object(_) => return self.counted(None),
        };
        let is_blank = text.is_empty() || text.eq_ignore_ascii_case("null");
        (!is_blank).then(|| text.replace('\0', "\u{fffd}"))
    }

    fn counted<T>(&self, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.unreadable.set(self.unreadable.get() + 1);
        }
        value
    }
}

/// Reads `1234.5`, `$1,234.50`, `-3`; nothing that would need a guess, such as `1.234,50` or `12,5`.
fn parse_amount(text: &str) -> Option<Amount> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let rest = rest.strip_prefix('$').unwrap_or(rest).trim_start();
    if !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    Amount::parse_plain(&format!("{sign}{}", without_thousands_separators(rest)?))
}

fn without_thousands_separators(text: &str) -> Option<String> {
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let is_grouped = rest.iter().all(|group| group.len() == 3)
        && (rest.is_empty() || (1..=3).contains(&first.len()));
    let joined = format!("{first}{}", rest.concat());
    is_grouped.then(|| match fraction {
        Some(fraction) => format!("{joined}.{fraction}"),
        None => joined,
    })
}

/// Reads a moment: with an offset as it says, without one as local time of `zone`.
fn parse_time(text: &str, zone: Tz) -> Option<Timestamp> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return to_micros(time.with_timezone(&Utc));
    }
    let local = [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    .or_else(|| {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(date.and_time(NaiveTime::MIN))
    })?;
    local_to_utc(local, zone).and_then(to_micros)
}

/// Returns the moment at which clocks in `zone` show `local`.
///
/// A time that occurs twice (clocks went back) is its first occurrence; a time that never occurs (clocks
/// went forward) is as much later as the clocks jumped, as calendars show it.
pub(crate) fn local_to_utc(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => {
            Some(time.with_timezone(&Utc))
        }
        LocalResult::None => {
            // The offset in force before the gap gives the moment as far after the jump.
            let before = zone
                .from_local_datetime(&local.checked_sub_signed(TimeDelta::hours(3))?)
                .earliest()?;
            let moment = before
                .with_timezone(&Utc)
                .checked_add_signed(TimeDelta::hours(3))?;
            Some(moment)
        }
    }
}

/// Returns a moment as it can be stored; none in a year that RFC 3339 and databases do not know.
fn to_micros(time: DateTime<Utc>) -> Option<Timestamp> {
    let time = DateTime::from_timestamp_micros(time.timestamp_micros())?;
    (1..=9999).contains(&time.year()).then_some(time)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn time(text: &str) -> Option<String> {
        let zone = chrono_tz::America::New_York;
        parse_time(text, zone).map(|time| time.to_rfc3339())
    }

    #[test]
    fn money_in_its_usual_forms_is_exact() {
        for (text, plain) in [
            ("45000", "45000"),
            ("$1,234.50", "1234.5"),
            ("1,234,567", "1234567"),
            ("-3.25", "-3.25"),
            ("0", "0"),
        ] {
            assert_eq!(parse_amount(text), Amount::parse_plain(plain), "{text}");
            assert!(parse_amount(text).is_some(), "{text}");
        }
    }

    #[test]
    fn money_that_needs_a_guess_is_unreadable() {
        for text in [
            "1.234,50", "12,5", "90K", "1e5", "abc", "$", "(500)", "1,2345", "--1", "NaN",
        ] {
            assert_eq!(parse_amount(text), None, "{text}");
        }
    }

    #[test]
    fn a_local_time_is_read_in_the_zone() {
        assert_eq!(
            time("2026-07-01 12:00:00").unwrap(),
            "2026-07-01T16:00:00+00:00"
        );
        assert_eq!(
            time("2026-01-01 12:00:00").unwrap(),
            "2026-01-01T17:00:00+00:00"
        );
        assert_eq!(time("2026-01-01").unwrap(), "2026-01-01T05:00:00+00:00");
    }

    #[test]
    fn a_time_with_an_offset_is_taken_as_it_says() {
        assert_eq!(
            time("2026-07-01T12:00:00+02:00").unwrap(),
            "2026-07-01T10:00:00+00:00"
        );
    }

    #[test]
    fn a_year_that_needs_more_or_less_than_four_digits_is_unreadable() {
        for text in [
            "9999-12-31 23:59:59",
            "-9999-01-01",
            "+10000-01-01 00:00:00",
            "0000-12-31 00:00:00",
            "9999-12-31T23:59:59-05:00",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(
            time("9999-12-31 12:00:00").unwrap(),
            "9999-12-31T17:00:00+00:00"
        );
        assert_eq!(
            time("0001-01-01 00:00:00").unwrap(),
            "0001-01-01T04:56:02+00:00"
        );
    }

    #[test]
    fn a_time_in_the_spring_gap_is_moved_past_it() {
        assert_eq!(
            time("2026-03-08 02:30:00").unwrap(),
            "2026-03-08T07:30:00+00:00"
        );
    }

    #[test]
    fn a_time_in_the_autumn_overlap_is_its_first_occurrence() {
        assert_eq!(
            time("2026-11-01 01:30:00").unwrap(),
            "2026-11-01T05:30:00+00:00"
        );
    }

    #[test]
    fn what_is_there_but_unreadable_is_counted() {
        let record =
            json!({"a": "soon", "b": "", "c": null, "d": "0000-00-00 00:00:00", "e": ["x"]});
        let record = record.as_object().unwrap();
        let fields = Fields::new(record, Tz::UTC);
        for name in ["a", "b", "c", "d", "e", "absent"] {
            assert_eq!(fields.time(&[name]), None);
        }
        assert_eq!(fields.unreadable(), 2);
    }

    #[test]
    fn a_name_without_end_is_cut_and_counted() {
        let record = json!({"short": "é".repeat(MAX_NAME), "long": "é".repeat(MAX_NAME + 1)});
        let record = record.as_object().unwrap();
        let fields = Fields::new(record, Tz::UTC);
        assert_eq!(fields.name(&["short"]).unwrap(), "é".repeat(MAX_NAME));
        assert_eq!(fields.unreadable(), 0);
        let cut = fields.name(&["long"]).unwrap();
        assert_eq!(cut, format!("{}…", "é".repeat(MAX_NAME)));
        assert_eq!(fields.unreadable(), 1);
    }

    #[test]
    fn scalars_of_any_type_are_text() {
        let record = json!({"n": 7, "f": 1.50, "b": true, "s": " x\u{0} ", "null": "NULL"});
        let record = record.as_object().unwrap();
        let fields = Fields::new(record, Tz::UTC);
        assert_eq!(fields.text(&["n"]).as_deref(), Some("7"));
        assert_eq!(fields.text(&["b"]).as_deref(), Some("true"));
        assert_eq!(fields.text(&["s"]).as_deref(), Some("x\u{fffd}"));
        assert_eq!(fields.text(&["null", "n"]).as_deref(), Some("7"));
    }
}
