//! Searching what was found: by what it belongs to, what it is and what was decided on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rulepack_contract::answer::Certainty;
use rulepack_contract::review::Stage;
use rulepack_contract::units;
use rulepack_protocol::names::PackName;
use rulepack_protocol::pack::manifest::Action;
use semver::Version;

use super::record::{Decision, Entry, FindingId, KeptFinding, Way};
use super::{Findings, FindingsError};

/// Which findings are asked for; what is `None` is not asked.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Key of the encounter.
    pub encounter: Option<String>,
    /// 科室
    pub department: Option<String>,
    /// 医师
    pub doctor: Option<String>,
    /// Id of the rule in its pack.
    pub rule: Option<String>,
    /// The pack, in whatever version.
    pub pack: Option<PackName>,
    /// Version of the pack.
    pub version: Option<Version>,
    /// When in the course of care.
    pub stage: Option<Stage>,
    /// How sure.
    pub certainty: Option<Certainty>,
    /// What it led to.
    pub action: Option<Action>,
    /// What was last decided on it.
    pub decided: Option<Decided>,
    /// Days from 1970-01-01, China Standard Time: the first day on which it was found.
    pub from: Option<i32>,
    /// The last such day.
    pub to: Option<i32>,
    /// Only what was found before this one.
    pub before: Option<FindingId>,
    /// At most so many, the latest.
    pub limit: usize,
}

/// What was last decided on a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// Nothing yet.
    Nothing,
    /// This.
    Way(Way),
}

impl Findings {
    /// Findings with the last decision on each, the latest first.
    ///
    /// # Errors
    /// [`FindingsError`] where the store cannot be read.
    pub fn find(
        &self,
        wanted: &Wanted,
    ) -> Result<Vec<(KeptFinding, Option<Decision>)>, FindingsError> {
        let kept = self.kept();
        let months = kept.months.values().map(|month| Arc::clone(&month.log));
        let (months, withdrawn): (Vec<_>, _) = (months.collect(), kept.withdrawn.clone());
        drop(kept);
        let is_wanted =
            |finding: &KeptFinding| wanted.has(finding) && !withdrawn.contains(&finding.id.answer);
        let mut decisions: BTreeMap<FindingId, Decision> = BTreeMap::new();
        let mut found = Vec::new();
        // From the latest month on: a decision is never older than its finding.
        for month in months.iter().rev() {
            let mut of_month = Vec::new();
            let mut decided = BTreeMap::new();
            month.entries(|_, bytes| match serde_json::from_slice(bytes) {
                Ok(Entry::Found(kept)) => {
                    of_month.extend(kept.into_iter().filter(is_wanted));
                    if wanted.decided.is_none() {
                        // Only the latest are wanted: memory does not grow with the month.
                        let beyond = of_month.len().saturating_sub(wanted.limit);
                        of_month.drain(..beyond);
                    }
                }
                Ok(Entry::Decided(kept)) => {
                    decided.extend(kept.into_iter().map(|one| (one.finding, one)));
                }
                Ok(Entry::Withdrawn(_)) | Err(_) => {}
            })?;
            for (id, decision) in decided {
                decisions.entry(id).or_insert(decision);
            }
            let latest_first = of_month.into_iter().rev();
            let with_decisions = latest_first.map(|finding| {
                let decision = decisions.get(&finding.id).cloned();
                (finding, decision)
            });
            found.extend(
                with_decisions.filter(|(_, decision)| wanted.is_decided(decision.as_ref())),
            );
            if found.len() >= wanted.limit {
                break;
            }
        }
        found.truncate(wanted.limit);
        Ok(found)
    }
}

impl Wanted {
    fn has(&self, finding: &KeptFinding) -> bool {
        let day = units::day_of(finding.at);
        is(&self.encounter, finding.encounter.as_ref())
            && is(&self.department, finding.department.as_ref())
            && is(&self.doctor, finding.doctor.as_ref())
            && is(&self.rule, Some(&finding.rule))
            && is(&self.pack, Some(finding.pack.pack()))
            && is(&self.version, Some(finding.pack.version()))
            && is(&self.stage, Some(&finding.stage))
            && is(&self.certainty, Some(&finding.certainty))
            && is(&self.action, Some(&finding.action))
            && self.from.is_none_or(|first| day >= first)
            && self.to.is_none_or(|last| day <= last)
            && self.before.is_none_or(|before| finding.id < before)
    }

    fn is_decided(&self, decision: Option<&Decision>) -> bool {
        match self.decided {
            None => true,
            Some(Decided::Nothing) => decision.is_none(),
            Some(Decided::Way(way)) => decision.is_some_and(|decision| decision.way == way),
        }
    }
}

fn is<T: PartialEq>(wanted: &Option<T>, found: Option<&T>) -> bool {
    wanted.is_none() || wanted.as_ref() == found
}
