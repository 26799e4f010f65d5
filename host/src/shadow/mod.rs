//! The shadow run (影子运行): a new version and the one in force review the same part of the hospital's own
//! recent history, and what differs is told to people before anything changes.
//!
//! Both versions run through the real engine, over the same data in the same batches. An encounter of
//! history is finished, so each rule looks at it as late in the course of care as it looks at all: a rule
//! for 3101 and for audits counts once. Nothing of a run is answered to a HIS, journalled, or kept but the
//! report, which names rows by references that only this host can resolve ([`References`]).

mod compare;
mod find;
mod page;
mod reference;
pub mod report;
mod threshold;
mod told;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rulepack_contract::data::{Data, DataBuilder};
use rulepack_contract::review::{Scope, Stage};
use rulepack_engine::patients::Division as Batches;
use rulepack_protocol::moment::{Day, Moment};
use rulepack_protocol::names::Division;

use crate::client::{FailurePoint, Failures};
use crate::history::{History, HistoryError, Recent};
use crate::lock::{Lock, LockedVersion};
use crate::packs::{PackError, Packs};
use crate::review::{self, ActivePack, Circumstances};
use crate::settings::ShadowSettings;
use compare::{Comparison, Found};
use report::{EngineUse, ReviewedPart};

pub use find::{FoundRow, find};
pub use page::page;
pub use reference::{Reference, References};
pub use report::ShadowReport;
pub use threshold::{asks_for_a_person, measure};
pub use told::Told;

/// Patients whose rows are in memory at once.
const PATIENTS_AT_ONCE: usize = 100;
/// A run that takes longer ends with the part that it has reached, and says so.
const LONGEST: Duration = Duration::from_secs(600);
/// The new version does not work: what more it fails on tells nothing new.
const NO_VERDICT_ENOUGH: u64 = 100;

/// What a run is made with.
pub struct ShadowRun<'a> {
    /// The packs and the engine.
    pub packs: &'a Packs,
    /// What is installed, and set for it.
    pub lock: &'a Lock,
    /// What the hospital keeps.
    pub history: &'a History,
    /// The place of care.
    pub division: &'a Division,
    /// How much is reviewed.
    pub settings: ShadowSettings,
    /// How rows are named.
    pub references: &'a References,
    /// What rules take as today.
    pub today: Day,
    /// When it is made.
    pub now: Moment,
    /// Where a test stops it.
    pub failures: &'a dyn Failures,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ShadowError {
    /// The history cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// One of the versions cannot be used.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The secret of references can neither be read nor made, or a test stopped the run.
    #[error("cannot use the folder of the host: {0}")]
    Io(#[from] std::io::Error),
}

impl ShadowRun<'_> {
    /// Compares a new version with the one in force, where there is one.
    ///
    /// # Errors
    /// [`ShadowError`]. A version that gives no verdict is an answer.
    pub fn compare(
        &self,
        old: Option<&LockedVersion>,
        new: &LockedVersion,
    ) -> Result<ShadowReport, ShadowError> {
        let mut report = ShadowReport {
            new: new.path.clone(),
            digest: new.digest,
            old: old.map(|old| old.path.clone()),
            made: self.now,
            history: self.history.state(),
            reviewed: None,
            all: report::Change::default(),
            rules: Vec::new(),
            departments: Vec::new(),
            old_engine: EngineUse::default(),
            new_engine: EngineUse::default(),
            no_verdict: report::NoVerdicts::default(),
            not_evaluable: Vec::new(),
            examples: Vec::new(),
        };
        let recent = self.history.recent(self.settings.days, self.today)?;
        if let Some(recent) = recent {
            let ready = |version| self.packs.get_on(self.lock, version, self.today);
            let (new, old) = (ready(new)?, old.map(ready).transpose()?);
            self.review(&recent, (old.as_deref(), &new), &mut report)?;
        }
        Ok(report)
    }

    fn review(
        &self,
        recent: &Recent,
        versions: (Option<&ActivePack>, &ActivePack),
        report: &mut ShadowReport,
    ) -> Result<(), ShadowError> {
        let started = Instant::now();
        let days = (recent.from, recent.to);
        let mut comparison = Comparison::default();
        let mut part = ReviewedPart {
            from: recent.from,
            to: recent.to,
            patients: 0,
            patients_in_all: recent.patients.len() as u64,
            encounters: 0,
            institutions: 0,
            left_out: 0,
        };
        let mut both = Both {
            run: self,
            versions,
            days,
            comparison: &mut comparison,
            report,
        };
        let mut institutions = DataBuilder::new();
        part.institutions = self.history.add_institutions(&mut institutions)?;
        part.left_out += both.see(institutions, Scope::Institution);
        let most = usize::try_from(self.settings.patients_max).unwrap_or(usize::MAX);
        let wanted = recent.patients.get(..most).unwrap_or(&recent.patients);
        for patients in wanted.chunks(PATIENTS_AT_ONCE) {
            let mut builder = DataBuilder::new();
            part.encounters += self.history.add_for_review(patients, days, &mut builder)?;
            part.patients += patients.len() as u64;
            part.left_out += both.see(builder, Scope::Patient);
            self.failures.reach(FailurePoint::ShadowRun)?;
            let enough = both.comparison.no_verdict().only_after >= NO_VERDICT_ENOUGH;
            if enough || started.elapsed() > LONGEST {
                break;
            }
        }
        comparison.finish(report);
        report.reviewed = Some(part);
        Ok(())
    }
}

