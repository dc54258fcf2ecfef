//! Exact decimal numbers with four places: money, units and percents.
//!
//! Stored as the integer number of ten-thousandths, so that sums in either database are exact.
//! Nothing here rounds silently: what does not fit is `None`, and the one operation that rounds
//! says how.

use std::fmt;
use std::str::FromStr;

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::amount_sum::AmountSum;

/// Decimal places an amount keeps.
pub(crate) const PLACES: usize = 4;
/// Stored units in one whole.
pub(crate) const SCALE: i64 = 10_000;
/// Stored units in one cent.
pub(crate) const CENT: i64 = SCALE / 100;

/// An exact decimal number with at most four places.
///
/// Serialized as a decimal string, since JSON numbers are floats to most readers.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    DeriveValueType,
)]
#[serde(try_from = "String", into = "String")]
pub struct Amount(i64);

/// A text is not a plain decimal number that an [`Amount`] can hold exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a decimal number with at most {PLACES} places")]
pub struct InvalidAmount;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One hundred, the percent value of the whole.
    pub const HUNDRED: Self = Self(100 * SCALE);

    /// Makes an amount from ten-thousandths.
    pub const fn from_scaled(scaled: i64) -> Self {
        Self(scaled)
    }

    /// Makes an amount from a whole number; `None` if it does not fit.
    pub const fn from_whole(whole: i64) -> Option<Self> {
        match whole.checked_mul(SCALE) {
            Some(scaled) => Some(Self(scaled)),
            None => None,
        }
    }

    /// The amount in ten-thousandths, as it is stored.
    pub const fn scaled(self) -> i64 {
        self.0
    }

    /// Reads plain decimal text such as `-1234.5`: ASCII digits, at most one point with digits on
    /// both sides, an optional leading minus.
    ///
    /// `None` for anything else, for a value out of range and for one with more than four places,
    /// unless the places beyond are zeros.
    pub fn parse_plain(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-');
        let is_negative = digits.is_some();
        let (whole, fraction) = split_at_point(digits.unwrap_or(text))?;
        let fraction = fraction.trim_end_matches('0');
        let padding = PLACES.checked_sub(fraction.len())?;
        let digits = whole
            .bytes()
            .chain(fraction.bytes())
            .chain(std::iter::repeat_n(b'0', padding));
        let negative = negative_number(digits)?;
        let scaled = if is_negative {
            negative
        } else {
            negative.checked_neg()?
        };
        Some(Self(scaled))
    }

    /// Decimal text with at least `min_place_count` places (of the four there are), and no
    /// trailing zeros beyond: `1234.50` for two places.
    pub fn to_decimal_string(self, min_place_count: usize) -> String {
        AmountSum::from(self).to_decimal_string(min_place_count)
    }

    /// The sum; `None` on overflow.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference; `None` on overflow.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// The given percentage of the amount, computed exactly and then rounded half to even at two
    /// places; `None` on overflow.
    pub fn times_percent(self, percent: Self) -> Option<Self> {
        let exact = i128::from(self.0) * i128::from(percent.0);
        let cents = div_half_even(exact, i128::from(SCALE * CENT * 100));
        i64::try_from(cents * i128::from(CENT)).ok().map(Self)
    }
}

/// Splits decimal text at its point, if it has one; `None` unless there are only digits around it.
fn split_at_point(text: &str) -> Option<(&str, &str)> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => {
            (is_number(whole) && is_number(fraction)).then_some((whole, fraction))
        }
        None => is_number(text).then_some((text, "")),
    }
}

/// The number that ASCII digits spell, negated: the smallest integer has no positive counterpart.
fn negative_number(digits: impl Iterator<Item = u8>) -> Option<i64> {
    digits
        .map(|digit| i64::from(digit - b'0'))
        .try_fold(0_i64, |number, digit| {
            number.checked_mul(10)?.checked_sub(digit)
        })
}

/// Divides by a positive number, rounding to the nearest integer and ties to the even one.
pub(crate) fn div_half_even(dividend: i128, divisor: i128) -> i128 {
    let floor = dividend.div_euclid(divisor);
    let twice_rest = dividend.rem_euclid(divisor) * 2;
    let is_up = twice_rest > divisor || (twice_rest == divisor && floor % 2 != 0);
    floor + i128::from(is_up)
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_decimal_string(0))
    }
}

impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse_plain(text).ok_or(InvalidAmount)
    }
}

impl TryFrom<String> for Amount {
    type Error = InvalidAmount;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn percent_of(text: &str, percent: &str) -> String {
        amount(text)
            .times_percent(amount(percent))
            .unwrap()
            .to_string()
    }

    #[test]
    fn plain_decimals_are_read_exactly() {
        for (text, scaled) in [
            ("0", 0),
            ("-0", 0),
            ("1234.5", 12_345_000),
            ("007", 70_000),
            ("-3.25", -32_500),
            ("0.0001", 1),
            ("1.50000000", 15_000),
            ("922337203685477.5807", i64::MAX),
            ("-922337203685477.5808", i64::MIN),
        ] {
            assert_eq!(Amount::parse_plain(text), Some(Amount(scaled)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "+1",
            "--1",
            "1.2.3",
            "1,000",
            "$5",
            "1e3",
            " 1",
            "1 ",
            "NaN",
            "٣",
            "1.-5",
            "0.00001",
            "922337203685477.5808",
            "-922337203685477.5809",
            "99999999999999999999999999999999999999999",
        ] {
            assert_eq!(Amount::parse_plain(text), None, "{text}");
        }
    }

    #[test]
    fn text_reads_back_as_the_same_amount() {
        for scaled in [
            0,
            1,
            -1,
            10,
            9_999,
            10_000,
            -32_500,
            12_345_000,
            i64::MAX,
            i64::MIN,
        ] {
            let text = Amount(scaled).to_string();
            assert_eq!(Amount::parse_plain(&text), Some(Amount(scaled)), "{text}");
        }
    }

    #[test]
    fn text_is_minimal_or_as_long_as_asked() {
        assert_eq!(amount("1234.5").to_string(), "1234.5");
        assert_eq!(amount("0.00").to_string(), "0");
        assert_eq!(amount("-0.05").to_string(), "-0.05");
        assert_eq!(amount("1234.5").to_decimal_string(2), "1234.50");
        assert_eq!(amount("2").to_decimal_string(2), "2.00");
        assert_eq!(amount("1.2345").to_decimal_string(2), "1.2345");
        assert_eq!(amount("1").to_decimal_string(9), "1.0000");
    }

    #[test]
    fn a_percentage_is_rounded_half_to_even_at_cents() {
        assert_eq!(percent_of("100", "12.5"), "12.5");
        assert_eq!(percent_of("0.01", "50"), "0");
        assert_eq!(percent_of("0.03", "50"), "0.02");
        assert_eq!(percent_of("0.05", "50"), "0.02");
        assert_eq!(percent_of("0.0501", "50"), "0.03");
        assert_eq!(percent_of("-0.01", "50"), "0");
        assert_eq!(percent_of("-0.03", "50"), "-0.02");
        assert_eq!(percent_of("-0.05", "50"), "-0.02");
        assert_eq!(percent_of("33333.33", "33.3333"), "11111.1");
    }

    #[test]
    fn overflow_is_none() {
        let max = Amount(i64::MAX);
        assert_eq!(max.checked_add(Amount(1)), None);
        assert_eq!(Amount(i64::MIN).checked_sub(Amount(1)), None);
        assert_eq!(Amount::from_whole(i64::MAX), None);
        assert_eq!(max.times_percent(amount("100.01")), None);
        assert_eq!(max.times_percent(max), None);
        assert_eq!(amount("2").checked_sub(amount("3")), Some(amount("-1")));
    }

    #[test]
    fn the_largest_amount_can_be_rounded() {
        assert_eq!(
            percent_of("922337203685477.5807", "100"),
            "922337203685477.58"
        );
    }

    #[test]
    fn json_holds_a_decimal_string() {
        assert_eq!(serde_json::to_string(&amount("12.50")).unwrap(), "\"12.5\"");
        assert_eq!(
            serde_json::from_str::<Amount>("\"12.5\"").unwrap(),
            amount("12.5")
        );
        assert!(serde_json::from_str::<Amount>("12.5").is_err());
    }
}
