//! Moments and days as signed metadata writes them. The time of now is always an argument.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Date, Month, OffsetDateTime};

/// A second of UTC, written `2026-11-22T08:00:00Z` and in no other way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment(OffsetDateTime);

/// A day of the calendar, written `2026-11-22`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(Date);

/// The rule days on which a version is in force, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effective {
    /// The first day.
    pub from: Day,
    /// The last day; none is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Day>,
}

/// Why a text or number is not a [`Moment`] or a [`Day`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// Not a moment as metadata writes it.
    #[error("time `{0}` is not of the form `2026-11-22T08:00:00Z`")]
    Moment(String),
    /// Not a day.
    #[error("day `{0}` is not of the form `2026-11-22`")]
    Day(String),
    /// Before the year 1970 or after 9999.
    #[error("time {0} in seconds since 1970 is outside of the years 1970 to 9999")]
    OutOfRange(i64),
}

/// The Julian day of 1970-01-01.
const EPOCH_JULIAN_DAY: i32 = 2_440_588;
/// China Standard Time, which days of the contract are in, is so many seconds ahead of UTC.
pub const CHINA_AHEAD_SECONDS: i64 = 8 * 3_600;
/// The same in milliseconds.
pub const CHINA_AHEAD_MS: i64 = CHINA_AHEAD_SECONDS * 1_000;
/// Seconds of a day.
pub const SECONDS_OF_DAY: i64 = 86_400;

impl Moment {
    /// The moment `seconds` after the beginning of 1970, UTC.
    ///
    /// # Errors
    /// Outside of the years 1970 to 9999.
    pub fn from_unix(seconds: i64) -> Result<Self, MomentError> {
        if seconds < 0 {
            return Err(MomentError::OutOfRange(seconds));
        }
        OffsetDateTime::from_unix_timestamp(seconds)
            .map(Self)
            .map_err(|_| MomentError::OutOfRange(seconds))
    }

    /// Seconds since the beginning of 1970, UTC.
    pub fn unix(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// This moment moved by whole days, held within the years 1970 to 9999.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        let seconds = self
            .unix()
            .saturating_add(days.saturating_mul(SECONDS_OF_DAY));
        let latest = time::macros::datetime!(9999-12-31 23:59:59 UTC);
        Self::from_unix(seconds.clamp(0, latest.unix_timestamp())).unwrap_or(Self(latest))
    }

    /// The day in UTC.
    pub fn day(self) -> Day {
        Day(self.0.date())
    }

    /// The day in China Standard Time, eight hours ahead of UTC, which days of publication and of rules are in.
    #[must_use]
    pub fn day_in_china(self) -> Day {
        Self::from_unix(self.unix().saturating_add(CHINA_AHEAD_SECONDS))
            .unwrap_or(self)
            .day()
    }

    /// The same moment in the type of the TUF verifier.
    pub fn to_jiff(self) -> jiff::Timestamp {
        // Every year from 1970 to 9999 is within that type's range, but for its very last hours.
        jiff::Timestamp::from_second(self.unix()).unwrap_or(jiff::Timestamp::MAX)
    }
}

impl Day {
    /// The day of a year, month (1 to 12) and day of the month.
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let month = Month::try_from(month).ok()?;
        if !(1970..=9999).contains(&year) {
            return None;
        }
        Date::from_calendar_date(year, month, day).ok().map(Self)
    }

    /// Whole days from `earlier` to this day, negative where it lies before.
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).whole_days()
    }

    /// The day that the contract counts as `number` from 1970-01-01; `None` outside of the years 1970 to
    /// 9999.
    pub fn from_number(number: i32) -> Option<Self> {
        let day = Date::from_julian_day(number.checked_add(EPOCH_JULIAN_DAY)?).ok()?;
        (1970..=9999).contains(&day.year()).then_some(Self(day))
    }

    /// Days from 1970-01-01, as the contract counts.
    pub fn number(self) -> i32 {
        self.0.to_julian_day() - EPOCH_JULIAN_DAY
    }

    /// The day as a calendar date.
    pub fn date(self) -> Date {
        self.0
    }
}