/// Both versions, and where what they find goes.
struct Both<'a, 'r> {
    run: &'a ShadowRun<'r>,
    versions: (Option<&'a ActivePack>, &'a ActivePack),
    days: (Day, Day),
    comparison: &'a mut Comparison,
    report: &'a mut ShadowReport,
}

impl Both<'_, '_> {
    /// Runs both over the same data. Answers how many rows had to be left out of it.
    fn see(&mut self, builder: DataBuilder, scope: Scope) -> u64 {
        let (data, left_out) = builder.finish();
        let data = Arc::new(data);
        let (old, new) = self.versions;
        let old = old
            .map(|old| self.found(old, &data, scope))
            .unwrap_or_default();
        let new = self.found(new, &data, scope);
        for (engine, found) in [
            (&mut self.report.old_engine, &old),
            (&mut self.report.new_engine, &new),
        ] {
            engine.fuel = engine.fuel.saturating_add(found.fuel);
            engine.milliseconds = engine.milliseconds.saturating_add(found.milliseconds);
        }
        self.comparison.add(&old, &new, &data, self.run.references);
        left_out.len() as u64
    }

    /// What one version finds, each rule at its latest stage.
    fn found(&self, pack: &ActivePack, data: &Arc<Data>, scope: Scope) -> Found {
        let started = Instant::now();
        let mut found = Found::default();
        for stage in [Stage::Before, Stage::During, Stage::After] {
            let rules = pack
                .manifest
                .rules
                .iter()
                .filter(|rule| rule.scope == scope);
            let here = |rule: &str| {
                let rule = pack.manifest.rule(rule);
                rule.is_some_and(|rule| rule.stages.iter().max() == Some(&stage))
            };
            if review::is_empty(data, scope) || !rules.into_iter().any(|rule| here(&rule.id)) {
                continue;
            }
            let seen = review::review_scope(pack, data, &self.circumstances(stage), scope);
            let findings = seen.findings.into_iter();
            found
                .findings
                .extend(findings.filter(|finding| here(&finding.rule.rule)));
            let without = seen.no_verdict.into_iter();
            found
                .no_verdict
                .extend(without.map(|none| (none.about.table, none.about.key)));
            let blind = seen
                .not_evaluable
                .into_iter()
                .filter(|none| here(&none.rule.rule));
            found
                .not_evaluable
                .extend(blind.map(|none| (none.rule.rule, none.missing)));
            let fuel = seen.packs.iter().map(|run| run.fuel);
            found.fuel = fuel.fold(found.fuel, u64::saturating_add);
        }
        found.milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        found
    }

    fn circumstances(&self, stage: Stage) -> Circumstances {
        let (from, to) = self.days;
        Circumstances {
            stage,
            today: self.run.today.number(),
            scenes: Vec::new(),
            jurisdiction: self.run.division.to_string(),
            period: Some((from.number(), to.number())),
            sums: None,
            batches: Batches::default(),
        }
    }
}
