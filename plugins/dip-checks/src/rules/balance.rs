//! DIP-05 事中病种与结余提醒: during the stay, the group that the record gives so far, and what its payment standard
//! leaves.

use rulepack_sdk::group_payment;
use rulepack_sdk::prelude::*;

use crate::DipChecks;
use crate::stay::Stay;

/// Id of the rule.
pub const ID: &str = "DIP-05";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.current",
    "diagnoses.encounters",
    "diagnoses.codes",
    "diagnoses.principal",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::During];

/// A notice for every stay that has a group so far, with as much as is known of standard and cost. The stays are
/// read as they are recorded so far.
pub(crate) fn check(
    stay: &Stay,
    cost: Option<Money>,
    pack: &DipChecks,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let record = match &stay.record {
        Ok(record) => record,
        Err(missing) => {
            stay.abstain(ID, missing, answer);
            return Ok(());
        }
    };
    let Some(group) = record.group else {
        answer.add(Notice::new(ID, "ungroupable").about(stay.encounter));
        return Ok(());
    };
    let score = pack.values.score(group, stay.day);
    let standard = match stay.rate.zip(score) {
        Some((rate, score)) => Some(rate.payment(score.value.points)?),
        None => None,
    };
    let notice = group_payment::forecast(ID, group, standard, cost)?;
    answer.add(notice.about(stay.encounter));
    Ok(())
}
