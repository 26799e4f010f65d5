//! What a review found, in the terms of people: rows by their keys, messages filled in, the policy named.

use std::collections::BTreeMap;

use rulepack_contract::answer::{Certainty, Measure, RowReference};
use rulepack_contract::data::Data;
use rulepack_contract::review::Stage;
use rulepack_contract::schema::TableId;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::pack::manifest::{Action, Behaviour};
use serde::{Deserialize, Serialize};

use super::{SettingsUsed, ValueUsed};

/// All that a review found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Breaches, and suspicions of one.
    pub findings: Vec<ReportedFinding>,
    /// What to keep in mind.
    pub notices: Vec<ReportedNotice>,
    /// Statistics.
    pub measures: Vec<ReportedMeasure>,
    /// Rows that a rule could not evaluate.
    pub abstentions: Vec<ReportedAbstention>,
    /// Rules that could not be evaluated at all.
    pub not_evaluable: Vec<NotEvaluable>,
    /// Patients and institutions without a verdict.
    pub no_verdict: Vec<NoVerdict>,
    /// What ran.
    pub packs: Vec<PackRun>,
}

/// A row of the data, by the key under which it is known outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
pub struct ReportedRow {
    /// Table of the contract.
    pub table: &'static str,
    /// Key of the row.
    pub key: String,
    /// Key of its patient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// Key of its encounter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encounter: Option<String>,
    /// Key of its institution, for the tables that belong to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
    /// Fen at stake in it.
    pub amount: i64,
    /// Where it stands in the data that was reviewed.
    #[serde(skip)]
    #[schema(ignore)]
    pub at: RowReference,
}

/// Which rule of which pack, and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RuleReference {
    /// The pack and version; its first part is the issuing name space.
    #[schema(value_type = String)]
    pub pack: TargetPath,
    /// Id of the rule in the pack.
    pub rule: String,
    /// What people call it.
    pub title: String,
    /// Code of the national rule catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The policy.
    pub basis: String,
    /// 行为类 or 项目类.
    #[schema(value_type = String)]
    pub behaviour: Behaviour,
}

/// A finding with all that a person needs to act on it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReportedFinding {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleReference,
    /// 明确违规, 高度可疑, 轻度可疑.
    #[schema(value_type = String)]
    pub certainty: Certainty,
    /// What it leads to.
    #[schema(value_type = String)]
    pub action: Action,
    /// Where the hospital softened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub softened: Option<Softening>,
    /// In Chinese, with its figures.
    pub message: String,
    /// Fen at stake.
    pub amount: i64,
    /// 违规项
    pub offending: Vec<ReportedRow>,
    /// 涉及项
    pub related: Vec<ReportedRow>,
    /// The version, or what is set for it, applies to a day before its publication.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub retroactive: bool,
    /// Parameters of the pack that a province, a city or the hospital set: without them it might have found
    /// something else.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, ValueUsed>,
}

/// Why a finding leads to less than its pack says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Softening {
    /// What it would lead to.
    #[schema(value_type = String)]
    pub declared: Action,
    /// The last day.
    #[schema(value_type = String)]
    pub until: Day,
    /// The hospital's reason.
    pub reason: String,
}

/// A notice.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReportedNotice {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleReference,
    /// In Chinese, with its figures.
    pub message: String,
    /// The rows that it is about.
    pub about: Vec<ReportedRow>,
}

/// A statistic.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReportedMeasure {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleReference,
    /// The row that it is about.
    pub about: ReportedRow,
    /// Above the line, as the pack stores it.
    pub numerator: i64,
    /// Below the line.
    pub denominator: i64,
}

/// A row that a rule could not evaluate, and what was missing.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReportedAbstention {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleReference,
    /// The row.
    pub about: ReportedRow,
    /// `orders.supply-days`
    pub missing: Vec<String>,
}

/// A rule that could not be evaluated at all, and why.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NotEvaluable {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleReference,
    /// The columns that are not recorded or not granted.
    pub missing: Vec<String>,
    /// Those of them that the hospital does not grant, each with the reason that the pack gives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_granted: Vec<NotGranted>,
}

/// A column that a pack asks for and that the hospital does not grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NotGranted {
    /// `orders.supply-days`
    pub column: String,
    /// Why it is asked for, in the words of the manifest; none where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl std::fmt::Display for NotGranted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let why = self.why.as_deref().unwrap_or("no reason given");
        write!(f, "{} ({why})", self.column)
    }
}

