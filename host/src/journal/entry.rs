//! What a journal records. No name, no identity number, no key of a patient, encounter or order: input and
//! findings stand as salted digests.

use rulepack_contract::answer::Certainty;
use rulepack_contract::review::Stage;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::{PackName, TargetPath};
use rulepack_protocol::pack::manifest::Action;
use serde::{Deserialize, Serialize};

use crate::review::SettingsUsed;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// From 1, without a gap.
    pub number: u64,
    /// Milliseconds from 1970-01-01 UTC, by the clock of the host.
    pub time: i64,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The service started, with this lock.
    Started {
        /// The engine that gives verdicts.
        engine: String,
        /// Digest of the lock in force.
        lock: Digest,
    },
    /// A request was reviewed.
    Verdict(Box<Verdict>),
    /// A request was answered without a review.
    Unreviewed {
        /// Number of the answer.
        answer: String,
        /// 3101 or 3102; empty where not even that could be read.
        infno: String,
        /// Why, without any value of the request.
        reason: String,
    },
    /// Another lock is in force: an update, a fall-back, a hold, a withdrawal.
    Lock {
        /// Digest of the new lock.
        lock: Digest,
        /// What is new or different in it.
        changes: Vec<LockChange>,
    },
    /// Packs in force that cannot be used.
    Broken {
        /// Pack and version, and a word why.
        packs: Vec<BrokenPack>,
    },
    /// What the watch over a version that was just put in force found, beside the lock that it led to.
    Watch {
        /// Pack and version.
        pack: TargetPath,
        /// What was done.
        outcome: WatchOutcome,
        /// Patients that the version reviewed.
        patients: u64,
        /// Of them, those whom it gave no verdict, and the version before would have given one.
        faults: u64,
    },
    /// The clock went back.
    Clock {
        /// By so many milliseconds.
        back_ms: i64,
    },
    /// For a time nothing could be written, on a full disk say. Nobody was given a verdict meanwhile.
    Interrupted {
        /// Milliseconds from 1970-01-01 UTC of the first event that is lost.
        since: i64,
        /// How many events are lost.
        unrecorded: u64,
    },
    /// What lay behind the last seal when the journal was opened was cut: nobody was answered on the ground
    /// of it, unless the disk lost what it had confirmed.
    TailCut {
        /// Its length.
        bytes: u64,
        /// Of it; the bytes are kept beside the journal under this name, where there was room.
        digest: Digest,
    },
    /// The bureau acknowledged a head.
    Acknowledged(Box<super::Acknowledgement>),
}

/// What a host does where the watch over a version found something (T9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WatchOutcome {
    /// It went back to the version before.
    FellBack,
    /// Nothing may be gone back to: patients go on without a verdict, and a person has to look.
    CannotFallBack,
    /// The rate of findings is abnormal: the pack is held, and the version goes on.
    AbnormalRate,
}

/// A version in a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockChange {
    /// Pack and version.
    pub pack: TargetPath,
    /// `active`, `refused`, `held`, `waiting`, `unfollowed`, `yanked`; `gone` where it is not in the lock any more.
    pub state: String,
}

/// A pack that cannot be used, and a word why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenPack {
    /// Pack and version.
    pub pack: TargetPath,
    /// Why.
    pub problem: String,
}

/// All that a verdict rests on, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Number of the answer: the first 14 digits of each of its `jr_id`.
    pub answer: String,
    /// 3101 or 3102.
    pub infno: String,
    /// When in the course of care.
    pub stage: Stage,
    /// Days from 1970-01-01: what the packs were told is today.
    pub today: i32,
    /// Six digits: the place of care.
    pub jurisdiction: String,
    /// The engine.
    pub engine: String,
    /// Digest of the lock.
    pub lock: Digest,
    /// Of the region by which the request was read; not there in journals of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Digest>,
    /// Of the hospital's policy; not there in journals of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Digest>,
    /// What history there was.
    pub history: HistoryState,
    /// What of it earlier requests had told, where that was anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recalled: Option<RecalledRecord>,
    /// Salted digest of the bytes of the request.
    pub data: Digest,
    /// Salted digest of all that was found, with its messages and rows.
    pub findings_digest: Digest,
    /// What ran.
    pub packs: Vec<PackRecord>,
    /// What was found.
    pub findings: Vec<FindingRecord>,
    /// What the hospital softened of it, by its own policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub softened: Vec<SoftenedRecord>,
    /// How many notices.
    pub notices: u64,
    /// Rules that looked at nothing, or not at some rows.
    pub not_evaluable: Vec<NotEvaluableRecord>,
    /// Patients or institutions without a verdict.
    pub no_verdict: Vec<NoVerdictRecord>,
    /// Packs without a version in force.
    pub gaps: Vec<PackName>,
    /// Packs in force that could not be used.
    pub broken: Vec<BrokenPack>,
    /// Rows of history that had to be left out.
    pub left_out: u64,
    /// Patients whose rule day lay more than a month from today, before or during care.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub far_rule_days: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// History at one moment: segments are numbered in their order, so that the last number says which there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryState {
    /// The number of the last segment.
    pub segments: u64,
    /// Of the digests of all that are in use.
    pub digest: Digest,
    /// What requests had told; nothing where that was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenState>,
}

/// What requests had told at one moment: it is only ever added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenState {
    /// The number of its last file.
    pub file: u32,
    /// So many entries of that file.
    pub entries: u64,
    /// What was told before this day did not count, from 1970-01-01.
    pub since: i32,
}

/// What a verdict rests on of what earlier requests told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecalledRecord {
    /// How many rows.
    pub rows: u64,
    /// Of them, in their order; salted in a verdict.
    pub digest: Digest,
}

/// A pack that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackRecord {
    /// Pack and version.
    pub pack: TargetPath,
    /// Of its sealed bytes.
    pub digest: Digest,
    /// Of parameters and supplied tables, who set them, and the overlays behind them.
    pub parameters: Digest,
    /// Of the columns it may read.
    pub grants: Digest,
    /// What it used.
    pub fuel: u64,
    /// What was set for it, by whom, and what was refused.
    #[serde(flatten)]
    pub set: SettingsUsed,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRecord {
    /// Pack and version.
    pub pack: TargetPath,
    /// The rule.
    pub rule: String,
    /// How sure.
    pub certainty: Certainty,
    /// What it led to.
    pub action: Action,
    /// Fen at stake.
    pub amount: i64,
}

/// A finding that leads to less than its pack says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoftenedRecord {
    /// Pack and version.
    pub pack: TargetPath,
    /// The rule.
    pub rule: String,
    /// What it led to.
    pub to: Action,
}

/// A rule that could not look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotEvaluableRecord {
    /// Pack and version.
    pub pack: TargetPath,
    /// The rule.
    pub rule: String,
    /// The columns that it missed.
    pub missing: Vec<String>,
    /// At how many rows; none where the rule could not look at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// Somebody without a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoVerdictRecord {
    /// Pack and version.
    pub pack: TargetPath,
    /// `fuel`, `trap` and so on: no text of a pack.
    pub reason: String,
    /// Fen that went without a verdict.
    pub amount: i64,
}
