//! What the journal of a host says of a month.

use std::collections::{BTreeMap, BTreeSet};

use rulepack_protocol::names::TargetPath;
use serde::{Deserialize, Serialize};

use super::code::{MissingColumn, NoVerdictKind, Transaction};
use super::gather::is_of_vendor;
use crate::journal::{Event, Verdict, WatchOutcome};

/// What happened to a host: nothing of it is about patients.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// How often the service began.
    pub starts: u64,
    /// How often another lock came into force.
    pub locks: u64,
    /// How often packs in force could not be used.
    pub broken: u64,
    /// How often the clock went back.
    pub clock_back: u64,
    /// By how much at most, in milliseconds.
    pub clock_back_most_ms: i64,
    /// How often an unsealed end of the journal was cut.
    pub ends_cut: u64,
    /// How often the journal could not be written for a time.
    pub interruptions: u64,
    /// Events that were not recorded meanwhile: nobody was given a verdict.
    pub unrecorded: u64,
    /// How often the host went back to the version before.
    pub fell_back: u64,
    /// How often it could not.
    pub cannot_fall_back: u64,
    /// How often the rate of findings was abnormal.
    pub abnormal_rates: u64,
    /// Whether any rule day lay more than a month from the day of the request.
    pub far_rule_days: bool,
}

/// Of one rule of one version.
#[derive(Debug, Default)]
pub(super) struct RuleTally {
    pub(super) findings: u64,
    pub(super) amount: i64,
    pub(super) softened: u64,
    pub(super) not_evaluable: u64,
    pub(super) abstained: u64,
    pub(super) missing: BTreeSet<MissingColumn>,
}

/// Counted from the entries of a journal.
#[derive(Debug, Default)]
pub(super) struct JournalCounts {
    pub(super) events: Events,
    pub(super) reviewed: BTreeMap<Transaction, u64>,
    pub(super) unreviewed: BTreeMap<Transaction, u64>,
    pub(super) rules: BTreeMap<(TargetPath, String), RuleTally>,
    /// How many, and how much.
    pub(super) no_verdict: BTreeMap<(TargetPath, NoVerdictKind), (u64, i64)>,
}

impl JournalCounts {
    pub(super) fn count(&mut self, event: &Event) {
        let events = &mut self.events;
        match event {
            Event::Started { .. } => events.starts += 1,
            Event::Verdict(verdict) => self.verdict(verdict),
            Event::Unreviewed { infno, .. } => {
                *self.unreviewed.entry(Transaction::of(infno)).or_default() += 1;
            }
            Event::Lock { .. } => events.locks += 1,
            Event::Broken { packs } => {
                events.broken += u64::from(packs.iter().any(|one| !is_of_vendor(one.pack.pack())));
            }
            Event::Watch { pack, .. } if is_of_vendor(pack.pack()) => {}
            Event::Watch { outcome, .. } => match outcome {
                WatchOutcome::FellBack => events.fell_back += 1,
                WatchOutcome::CannotFallBack => events.cannot_fall_back += 1,
                WatchOutcome::AbnormalRate => events.abnormal_rates += 1,
            },
            Event::Clock { back_ms } => {
                events.clock_back += 1;
                events.clock_back_most_ms = events.clock_back_most_ms.max(*back_ms);
            }
            Event::TailCut { .. } => events.ends_cut += 1,
            Event::Interrupted { unrecorded, .. } => {
                events.interruptions += 1;
                events.unrecorded = events.unrecorded.saturating_add(*unrecorded);
            }
            Event::Acknowledged(_) => {}
        }
    }

    fn verdict(&mut self, verdict: &Verdict) {
        let transaction = Transaction::of(&verdict.infno);
        *self.reviewed.entry(transaction).or_default() += 1;
        self.events.far_rule_days |= verdict.far_rule_days > 0;
        for finding in &verdict.findings {
            self.rule(&finding.pack, &finding.rule, |tally| {
                tally.findings += 1;
                tally.amount = tally.amount.saturating_add(finding.amount);
            });
        }
        for softened in &verdict.softened {
            self.rule(&softened.pack, &softened.rule, |tally| tally.softened += 1);
        }
        for blind in &verdict.not_evaluable {
            self.rule(&blind.pack, &blind.rule, |tally| {
                match blind.rows {
                    None => tally.not_evaluable += 1,
                    Some(rows) => tally.abstained = tally.abstained.saturating_add(rows),
                }
                let missing = blind.missing.iter();
                tally
                    .missing
                    .extend(missing.map(|column| MissingColumn::of(column)));
            });
        }
        for none in &verdict.no_verdict {
            if !is_of_vendor(none.pack.pack()) {
                let key = (none.pack.clone(), NoVerdictKind::of(&none.reason));
                let (count, amount) = self.no_verdict.entry(key).or_default();
                *count += 1;
                *amount = amount.saturating_add(none.amount);
            }
        }
    }

    /// Counts at a rule, unless it is a vendor's.
    fn rule(&mut self, pack: &TargetPath, rule: &str, count: impl FnOnce(&mut RuleTally)) {
        if !is_of_vendor(pack.pack()) {
            let key = (pack.clone(), rule.to_owned());
            count(self.rules.entry(key).or_default());
        }
    }
}
