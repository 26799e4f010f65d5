//! The time that verification is made with.

use super::Floors;
use crate::moment::Moment;

/// The time to verify with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    now: Moment,
    tolerance_days: i64,
    /// From when the longest lifetimes are counted.
    lifetimes_from: Moment,
}

impl Freshness {
    /// Everything must be in force now.
    pub fn at(now: Moment) -> Self {
        Self {
            now,
            tolerance_days: 0,
            lifetimes_from: now,
        }
    }

    /// For a reviewer who asks of an earlier day: expiry is judged by `then`, the longest lifetimes by
    /// `now`, since what was signed later than `then` may last longer from it. Nothing that is verified
    /// so may be activated. A later `then` counts as `now`.
    pub fn as_of(then: Moment, now: Moment) -> Self {
        Self {
            now: then.min(now),
            tolerance_days: 0,
            lifetimes_from: now,
        }
    }

    /// For a one-off import on a host without a network: timestamp and snapshot may have expired up to
    /// `tolerance_days` ago. Nothing else is relaxed.
    pub fn import(now: Moment, tolerance_days: u16) -> Self {
        Self {
            now,
            tolerance_days: tolerance_days.into(),
            lifetimes_from: now,
        }
    }

    /// The real time.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// The time against which the pinning roles are checked.
    pub(super) fn pinning(&self) -> Moment {
        self.now.plus_days(-self.tolerance_days)
    }

    /// The time from which the longest lifetimes are counted.
    pub(super) fn lifetimes_from(&self) -> Moment {
        self.lifetimes_from
    }

    /// The same, never before the last good time of these floors.
    pub(super) fn not_before(self, floors: &Floors) -> Self {
        let now = floors.time_of(self.now);
        Self {
            now,
            lifetimes_from: self.lifetimes_from.max(now),
            ..self
        }
    }
}
