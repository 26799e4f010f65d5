//! DIP-01 申报病种与清单分组不一致: the group claimed is not the group that the settlement list gives.
//!
//! - Where the group claimed is a core group of the same subcategory that asks for a procedure which is not on
//!   the settlement list, the record itself shows that it is not the group (高套).
//! - Where the scores show that the group claimed is the lower one, it is a hint of downcoding (低编).
//! - Otherwise a person has to look.
//!
//! At stake is the payment standard of the group claimed less that of the group given, where that is positive.
//! Where the city did not supply scores, point value or coefficients nothing is at stake, and the message says
//! so. A record that gives no group is DIP-02.

use rulepack_sdk::prelude::*;

use crate::DipChecks;
use crate::stay::{Record, Stay};
use crate::values::{self, Score};

/// Id of the rule.
pub const ID: &str = "DIP-01";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.payment-groups",
    "encounters.current",
    "diagnoses.encounters",
    "diagnoses.codes",
    "diagnoses.principal",
    "diagnoses.on-settlement-list",
    "procedures.encounters",
    "procedures.codes",
    "procedures.principal",
    "procedures.on-settlement-list",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::During, Stage::After];

/// How the group claimed stands to the group that the record gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Difference {
    /// A core group of the same subcategory, one of whose procedures is not on the list.
    Procedure,
    /// Another group that is not known to be paid less.
    Other,
    /// A group for less.
    Lower,
}

/// A group is claimed, and the record gives another.
pub(crate) fn check(
    stay: &Stay,
    record: &Record,
    pack: &DipChecks,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let Some(claimed) = stay.claimed else {
        stay.abstain(ID, &["encounters.payment-groups"], answer);
        return Ok(());
    };
    let Some(given) = record.group.filter(|given| *given != claimed) else {
        return Ok(());
    };
    let score = |group| pack.values.score(group, stay.day);
    let scores = score(claimed).zip(score(given));
    let difference = difference(pack, record, claimed, scores);
    let standards = match stay.rate.zip(scores) {
        Some((rate, (claimed, given))) => {
            let standard = |score: InForce<Score>| rate.payment(score.value.points);
            Some((rate, standard(claimed)?, standard(given)?))
        }
        None => None,
    };
    let (template, certainty) = told(difference, standards.is_some());
    let mut finding = Finding::new(ID, template, certainty);
    match standards {
        Some((rate, claimed, given)) => {
            let amount = claimed.checked_sub(given)?;
            finding = finding
                .offending(stay.encounter, amount.max(Money::ZERO))
                .argument("amount", amount.max(given.checked_sub(claimed)?));
            finding = rate.evidence(finding);
        }
        None => finding = finding.offending(stay.encounter, Money::ZERO),
    }
    if let Some((claimed, given)) = scores {
        finding = finding.evidence(values::SCORES, claimed.row);
        finding = finding.evidence(values::SCORES, given.row);
    }
    if let Some((procedure, _)) = record.list.procedure {
        finding = finding.related(procedure, Money::ZERO);
    }
    answer.add(
        finding
            .related(record.list.diagnosis.0, Money::ZERO)
            .argument("claimed", claimed)
            .argument("given", given),
    );
    Ok(())
}

fn difference(
    pack: &DipChecks,
    record: &Record,
    claimed: Code,
    scores: Option<(InForce<Score>, InForce<Score>)>,
) -> Difference {
    if let Some((claimed, given)) = scores
        && claimed.value.points < given.value.points
    {
        return Difference::Lower;
    }
    let listed = record.list.procedure_codes();
    let unlisted = |code: &Code| !listed.contains(code);
    match pack.grouper.core_group(claimed) {
        Some(group)
            if group.subcategory == record.category.subcategory
                && group.procedures.iter().any(unlisted) =>
        {
            Difference::Procedure
        }
        _ => Difference::Other,
    }
}

fn told(difference: Difference, priced: bool) -> (&'static str, Certainty) {
    match (difference, priced) {
        (Difference::Procedure, true) => ("procedure", Certainty::Violation),
        (Difference::Procedure, false) => ("procedure-unpriced", Certainty::Violation),
        (Difference::Other, true) => ("differs", Certainty::HighSuspicion),
        (Difference::Other, false) => ("differs-unpriced", Certainty::HighSuspicion),
        (Difference::Lower, true) => ("lower", Certainty::LowSuspicion),
        (Difference::Lower, false) => ("lower-unpriced", Certainty::LowSuspicion),
    }
}
