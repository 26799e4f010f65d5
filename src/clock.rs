//! The only place that reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use rulepack_protocol::moment::{CHINA_AHEAD_MS, Day, Moment, MomentError};

/// How long a day is.
pub const DAY_MILLISECONDS: i64 = 86_400_000;

/// When this release was built: `SOURCE_DATE_EPOCH` of its build, else the time of it.
const BUILT_SECONDS: &str = env!("RULEPACK_BUILT_SECONDS");

/// Now, in whole seconds of UTC, as far as trust is concerned: never before this release was built, so
/// that a new host whose clock is far behind does not believe metadata that expired long ago (T6).
pub fn now() -> Result<Moment, MomentError> {
    let built = BUILT_SECONDS.parse().unwrap_or_default();
    Moment::from_unix(seconds().max(built))
}

/// Today in China Standard Time.
pub fn today() -> Result<Day, MomentError> {
    Ok(Moment::from_unix(seconds())?.day_in_china())
}

/// When a day begins in China Standard Time, in milliseconds from 1970-01-01 UTC.
pub fn day_begins(day: Day) -> i64 {
    i64::from(day.number()) * DAY_MILLISECONDS - CHINA_AHEAD_MS
}

/// Milliseconds from 1970-01-01 UTC; 0 before.
pub fn milliseconds() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| {
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    })
}

fn seconds() -> i64 {
    milliseconds() / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_china() {
        assert_eq!(day_begins(Day::new(1970, 1, 2).unwrap()), 57_600_000);
    }

    #[test]
    fn the_time_of_trust_is_not_before_the_build() {
        let built: i64 = BUILT_SECONDS.parse().unwrap();
        assert!(built > 0);
        assert!(now().unwrap().unix() >= built);
    }
}
