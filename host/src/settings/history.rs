//! `[history]` of `host.toml`: how long what requests tell is kept.

use rulepack_protocol::moment::Day;
use serde::{Deserialize, Serialize};

/// `[history]` of `host.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistorySettings {
    /// For so many days an encounter that a request told counts for later requests; 0 keeps none.
    pub days: u16,
    /// For so many days more its file is kept, so that receipts of that time can be executed anew.
    pub replay_days: u16,
}

impl HistorySettings {
    /// The first day of which an encounter that was told counts today.
    #[must_use]
    pub fn since(&self, today: Day) -> Day {
        let first = today.number().saturating_sub(i32::from(self.days));
        Day::from_number(first).unwrap_or(today)
    }

    /// Whether these are the defaults.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == HistorySettings::default()
    }
}

impl Default for HistorySettings {
    /// A year of a limit and the month before it.
    fn default() -> Self {
        HistorySettings {
            days: 400,
            replay_days: 400,
        }
    }
}
