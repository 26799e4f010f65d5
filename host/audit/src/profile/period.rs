//! Which days a run reviews: named days, or the last month, quarter or year before a day.

use rulepack_protocol::moment::Day;
use serde::{Deserialize, Serialize};

/// Days of service, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first.
    pub from: Day,
    /// The last.
    pub to: Day,
}

/// Which days, as a profile says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PeriodRule {
    /// The calendar month before that of the run (上月).
    LastMonth,
    /// The quarter before that of the run (上季度): January to March, and so on.
    LastQuarter,
    /// The year before that of the run (上年).
    LastYear,
    /// These days.
    Days(Period),
}

/// A text that is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Neither a word nor two days.
    #[error(
        "`{0}` is no period, expected `last-month`, `last-quarter`, `last-year` or two days \
         `2026-01-01..2026-03-31`"
    )]
    Unknown(String),
    /// The last day is before the first.
    #[error("period `{0}` ends before it begins")]
    Backward(String),
}

const MONTHS_OF_YEAR: i32 = 12;

impl PeriodRule {
    /// The days, as seen from `today`; none before the year 1970.
    #[must_use]
    pub fn days(self, today: Day) -> Option<Period> {
        let date = today.date();
        // Months since the year 0, so that no case looks at the turn of the year.
        let month = date.year() * MONTHS_OF_YEAR + i32::from(u8::from(date.month())) - 1;
        let whole = |length: i32| {
            let next = month - month % length;
            months(next - length, next)
        };
        match self {
            PeriodRule::LastMonth => whole(1),
            PeriodRule::LastQuarter => whole(3),
            PeriodRule::LastYear => whole(MONTHS_OF_YEAR),
            PeriodRule::Days(period) => Some(period),
        }
    }
}

/// From the first day of a month to the last before another one, both counted from the year 0.
fn months(from: i32, before: i32) -> Option<Period> {
    let first = |month: i32| {
        let of_year = u8::try_from(month % MONTHS_OF_YEAR + 1).ok()?;
        Day::new(month / MONTHS_OF_YEAR, of_year, 1)
    };
    Some(Period {
        from: first(from)?,
        to: Day::from_number(first(before)?.number() - 1)?,
    })
}

impl std::str::FromStr for PeriodRule {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let unknown = || PeriodError::Unknown(text.to_owned());
        match text {
            "last-month" => Ok(PeriodRule::LastMonth),
            "last-quarter" => Ok(PeriodRule::LastQuarter),
            "last-year" => Ok(PeriodRule::LastYear),
            _ => {
                let (from, to) = text.split_once("..").ok_or_else(unknown)?;
                let day = |text: &str| text.parse::<Day>().map_err(|_| unknown());
                let period = Period {
                    from: day(from)?,
                    to: day(to)?,
                };
                match period.from <= period.to {
                    true => Ok(PeriodRule::Days(period)),
                    false => Err(PeriodError::Backward(text.to_owned())),
                }
            }
        }
    }
}

impl TryFrom<String> for PeriodRule {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Self, PeriodError> {
        text.parse()
    }
}

impl From<PeriodRule> for String {
    fn from(rule: PeriodRule) -> String {
        match rule {
            PeriodRule::LastMonth => "last-month".to_owned(),
            PeriodRule::LastQuarter => "last-quarter".to_owned(),
            PeriodRule::LastYear => "last-year".to_owned(),
            PeriodRule::Days(Period { from, to }) => format!("{from}..{to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(rule: &str, today: &str) -> String {
        let rule: PeriodRule = rule.parse().unwrap();
        let period = rule.days(today.parse().unwrap()).unwrap();
        format!("{}..{}", period.from, period.to)
    }

    #[test]
    fn a_period_is_seen_from_the_day_of_the_run() {
        for (rule, today, expected) in [
            ("last-month", "2026-11-23", "2026-10-01..2026-10-31"),
            ("last-month", "2026-01-01", "2025-12-01..2025-12-31"),
            ("last-month", "2024-03-31", "2024-02-01..2024-02-29"),
            ("last-quarter", "2026-11-23", "2026-07-01..2026-09-30"),
            ("last-quarter", "2026-03-31", "2025-10-01..2025-12-31"),
            ("last-year", "2026-11-23", "2025-01-01..2025-12-31"),
            (
                "2026-02-01..2026-02-01",
                "2026-11-23",
                "2026-02-01..2026-02-01",
            ),
        ] {
            assert_eq!(days(rule, today), expected, "{rule} on {today}");
        }
        let first = "1970-01-31".parse().unwrap();
        assert_eq!(PeriodRule::LastMonth.days(first), None);
    }

    #[test]
    fn what_is_no_period_is_refused_with_what_is_expected() {
        let refused = |text: &str| text.parse::<PeriodRule>().unwrap_err().to_string();
        assert_eq!(
            refused("2026-01-01..2026-02-30"),
            "`2026-01-01..2026-02-30` is no period, expected `last-month`, `last-quarter`, `last-year` or two \
             days `2026-01-01..2026-03-31`"
        );
        assert_eq!(
            refused("2026-02-01..2026-01-31"),
            "period `2026-02-01..2026-01-31` ends before it begins"
        );
    }
}
