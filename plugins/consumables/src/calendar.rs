//! Days of the calendar (Gregorian) from the two-digit years of a carrier.

use rulepack_sdk::prelude::*;

/// The year with these last two digits that lies at most 49 years before or 50 after today (GS1 General
/// Specifications, 7.12).
#[must_use]
pub fn full_year(two_digits: u8, today: Day) -> i32 {
    let (this_year, ..) = today.date();
    let century = this_year - this_year.rem_euclid(100);
    let year = century + i32::from(two_digits);
    match year - this_year {
        51.. => year - 100,
        ..=-50 => year + 100,
        _ => year,
    }
}

/// The last day of a month; `None` where there is no such month.
#[must_use]
pub fn last_of_month(year: i32, month: u8) -> Option<Day> {
    (28..=31).rev().find_map(|day| day_of(year, month, day))
}

/// The day with this date; `None` where the calendar has no such date.
#[must_use]
pub fn day_of(year: i32, month: u8, day: u8) -> Option<Day> {
    // Months count from March, so that the leap day is the last of its year; 719,468 days lie between
    // 0000-03-01 and 1970-01-01.
    let (from_march, year_of_march) = match month {
        3.. => (i32::from(month) - 3, year),
        _ => (i32::from(month) + 9, year.checked_sub(1)?),
    };
    let leap_days =
        year_of_march.div_euclid(4) - year_of_march.div_euclid(100) + year_of_march.div_euclid(400);
    let day_of_year = (153 * from_march + 2) / 5 + i32::from(day) - 1;
    let days = year_of_march.checked_mul(365)? + leap_days + day_of_year - 719_468;
    Some(Day(days)).filter(|it| it.date() == (year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_days_and_back() {
        for day in (-800..40_000).map(Day) {
            let (year, month, day_of_month) = day.date();
            assert_eq!(day_of(year, month, day_of_month), Some(day));
        }
        for (year, month, day) in [
            (2026, 2, 29),
            (2026, 13, 1),
            (2026, 0, 1),
            (2026, 4, 31),
            (2026, 1, 0),
        ] {
            assert_eq!(day_of(year, month, day), None);
        }
    }

    #[test]
    fn a_century_is_the_nearest_one() {
        let today = Day(20_779);
        assert_eq!(
            [76, 77, 99, 0, 26].map(|year| full_year(year, today)),
            [2076, 1977, 1999, 2000, 2026]
        );
    }
}
