//! A month of the calendar in China, over which a status counts.

use std::fmt;
use std::str::FromStr;

use rulepack_protocol::moment::{CHINA_AHEAD_MS, Day};
use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 86_400_000;

/// `2026-11`, China Standard Time. Whole months, so that no two statuses of a host lie a few days apart and
/// tell by their difference what one of them hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    first: Day,
}

/// A text that is no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("month `{0}` is not of the form `2026-11`")]
pub struct MonthError(String);

impl Month {
    /// The month of a day.
    #[must_use]
    pub fn of(day: Day) -> Self {
        let before = i32::from(day.date().day()) - 1;
        Month {
            first: Day::from_number(day.number() - before).unwrap_or(day),
        }
    }

    /// From this time on, in milliseconds from 1970-01-01 UTC.
    #[must_use]
    pub fn begins_ms(self) -> i64 {
        i64::from(self.first.number()) * DAY_MS - CHINA_AHEAD_MS
    }

    /// Before this time, in milliseconds from 1970-01-01 UTC.
    #[must_use]
    pub fn ends_ms(self) -> i64 {
        let days = i64::from(self.first.date().month().length(self.first.date().year()));
        self.begins_ms() + days * DAY_MS
    }
}

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        let first = format!("{text}-01").parse();
        let month = first.map(|first| Month { first });
        month.map_err(|_| MonthError(text.escape_default().to_string()))
    }
}

impl TryFrom<String> for Month {
    type Error = MonthError;

    fn try_from(text: String) -> Result<Self, MonthError> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> String {
        month.to_string()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.first.to_string();
        f.pad(day.get(..7).unwrap_or(&day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_and_ends_at_midnight_in_china() {
        let month: Month = "2026-11".parse().unwrap();
        assert_eq!(Month::of("2026-11-22".parse().unwrap()), month);
        assert_eq!(month.to_string(), "2026-11");
        // 2026-10-31 16:00 UTC and 2026-11-30 16:00 UTC.
        assert_eq!(month.begins_ms(), 1_793_462_400_000);
        assert_eq!(month.ends_ms(), 1_796_054_400_000);
        let february: Month = "2028-02".parse().unwrap();
        assert_eq!(february.ends_ms() - february.begins_ms(), 29 * DAY_MS);
        for wrong in ["2026-13", "2026-1", "2026", "11-2026", "2026-11-01"] {
            let error = wrong.parse::<Month>().unwrap_err();
            let expected = format!("month `{wrong}` is not of the form `2026-11`");
            assert_eq!(error.to_string(), expected);
        }
    }
}
