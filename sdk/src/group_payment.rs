//! 按病种付费: what payment by DRG and by DIP share. A stay is paid by its group, whatever it costs.

use std::cmp::Ordering;

use crate::answer::{Finding, Notice};
use crate::batch::Batch;
use crate::column::{Code, Row};
use crate::setup::Setup;
use crate::tables::Encounters;
use crate::units::{Money, Overflow, Ratio};

/// When the cost of a stay is extreme (费用极值病例), as shares of the average cost of its group. A cost exactly at
/// a limit is ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostLimits {
    /// 费用超低 below it.
    pub low: Ratio,
    /// 费用超高 above it.
    pub high: Ratio,
    /// 特例单议 above it.
    pub special: Ratio,
}

/// How the cost of a stay is extreme. [`Self::template`] is the message that tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostExtreme {
    /// 费用超低
    Low,
    /// 费用超高
    High,
    /// So high that the stay may go to experts (特例单议).
    Special,
}

impl CostLimits {
    /// From the parameters `cost_low`, `cost_high` and `cost_special`, in ten-thousandths.
    ///
    /// # Errors
    /// Where the manifest does not declare them.
    pub fn read(setup: &Setup) -> Result<Self, String> {
        Ok(CostLimits {
            low: Ratio(setup.integer("cost_low")?),
            high: Ratio(setup.integer("cost_high")?),
            special: Ratio(setup.integer("cost_special")?),
        })
    }

    /// How a cost is extreme, if it is; nothing is where the group has no average.
    #[must_use]
    pub fn extreme(self, cost: Money, average: Money) -> Option<CostExtreme> {
        let against = |share| cost.against(share, average);
        if average <= Money::ZERO {
            None
        } else if against(self.special) == Ordering::Greater {
            Some(CostExtreme::Special)
        } else if against(self.high) == Ordering::Greater {
            Some(CostExtreme::High)
        } else if against(self.low) == Ordering::Less {
            Some(CostExtreme::Low)
        } else {
            None
        }
    }
}

impl CostExtreme {
    /// `low`, `high` or `special`.
    #[must_use]
    pub fn template(self) -> &'static str {
        match self {
            CostExtreme::Low => "low",
            CostExtreme::High => "high",
            CostExtreme::Special => "special",
        }
    }
}

/// 自费占比: a finding (template `above`, with `own`, `share` and `limit`) where patients pay more than this share of
/// a stay outside the catalogue. Exactly the share is allowed. The fund pays none of it, so nothing is at stake.
///
/// # Errors
/// The column that is missing.
pub fn own_pay_share(
    rule: &'static str,
    batch: &Batch,
    stay: Row<Encounters>,
    limit: Ratio,
) -> Result<Option<Finding>, &'static str> {
    let encounters = batch.encounters();
    let total = encounters.total_amounts().get(stay);
    let total = total.ok_or("encounters.total-amounts")?;
    let own = encounters.own_pays().get(stay);
    let own = own.ok_or("encounters.own-pays")?;
    let above = total > Money::ZERO && own.against(limit, total) == Ordering::Greater;
    Ok(above.then(|| {
        Finding::low_suspicion(rule, "above")
            .offending(stay, Money::ZERO)
            .argument("own", own)
            .argument("share", Ratio::of(own.0, total.0).unwrap_or_default())
            .argument("limit", limit)
    }))
}

/// 事中病组与结余提醒: the group that is expected, and what its payment standard leaves. Templates: `left` and `over`
/// where standard and cost are known, `standard` where the cost is not, `group` where the standard is not.
///
/// # Errors
/// [`Overflow`].
pub fn forecast(
    rule: &'static str,
    group: Code,
    standard: Option<Money>,
    cost: Option<Money>,
) -> Result<Notice, Overflow> {
    let notice = match (standard, cost) {
        (None, _) => Notice::new(rule, "group"),
        (Some(standard), None) => Notice::new(rule, "standard").argument("standard", standard),
        (Some(standard), Some(cost)) => {
            let left = standard.checked_sub(cost)?;
            let notice = match left < Money::ZERO {
                true => Notice::new(rule, "over").argument("over", cost.checked_sub(standard)?),
                false => Notice::new(rule, "left").argument("left", left),
            };
            notice.argument("standard", standard).argument("cost", cost)
        }
    };
    Ok(notice.argument("group", group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_at_a_limit_is_ordinary() {
        let limits = CostLimits {
            low: Ratio(5_000),
            high: Ratio(20_000),
            special: Ratio(50_000),
        };
        let extreme = |cost| limits.extreme(Money(cost), Money(1_000));
        assert_eq!(extreme(499), Some(CostExtreme::Low));
        assert_eq!((extreme(500), extreme(2_000)), (None, None));
        assert_eq!(extreme(2_001), Some(CostExtreme::High));
        assert_eq!(extreme(5_000), Some(CostExtreme::High));
        assert_eq!(extreme(5_001), Some(CostExtreme::Special));
        assert_eq!(limits.extreme(Money(9), Money::ZERO), None);
    }
}
