//! What a report tells of a run beside its findings: what was read, by which packs it was reviewed, and what
//! was not.

use std::collections::BTreeMap;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Moment};
use serde::{Deserialize, Serialize};

use crate::profile::Choice;
use crate::run::{Cost, Totals};

/// Facts of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFacts {
    /// Whose claims were reviewed, as the title says it: an institution or a region.
    pub subject: String,
    /// What kind of run it was: 每月自查; empty where no profile was used.
    #[serde(default)]
    pub profile: String,
    /// First day of service under review.
    pub from: Day,
    /// The last one.
    pub to: Day,
    /// When the run ended.
    pub made: Moment,
    /// Time that it took.
    pub seconds: u64,
    /// The versions that judged.
    pub packs: Vec<PackFact>,
    /// The lock of the host by which they were chosen.
    #[serde(default)]
    pub lock: Option<Digest>,
    /// Which packs and rules are told of: what a profile leaves out is said (T9).
    #[serde(default)]
    pub choice: Choice,
    /// What was read.
    pub read: Read,
    /// What is under review of each institution, by its key.
    #[serde(default)]
    pub costs: BTreeMap<String, Cost>,
    /// Where the sums of institutions came from.
    #[serde(default)]
    pub totals: Totals,
    /// Rows left out, by reason.
    #[serde(default)]
    pub rejected: Vec<Rejected>,
    /// Patients and institutions without a verdict, by pack and reason.
    #[serde(default)]
    pub no_verdict: Vec<NoVerdict>,
    /// Rules that could not be evaluated, and why.
    #[serde(default)]
    pub not_evaluable: Vec<NotEvaluable>,
    /// Packs that could not be used, or not on every day, and why.
    #[serde(default)]
    pub not_used: Vec<NotUsed>,
    /// Findings of versions, or of settings, that apply to days before they were published (追溯).
    #[serde(default)]
    pub retroactive: u64,
    /// Files with the full lists, as they are named beside the report.
    #[serde(default)]
    pub files: Vec<String>,
}

/// A version of a pack that judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackFact {
    /// Pack and version.
    pub path: String,
    /// Of its sealed bytes.
    pub digest: String,
    /// Of the values and tables that were set for it here.
    #[serde(default)]
    pub settings: String,
}

/// What was read and reviewed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Order lines (费用明细).
    pub lines: u64,
    /// Patients (参保人).
    pub patients: u64,
    /// Encounters (就诊).
    pub encounters: u64,
    /// Institutions (定点医药机构).
    pub institutions: u64,
    /// Encounters under review: those of the period.
    #[serde(default)]
    pub under_review: u64,
    /// Fen of their lines; none where no amount is recorded.
    #[serde(default)]
    pub amount: Option<i64>,
}

/// Rows left out for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
    /// How many.
    pub rows: u64,
}

/// Patients or institutions that one pack gave no verdict about, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoVerdict {
    /// Pack and version.
    pub pack: String,
    /// Why: `fuel`, `trap` …, as the engine says it.
    pub reason: String,
    /// How many patients or institutions.
    pub count: u64,
    /// Fen of their order lines.
    pub amount: i64,
    /// Keys of some of them.
    #[serde(default)]
    pub keys: Vec<String>,
}

/// A rule that could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotEvaluable {
    /// Pack and version.
    pub pack: String,
    /// Id of the rule in the pack.
    pub rule: String,
    /// What people call it.
    pub title: String,
    /// Why: columns that are missing or not granted, no version in force …
    pub missing: Vec<String>,
    /// Rows that it could not evaluate; none where it could evaluate nothing at all.
    #[serde(default)]
    pub rows: Option<u64>,
}

/// A pack that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotUsed {
    /// The pack, with its version where one is known.
    pub pack: String,
    /// Why not.
    pub reason: String,
}

impl RunFacts {
    /// Rows left out.
    #[must_use]
    pub fn rejected_rows(&self) -> u64 {
        let rows = self.rejected.iter().map(|rejected| rejected.rows);
        rows.fold(0, u64::saturating_add)
    }

    /// Patients and institutions without a verdict, and the fen of their order lines. One that several packs
    /// failed on is counted for each.
    #[must_use]
    pub fn without_verdict(&self) -> (u64, i64) {
        let none = self.no_verdict.iter();
        none.fold((0, 0), |(count, amount), none| {
            let count = none.count.saturating_add(count);
            (count, none.amount.saturating_add(amount))
        })
    }
}
