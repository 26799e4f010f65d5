//! DRG-06 自费占比超标: too large a share of the stay is paid by the patient outside the catalogue (自费), which may
//! be cost shifted from the group to the patient (转嫁费用).

use rulepack_sdk::group_payment;
use rulepack_sdk::prelude::*;

use crate::Stay;

/// Id of the rule.
pub const ID: &str = "DRG-06";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.current",
    "encounters.total-amounts",
    "encounters.own-pays",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::During, Stage::After];

/// Exactly at the limit is allowed.
pub(crate) fn check(stay: &Stay, batch: &Batch, limit: Ratio, answer: &mut Answer) {
    match group_payment::own_pay_share(ID, batch, stay.encounter, limit) {
        Ok(Some(finding)) => answer.add(finding),
        Ok(None) => {}
        Err(column) => stay.abstain(ID, &[column], answer),
    }
}
