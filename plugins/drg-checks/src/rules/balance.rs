//! DRG-07 事中病组与结余提醒: during the stay, the group that the record gives so far, and what its payment standard
//! leaves.

use rulepack_sdk::group_payment;
use rulepack_sdk::prelude::*;

use crate::{DrgChecks, Stay};

/// Id of the rule.
pub const ID: &str = "DRG-07";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.current",
    "diagnoses.encounters",
    "diagnoses.codes",
    "diagnoses.principal",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::During];

/// A notice for every stay, with as much as is known of group, standard and cost. The stays are read as they are
/// recorded so far.
pub(crate) fn check(
    stay: &Stay,
    cost: Option<Money>,
    pack: &DrgChecks,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    if let Err(missing) = &stay.record {
        stay.abstain(ID, missing, answer);
        return Ok(());
    }
    let notice = match stay.given() {
        Some(group) => {
            let standard = pack.standards.on(&group, stay.day);
            group_payment::forecast(ID, group, standard.map(|it| it.value), cost)?
        }
        None => Notice::new(ID, "ungroupable"),
    };
    answer.add(notice.about(stay.encounter));
    Ok(())
}
