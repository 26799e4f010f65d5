//! What several hospitals say, summed by rule and version: by this a bureau learns that a rule is wrong.

use std::collections::{BTreeMap, BTreeSet};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::TargetPath;
use serde::Serialize;

use super::code::{MissingColumn, RuleId};
use super::content::{ExportedState, ExportedStatus};
use super::count::Range;
use super::month::Month;

/// Ten-thousandths.
const WHOLE: u64 = 10_000;

/// The sums of several statuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// By month, version and rule; within a month those that clinicians went on against most often first.
    pub rules: Vec<RuleSum>,
    /// What hospitals made of each version, in order.
    pub versions: Vec<VersionSpread>,
}

/// A rule of one version in one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleSum {
    /// The month.
    pub month: Month,
    /// Pack and version.
    pub pack: TargetPath,
    /// The rule.
    pub rule: RuleId,
    /// Hospitals that tell of it.
    pub hospitals: u64,
    /// Findings answered.
    pub findings: Range,
    /// Fen at stake, of the hospitals that tell it.
    pub amount: i64,
    /// Findings that led to less by the policy of a hospital.
    pub softened: Range,
    /// Findings on which the clinician went on.
    pub continued: Range,
    /// Findings after which the order was changed.
    pub changed: Range,
    /// `continued` of all decided, in ten-thousandths; none where nothing is decided.
    pub share: Option<Range>,
    /// Requests in which it could not look at all.
    pub not_evaluable: Range,
    /// Rows at which it could not look.
    pub abstained: Range,
    /// What it missed.
    pub missing: BTreeSet<MissingColumn>,
}

/// What hospitals made of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionSpread {
    /// Pack and version.
    pub path: TargetPath,
    /// Of its bytes. More than one: somebody was given other bytes under the same name.
    pub digests: BTreeSet<Digest>,
    /// How many hospitals made what of it, by their newest status.
    pub states: BTreeMap<ExportedState, u64>,
}

impl Sums {
    /// Of statuses of which no two are of the same hospital and month.
    #[must_use]
    pub fn of<'s>(statuses: impl IntoIterator<Item = &'s ExportedStatus>) -> Self {
        let mut rules: BTreeMap<(Month, TargetPath, RuleId), RuleSum> = BTreeMap::new();
        let mut newest = BTreeMap::new();
        for status in statuses {
            add_rules(&mut rules, status);
            let known = newest.entry(&status.institution).or_insert(status);
            if known.made < status.made {
                *known = status;
            }
        }
        let mut rules: Vec<RuleSum> = rules.into_values().collect();
        for rule in &mut rules {
            rule.share = share(rule.continued, rule.changed);
        }
        // The sort is stable: within a month and share the order of versions stays.
        rules.sort_by_key(|rule| (rule.month, std::cmp::Reverse(rule.share)));
        Sums {
            rules,
            versions: spread(newest.into_values()),
        }
    }
}

fn add_rules(rules: &mut BTreeMap<(Month, TargetPath, RuleId), RuleSum>, status: &ExportedStatus) {
    for counts in &status.rules {
        let key = (status.month, counts.pack.clone(), counts.rule.clone());
        let sum = rules.entry(key).or_insert_with(|| RuleSum {
            month: status.month,
            pack: counts.pack.clone(),
            rule: counts.rule.clone(),
            hospitals: 0,
            findings: Range::default(),
            amount: 0,
            softened: Range::default(),
            continued: Range::default(),
            changed: Range::default(),
            share: None,
            not_evaluable: Range::default(),
            abstained: Range::default(),
            missing: BTreeSet::new(),
        });
        sum.hospitals += 1;
        sum.findings += counts.findings.range();
        sum.amount = sum.amount.saturating_add(counts.amount.unwrap_or(0));
        sum.softened += counts.softened.range();
        sum.continued += counts.continued.range();
        sum.changed += counts.changed.range();
        sum.not_evaluable += counts.not_evaluable.range();
        sum.abstained += counts.abstained.range();
        sum.missing.extend(counts.missing.iter().cloned());
    }
}

/// Rounded down; the least where as few as can be went on and as many as can be changed the order.
fn share(continued: Range, changed: Range) -> Option<Range> {
    let of = |part: u64, rest: u64| {
        let all = part.saturating_add(rest);
        part.saturating_mul(WHOLE).checked_div(all)
    };
    Some(Range {
        least: of(continued.least, changed.most)?,
        most: of(continued.most, changed.least)?,
    })
}

fn spread<'s>(statuses: impl Iterator<Item = &'s ExportedStatus>) -> Vec<VersionSpread> {
    let mut versions: BTreeMap<&TargetPath, VersionSpread> = BTreeMap::new();
    for version in statuses.flat_map(|status| &status.versions) {
        let spread = versions
            .entry(&version.path)
            .or_insert_with(|| VersionSpread {
                path: version.path.clone(),
                digests: BTreeSet::new(),
                states: BTreeMap::new(),
            });
        spread.digests.insert(version.digest);
        *spread.states.entry(version.state).or_default() += 1;
    }
    versions.into_values().collect()
}
