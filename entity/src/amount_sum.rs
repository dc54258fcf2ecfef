//! Sums of amounts: larger than any one of them may be.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Serialize, Serializer};

use crate::amount::{Amount, CENT, PLACES, SCALE, div_half_even};

/// An exact sum of [`Amount`]s. It holds what any number of rows may come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AmountSum(i128);

/// What a carry of one stands for.
const CARRY: i128 = 1 << 62;

impl AmountSum {
    /// Ten-thousandths that divide an amount into two halves of 32 bits.
    pub const HALF: i64 = 1 << 32;

    /// Makes a sum from two that together are it: of the amounts divided by [`Self::HALF`], and of the rests.
    ///
    /// Databases sum up in 64 bits. Apart, neither sum reaches their end with fewer than two thousand million rows.
    pub fn of_halves(high: i64, low: i64) -> Self {
        Self(i128::from(high) * i128::from(Self::HALF) + i128::from(low))
    }

    /// Makes a sum from what [`Self::split`] made of it.
    pub fn joined(rest: Amount, carry: i64) -> Self {
        Self(i128::from(carry) * CARRY + i128::from(rest.scaled()))
    }

    /// Splits the sum into two numbers that databases can hold. The second is zero for any sum that may be meant
    /// seriously, so that the first is the sum.
    pub fn split(self) -> (Amount, i64) {
        let rest = i64::try_from(self.0 % CARRY).unwrap_or_default();
        let carry = i64::try_from(self.0 / CARRY).unwrap_or(i64::MAX);
        (Amount::from_scaled(rest), carry)
    }

    /// The sum in ten-thousandths.
    pub const fn scaled(self) -> i128 {
        self.0
    }

    /// The part of each of `count`, rounded half to even at two places; `None` unless there is one at least, and
    /// when it is larger than an amount can be.
    pub fn divided_by(self, count: i64) -> Option<Amount> {
        if count < 1 {
            return None;
        }
        let cents = div_half_even(self.0, i128::from(CENT) * i128::from(count));
        let scaled = cents.checked_mul(i128::from(CENT))?;
        i64::try_from(scaled).ok().map(Amount::from_scaled)
    }

    /// Decimal text with at least `min_place_count` places (of the four there are), and no
    /// trailing zeros beyond: `1234.50` for two places.
    pub fn to_decimal_string(self, min_place_count: usize) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let scale = u128::from(SCALE.unsigned_abs());
        let whole = self.0.unsigned_abs() / scale;
        let fraction = format!("{:0PLACES$}", self.0.unsigned_abs() % scale);
        let significant = fraction.trim_end_matches('0').len();
        match significant.max(min_place_count.min(PLACES)) {
            0 => format!("{sign}{whole}"),
            place_count => format!("{sign}{whole}.{fraction:.place_count$}"),
        }
    }
}

impl From<Amount> for AmountSum {
    fn from(amount: Amount) -> Self {
        Self(amount.scaled().into())
    }
}

impl Add for AmountSum {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for AmountSum {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for AmountSum {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), Self::add)
    }
}

/// As text, since JSON numbers are floats to most readers.
impl Serialize for AmountSum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_decimal_string(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_may_be_larger_than_an_amount() {
        let most = AmountSum::from(Amount::from_scaled(i64::MAX));
        assert_eq!((most + most).to_decimal_string(2), "1844674407370955.1614");
    }

    #[test]
    fn halves_make_the_sum() {
        for scaled in [0, 1, -1, 12_345_600, -12_345_600, i64::MAX, i64::MIN] {
            let whole = AmountSum::from(Amount::from_scaled(scaled));
            let (high, low) = (scaled / AmountSum::HALF, scaled % AmountSum::HALF);
            assert_eq!(AmountSum::of_halves(high, low), whole, "{scaled}");
        }
    }

    #[test]
    fn what_is_split_can_be_joined() {
        let most = AmountSum::from(Amount::from_scaled(i64::MAX));
        let least = AmountSum::from(Amount::from_scaled(i64::MIN));
        for sum in [most + most + most, least + least, most, least, most + least] {
            let (rest, carry) = sum.split();
            assert_eq!(AmountSum::joined(rest, carry), sum);
        }
        let usual = Amount::from_scaled(45_000_000_000);
        assert_eq!(AmountSum::from(usual).split(), (usual, 0));
    }

    #[test]
    fn an_average_is_rounded_half_to_even() {
        let sum = |text| AmountSum::from(Amount::parse_plain(text).unwrap());
        let part = |text, count| sum(text).divided_by(count).unwrap().to_string();
        assert_eq!(part("100", 3), "33.33");
        assert_eq!(part("0.01", 2), "0");
        assert_eq!(part("0.03", 2), "0.02");
        assert_eq!(part("0.0501", 2), "0.03");
        assert_eq!(part("-0.05", 2), "-0.02");
        assert_eq!(sum("1").divided_by(0), None);
        assert_eq!(sum("1").divided_by(-1), None);
        let most = AmountSum::from(Amount::from_scaled(i64::MAX));
        assert_eq!((most + most).divided_by(1), None);
    }
}
