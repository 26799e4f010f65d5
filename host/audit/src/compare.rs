//! Two runs beside each other (两次审核对比): findings gained, lost and kept, by rule, department and money.
//!
//! A finding is the same in both where pack (without its version), rule, patient or institution, and the
//! offending rows are. Both runs are read once, in the order of [`order`], so memory does not grow with them;
//! [`sorted()`] brings any run in this order.

mod change;
mod identity;
mod page;
mod sorted;
mod tables;
#[cfg(test)]
mod tests;
mod text;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::finding::AuditFinding;
use crate::report::RunFacts;
use crate::summary::{Example, SummaryOptions};
use change::Changes;
use identity::Identity;

pub use change::{Change, GroupChange, GroupChanges, RuleChange};
pub use identity::order;
pub use page::comparison_page;
pub use sorted::{Sorted, SortedError, sorted};
pub use text::comparison_text;

/// What changed from one run to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The earlier run.
    pub before: RunFacts,
    /// The later one.
    pub after: RunFacts,
    /// All findings.
    pub all: Change,
    /// By rule, those with most changes first.
    pub rules: Vec<RuleChange>,
    /// By institution; none where there are more than can be told apart.
    pub institutions: Option<GroupChanges>,
    /// By department; none where there are more than can be told apart.
    pub departments: Option<GroupChanges>,
    /// Some findings that were gained, lost or altered.
    pub examples: Vec<ChangedFinding>,
}

/// A finding that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFinding {
    /// Which way.
    pub kind: ChangeKind,
    /// The finding; of the later run where both have it.
    #[serde(flatten)]
    pub example: Example,
}

/// Which way a finding changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// Only the later run has it.
    Gained,
    /// Only the earlier run has it.
    Lost,
    /// Both have it, with another amount or certainty.
    Altered,
}

/// Which of two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The earlier one.
    Before,
    /// The later one.
    After,
}

/// Two runs that could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError<E: std::error::Error + 'static> {
    /// A finding could not be read.
    #[error(transparent)]
    Finding(E),
    /// The findings are not in order.
    #[error("findings of the {} run are not in order at number {number}", .side.words())]
    Unsorted {
        /// Of which run.
        side: Side,
        /// From 1.
        number: u64,
    },
}

/// Compares two runs, whose findings come in the order of [`order`].
///
/// # Errors
/// The first error of the findings, and [`CompareError::Unsorted`] where one comes before another that it
/// should follow.
///
/// ```
/// use rulepack_audit::compare::{comparison_text, compare};
/// use rulepack_audit::report::{Language, RunFacts};
/// use rulepack_audit::summary::SummaryOptions;
///
/// # fn told(march: RunFacts, april: RunFacts) -> Result<String, Box<dyn std::error::Error>> {
/// let none = || std::iter::empty::<Result<_, std::io::Error>>();
/// let comparison = compare((march, none()), (april, none()), &SummaryOptions::default())?;
/// assert_eq!(comparison.all.gained.count, 0);
/// Ok(comparison_text(&comparison, Language::Chinese))
/// # }
/// ```
pub fn compare<E: std::error::Error + 'static>(
    (before, findings_before): (RunFacts, impl IntoIterator<Item = Result<AuditFinding, E>>),
    (after, findings_after): (RunFacts, impl IntoIterator<Item = Result<AuditFinding, E>>),
    options: &SummaryOptions,
) -> Result<Comparison, CompareError<E>> {
    let mut changes = Changes::new(*options);
    let mut old = InOrder::new(findings_before, Side::Before);
    let mut new = InOrder::new(findings_after, Side::After);
    loop {
        let (from_old, from_new) = match (old.identity()?, new.identity()?) {
            (Some(old), Some(new)) => match old.cmp(new) {
                Ordering::Less => (true, false),
                Ordering::Greater => (false, true),
                Ordering::Equal => (true, true),
            },
            (old, new) => (old.is_some(), new.is_some()),
        };
        let one = if from_old { old.next()? } else { None };
        let other = if from_new { new.next()? } else { None };
        match (one, other) {
            (None, None) => break,
            (one, other) => changes.add(one.as_ref(), other.as_ref()),
        }
    }
    let counted = changes.finish();
    Ok(Comparison {
        before,
        after,
        all: counted.all,
        rules: counted.rules,
        institutions: counted.institutions,
        departments: counted.departments,
        examples: counted.examples,
    })
}

/// Findings of a run, each with its identity, held against the one before it.
struct InOrder<I: Iterator> {
    findings: I,
    /// The next one.
    ahead: Option<(Identity, AuditFinding)>,
    side: Side,
    number: u64,
}

impl<E: std::error::Error + 'static, I: Iterator<Item = Result<AuditFinding, E>>> InOrder<I> {
    fn new(findings: impl IntoIterator<IntoIter = I>, side: Side) -> Self {
        InOrder {
            findings: findings.into_iter(),
            ahead: None,
            side,
            number: 0,
        }
    }

    /// Of the next finding.
    fn identity(&mut self) -> Result<Option<&Identity>, CompareError<E>> {
        if self.ahead.is_none() {
            self.ahead = self.read()?;
        }
        Ok(self.ahead.as_ref().map(|(identity, _)| identity))
    }

    fn next(&mut self) -> Result<Option<AuditFinding>, CompareError<E>> {
        let next = self.ahead.take();
        self.ahead = self.read()?;
        if let (Some(earlier), Some(later)) = (&next, &self.ahead)
            && earlier > later
        {
            return Err(CompareError::Unsorted {
                side: self.side,
                number: self.number,
            });
        }
        Ok(next.map(|(_, finding)| finding))
    }

    fn read(&mut self) -> Result<Option<(Identity, AuditFinding)>, CompareError<E>> {
        let finding = self.findings.next().transpose();
        let finding = finding.map_err(CompareError::Finding)?;
        self.number += u64::from(finding.is_some());
        Ok(finding.map(|finding| (Identity::of(&finding), finding)))
    }
}

impl Side {
    fn words(self) -> &'static str {
        match self {
            Side::Before => "earlier",
            Side::After => "later",
        }
    }
}
