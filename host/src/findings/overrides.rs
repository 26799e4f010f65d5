//! How often clinicians go on against a rule: by this a bureau learns that a rule is wrong.

use std::collections::{BTreeMap, HashMap};

use rulepack_protocol::names::TargetPath;
use serde::Serialize;

use super::record::{Decision, FindingId, KeptFinding, Way};

/// Of one rule of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Overrides {
    /// Pack and version.
    #[schema(value_type = String)]
    pub pack: TargetPath,
    /// Id of the rule.
    pub rule: String,
    /// Findings answered.
    pub findings: u64,
    /// Findings on which the clinician went on (继续执行医嘱).
    pub continued: u64,
    /// Findings after which the order was changed (返回修改医嘱).
    pub changed: u64,
    /// `continued` of all decided, in ten-thousandths; none where nothing is decided.
    pub share: Option<u64>,
}

/// Counts as findings and decisions come. The last decision on a finding counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rules: BTreeMap<(TargetPath, String), Counts>,
    decided: HashMap<FindingId, Way>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    findings: u64,
    continued: u64,
    changed: u64,
}

impl Tally {
    /// Counts a finding of this version and rule.
    pub(super) fn found(&mut self, pack: TargetPath, rule: String) {
        self.rules.entry((pack, rule)).or_default().findings += 1;
    }

    /// Counts no more what was found for an answer that was never given, so that nobody decided on it.
    pub(super) fn withdraw(&mut self, found: &[KeptFinding]) {
        for finding in found {
            let counts = self.counts(finding);
            counts.findings = counts.findings.saturating_sub(1);
        }
    }

    pub(super) fn decided(&mut self, finding: &KeptFinding, decision: &Decision) {
        let before = self.decided.insert(decision.finding, decision.way);
        let counts = self.counts(finding);
        if let Some(before) = before {
            let count = counts.of(before);
            *count = count.saturating_sub(1);
        }
        *counts.of(decision.way) += 1;
    }

    /// The last decision on a finding.
    pub(super) fn way(&self, id: FindingId) -> Option<Way> {
        self.decided.get(&id).copied()
    }

    pub(super) fn all(&self) -> Vec<Overrides> {
        let rules = self.rules.iter();
        rules
            .map(|((pack, rule), counts)| Overrides {
                pack: pack.clone(),
                rule: rule.clone(),
                findings: counts.findings,
                continued: counts.continued,
                changed: counts.changed,
                share: share(counts.continued, counts.changed),
            })
            .collect()
    }

    fn counts(&mut self, finding: &KeptFinding) -> &mut Counts {
        let key = (finding.pack.clone(), finding.rule.clone());
        self.rules.entry(key).or_default()
    }
}

impl Counts {
    fn of(&mut self, way: Way) -> &mut u64 {
        match way {
            Way::Continued => &mut self.continued,
            Way::Changed => &mut self.changed,
        }
    }
}

/// Ten-thousandths, rounded down.
fn share(continued: u64, changed: u64) -> Option<u64> {
    let all = continued.saturating_add(changed);
    continued.saturating_mul(10_000).checked_div(all)
}
