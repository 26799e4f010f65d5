//! `[updates]` of `host.toml`: who decides about new versions, above which changes a person does, and how a
//! version is watched once it is in force.

use serde::{Deserialize, Serialize};

/// `[updates]` of `host.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Updates {
    /// What becomes of a version that passed every step.
    #[serde(default)]
    pub decision: Decision,
    /// How a new version is compared with the one in force, and what of it asks for a person.
    #[serde(default)]
    pub shadow: ShadowSettings,
    /// How a version is watched once it is in force.
    #[serde(default)]
    pub watch: WatchSettings,
}

/// What becomes of a version that passed every step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It becomes active at once, unless its shadow run changes more than [`ShadowSettings`] lets pass.
    #[default]
    Automatic,
    /// It waits until a person approves it, or until its bureau makes it mandatory.
    Approve,
}

/// `[updates.shadow]`: the shadow run (影子运行) of a new version, and its thresholds. What exceeds one
/// waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShadowSettings {
    /// How many days of history are reviewed, back from the last day that has any.
    pub days: u16,
    /// At most so many patients are reviewed, those with the latest encounters.
    pub patients_max: u32,
    /// Of all findings of both versions, so many percent may be gained, lost or altered.
    pub changed_percent: u32,
    /// Up to so many changed findings count as few: their share is not asked for.
    pub changed_few: u32,
    /// The money of findings gained and lost may come to so many yuan (CNY).
    pub changed_yuan: u64,
    /// The new version may use so many percent of the engine's time that the old one uses.
    pub engine_percent: u32,
    /// So many patients may get no verdict who get one from the old version.
    pub no_verdict_max: u32,
}

/// `[updates.watch]`: a version that was put in force is watched for some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchSettings {
    /// How many days; 0 watches nothing.
    pub days: u16,
    /// The host goes back to the version before once so many patients got no verdict from the new version,
    /// and would have got one from that before …
    pub faults: u32,
    /// … and these are at least so many percent of the patients that it reviewed.
    pub fault_percent: u32,
    /// A rate of findings is judged once each version has reviewed so many patients.
    pub patients_min: u32,
    /// It is abnormal where so many times as many patients have findings as with the version before, or so
    /// many times fewer.
    pub rate_times: u32,
}

impl Default for ShadowSettings {
    fn default() -> Self {
        ShadowSettings {
            days: 90,
            patients_max: 20_000,
            changed_percent: 10,
            changed_few: 10,
            changed_yuan: 50_000,
            engine_percent: 200,
            no_verdict_max: 0,
        }
    }
}

impl Default for WatchSettings {
    fn default() -> Self {
        WatchSettings {
            days: 7,
            faults: 3,
            fault_percent: 1,
            patients_min: 200,
            rate_times: 3,
        }
    }
}

impl Updates {
    pub(super) fn is_default(&self) -> bool {
        *self == Updates::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_the_documented_default_and_what_is_unknown_is_refused() {
        let read = |text: &str| toml::from_str::<Updates>(text);
        assert_eq!(read("").unwrap(), Updates::default());
        let some = read("[shadow]\ndays = 30\n[watch]\nfaults = 1\n").unwrap();
        assert_eq!((some.shadow.days, some.shadow.changed_percent), (30, 10));
        assert_eq!((some.watch.faults, some.watch.days), (1, 7));
        let error = read("[shadow]\npercent = 5\n").unwrap_err().to_string();
        assert!(error.contains("unknown field `percent`"), "{error}");
        let text = toml::to_string_pretty(&Updates::default()).unwrap();
        assert_eq!(read(&text).unwrap(), Updates::default());
    }
}
