//! How long a host waits before it asks its registry again.

use std::time::Duration;

/// The longest pause after failures, where the regular one is not longer: a registry that comes back is
/// noticed within the hour.
const AFTER_FAILURES_MAX: Duration = Duration::from_secs(3_600);

/// The pause after so many failed tries in a row: the regular one, doubled for each, up to an hour; and by
/// `chance` up to a tenth more, so that not all hospitals of a province ask in the same second.
#[must_use]
pub fn pause(regular: Duration, failures: u32, chance: u16) -> Duration {
    let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
    let longest = AFTER_FAILURES_MAX.max(regular);
    let pause = regular.saturating_mul(factor).min(longest);
    let more = (pause / 10).saturating_mul(u32::from(chance)) / 65_536;
    pause.saturating_add(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(regular: u64, failures: u32, chance: u16) -> f32 {
        pause(Duration::from_secs(regular), failures, chance).as_secs_f32()
    }

    #[test]
    fn failures_double_the_pause_up_to_an_hour_and_a_good_try_ends_that() {
        let pauses = [0, 1, 2, 5, 6, 31, 32, u32::MAX].map(|failures| seconds(60, failures, 0));
        assert_eq!(
            pauses,
            [
                60.0, 120.0, 240.0, 1_920.0, 3_600.0, 3_600.0, 3_600.0, 3_600.0
            ]
        );
        assert_eq!(seconds(86_400, 3, 0), 86_400.0);
    }

    #[test]
    fn chance_adds_up_to_a_tenth() {
        assert_eq!(seconds(60, 0, 32_768), 63.0);
        assert!(seconds(60, 0, u16::MAX) < 66.0);
        assert!(seconds(60, 9, u16::MAX) < 3_960.0);
    }
}
