//! What a condition compares with, and how values compare with it.

use std::cmp::Ordering;

use chrono::SecondsFormat;
use chrono_tz::Tz;
use serde_json::Value;

use super::attribute::Kind;
use crate::current_rms::stamp;

/// Places after the point that a decimal is compared by.
const DECIMAL_PLACES: usize = 4;

/// The right side of a condition, read once.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operand {
    pub(super) text: String,
    number: Option<i128>,
    /// A time without its `Z`, so that texts of different precision sort as their times.
    time: Option<String>,
}

impl Operand {
    /// Reads a value; a time without a zone is in `zone`.
    pub(super) fn new(text: &str, zone: Tz) -> Self {
        let time = stamp::parse(text, zone).map(|moment| {
            let text = moment.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            let text = if text.contains('.') {
                text
            } else {
                stamp::text(moment)
            };
            text.trim_end_matches('Z').to_owned()
        });
        Self {
            text: text.to_owned(),
            number: decimal(text),
            time,
        }
    }

    /// Compares a value with this; `None` where they are of different kinds.
    pub(super) fn compare(&self, value: &Value, kind: Kind) -> Option<Ordering> {
        match (value, kind) {
            (Value::String(text), Kind::Time) => {
                let time = self.time.as_deref()?;
                Some(text.trim_end_matches('Z').cmp(time))
            }
            (Value::String(text), Kind::Decimal) => Some(decimal(text)?.cmp(&self.number?)),
            (Value::String(text), Kind::Plain) => Some(text.as_str().cmp(&self.text)),
            (Value::Number(number), _) => Some(decimal(&number.to_string())?.cmp(&self.number?)),
            (Value::Bool(is_true), _) => {
                let wanted = truth(&self.text)?;
                Some(is_true.cmp(&wanted))
            }
            _ => None,
        }
    }
}

/// Reads yes or no as query strings write them.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "true" | "t" => Some(true),
        "0" | "false" | "f" => Some(false),
        _ => None,
    }
}

/// Reads a decimal as a whole number of 1/10,000; further places are cut off.
pub(super) fn decimal(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(part) {
        return None;
    }
    let part: String = part
        .chars()
        .chain("0000".chars())
        .take(DECIMAL_PLACES)
        .collect();
    format!("{whole}{part}")
        .parse::<i128>()
        .ok()
        .map(|number| sign * number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_compare_by_value() {
        let operand = Operand::new("1250", Tz::UTC);
        let compare = |text: &str| operand.compare(&Value::from(text), Kind::Decimal);
        assert_eq!(compare("1250.0000"), Some(Ordering::Equal));
        assert_eq!(compare("999.9"), Some(Ordering::Less));
        assert_eq!(compare("-2000.0"), Some(Ordering::Less));
        assert_eq!(compare("call me"), None);
    }

    #[test]
    fn times_compare_whatever_their_precision() {
        let value = Value::from("2026-05-01T09:00:00.000Z");
        for (text, expected) in [
            ("2026-05-01T09:00:00Z", Ordering::Equal),
            ("2026-05-01T09:00:00.000456Z", Ordering::Less),
            ("2026-05-01T11:00:00+02:00", Ordering::Equal),
            ("2026-05-01", Ordering::Greater),
        ] {
            let operand = Operand::new(text, Tz::UTC);
            assert_eq!(
                operand.compare(&value, Kind::Time),
                Some(expected),
                "{text}"
            );
        }
    }
}