impl Effective {
    /// Whether `day` lies within.
    pub fn contains(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

impl std::str::FromStr for Day {
    type Err = MomentError;
    fn from_str(text: &str) -> Result<Self, MomentError> {
        let number = |range| {
            text.get(range)
                .and_then(|part: &str| part.parse::<u16>().ok())
        };
        number(0..4)
            .zip(number(5..7))
            .zip(number(8..10))
            .and_then(|((year, month), day)| {
                Self::new(year.into(), month.try_into().ok()?, day.try_into().ok()?)
            })
            // Written back it must be the same, so there is one spelling.
            .filter(|day| day.to_string() == text)
            .ok_or_else(|| MomentError::Day(text.to_owned()))
    }
}

impl std::str::FromStr for Moment {
    type Err = MomentError;
    fn from_str(text: &str) -> Result<Self, MomentError> {
        let number = |range| {
            text.get(range)
                .and_then(|part: &str| part.parse::<u8>().ok())
        };
        let day = text.get(..10).and_then(|day| day.parse::<Day>().ok());
        day.zip(number(11..13))
            .zip(number(14..16))
            .zip(number(17..19))
            .and_then(|(((day, hour), minute), second)| {
                day.0
                    .with_hms(hour, minute, second)
                    .ok()
                    .map(|moment| Self(moment.assume_utc()))
            })
            .filter(|moment| moment.to_string() == text)
            .ok_or_else(|| MomentError::Moment(text.to_owned()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(formatter, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.0.to_hms();
        write!(
            formatter,
            "{}T{hour:02}:{minute:02}:{second:02}Z",
            self.day()
        )
    }
}

macro_rules! through_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = MomentError;
            fn try_from(text: String) -> Result<Self, MomentError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{self}")
            }
        }
    };
}
through_text!(Day);
through_text!(Moment);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_one_spelling() {
        let moment: Moment = "2026-11-22T08:05:09Z".parse().unwrap();
        assert_eq!(moment.unix(), 1_795_334_709);
        assert_eq!(Moment::from_unix(1_795_334_709).unwrap(), moment);
        assert_eq!(moment.plus_days(30).to_string(), "2026-12-22T08:05:09Z");
        for text in [
            "2026-11-22T08:05:09+00:00",
            "2026-11-22T08:05:09.0Z",
            "2026-11-22",
            "",
            "2026-11-22t08:05:09Z",
            "2026-13-22T08:05:09Z",
            "1969-11-22T08:05:09Z",
        ] {
            assert_eq!(
                text.parse::<Moment>().unwrap_err().to_string(),
                format!("time `{text}` is not of the form `2026-11-22T08:00:00Z`")
            );
        }
    }

    #[test]
    fn a_day_in_china_begins_eight_hours_before_that_of_utc() {
        let day = |text: &str| text.parse::<Moment>().unwrap().day_in_china().to_string();
        assert_eq!(day("2026-11-22T15:59:59Z"), "2026-11-22");
        assert_eq!(day("2026-11-22T16:00:00Z"), "2026-11-23");
        assert_eq!(day("9999-12-31T23:59:59Z"), "9999-12-31");
    }

    #[test]
    fn a_day_has_one_spelling_and_exists() {
        let day: Day = "2026-11-22".parse().unwrap();
        assert_eq!(day.days_since("2026-10-31".parse().unwrap()), 22);
        assert_eq!(day.number(), 20_779);
        assert_eq!(Day::from_number(20_779), Some(day));
        assert_eq!(Day::from_number(-1), None);
        assert_eq!(Day::from_number(i32::MAX), None);
        for text in [
            "2026-02-29",
            "2026-1-1",
            "+026-01-01",
            "2026/01/01",
            "２０２６-01-01",
        ] {
            assert_eq!(
                text.parse::<Day>().unwrap_err().to_string(),
                format!("day `{text}` is not of the form `2026-11-22`")
            );
        }
    }

    #[test]
    fn times_stay_within_the_years_that_can_be_written() {
        let error = Moment::from_unix(-1).unwrap_err();
        let text = "time -1 in seconds since 1970 is outside of the years 1970 to 9999";
        assert_eq!(error.to_string(), text);
        let last = Moment::from_unix(0).unwrap().plus_days(i64::MAX);
        assert_eq!(last.to_string(), "9999-12-31T23:59:59Z");
        assert!(Moment::from_unix(i64::MAX).is_err());
    }
}
