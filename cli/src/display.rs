//! Numbers and times in the words of people.

use chrono::SecondsFormat;
use entity::{AmountSum, Timestamp};

/// Returns how long ago `time` was: `just now`, `12 min ago`, `3 h ago`, `5 days ago`.
pub(crate) fn ago(now: Timestamp, time: Timestamp) -> String {
    match (now - time).num_seconds() {
        ..60 => "just now".to_owned(),
        seconds @ 60..7200 => format!("{} min ago", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

/// Returns how long ago `time` was, or `never`.
pub(crate) fn ago_or_never(now: Timestamp, time: Option<Timestamp>) -> String {
    time.map_or_else(|| "never".to_owned(), |time| ago(now, time))
}

/// Returns a moment to the second, in UTC.
pub(crate) fn moment(time: Timestamp) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Returns a moment as machines write it, to the second.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Returns a length of time: `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 07 min`.
pub(crate) fn duration(milliseconds: i64) -> String {
    let seconds = milliseconds / 1000;
    match milliseconds {
        ..1000 => format!("{milliseconds} ms"),
        1000..60_000 => format!("{seconds}.{} s", milliseconds % 1000 / 100),
        60_000..3_600_000 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Returns a number with its thousands apart: `1,234,567`.
pub(crate) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns money with two places at least, its thousands apart: `1,897,325.50`.
pub(crate) fn money(amount: AmountSum) -> String {
    let text = amount.to_decimal_string(2);
    let (whole, places) = text.split_once('.').unwrap_or((&text, "00"));
    match whole.parse::<i64>() {
        // A minus before a zero would be lost.
        Ok(number) if number != 0 => format!("{}.{places}", count(number)),
        _ => text,
    }
}

/// Returns a number of things: `1 tenant`, `3 tenants`.
pub(crate) fn things(number: usize, thing: &str) -> String {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    #[test]
    fn ages_grow_coarser() {
        let now = DateTime::UNIX_EPOCH;
        let texts = [5, 60, 7199, 7200, 172_800].map(|age| ago(now, now - TimeDelta::seconds(age)));
        assert_eq!(
            texts,
            [
                "just now",
                "1 min ago",
                "119 min ago",
                "2 h ago",
                "2 days ago"
            ]
        );
    }

    #[test]
    fn durations_grow_coarser() {
        let texts = [850, 12_345, 245_000, 7_620_000].map(duration);
        assert_eq!(texts, ["850 ms", "12.3 s", "4 min 05 s", "2 h 07 min"]);
    }

    #[test]
    fn thousands_stand_apart() {
        let texts = [0, 999, 1000, -1_234_567].map(count);
        assert_eq!(texts, ["0", "999", "1,000", "-1,234,567"]);
    }

    #[test]
    fn money_is_exact() {
        let texts = [18_973_255_000, -5_000, 0, 12_345_678]
            .map(|scaled| AmountSum::from(entity::Amount::from_scaled(scaled)))
            .map(money);
        assert_eq!(texts, ["1,897,325.50", "-0.50", "0.00", "1,234.5678"]);
    }

    #[test]
    fn one_thing_is_singular() {
        assert_eq!(things(1, "tenant"), "1 tenant");
        assert_eq!(things(2, "tenant"), "2 tenants");
    }
}
