//! CND-06 中医、康复治疗无记录: a treatment of Chinese medicine or rehabilitation that is charged was recorded on its day.

use rulepack_sdk::prelude::*;

use crate::treatments::{Recorded, recorded};
use crate::{Care, Conduct};

/// Id of the rule.
pub const ID: &str = "CND-06";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "orders.items",
    "orders.days",
    "care-records.items",
    "care-records.performed",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];
/// The place of `treatments` among the tables of the manifest.
pub(crate) const TREATMENTS: u8 = 1;

/// No record is evidence only where the hospital's records are complete.
pub(crate) fn check(pack: &Conduct, care: &Care<'_>, answer: &mut Answer) {
    for (line, item, day, treatment) in pack.treatments.charged(care) {
        match recorded(care.batch, line, item, day) {
            Recorded::Yes(_) => {}
            Recorded::Unknown(column) => {
                answer.add(Abstention::new(ID, line.order).missing(column))
            }
            Recorded::No => answer.add(
                Finding::violation(ID, "no-record")
                    .offending(line.order, line.amount)
                    .argument("item", item)
                    .argument("day", day)
                    .evidence(TREATMENTS, treatment.row),
            ),
        }
    }
}
