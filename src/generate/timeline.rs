//! The days that the generated hospital covers.

use time::{Date, Duration, Month};

/// Days of history before the months under review: the longest supply and a month.
const HISTORY_DAYS: i64 = 120;

/// First days of history and of the months under review, and the last day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeline {
    pub(super) history_start: Date,
    pub(super) start: Date,
    pub(super) end: Date,
}

impl Timeline {
    /// The `months` that end on `end`, with the history before them.
    pub(super) fn new(end: Date, months: u32) -> Self {
        let start = months_before(after(end, 1), months);
        Self {
            history_start: after(start, -HISTORY_DAYS),
            start,
            end,
        }
    }

    /// Days from the first to the last day of history and review.
    pub(super) fn days(&self) -> i32 {
        days_between(self.history_start, self.end)
    }

    /// Days from the first to the last day under review.
    pub(super) fn review_days(&self) -> i32 {
        days_between(self.start, self.end)
    }
}

/// The day `days` after `day`.
pub(super) fn after(day: Date, days: i64) -> Date {
    day.saturating_add(Duration::days(days))
}

/// Days from `first` to `last`; 0 where they are the same.
pub(super) fn days_between(first: Date, last: Date) -> i32 {
    last.to_julian_day() - first.to_julian_day()
}

/// The same day of an earlier month, or the last one that the month has.
fn months_before(day: Date, months: u32) -> Date {
    let mut year = day.year();
    let mut month = day.month();
    for _ in 0..months {
        if month == Month::January {
            year -= 1;
        }
        month = month.previous();
    }
    let last = month.length(year);
    Date::from_calendar_date(year, month, day.day().min(last))
        .expect("the day is at most the last of its month, the year near that of a valid date")
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn months_end_on_the_last_day_and_begin_on_the_first() {
        let timeline = Timeline::new(date!(2026 - 06 - 30), 18);
        assert_eq!(timeline.start, date!(2025 - 01 - 01));
        assert_eq!(timeline.review_days(), 545);
    }

    #[test]
    fn a_month_that_is_too_short_gives_its_last_day() {
        assert_eq!(
            months_before(date!(2026 - 05 - 31), 3),
            date!(2026 - 02 - 28)
        );
    }
}
