//! What the numbers of a column mean. All are integers; no sum wraps and nothing is a float.

use std::fmt;

/// A result that 64 bits do not hold. With `?` it ends an evaluation with its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sum or product exceeds what 64 bits hold")
    }
}

impl std::error::Error for Overflow {}

impl From<Overflow> for String {
    fn from(overflow: Overflow) -> Self {
        overflow.to_string()
    }
}

/// Defines a unit that is stored in a signed number whose smallest value stands for "not recorded".
macro_rules! unit {
    ($(#[$doc:meta])* $name:ident($number:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $number);
    };
}

/// Adds what amounts, not points in time, can do.
macro_rules! amount {
    ($($name:ident)*) => { $(
        impl $name {
            fn sound(number: Option<i64>) -> Result<Self, Overflow> {
                number.filter(|number| *number != i64::MIN).map(Self).ok_or(Overflow)
            }

            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// The sum of both.
            ///
            /// # Errors
            /// [`Overflow`].
            pub fn checked_add(self, other: Self) -> Result<Self, Overflow> {
                Self::sound(self.0.checked_add(other.0))
            }

            /// This less the other.
            ///
            /// # Errors
            /// [`Overflow`].
            pub fn checked_sub(self, other: Self) -> Result<Self, Overflow> {
                Self::sound(self.0.checked_sub(other.0))
            }

            /// The sum of all.
            ///
            /// # Errors
            /// [`Overflow`].
            pub fn sum(all: impl IntoIterator<Item = Self>) -> Result<Self, Overflow> {
                all.into_iter().try_fold(Self::ZERO, Self::checked_add)
            }
        }
    )* };
}

unit! {
    /// Days from 1970-01-01, China Standard Time.
    Day(i32)
}
unit! {
    /// Seconds from 1970-01-01T00:00:00, China Standard Time.
    Instant(i64)
}
unit! {
    /// Fen, 0.01 CNY.
    Money(i64)
}
unit! {
    /// Millionths of a CNY.
    UnitPrice(i64)
}
unit! {
    /// Ten-thousandths of a unit; for days of supply, ten-thousandths of a day.
    Quantity(i64)
}
unit! {
    /// Ten-thousandths: a half is 5,000.
    Ratio(i64)
}
unit! {
    /// Millionths of the unit that a laboratory reports in.
    Measurement(i64)
}
amount! { Money UnitPrice Quantity Ratio Measurement }

const SECONDS_OF_A_DAY: i64 = 86_400;
/// Quantity (10^-4) times unit price (10^-6 CNY) is 10^-10 CNY; a fen is 10^-2 CNY.
const PRODUCTS_OF_A_FEN: i128 = 100_000_000;
const RATIOS_OF_ONE: i128 = 10_000;

impl Day {
    /// This day, so many days later (earlier where negative).
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn plus(self, days: i32) -> Result<Day, Overflow> {
        let day = self.0.checked_add(days).filter(|day| *day != i32::MIN);
        day.map(Day).ok_or(Overflow)
    }

    /// Days from the other to this one: 1 from yesterday to today.
    #[must_use]
    pub fn since(self, other: Day) -> i64 {
        i64::from(self.0) - i64::from(other.0)
    }

    /// Year, month and day of the calendar (Gregorian).
    #[must_use]
    pub fn date(self) -> (i32, u8, u8) {
        // Days are counted from 0000-03-01, so that the leap day is the last of its year; an era is the
        // 146,097 days of 400 years.
        let days = i64::from(self.0) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let small = |number: i64| u8::try_from(number).unwrap_or_default();
        (
            i32::try_from(year).unwrap_or_default(),
            small(month),
            small(day),
        )
    }
}

impl Instant {
    /// The day on which this instant lies.
    #[must_use]
    pub fn day(self) -> Day {
        let day = self.0.div_euclid(SECONDS_OF_A_DAY);
        Day(i32::try_from(day).unwrap_or(if day < 0 { i32::MIN + 1 } else { i32::MAX }))
    }

    /// Seconds from the other to this one.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn since(self, other: Instant) -> Result<i64, Overflow> {
        self.0.checked_sub(other.0).ok_or(Overflow)
    }
}

