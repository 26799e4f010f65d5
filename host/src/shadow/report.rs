//! What a shadow run found out: findings gained and lost by rule, department and money, with examples.
//! It holds no key of a patient, an encounter or an order: rows are told by a [`Reference`].

use std::fmt;

use rulepack_contract::answer::Certainty;
use rulepack_contract::units::format_decimal;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Moment};
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::pack::manifest::Action;
use serde::{Deserialize, Serialize};

use super::reference::Reference;
use crate::journal::HistoryState;

/// The department (科室) of rows that name none, in both languages.
pub const NO_DEPARTMENT: (&str, &str) = ("未记录", "not recorded");

/// What a new version would change, told by the hospital's own recent history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowReport {
    /// The new version.
    pub new: TargetPath,
    /// Of its sealed bytes.
    pub digest: Digest,
    /// The version in force when the run was made, where there was one.
    pub old: Option<TargetPath>,
    /// When it was made.
    pub made: Moment,
    /// Which history there was.
    pub history: HistoryState,
    /// What was reviewed; `None` where there is no history to compare.
    pub reviewed: Option<ReviewedPart>,
    /// All findings.
    pub all: Change,
    /// The same by rule, those with most changes first.
    pub rules: Vec<RuleChange>,
    /// The same by department (科室), those with most changes first.
    pub departments: Vec<DepartmentChange>,
    /// What the old version used of the engine.
    pub old_engine: EngineUse,
    /// What the new version used.
    pub new_engine: EngineUse,
    /// Patients and institutions without a verdict.
    pub no_verdict: NoVerdicts,
    /// Rules that only the new version cannot evaluate here, and what they miss.
    pub not_evaluable: Vec<(String, Vec<String>)>,
    /// Some findings of each rule that were gained, lost or altered, those with most money first.
    pub examples: Vec<Example>,
}

/// The part of the history that was reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewedPart {
    /// First day of the encounters under review.
    pub from: Day,
    /// The last one.
    pub to: Day,
    /// Patients reviewed.
    pub patients: u64,
    /// Patients with an encounter in these days; more than `patients` where a bound ended the run.
    pub patients_in_all: u64,
    /// Encounters under review.
    pub encounters: u64,
    /// Institutions reviewed.
    pub institutions: u64,
    /// Rows of the history that cannot be used, and were reviewed by neither version.
    pub left_out: u64,
}

/// So many findings, and the money at stake in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub findings: u64,
    /// Fen.
    pub amount: i64,
}

/// Findings of both versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Of the old version.
    pub before: Tally,
    /// Of the new version.
    pub after: Tally,
    /// Only of the new version.
    pub gained: Tally,
    /// Only of the old version.
    pub lost: Tally,
    /// Of both on the same rows, with another certainty, action or amount; the money is the difference.
    pub altered: Tally,
}

/// What changes of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleChange {
    /// Its id.
    pub rule: String,
    /// What people call it.
    pub title: String,
    /// Its findings.
    pub change: Change,
}

/// What changes for a department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepartmentChange {
    /// The hospital's own code; none where the data does not tell.
    pub department: Option<String>,
    /// Its findings.
    pub change: Change,
}

/// What a version used of the engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineUse {
    /// Counted, the same on every machine: what thresholds are held against.
    pub fuel: u64,
    /// On this machine, beside whatever else it did.
    pub milliseconds: u64,
}

/// Patients and institutions without a verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoVerdicts {
    /// From the old version.
    pub before: u64,
    /// From the new version.
    pub after: u64,
    /// From the new version alone.
    pub only_after: u64,
}

/// Which way a finding changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Only the new version finds it.
    Gained,
    /// Only the old version finds it.
    Lost,
    /// Both find it, with another certainty, action or amount.
    Altered,
}

/// A finding that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Which way.
    pub kind: Kind,
    /// Id of the rule.
    pub rule: String,
    /// How sure; of the new version where both find it.
    pub certainty: Certainty,
    /// What it leads to.
    pub action: Action,
    /// In Chinese, with its figures.
    pub message: String,
    /// Fen at stake; the difference where it is altered.
    pub amount: i64,
    /// 科室
    pub department: Option<String>,
    /// The offending rows.
    pub rows: Vec<Reference>,
}

impl Change {
    /// Findings gained, lost and altered.
    #[must_use]
    pub fn changed(&self) -> u64 {
        self.gained.findings + self.lost.findings + self.altered.findings
    }

    /// Fen of findings gained and lost, and the differences of those altered.
    #[must_use]
    pub fn changed_amount(&self) -> i64 {
        let gained = self.gained.amount.saturating_add(self.lost.amount);
        gained.saturating_add(self.altered.amount)
    }

    /// The share of changed findings in all findings of both versions, in ten-thousandths.
    #[must_use]
    pub fn share(&self) -> u64 {
        let all = self.before.findings + self.gained.findings;
        self.changed()
            .saturating_mul(10_000)
            .checked_div(all)
            .unwrap_or(0)
    }

    pub(super) fn add(&mut self, other: &Change) {
        for (own, other) in [
            (&mut self.before, other.before),
            (&mut self.after, other.after),
            (&mut self.gained, other.gained),
            (&mut self.lost, other.lost),
            (&mut self.altered, other.altered),
        ] {
            own.findings += other.findings;
            own.amount = own.amount.saturating_add(other.amount);
        }
    }
}

impl Tally {
    pub(super) fn one(amount: i64) -> Self {
        Tally {
            findings: 1,
            amount,
        }
    }
}

/// `12 (340.00)`: how many, and their money in CNY.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.findings {
            0 => f.pad("0"),
            findings => f.pad(&format!("{findings} ({})", format_decimal(self.amount, 2))),
        }
    }
}

impl Kind {
    /// In both languages, as the report says it.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Kind::Gained => ("新增", "gained"),
            Kind::Lost => ("减少", "lost"),
            Kind::Altered => ("变化", "altered"),
        }
    }
}
