//! 疾病严重程度 by cost: a stay that cost several times the average of its group, and most of that for treatment, or for
//! drugs, is a severe one, whatever its diagnoses say.

use std::cmp::Ordering;

use rulepack_sdk::prelude::*;

/// When the cost of a stay tells its severity.
#[derive(Debug)]
pub struct CostSeverity {
    /// The level; 0 where the city does not count cost.
    level: i64,
    /// How many times the average cost of the group.
    times: Ratio,
    /// The least share of treatment, or of drugs.
    share: Ratio,
    /// 收费类别 of treatment and operations, and of drugs.
    kinds: [Vec<Code>; 2],
}

impl CostSeverity {
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        Ok(CostSeverity {
            level: setup.integer("severity_of_cost")?,
            times: Ratio(setup.integer("severe_cost")?),
            share: Ratio(setup.integer("severe_share")?),
            kinds: [
                setup.code_list("treatment_charges")?,
                setup.code_list("drug_charges")?,
            ],
        })
    }

    /// The level that the cost of a stay gives: 0 where it is no more than an ordinary one, or its group has no average;
    /// `None` where what it takes to tell is not recorded.
    pub(crate) fn level(
        &self,
        batch: &Batch,
        stay: Row<Encounters>,
        average: Option<Money>,
    ) -> Option<i64> {
        let Some(average) = average.filter(|average| self.level > 0 && *average > Money::ZERO)
        else {
            return Some(0);
        };
        let Some(cost) = batch.encounters().total_amounts().get(stay) else {
            // A forecast takes a stay whose cost nobody told for an ordinary one.
            return (batch.stage() == Stage::During).then_some(0);
        };
        if cost.against(self.times, average) == Ordering::Less {
            return Some(0);
        }
        let shares = self.kinds.iter().map(|kinds| charged(batch, stay, kinds));
        let shares: Option<Vec<Money>> = shares.collect();
        let is_large = |part: &Money| part.against(self.share, cost) != Ordering::Less;
        Some(match shares?.iter().any(is_large) {
            true => self.level,
            false => 0,
        })
    }
}

/// What was charged of some kinds, refunds taken off; `None` where a line does not tell, or lines are missing.
fn charged(batch: &Batch, stay: Row<Encounters>, kinds: &[Code]) -> Option<Money> {
    let orders = batch.orders();
    if batch.presence::<Orders>() != Presence::Complete {
        return None;
    }
    let mut sum = Money::ZERO;
    for line in orders.of(stay) {
        if orders.charged().get(line) == Some(false) {
            continue;
        }
        let kind = orders.charge_types().get(line)?;
        if kinds.contains(&kind) {
            sum = sum.checked_add(orders.amounts().get(line)?).ok()?;
        }
    }
    Some(sum)
}
