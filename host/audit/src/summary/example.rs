//! Some findings of a rule, to be shown: those with most money, the same ones in whatever order they come.

use std::cmp::{Ordering, Reverse};

use serde::{Deserialize, Serialize};

use crate::finding::AuditFinding;

/// A finding to be shown, with its first rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The finding; its lists of rows may be cut.
    #[serde(flatten)]
    pub finding: AuditFinding,
    /// How many offending rows it has.
    pub offending_rows: u64,
    /// How many related rows it has.
    pub related_rows: u64,
}

/// The examples of a rule while they are chosen, in the order in which they are shown.
#[derive(Debug)]
pub(crate) struct Examples {
    chosen: Vec<Example>,
    count_max: usize,
    rows_max: usize,
}

impl Examples {
    pub(crate) fn new(count_max: usize, rows_max: usize) -> Self {
        Examples {
            chosen: Vec::new(),
            count_max,
            rows_max,
        }
    }

    pub(crate) fn offer(&mut self, finding: &AuditFinding) {
        let rows = [finding.offending.len(), finding.related.len()].map(|rows| rows as u64);
        let place = self.chosen.partition_point(|chosen| {
            let its_rows = [chosen.offending_rows, chosen.related_rows];
            self.compare((&chosen.finding, its_rows), (finding, rows)) != Ordering::Greater
        });
        if place >= self.count_max {
            return;
        }
        let [offending_rows, related_rows] = rows;
        let example = Example {
            finding: self.cut(finding),
            offending_rows,
            related_rows,
        };
        self.chosen.insert(place, example);
        self.chosen.truncate(self.count_max);
    }

    pub(crate) fn finish(self) -> Vec<Example> {
        self.chosen
    }

    /// Compares all that an example holds and nothing else, so that equal ones are the same bytes.
    fn compare(
        &self,
        one: (&AuditFinding, [u64; 2]),
        other: (&AuditFinding, [u64; 2]),
    ) -> Ordering {
        let max = self.rows_max;
        let rows = |finding: &AuditFinding| {
            let first = |rows: &[_]| rows.len().min(max);
            (first(&finding.offending), first(&finding.related))
        };
        let ((one, its_counts), (other, other_counts)) = (one, other);
        let ((offending, related), (offending_of, related_of)) = (rows(one), rows(other));
        Reverse(one.amount)
            .cmp(&Reverse(other.amount))
            .then_with(|| one.texts().cmp(&other.texts()))
            .then_with(|| its_counts.cmp(&other_counts))
            .then_with(|| {
                one.offending
                    .get(..offending)
                    .cmp(&other.offending.get(..offending_of))
            })
            .then_with(|| {
                one.related
                    .get(..related)
                    .cmp(&other.related.get(..related_of))
            })
    }

    fn cut(&self, finding: &AuditFinding) -> AuditFinding {
        let first = |rows: &[_]| rows.iter().take(self.rows_max).cloned().collect();
        // Field by field: a clone of the whole would copy rows by the thousand, to throw them away.
        AuditFinding {
            pack: finding.pack.clone(),
            rule: finding.rule.clone(),
            title: finding.title.clone(),
            kind: finding.kind.clone(),
            basis: finding.basis.clone(),
            behaviour: finding.behaviour.clone(),
            certainty: finding.certainty.clone(),
            message: finding.message.clone(),
            amount: finding.amount,
            day: finding.day.clone(),
            retroactive: finding.retroactive,
            institution: finding.institution.clone(),
            department: finding.department.clone(),
            doctor: finding.doctor.clone(),
            patient: finding.patient.clone(),
            encounter: finding.encounter.clone(),
            offending: first(&finding.offending),
            related: first(&finding.related),
        }
    }
}
