//! Which version of each pack looks at which patient or institution: by rule day.
//!
//! The rule day of a patient is the settlement day of the encounter under review, its discharge day while
//! it is not settled, else today; where several encounters are under review, the latest. In institution
//! scope it is the last day of the period (design decision 8).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rulepack_contract::data::Data;
use rulepack_contract::review::{Scope, Stage};
use rulepack_contract::schema::ids;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{Division, PackName, TargetPath};

use super::report::{Report, ReportedRow};
use super::{Circumstances, is_empty, review_scope};
use crate::lock::{Choice, Lock, LockedVersion, Purpose};
use crate::packs::{Adjusted, PackError, Packs};

/// The packs of a host at one moment.
#[derive(Debug, Clone, Copy)]
pub struct InForce<'a> {
    /// The sealed files, and what is loaded of them.
    pub packs: &'a Packs,
    /// Which version is in force when.
    pub lock: &'a Lock,
    /// The place of care.
    pub division: &'a Division,
}

/// What was reviewed, and what could not be.
#[derive(Debug, Default)]
pub struct Reviewed {
    /// All that the packs found.
    pub report: Report,
    /// Versions in force that could not be used.
    pub broken: Vec<(TargetPath, PackError)>,
    /// Packs of which no version is in force on somebody's rule day: their rules are not evaluable.
    pub gaps: Vec<PackName>,
    /// Patients whose care goes on and whose rule day lies more than a month from today: whoever wrote that
    /// day chose the versions that looked at them (T4).
    pub far_rule_days: u64,
}

/// Further from today than this, in days, the rule day of care that goes on is marked.
const FAR_DAYS: u32 = 31;

/// A version with what is set for it, and the rule days on which both are in force.
#[derive(Debug)]
pub(super) struct Meeting<'a> {
    pub(super) version: &'a LockedVersion,
    pub(super) adjusted: Adjusted,
    pub(super) retroactive: bool,
    days: BTreeSet<Day>,
}

/// The versions of a pack that are in force on some days; whether on some day none is; and those for which
/// cannot be told what is set.
#[derive(Debug, Default)]
pub(super) struct Meetings<'a> {
    pub(super) met: Vec<Meeting<'a>>,
    pub(super) gap: bool,
    pub(super) broken: Vec<(TargetPath, PackError)>,
}

impl<'l> InForce<'l> {
    /// Runs over data, for each patient and institution, the versions in force on its rule day.
    #[must_use]
    pub fn review(&self, data: &Arc<Data>, circumstances: &Circumstances) -> Reviewed {
        let mut reviewed = Reviewed::default();
        for scope in [Scope::Patient, Scope::Institution] {
            if is_empty(data, scope) {
                continue;
            }
            let days = rule_days(data, circumstances, scope);
            if scope == Scope::Patient && circumstances.stage != Stage::After {
                let today = circumstances.today;
                let is_far = |day: &&Day| day.number().abs_diff(today) > FAR_DAYS;
                reviewed.far_rule_days = days.values().filter(is_far).count() as u64;
            }
            let distinct: BTreeSet<Day> = days.values().copied().collect();
            for pack in self.lock.packs() {
                self.review_pack((pack, scope), (&days, &distinct), data, circumstances)
                    .add_to(&mut reviewed);
            }
        }
        reviewed.gaps.sort();
        reviewed.gaps.dedup();
        // A pack is met once in each scope.
        reviewed.broken.sort_by(|a, b| a.0.cmp(&b.0));
        reviewed.broken.dedup_by(|a, b| a.0 == b.0);
        reviewed.report.sort();
        reviewed
    }

    fn review_pack(
        &self,
        (pack, scope): (&PackName, Scope),
        (days, distinct): (&BTreeMap<String, Day>, &BTreeSet<Day>),
        data: &Arc<Data>,
        circumstances: &Circumstances,
    ) -> Reviewed {
        let Meetings { met, gap, broken } = self.meetings(pack, distinct, circumstances.stage);
        let several = met.len() > 1 || gap || !broken.is_empty();
        let mut reviewed = Reviewed {
            broken,
            ..Reviewed::default()
        };
        for meeting in met {
            let mut of_meeting = self.review_meeting(&meeting, scope, data, circumstances);
            if gap && !of_meeting.report.packs.is_empty() {
                reviewed.gaps.push(pack.clone());
            }
            if several {
                keep(&mut of_meeting.report, |key| {
                    days.get(key).is_some_and(|day| meeting.days.contains(day))
                });
            }
            of_meeting.add_to(&mut reviewed);
        }
        if reviewed.report.packs.is_empty() && gap && reviewed.broken.is_empty() {
            reviewed.gaps.push(pack.clone());
        }
        reviewed
    }

