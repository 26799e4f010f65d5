//! DRG-01 申报病组与清单分组不一致: the group claimed is not the group that the settlement list gives.
//!
//! - Where both are groups of one ADRG, principal diagnosis and procedure agree, and only the level of
//!   complication (并发症或合并症) differs: claimed graver than the record shows is a clear violation (高套),
//!   claimed milder a hint of downcoding (低编).
//! - Otherwise a person has to look, unless the payment standard shows that the group claimed is the lower
//!   one.
//!
//! At stake is the standard of the group claimed less that of the group given, where that is positive.
//! Where a standard is not supplied nothing is at stake, and the message says so. A record that gives no
//! group is DRG-04.

use rulepack_sdk::prelude::*;

use crate::grouper::Grouper;
use crate::standards;
use crate::{DrgChecks, Record, Stay};

/// Id of the rule.
pub const ID: &str = "DRG-01";

/// How the group claimed stands to the group that the record gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Difference {
    /// The same ADRG, with a graver complication than the record shows.
    Complication,
    /// Another group that is not known to be paid less.
    Other,
    /// A group for less.
    Lower,
}

/// A group is claimed, and the record gives another.
pub(crate) fn check(
    stay: &Stay,
    record: &Record,
    pack: &DrgChecks,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let Some(claimed) = stay.claimed else {
        answer.add(Abstention::new(ID, stay.encounter).missing("encounters.payment-groups"));
        return Ok(());
    };
    let Some(grouping) = record.outcome.grouping else {
        return Ok(());
    };
    if claimed == grouping.group {
        return Ok(());
    }
    let standard = |group| pack.standards.on(&group, stay.day);
    let priced = standard(claimed).zip(standard(grouping.group));
    let difference = difference(&pack.grouper, claimed, grouping.group, priced);
    let more = match priced {
        Some((claimed, given)) => claimed.value.checked_sub(given.value)?,
        None => Money::ZERO,
    };
    let (template, certainty) = told(difference, priced.is_some());
    let mut finding = Finding::new(ID, template, certainty)
        .offending(stay.encounter, more.max(Money::ZERO))
        .related(record.list.diagnosis.0, Money::ZERO)
        .argument("claimed", claimed)
        .argument("given", grouping.group);
    if priced.is_some() {
        let amount = match difference {
            Difference::Lower => Money::ZERO.checked_sub(more)?,
            Difference::Complication | Difference::Other => more.max(Money::ZERO),
        };
        finding = finding.argument("amount", amount);
    }
    if let Some((procedure, _)) = record.list.procedure {
        finding = finding.related(procedure, Money::ZERO);
    }
    if let Some((claimed, given)) = priced {
        finding = finding.evidence(standards::TABLE, claimed.row);
        finding = finding.evidence(standards::TABLE, given.row);
    }
    answer.add(finding);
    Ok(())
}

fn difference(
    grouper: &Grouper<Code>,
    claimed: Code,
    given: Code,
    priced: Option<(InForce<Money>, InForce<Money>)>,
) -> Difference {
    if let Some((claimed, given)) = grouper.place(claimed).zip(grouper.place(given))
        && claimed.core_group == given.core_group
    {
        // A milder group that is paid more is not the lower one.
        let for_more = priced.is_some_and(|(claimed, given)| claimed.value > given.value);
        return match (claimed.rank < given.rank, for_more) {
            (true, _) => Difference::Complication,
            (false, true) => Difference::Other,
            (false, false) => Difference::Lower,
        };
    }
    match priced {
        Some((claimed, given)) if claimed.value < given.value => Difference::Lower,
        _ => Difference::Other,
    }
}

fn told(difference: Difference, priced: bool) -> (&'static str, Certainty) {
    match (difference, priced) {
        (Difference::Complication, true) => ("complication", Certainty::Violation),
        (Difference::Complication, false) => ("complication-unpriced", Certainty::Violation),
        (Difference::Other, true) => ("differs", Certainty::HighSuspicion),
        (Difference::Other, false) => ("differs-unpriced", Certainty::HighSuspicion),
        (Difference::Lower, true) => ("lower", Certainty::LowSuspicion),
        (Difference::Lower, false) => ("lower-unpriced", Certainty::LowSuspicion),
    }
}
