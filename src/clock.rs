//! The only place that reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use rulepack_protocol::moment::{Day, Moment, MomentError};

/// China Standard Time, which the days of the contract are in.
const OFFSET_SECONDS: i64 = 8 * 3_600;

/// Now, in whole seconds of UTC.
pub fn now() -> Result<Moment, MomentError> {
    Moment::from_unix(seconds())
}

/// Today in China Standard Time.
pub fn today() -> Result<Day, MomentError> {
    Ok(Moment::from_unix(seconds().saturating_add(OFFSET_SECONDS))?.day())
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
