//! What is counted of versions while they answer, and what these counts say of a version that was just put
//! in force: that it does not work, or that it finds abnormally much or little.
//!
//! One file in the folder `updates`, replaced at every poll: a host that starts goes on counting.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rulepack_contract::units::format_short;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::TargetPath;
use serde::{Deserialize, Serialize};

use super::course::{Came, Course, Step};
use crate::files;
use crate::lock::{Lock, LockedVersion};
use crate::settings::{HostFolder, WatchSettings};

/// Counts by version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Watch {
    counts: BTreeMap<TargetPath, Counts>,
}

/// What a version answered, in patients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Reviewed.
    pub patients: u64,
    /// Of them, those with a finding.
    pub with_findings: u64,
    /// Those without a verdict, who get one from the version before.
    pub faults: u64,
}

/// The share that two rates may always differ by, in hundredths: one patient more in a hundred is no sign.
const SLACK_PERCENT: u128 = 1;

impl Watch {
    /// The counts of a host; none where they are missing or cannot be read.
    #[must_use]
    pub fn of(folder: &HostFolder) -> Self {
        let bytes = files::read_if_there(&path(folder)).ok().flatten();
        let read = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        read.unwrap_or_default()
    }

    /// Keeps the counts of versions that the lock still has.
    ///
    /// # Errors
    /// Where the file cannot be replaced.
    pub fn keep(&mut self, folder: &HostFolder, lock: &Lock) -> std::io::Result<()> {
        self.counts.retain(|path, _| lock.version(path).is_some());
        let bytes = serde_json::to_vec_pretty(self).expect("counts are numbers by path");
        files::replace(&path(folder), &bytes)
    }

    /// Adds what a version answered.
    pub fn add(&mut self, version: &TargetPath, seen: Counts) -> Counts {
        let counts = self.counts.entry(version.clone()).or_default();
        counts.patients = counts.patients.saturating_add(seen.patients);
        counts.with_findings = counts.with_findings.saturating_add(seen.with_findings);
        counts.faults = counts.faults.saturating_add(seen.faults);
        *counts
    }

    /// What a version answered so far.
    #[must_use]
    pub fn counts(&self, version: &TargetPath) -> Counts {
        self.counts.get(version).copied().unwrap_or_default()
    }

    /// Forgets a version: where it comes again, it is counted anew.
    pub fn forget(&mut self, version: &TargetPath) {
        self.counts.remove(version);
    }
}

impl Counts {
    /// Why a version does not work, if so. One patient, or a few of very many, is no ground to go back on: a
    /// hospital could put that together (T9).
    #[must_use]
    pub fn does_not_work(&self, settings: &WatchSettings) -> Option<String> {
        let share = u128::from(self.faults) * 100;
        let is_many = share >= u128::from(self.patients) * u128::from(settings.fault_percent);
        let broken = self.faults > 0 && self.faults >= u64::from(settings.faults) && is_many;
        let (faults, patients) = (self.faults, self.patients);
        broken.then(|| format!("{faults} of {patients} patients got no verdict from it"))
    }

    /// Why the rate of findings is abnormal beside that of the version before, if so.
    #[must_use]
    pub fn is_abnormal(&self, before: &Counts, settings: &WatchSettings) -> Option<String> {
        let least = u64::from(settings.patients_min.max(1));
        if self.patients < least || before.patients < least {
            return None;
        }
        // Both rates over the product of both numbers of patients, in hundredths.
        let rate = |counts: &Counts, other: &Counts| {
            u128::from(counts.with_findings) * u128::from(other.patients) * 100
        };
        let (new, old) = (rate(self, before), rate(before, self));
        let slack = u128::from(self.patients) * u128::from(before.patients) * SLACK_PERCENT;
        let times = u128::from(settings.rate_times.max(1));
        let is_abnormal = new > old * times + slack || new * times + slack < old;
        is_abnormal.then(|| {
            let percent = |counts: &Counts| {
                let share = u128::from(counts.with_findings) * 10_000 / u128::from(counts.patients);
                format_short(i64::try_from(share).unwrap_or(i64::MAX), 2)
            };
            format!(
                "abnormal rate of findings: {} % of {} patients, {} % of {} with the version before",
                percent(self),
                self.patients,
                percent(before),
                before.patients
            )
        })
    }
}

/// Until which day a version is watched, where it is: from its switch, or its first rule day, on.
#[must_use]
pub fn watched_until(
    folder: &HostFolder,
    version: &LockedVersion,
    settings: &WatchSettings,
) -> Option<Day> {
    let course = Course::of(folder, version);
    let is_over = course
        .stage(Step::Watch)
        .is_some_and(|stage| stage.came != Came::Running);
    let switch = course.stage(Step::Switch).filter(|_| !is_over)?;
    let first = switch.at.day_in_china().max(version.effective.from);
    let last = i32::from(settings.days)
        .checked_sub(1)
        .filter(|last| *last >= 0)?;
    Day::from_number(first.number().saturating_add(last))
}

fn path(folder: &HostFolder) -> PathBuf {
    folder.updates().join("watch.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(patients: u64, with_findings: u64, faults: u64) -> Counts {
        Counts {
            patients,
            with_findings,
            faults,
        }
    }

    #[test]
    fn t9_a_few_faults_among_many_patients_are_no_ground_to_go_back_on() {
        let settings = WatchSettings::default();
        let judged = |patients, faults| counts(patients, 0, faults).does_not_work(&settings);
        assert_eq!(judged(2, 2), None);
        assert_eq!(judged(301, 3), None);
        assert_eq!(
            judged(300, 3).as_deref(),
            Some("3 of 300 patients got no verdict from it")
        );
    }

    #[test]
    fn a_rate_is_abnormal_in_both_directions_once_enough_patients_were_reviewed() {
        let settings = WatchSettings::default();
        let old = counts(1_000, 50, 0);
        let judged = |new: Counts| new.is_abnormal(&old, &settings);
        assert_eq!(judged(counts(199, 199, 0)), None);
        // 5 % before: 16 % and more, or less than a third of 4 %, is abnormal.
        assert_eq!(judged(counts(1_000, 160, 0)), None);
        assert_eq!(judged(counts(1_000, 14, 0)), None);
        assert_eq!(
            judged(counts(1_000, 161, 0)).as_deref(),
            Some(
                "abnormal rate of findings: 16.1 % of 1000 patients, 5 % of 1000 with the version before"
            )
        );
        assert!(judged(counts(1_000, 13, 0)).is_some());
        let few = counts(199, 10, 0);
        assert_eq!(counts(1_000, 1_000, 0).is_abnormal(&few, &settings), None);
    }

    #[test]
    fn counts_are_kept_for_versions_that_the_lock_has() {
        let folder = tempfile::tempdir().unwrap();
        let host = HostFolder::at(folder.path());
        let path: TargetPath = "37/limits/1.0.0.wasm".parse().unwrap();
        let mut watch = Watch::default();
        assert_eq!(watch.add(&path, counts(1, 1, 0)), counts(1, 1, 0));
        assert_eq!(watch.add(&path, counts(2, 0, 1)), counts(3, 1, 1));
        let mut lock = Lock::default();
        lock.put(crate::lock::tests::version(
            "1.0.0",
            "2026-01-01",
            "2026-01-01",
        ));
        watch.keep(&host, &lock).unwrap();
        assert_eq!(Watch::of(&host), watch);
        watch.keep(&host, &Lock::default()).unwrap();
        assert_eq!(Watch::of(&host).counts(&path), Counts::default());
    }
}