    /// Runs one version over data; nothing where it has no rules for it or does not apply here.
    pub(super) fn review_meeting(
        &self,
        meeting: &Meeting<'_>,
        scope: Scope,
        data: &Arc<Data>,
        circumstances: &Circumstances,
    ) -> Reviewed {
        let (version, adjusted) = (meeting.version, &meeting.adjusted);
        let active = self
            .packs
            .get_adjusted(version, adjusted, meeting.retroactive);
        let mut reviewed = Reviewed::default();
        match active {
            Err(error) => reviewed.broken.push((version.path.clone(), error)),
            Ok(active) => {
                let is_asked = active.has_rules(scope, circumstances.stage);
                if is_asked && active.applies(self.division) {
                    reviewed.report = review_scope(&active, data, circumstances, scope);
                }
            }
        }
        reviewed
    }

    /// Which versions of a pack are in force on these days, each with what is set for it.
    pub(super) fn meetings(
        &self,
        pack: &PackName,
        days: &BTreeSet<Day>,
        stage: Stage,
    ) -> Meetings<'l> {
        let purpose = match stage {
            Stage::Before | Stage::During => Purpose::Service,
            Stage::After => Purpose::Audit,
        };
        let mut meetings = Meetings::default();
        for day in days {
            let Choice::Version {
                version,
                retroactive,
            } = self.lock.choose(pack, *day, purpose)
            else {
                meetings.gap = true;
                continue;
            };
            match self.packs.adjusted(self.lock, version, (*day, purpose)) {
                Ok(adjusted) => meetings.add(*day, version, retroactive, adjusted),
                Err(error) => meetings.broken.push((version.path.clone(), error)),
            }
        }
        meetings
    }
}

impl<'a> Meetings<'a> {
    fn add(&mut self, day: Day, version: &'a LockedVersion, retroactive: bool, adjusted: Adjusted) {
        let retroactive = retroactive || adjusted.retroactive;
        let is_same = |met: &&mut Meeting<'_>| {
            met.version.path == version.path
                && met.retroactive == retroactive
                && met.adjusted.adjustment == adjusted.adjustment
        };
        match self.met.iter_mut().find(is_same) {
            Some(meeting) => _ = meeting.days.insert(day),
            None => self.met.push(Meeting {
                version,
                adjusted,
                retroactive,
                days: BTreeSet::from([day]),
            }),
        }
    }
}

impl Reviewed {
    pub(super) fn add_to(mut self, other: &mut Reviewed) {
        other.report.append(self.report);
        other.broken.append(&mut self.broken);
        other.gaps.append(&mut self.gaps);
    }
}

/// The rule day of every patient or institution, by key.
fn rule_days(data: &Data, circumstances: &Circumstances, scope: Scope) -> BTreeMap<String, Day> {
    let today = circumstances.today;
    let mut numbers: BTreeMap<u32, i32> = BTreeMap::new();
    let table = super::root_table(scope);
    if scope == Scope::Patient {
        for row in 0..data.rows(ids::ENCOUNTERS) {
            let number = |column| data.number(ids::ENCOUNTERS, column, row);
            if number("current") != Some(1) {
                continue;
            }
            let day = number("settlement-days").or_else(|| number("discharge-days"));
            let day = day.and_then(|day| i32::try_from(day).ok()).unwrap_or(today);
            if let Some(patient) = number("patients").and_then(|row| u32::try_from(row).ok()) {
                let latest = numbers.entry(patient).or_insert(day);
                *latest = (*latest).max(day);
            }
        }
    }
    let period_end = circumstances.period.map_or(today, |(_, last)| last);
    (0..data.rows(table))
        .filter_map(|row| {
            let number = match scope {
                Scope::Patient => numbers.get(&row).copied().unwrap_or(today),
                Scope::Institution | Scope::Region => period_end,
            };
            Some((data.key(table, row)?.to_owned(), Day::from_number(number)?))
        })
        .collect()
}

/// Leaves in a report what is about these patients (or institutions).
fn keep(report: &mut Report, wanted: impl Fn(&str) -> bool) {
    let about = |row: &ReportedRow| {
        let owner = row.patient.as_deref().or(row.institution.as_deref());
        wanted(owner.unwrap_or(&row.key))
    };
    let any = |rows: &[ReportedRow]| rows.first().is_some_and(about);
    report.findings.retain(|finding| any(&finding.offending));
    report.notices.retain(|notice| any(&notice.about));
    report.measures.retain(|measure| about(&measure.about));
    report
        .abstentions
        .retain(|abstention| about(&abstention.about));
    report.no_verdict.retain(|none| about(&none.about));
}