impl Money {
    /// This share of the money, rounded half away from zero (四舍五入) to a fen.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn times(self, share: Ratio) -> Result<Money, Overflow> {
        Self::rounded(i128::from(self.0) * i128::from(share.0), RATIOS_OF_ONE)
    }

    /// The part of the money that falls to `part` of `whole`, both in one unit, rounded half away from
    /// zero to a fen.
    ///
    /// # Errors
    /// [`Overflow`], also where the whole is nothing.
    pub fn portion(self, part: i64, whole: i64) -> Result<Money, Overflow> {
        let (part, whole) = match whole {
            0 => return Err(Overflow),
            ..0 => (-i128::from(part), -i128::from(whole)),
            _ => (i128::from(part), i128::from(whole)),
        };
        Self::rounded(i128::from(self.0) * part, whole)
    }

    /// How this stands to a share of the whole, exactly: nothing is rounded.
    #[must_use]
    pub fn against(self, share: Ratio, whole: Money) -> std::cmp::Ordering {
        let part = i128::from(self.0) * RATIOS_OF_ONE;
        part.cmp(&(i128::from(whole.0) * i128::from(share.0)))
    }

    fn rounded(product: i128, scale: i128) -> Result<Money, Overflow> {
        let half = if product < 0 { -scale / 2 } else { scale / 2 };
        Self::sound(i64::try_from((product + half) / scale).ok())
    }
}

impl Quantity {
    /// A whole number of units.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn of_units(units: i64) -> Result<Quantity, Overflow> {
        Self::sound(units.checked_mul(10_000))
    }

    /// What this quantity costs: multiplied in 128 bits, then rounded half away from zero (四舍五入) to
    /// a fen, once.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn at_price(self, price: UnitPrice) -> Result<Money, Overflow> {
        Money::rounded(i128::from(self.0) * i128::from(price.0), PRODUCTS_OF_A_FEN)
    }

    /// Whole units, the rest cut off towards minus infinity.
    #[must_use]
    pub fn whole_units(self) -> i64 {
        self.0.div_euclid(10_000)
    }
}

impl Ratio {
    /// One, 100 %.
    pub const ONE: Ratio = Ratio(10_000);

    /// Part of a whole, both in one unit, cut off towards zero; `None` where the whole is zero or the
    /// result exceeds 64 bits.
    #[must_use]
    pub fn of(part: i64, whole: i64) -> Option<Ratio> {
        let ratio = (i128::from(part) * RATIOS_OF_ONE).checked_div(i128::from(whole))?;
        Self::sound(i64::try_from(ratio).ok()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_times_a_quantity_is_rounded_once_to_a_fen() {
        assert_eq!(
            Quantity(10_000).at_price(UnitPrice(1_234_999)),
            Ok(Money(123))
        );
        assert_eq!(
            Quantity(10_000).at_price(UnitPrice(1_235_000)),
            Ok(Money(124))
        );
        assert_eq!(
            Quantity(-10_000).at_price(UnitPrice(1_235_000)),
            Ok(Money(-124))
        );
        assert_eq!(
            Quantity(i64::MAX).at_price(UnitPrice(i64::MAX)),
            Err(Overflow)
        );
        assert_eq!(Money(333).times(Ratio(5_000)), Ok(Money(167)));
        assert_eq!(Money(100).portion(1, 3), Ok(Money(33)));
        assert_eq!(Money(100).portion(2, -3), Ok(Money(-67)));
        assert_eq!(Money(100).portion(1, 0), Err(Overflow));
    }

    #[test]
    fn a_share_is_compared_to_the_last_fen() {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let half = Ratio(5_000);
        let stands = |part| Money(part).against(half, Money(201));
        assert_eq!((stands(100), stands(101)), (Less, Greater));
        assert_eq!(Money(100).against(half, Money(200)), Equal);
    }

    #[test]
    fn no_sum_wraps_or_becomes_not_recorded() {
        assert_eq!(Money(i64::MAX).checked_add(Money(1)), Err(Overflow));
        assert_eq!(Money(-i64::MAX).checked_sub(Money(1)), Err(Overflow));
        assert_eq!(Money::sum([Money(1), Money(2)]), Ok(Money(3)));
        assert_eq!(Quantity::of_units(i64::MAX), Err(Overflow));
        assert_eq!(Day(i32::MAX).plus(1), Err(Overflow));
        assert_eq!(
            Overflow.to_string(),
            "a sum or product exceeds what 64 bits hold"
        );
    }

    #[test]
    fn days_are_of_the_calendar() {
        assert_eq!(Day(0).date(), (1970, 1, 1));
        assert_eq!(Day(20_779).date(), (2026, 11, 22));
        assert_eq!(Day(19_782).date(), (2024, 2, 29));
        assert_eq!(Day(-1).date(), (1969, 12, 31));
        assert_eq!(Instant(-1).day(), Day(-1));
        assert_eq!(Day(3).since(Day(5)), -2);
    }

    #[test]
    fn a_share_of_nothing_is_no_share() {
        assert_eq!(Ratio::of(1, 3), Some(Ratio(3_333)));
        assert_eq!(Ratio::of(1, 0), None);
    }
}