/// Somebody for whom a pack gave no verdict.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NoVerdict {
    /// The pack and version.
    #[schema(value_type = String)]
    pub pack: TargetPath,
    /// The patient or institution.
    pub about: ReportedRow,
    /// Why, without any data.
    pub reason: String,
    /// The same in a word that may be kept anywhere: texts of a pack are not in it.
    pub kind: &'static str,
    /// Fen of the encounters under review that went without a verdict.
    pub amount: i64,
}

/// A pack that ran.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PackRun {
    /// The pack and version.
    #[schema(value_type = String)]
    pub pack: TargetPath,
    /// Its digest.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// When in the course of care.
    #[schema(value_type = String)]
    pub stage: Stage,
    /// What it used of all that it answered: the same on every machine.
    pub fuel: u64,
    /// Of what is set for the pack here.
    #[schema(value_type = String)]
    pub parameters: Digest,
    /// Of the columns that it may read here.
    #[schema(value_type = String)]
    pub grants: Digest,
    /// What was set for it, by whom, and what was refused.
    #[serde(flatten)]
    pub set: SettingsUsed,
}

impl Report {
    /// Puts everything into an order that does not depend on how it was run: by patient, rule and rows.
    pub fn sort(&mut self) {
        sort(&mut self.findings);
        sort(&mut self.notices);
        sort(&mut self.measures);
        sort(&mut self.abstentions);
        sort(&mut self.not_evaluable);
        sort(&mut self.no_verdict);
        sort(&mut self.packs);
    }

    /// Adds what another review found.
    pub fn append(&mut self, mut other: Report) {
        self.findings.append(&mut other.findings);
        self.notices.append(&mut other.notices);
        self.measures.append(&mut other.measures);
        self.abstentions.append(&mut other.abstentions);
        self.not_evaluable.append(&mut other.not_evaluable);
        self.no_verdict.append(&mut other.no_verdict);
        self.packs.append(&mut other.packs);
    }

    /// Fen at stake in all findings.
    #[must_use]
    pub fn amount(&self) -> i64 {
        self.findings
            .iter()
            .fold(0, |sum: i64, finding| sum.saturating_add(finding.amount))
    }
}

impl ReportedMeasure {
    /// The measure as a pack gave it.
    #[must_use]
    pub fn new(rule: RuleReference, about: ReportedRow, measure: &Measure) -> Self {
        ReportedMeasure {
            rule,
            about,
            numerator: measure.numerator,
            denominator: measure.denominator,
        }
    }
}

impl ReportedRow {
    /// Its row in the data that was brought: what is reviewed may have sums more, and stand elsewhere for it.
    #[must_use]
    pub fn row_in(&self, data: &Data) -> Option<RowReference> {
        let table = TableId::from_number(self.at.table)?;
        let is_it = |row: &u32| data.key(table, *row) == Some(&self.key);
        let row = match is_it(&self.at.row) {
            true => Some(self.at.row),
            false => (0..data.rows(table)).find(is_it),
        };
        row.map(|row| RowReference { row, ..self.at })
    }
}

fn sort<T: Placed>(things: &mut [T]) {
    things.sort_by(|one, other| one.place().cmp(&other.place()));
}

/// What has a place in the order of a report.
trait Placed {
    fn place(&self) -> impl Ord;
}

impl Placed for RuleReference {
    fn place(&self) -> impl Ord {
        (&self.pack, &self.rule)
    }
}

impl Placed for ReportedFinding {
    fn place(&self) -> impl Ord {
        (&self.offending, self.rule.place(), &self.message)
    }
}

impl Placed for ReportedNotice {
    fn place(&self) -> impl Ord {
        (&self.about, self.rule.place(), &self.message)
    }
}

impl Placed for ReportedMeasure {
    fn place(&self) -> impl Ord {
        (self.rule.place(), &self.about)
    }
}

impl Placed for ReportedAbstention {
    fn place(&self) -> impl Ord {
        (&self.about, self.rule.place())
    }
}

impl Placed for NotEvaluable {
    fn place(&self) -> impl Ord {
        self.rule.place()
    }
}

impl Placed for NoVerdict {
    fn place(&self) -> impl Ord {
        (&self.about, &self.pack)
    }
}

impl Placed for PackRun {
    fn place(&self) -> impl Ord {
        (&self.pack, self.fuel)
    }
}
