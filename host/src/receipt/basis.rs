//! From a review to what the journal keeps of it.

use std::collections::BTreeMap;

use rulepack_protocol::canonical;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::TargetPath;

use crate::journal::{
    BrokenPack, FindingRecord, HistoryState, NoVerdictRecord, NotEvaluableRecord, PackRecord,
    RecalledRecord, SoftenedRecord, Verdict, salted,
};
use crate::review::report::Report;
use crate::review::{Circumstances, Reviewed};
use crate::service::problem_word;

/// What a verdict rests on, beside what was found.
#[derive(Debug)]
pub struct Basis<'a> {
    /// Number of the answer.
    pub answer: String,
    /// 3101, 3102 or `check`.
    pub infno: &'static str,
    /// What it was made for.
    pub circumstances: &'a Circumstances,
    /// The engine.
    pub engine: String,
    /// Digest of the lock.
    pub lock: Digest,
    /// Digest of the region.
    pub region: Option<Digest>,
    /// What the hospital softens, and how it fails; it changes what is found no more than it is told.
    pub policy: Option<Digest>,
    /// What history there was.
    pub history: HistoryState,
    /// What of it earlier requests had told, not salted yet.
    pub recalled: Option<RecalledRecord>,
    /// The bytes of the request.
    pub body: &'a [u8],
    /// Rows of history that were left out.
    pub left_out: u64,
}

impl Basis<'_> {
    /// The verdict as the journal keeps it.
    #[must_use]
    pub fn verdict(&self, reviewed: &Reviewed, salt: &Digest) -> Verdict {
        let report = &reviewed.report;
        let found = canonical::to_bytes(&(report, &reviewed.gaps))
            .expect("a report holds texts and integers");
        Verdict {
            answer: self.answer.clone(),
            infno: self.infno.to_owned(),
            stage: self.circumstances.stage,
            today: self.circumstances.today,
            jurisdiction: self.circumstances.jurisdiction.clone(),
            engine: self.engine.clone(),
            lock: self.lock,
            region: self.region,
            policy: self.policy,
            history: self.history,
            recalled: self.recalled.map(|recalled| RecalledRecord {
                digest: salted(salt, recalled.digest.as_bytes()),
                ..recalled
            }),
            data: salted(salt, self.body),
            findings_digest: salted(salt, &found),
            packs: packs(report),
            findings: findings(report),
            softened: Vec::new(),
            notices: report.notices.len() as u64,
            not_evaluable: not_evaluable(report),
            no_verdict: no_verdict(report),
            gaps: reviewed.gaps.clone(),
            broken: broken(reviewed),
            left_out: self.left_out,
            far_rule_days: reviewed.far_rule_days,
        }
    }
}

/// What the hospital softened, of a report that it has softened.
pub(crate) fn softened(report: &Report) -> Vec<SoftenedRecord> {
    let softened = report.findings.iter().filter(|one| one.softened.is_some());
    let records = softened.map(|finding| SoftenedRecord {
        pack: finding.rule.pack.clone(),
        rule: finding.rule.rule.clone(),
        to: finding.action,
    });
    records.collect()
}

fn packs(report: &Report) -> Vec<PackRecord> {
    let packs = report.packs.iter().map(|run| PackRecord {
        pack: run.pack.clone(),
        digest: run.digest,
        parameters: run.parameters,
        grants: run.grants,
        fuel: run.fuel,
        set: run.set.clone(),
    });
    packs.collect()
}

fn findings(report: &Report) -> Vec<FindingRecord> {
    let findings = report.findings.iter().map(|finding| FindingRecord {
        pack: finding.rule.pack.clone(),
        rule: finding.rule.rule.clone(),
        certainty: finding.certainty,
        action: finding.action,
        amount: finding.amount,
    });
    findings.collect()
}

/// Whole rules, and rules by what they missed with the number of rows at which they missed it.
fn not_evaluable(report: &Report) -> Vec<NotEvaluableRecord> {
    let whole = report.not_evaluable.iter().map(|one| NotEvaluableRecord {
        pack: one.rule.pack.clone(),
        rule: one.rule.rule.clone(),
        missing: one.missing.clone(),
        rows: None,
    });
    let mut rows: BTreeMap<(&TargetPath, &str, &[String]), u64> = BTreeMap::new();
    for one in &report.abstentions {
        let key = (&one.rule.pack, one.rule.rule.as_str(), &*one.missing);
        *rows.entry(key).or_default() += 1;
    }
    let partly = rows
        .into_iter()
        .map(|((pack, rule, missing), rows)| NotEvaluableRecord {
            pack: pack.clone(),
            rule: rule.to_owned(),
            missing: missing.to_vec(),
            rows: Some(rows),
        });
    whole.chain(partly).collect()
}

fn no_verdict(report: &Report) -> Vec<NoVerdictRecord> {
    let none = report.no_verdict.iter().map(|none| NoVerdictRecord {
        pack: none.pack.clone(),
        reason: none.kind.to_owned(),
        amount: none.amount,
    });
    none.collect()
}

fn broken(reviewed: &Reviewed) -> Vec<BrokenPack> {
    let broken = reviewed.broken.iter().map(|(pack, error)| BrokenPack {
        pack: pack.clone(),
        problem: problem_word(error).to_owned(),
    });
    broken.collect()
}
