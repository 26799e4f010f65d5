//! DIP-06 自费占比超标: too large a share of the stay is paid by the patient outside the catalogue (自费), which may
//! be cost shifted from the group to the patient (转嫁费用).

use std::cmp::Ordering;

use rulepack_sdk::prelude::*;

use crate::stay::Stay;

/// Id of the rule.
pub const ID: &str = "DIP-06";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.current",
    "encounters.total-amounts",
    "encounters.own-pays",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::During, Stage::After];

/// Exactly at the limit is allowed. The fund does not pay it, so nothing of the fund is at stake.
pub(crate) fn check(stay: &Stay, batch: &Batch, limit: Ratio, answer: &mut Answer) {
    let encounters = batch.encounters();
    let Some(total) = encounters.total_amounts().get(stay.encounter) else {
        stay.abstain(ID, &["encounters.total-amounts"], answer);
        return;
    };
    let Some(own) = encounters.own_pays().get(stay.encounter) else {
        stay.abstain(ID, &["encounters.own-pays"], answer);
        return;
    };
    if total > Money::ZERO && own.against(limit, total) == Ordering::Greater {
        answer.add(
            Finding::low_suspicion(ID, "above")
                .offending(stay.encounter, Money::ZERO)
                .argument("own", own)
                .argument("share", Ratio::of(own.0, total.0).unwrap_or_default())
                .argument("limit", limit),
        );
    }
}
