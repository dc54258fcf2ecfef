//! Sums of amounts: larger than any one of them may be.

use std::ops::{Add, AddAssign};

use crate::amount::{Amount, PLACES, SCALE};

/// An exact sum of [`Amount`]s. It holds what any number of rows may come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AmountSum(i128);

impl AmountSum {
    /// Makes a sum from two that together are it: of the wholes, and of the ten-thousandths beyond them.
    ///
    /// Databases sum up in 64 bits. Apart, neither sum reaches their end.
    pub fn of_parts(wholes: i64, ten_thousandths: i64) -> Self {
        Self(i128::from(wholes) * i128::from(SCALE) + i128::from(ten_thousandths))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_may_be_larger_than_an_amount() {
        let most = AmountSum::from(Amount::from_scaled(i64::MAX));
        assert_eq!((most + most).to_decimal_string(2), "1844674407370955.1614");
    }

    #[test]
    fn parts_make_the_sum() {
        for scaled in [0, 1, -1, 12_345_600, -12_345_600, i64::MAX, i64::MIN] {
            let whole = AmountSum::from(Amount::from_scaled(scaled));
            let (wholes, rest) = (scaled / SCALE, scaled % SCALE);
            assert_eq!(AmountSum::of_parts(wholes, rest), whole, "{scaled}");
        }
    }
}
