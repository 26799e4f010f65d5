//! The whole calendar months, quarters or years within some days.

use rulepack_protocol::moment::Day;
use rulepack_protocol::pack::manifest::Period;

/// First and last day, from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Span {
    pub(super) first: i32,
    pub(super) last: i32,
}

/// Those that lie wholly within these days, in their order.
pub(super) fn periods(period: Period, first: i32, last: i32) -> Vec<Span> {
    let months = match period {
        Period::Month => 1,
        Period::Quarter => 3,
        Period::Year => 12,
    };
    let mut spans = Vec::new();
    let mut next = Day::from_number(first).and_then(|day| begin(day, months, 0));
    while let Some(start) = next {
        let after = begin(start, months, 1);
        let Some(end) = after.map(|day| day.number() - 1).filter(|end| *end <= last) else {
            break;
        };
        if start.number() >= first {
            spans.push(Span {
                first: start.number(),
                last: end,
            });
        }
        next = after;
    }
    spans
}

/// The first day of the period that a day lies in, or of a later one.
fn begin(day: Day, months: i32, later: i32) -> Option<Day> {
    let date = day.date();
    let month = date.year() * 12 + i32::from(u8::from(date.month())) - 1;
    let begun = (month.div_euclid(months) + later) * months;
    let in_year = u8::try_from(begun.rem_euclid(12) + 1).ok()?;
    Day::new(begun.div_euclid(12), in_year, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(period: Period, first: &str, last: &str) -> Vec<String> {
        let number = |text: &str| text.parse::<Day>().unwrap().number();
        let spans = periods(period, number(first), number(last));
        let day = |number| Day::from_number(number).unwrap().to_string();
        let spans = spans.into_iter();
        spans
            .map(|span| format!("{}..{}", day(span.first), day(span.last)))
            .collect()
    }

    #[test]
    fn only_whole_periods_are_taken() {
        assert_eq!(
            told(Period::Month, "2023-12-02", "2024-03-30"),
            ["2024-01-01..2024-01-31", "2024-02-01..2024-02-29"]
        );
        assert_eq!(
            told(Period::Month, "2024-02-01", "2024-02-29"),
            ["2024-02-01..2024-02-29"]
        );
        assert!(told(Period::Month, "2024-02-02", "2024-03-30").is_empty());
        assert_eq!(
            told(Period::Quarter, "2025-11-01", "2026-07-01"),
            ["2026-01-01..2026-03-31", "2026-04-01..2026-06-30"]
        );
        assert_eq!(
            told(Period::Year, "2023-06-01", "2025-12-31"),
            ["2024-01-01..2024-12-31", "2025-01-01..2025-12-31"]
        );
        assert!(told(Period::Year, "2025-12-31", "2025-01-01").is_empty());
    }
}
