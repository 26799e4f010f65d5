//! DIP-03 费用极值病例: the stay costs less than half (费用超低), more than twice (费用超高) or more than five times
//! (特例单议) of the average cost of its group.
//!
//! - 费用超低 is paid by its own cost, score × (cost ÷ average): at stake is what the whole score would pay more.
//! - 费用超高 is paid more than the score, and 特例单议 goes to experts: a person has to look.

use rulepack_sdk::group_payment::CostExtreme;
use rulepack_sdk::prelude::*;

use crate::DipChecks;
use crate::stay::Stay;
use crate::values;

/// Id of the rule.
pub const ID: &str = "DIP-03";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["encounters.current", "encounters.total-amounts"];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// By the group that is to be paid. A group without average cost is not judged.
pub(crate) fn check(
    stay: &Stay,
    cost: Option<Money>,
    pack: &DipChecks,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let (Some(cost), Some(group)) = (cost, stay.group()) else {
        let unread = stay.record.as_ref().err().map(Vec::as_slice);
        let unread = unread.filter(|_| cost.is_some()).unwrap_or_default();
        let missing = match cost {
            Some(_) => unread,
            None => &["encounters.total-amounts"],
        };
        if !missing.is_empty() {
            stay.abstain(ID, missing, answer);
        }
        return Ok(());
    };
    let Some(score) = pack.values.score(group, stay.day) else {
        return Ok(());
    };
    let Some(average) = score.value.average_cost else {
        return Ok(());
    };
    let Some(extreme) = pack.cost_limits.extreme(cost, average) else {
        return Ok(());
    };
    let mut finding = Finding::low_suspicion(ID, extreme.template());
    let mut amount = Money::ZERO;
    if let (Some(rate), CostExtreme::Low) = (stay.rate, extreme) {
        let standard = rate.payment(score.value.points)?;
        amount = standard.checked_sub(standard.portion(cost.0, average.0)?)?;
        finding = rate.evidence(finding);
    }
    answer.add(
        finding
            .offending(stay.encounter, amount)
            .argument("group", group)
            .argument("cost", cost)
            .argument("average", average)
            .argument("share", Ratio::of(cost.0, average.0).unwrap_or_default())
            .evidence(values::SCORES, score.row),
    );
    Ok(())
}
