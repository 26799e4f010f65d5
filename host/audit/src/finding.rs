//! One finding of an audit, as it lies in the output of a run: complete without the data it came from.

use serde::{Deserialize, Serialize};

/// A breach, or a suspicion of one, that a run found. Every text that is empty was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AuditFinding {
    /// The pack and version, `37/chronic-limits/1.0.0`.
    pub pack: String,
    /// Id of the rule in the pack.
    pub rule: String,
    /// What people call the rule.
    pub title: String,
    /// Code of the national rule catalogue.
    pub kind: String,
    /// The policy.
    pub basis: String,
    /// 行为类 or 项目类, as the manifest writes it.
    pub behaviour: String,
    /// 明确违规, 高度可疑 or 轻度可疑, as a report for people writes it.
    pub certainty: String,
    /// What was found, in Chinese, filled in.
    pub message: String,
    /// Fen at stake.
    pub amount: i64,
    /// Day of service that the version was chosen for, `YYYY-MM-DD`.
    pub day: String,
    /// 追溯: the version, or what is set for it, was published after that day, and applies to it all the same.
    pub retroactive: bool,
    /// Institution (定点医药机构编码).
    pub institution: String,
    /// Department (科室) of the first offending row, or else of its encounter.
    pub department: String,
    /// Doctor (医师代码) of the first offending row, or else of its encounter.
    pub doctor: String,
    /// Key of the patient; empty in institution scope.
    pub patient: String,
    /// Key of the encounter of the first offending row.
    pub encounter: String,
    /// Offending rows (违规项).
    pub offending: Vec<AuditRow>,
    /// Rows that it was held against (涉及项).
    pub related: Vec<AuditRow>,
}

impl AuditFinding {
    /// 追溯 where the finding is marked so, else nothing.
    pub(crate) fn retroactive_mark(&self) -> &'static str {
        if self.retroactive { "追溯" } else { "" }
    }

    /// All its texts but those of its rows, what names the finding first.
    pub(crate) fn texts(&self) -> [&str; 15] {
        [
            &self.pack,
            &self.rule,
            &self.certainty,
            &self.message,
            &self.day,
            &self.institution,
            &self.department,
            &self.doctor,
            &self.patient,
            &self.encounter,
            &self.title,
            &self.kind,
            &self.basis,
            &self.behaviour,
            self.retroactive_mark(),
        ]
    }
}

/// A row of the input, by which a finding is traced back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AuditRow {
    /// Table of the contract.
    pub table: String,
    /// Key of the row.
    pub key: String,
    /// Code of the item (医保目录编码), where the table has one.
    pub item: String,
    /// Its name as the hospital wrote it, where the table has one.
    pub name: String,
    /// Fen at stake in it.
    pub amount: i64,
}
