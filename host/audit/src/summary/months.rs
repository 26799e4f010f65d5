//! Findings by month of service, and in each month by certainty.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::tally::{Counter, Running, Sum, Tally};
use super::{PATIENTS_EXACT_MAX, certainty, month};
use crate::finding::AuditFinding;

/// Findings of services of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// `2026-03`; empty for findings without a day.
    pub month: String,
    /// All of them.
    #[serde(flatten)]
    pub tally: Tally,
    /// By the official word for their certainty.
    pub certainties: BTreeMap<String, Sum>,
}

/// Months while they grow. There are no more of them than the calendar has.
#[derive(Debug, Default)]
pub(super) struct Months {
    months: BTreeMap<String, (Counter, BTreeMap<&'static str, Running>)>,
}

impl Months {
    pub(super) fn add(&mut self, finding: &AuditFinding, patient: Option<u64>) {
        let month = month(finding);
        if !self.months.contains_key(month) {
            let empty = (Counter::new(PATIENTS_EXACT_MAX), BTreeMap::new());
            self.months.insert(month.to_owned(), empty);
        }
        if let Some((counter, certainties)) = self.months.get_mut(month) {
            counter.add(finding.amount, patient);
            let running = certainties.entry(certainty(finding)).or_default();
            running.add(finding.amount.into());
        }
    }

    pub(super) fn finish(self) -> Vec<Month> {
        let months = self.months.into_iter();
        let months = months.map(|(month, (mut counter, certainties))| Month {
            month,
            tally: counter.tally(),
            certainties: sums(certainties),
        });
        months.collect()
    }
}

pub(super) fn sums<K: Into<String> + Ord>(running: BTreeMap<K, Running>) -> BTreeMap<String, Sum> {
    let sums = running.into_iter();
    sums.map(|(key, running)| (key.into(), running.sum()))
        .collect()
}
