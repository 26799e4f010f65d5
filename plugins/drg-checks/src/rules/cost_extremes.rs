//! DRG-05 费用极值病例: the stay costs less than half (费用极低), more than twice (费用极高) or more than five times
//! (特例单议) of the average cost of its group, as the city supplies it. A person has to look; what such a stay is
//! paid is for the city's own terms.

use rulepack_sdk::prelude::*;

use crate::{DrgChecks, Stay, standards};

/// Id of the rule.
pub const ID: &str = "DRG-05";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["encounters.current", "encounters.total-amounts"];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// By the group that is to be paid. A group without average cost is not judged.
pub(crate) fn check(stay: &Stay, cost: Option<Money>, pack: &DrgChecks, answer: &mut Answer) {
    let Some(cost) = cost else {
        stay.abstain(ID, &["encounters.total-amounts"], answer);
        return;
    };
    let Some(group) = stay.group() else {
        if let Err(missing) = &stay.record {
            stay.abstain(ID, missing, answer);
        }
        return;
    };
    let Some(average) = pack.average_costs.on(&group, stay.day) else {
        return;
    };
    if let Some(extreme) = pack.cost_limits.extreme(cost, average.value) {
        let share = Ratio::of(cost.0, average.value.0).unwrap_or_default();
        answer.add(
            Finding::low_suspicion(ID, extreme.template())
                .offending(stay.encounter, Money::ZERO)
                .argument("group", group)
                .argument("cost", cost)
                .argument("average", average.value)
                .argument("share", share)
                .evidence(standards::AVERAGE_COSTS, average.row),
        );
    }
}
