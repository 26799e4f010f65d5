//! What makes a finding of two runs the same one.

use std::cmp::Ordering;

use crate::finding::AuditFinding;
use crate::summary::split;

/// Pack, rule, whom it is about, and the offending rows in one order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    pack: String,
    rule: String,
    about: About,
    rows: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Institution(String),
    Patient(String),
}

impl Identity {
    pub(super) fn of(finding: &AuditFinding) -> Self {
        let about = match finding.patient.as_str() {
            "" => About::Institution(finding.institution.clone()),
            patient => About::Patient(patient.to_owned()),
        };
        let rows = finding.offending.iter();
        let mut rows: Vec<_> = rows
            .map(|row| (row.table.clone(), row.key.clone()))
            .collect();
        rows.sort();
        Identity {
            pack: split(&finding.pack).0.to_owned(),
            rule: finding.rule.clone(),
            about,
            rows,
        }
    }
}

/// The order in which [`compare`](super::compare()) reads findings: by identity, and those of one identity by
/// all that they hold.
#[must_use]
pub fn order(one: &AuditFinding, other: &AuditFinding) -> Ordering {
    Identity::of(one)
        .cmp(&Identity::of(other))
        .then_with(|| one.cmp(other))
}
