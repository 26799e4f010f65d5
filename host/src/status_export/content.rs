//! What a status says.

use std::collections::BTreeMap;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Moment};
use rulepack_protocol::names::{Division, PackName, TargetPath};
use semver::Version;
use serde::{Deserialize, Serialize};

use super::code::{InstitutionCode, MissingColumn, NoVerdictKind, RuleId, Transaction};
use super::count::Count;
use super::journal_counts::Events;
use super::month::Month;
use crate::host_status::AcceptedRole;
use crate::journal::{Head, Seal};
use crate::update::course::{Came, Step};

/// How a host is doing, and what its rules found in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedStatus {
    /// Of the hospital.
    pub institution: InstitutionCode,
    /// Where it lies.
    pub division: Division,
    /// When it was made, by the clock of the host.
    pub made: Moment,
    /// What is counted: this month, as far as it was over when the status was made.
    pub month: Month,
    /// The release of the host's program.
    pub release: Version,
    /// What the host knows of the registry; none where its memory cannot be read.
    pub knowledge: Option<Knowledge>,
    /// Every version known, of packs and overlays, in order.
    pub versions: Vec<ExportedVersion>,
    /// Packs without a version in force: their rules are not evaluable.
    pub gaps: Vec<PackName>,
    /// Packs whose versions to come wait for a person.
    pub holds: Vec<PackName>,
    /// How far the journal goes; none where nothing was recorded yet.
    pub journal: Option<JournalHead>,
    /// What happened to the host in the month.
    pub events: Events,
    /// Requests that were reviewed, by what was asked.
    pub reviewed: BTreeMap<Transaction, Count>,
    /// Requests that were answered without a review.
    pub unreviewed: BTreeMap<Transaction, Count>,
    /// Whether `continued` and `changed` are known: not where what clinicians decided cannot be read.
    pub decisions_known: bool,
    /// What the rules found, by version.
    pub rules: Vec<RuleCounts>,
    /// Who went without a verdict, by version.
    pub no_verdict: Vec<NoVerdictCount>,
}

impl ExportedStatus {
    /// How far the journal goes.
    #[must_use]
    pub fn head(&self) -> Head {
        let journal = self.journal.as_ref();
        journal.map_or_else(Head::start, |journal| journal.head.head())
    }
}

/// What a host knows of the registry, so that a hidden release shows (T5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knowledge {
    /// The last completed refresh.
    pub refreshed: Option<Moment>,
    /// The earliest end of validity of what is in force.
    pub valid_until: Option<Moment>,
    /// The newest file of each role that was accepted.
    pub roles: Vec<AcceptedRole>,
}

/// A version of a pack or overlay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedVersion {
    /// Pack and version.
    pub path: TargetPath,
    /// Of its bytes.
    pub digest: Digest,
    /// What the host made of it. Why stands in the hospital, and in `steps` by the step.
    pub state: ExportedState,
    /// The day from which nobody can put it off.
    pub mandatory_by: Option<Day>,
    /// What came of the steps of its update.
    pub steps: Vec<StepTaken>,
}

/// What a host made of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportedState {
    /// Looks at requests of the day on which the status was made.
    InForce,
    /// Passed every step, and is not in force on that day.
    Ready,
    /// Waits for a person.
    Waiting,
    /// A person, or the watch, put it aside.
    Held,
    /// A step refused it.
    Refused,
    /// Its bureau withdrew it (撤回).
    Withdrawn,
}

/// A step of an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepTaken {
    /// Which.
    pub step: Step,
    /// What came of it.
    pub came: Came,
    /// When it ended.
    pub at: Moment,
}

/// How far the journal goes (T10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalHead {
    /// The last head, as the host signed it.
    pub head: Seal,
    /// The last one that the bureau acknowledged, as far as the host has taken that up.
    pub acknowledged: Option<AcknowledgedHead>,
}

/// A head that the bureau acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgedHead {
    /// Which.
    pub head: Head,
    /// When the bureau saw it, by its clock.
    pub seen: Moment,
}

/// What a rule of one version came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleCounts {
    /// Pack and version.
    pub pack: TargetPath,
    /// The rule.
    pub rule: RuleId,
    /// Findings answered.
    pub findings: Count,
    /// Fen at stake in them; none where they are few.
    pub amount: Option<i64>,
    /// Of them, those that led to less by the hospital's own policy.
    pub softened: Count,
    /// Of them, those on which the clinician went on (继续执行医嘱).
    pub continued: Count,
    /// Of them, those after which the order was changed (返回修改医嘱).
    pub changed: Count,
    /// Requests in which it could not look at all.
    pub not_evaluable: Count,
    /// Rows at which it could not look.
    pub abstained: Count,
    /// What it missed.
    pub missing: Vec<MissingColumn>,
}

/// How many went without a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoVerdictCount {
    /// Pack and version.
    pub pack: TargetPath,
    /// Why.
    pub kind: NoVerdictKind,
    /// Patients or institutions, once a request.
    pub patients: Count,
    /// Fen that went without a verdict; none where they are few.
    pub amount: Option<i64>,
}
