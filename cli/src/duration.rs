//! Lengths of time as people type them: `90s`, `50m`, `2h`, `30d`.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Longest length that is accepted: a hundred years, which no date arithmetic trips over.
const MAX: Duration = Duration::from_secs(100 * 365 * DAY);

/// Reads a whole number with a unit: `s`, `m`, `h` or `d`.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let example =
        || "expected a whole number with a unit, for example 90s, 50m, 2h or 30d".to_owned();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text.strip_prefix(digits) {
        Some("s") => 1,
        Some("m") => MINUTE,
        Some("h") => HOUR,
        Some("d") => DAY,
        _ => return Err(example()),
    };
    let number: u64 = digits.parse().map_err(|_| example())?;
    let duration = number.checked_mul(unit).map(Duration::from_secs);
    match duration {
        Some(duration) if !duration.is_zero() && duration <= MAX => Ok(duration),
        _ => Err("it must be more than nothing and at most 100 years".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_understood() {
        for (text, seconds) in [("90s", 90), ("50m", 3000), ("2h", 7200), ("30d", 2_592_000)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for wrong in [
            "",
            "50",
            "m",
            "-5m",
            "1.5h",
            "0s",
            "5 m",
            "5M",
            "99999999999999999999s",
            "40000d",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
