//! A finding, as every contender can tell it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What is compared of a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Found {
    /// Id of the rule.
    pub rule: String,
    /// Key of the line that breaks it, the first of a day; of the later stay.
    pub row: String,
    /// Key of the first line of the other item; of the earlier stay. Else empty.
    pub other: String,
    /// Units in the day, or days since the discharge; else 0.
    pub found: i64,
}

/// Findings, each once.
pub type Findings = BTreeSet<Found>;

/// Fails where a contender finds something else than ours.
///
/// # Panics
/// Where they differ: then there is nothing to time.
pub fn assert_same(peer: &str, ours: &Findings, theirs: &Findings) {
    let missed: Vec<&Found> = ours.difference(theirs).take(3).collect();
    let more: Vec<&Found> = theirs.difference(ours).take(3).collect();
    assert!(
        missed.is_empty() && more.is_empty(),
        "{peer} finds {} where ours finds {}: it misses {missed:?} ..., and has {more:?} ... more",
        theirs.len(),
        ours.len(),
    );
}
