//! The facts of a run, from its own record.

use rulepack_protocol::moment::Moment;

use super::facts::{NoVerdict, NotEvaluable, NotUsed, PackFact, Read, Rejected, RunFacts};
use crate::profile::Choice;
use crate::run::{Counts, Run, Totals};
use crate::{FINDINGS, NO_VERDICT_CSV, REJECTED_CSV, TOTALS_CSV};

impl RunFacts {
    /// Of a run that is done; `subject` is whose claims they are, `made` when it is told.
    #[must_use]
    pub fn of(run: &Run, subject: &str, made: Moment) -> Self {
        let counts = &run.counts;
        let tables = run.tables.iter().filter(|(_, table)| table.rejected > 0);
        let rejected = tables.map(|(name, table)| Rejected {
            file: name.clone(),
            reason: REJECTED_CSV.to_owned(),
            rows: table.rejected,
        });
        let packs = counts.packs.iter().map(|pack| PackFact {
            path: pack.pack.clone(),
            digest: pack.digest.clone(),
            settings: pack.parameters.clone(),
        });
        RunFacts {
            subject: subject.to_owned(),
            profile: String::new(),
            from: run.settings.from,
            to: run.settings.to,
            made,
            seconds: run.seconds,
            packs: packs.collect(),
            lock: Some(run.settings.lock),
            choice: Choice::default(),
            read: Read {
                lines: counts.lines,
                patients: counts.patients,
                encounters: counts.encounters,
                institutions: counts.institutions,
                under_review: counts.under_review,
                amount: amount(counts),
            },
            costs: counts.costs.clone(),
            totals: run.totals.clone(),
            rejected: rejected.collect(),
            no_verdict: no_verdict(counts),
            not_evaluable: not_evaluable(counts),
            not_used: not_used(counts),
            retroactive: counts.retroactive,
            files: files(run),
        }
    }
}

fn files(run: &Run) -> Vec<String> {
    let made = match run.totals {
        Totals::Made { .. } => Some(TOTALS_CSV),
        Totals::Brought | Totals::NotAsked => None,
    };
    let all = [FINDINGS, NO_VERDICT_CSV, REJECTED_CSV].into_iter();
    all.chain(made).map(str::to_owned).collect()
}

/// Fen of all lines under review; nothing where no institution has any amount.
fn amount(counts: &Counts) -> Option<i64> {
    let amounts = counts.costs.values().filter_map(|cost| cost.amount);
    amounts.reduce(i64::saturating_add)
}

fn no_verdict(counts: &Counts) -> Vec<NoVerdict> {
    let none = counts.no_verdict.iter().map(|none| NoVerdict {
        pack: none.pack.clone(),
        reason: none.kind.clone(),
        count: none.count,
        amount: none.amount,
        keys: Vec::new(),
    });
    none.collect()
}

/// Rules that could evaluate nothing, and those that could not evaluate some rows.
fn not_evaluable(counts: &Counts) -> Vec<NotEvaluable> {
    let whole = counts.not_evaluable.iter().map(|rule| NotEvaluable {
        pack: rule.pack.clone(),
        rule: rule.rule.clone(),
        title: rule.title.clone(),
        missing: rule.missing.clone(),
        rows: None,
    });
    let some = counts.abstentions.iter().map(|rule| NotEvaluable {
        pack: rule.pack.clone(),
        rule: rule.rule.clone(),
        title: String::new(),
        missing: rule.missing.clone(),
        rows: Some(rule.rows),
    });
    whole.chain(some).collect()
}

fn not_used(counts: &Counts) -> Vec<NotUsed> {
    let broken = counts.broken.iter().map(|broken| NotUsed {
        pack: broken.pack.clone(),
        reason: broken.reason.clone(),
    });
    let gaps = counts.gaps.iter().map(|pack| NotUsed {
        pack: pack.clone(),
        reason: "no version in force on some days (部分日期无生效版本)".to_owned(),
    });
    broken.chain(gaps).collect()
}
