//! CND-21 次均费用增幅: what a visit, or a stay, costs on average in a month, against the same month of the year before.

use rulepack_sdk::prelude::*;

use crate::months::{Group, Months};
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-21";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "totals.visit-types",
    "totals.period-starts",
    "totals.period-ends",
    "totals.amounts",
    "totals.encounters",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// The last whole month under review, by 就诊类型. A stay over the end of a month counts in both, in both years. The
/// average is the measure.
///
/// # Errors
/// [`Overflow`] of an average.
pub(crate) fn check(
    settings: &Settings,
    batch: &Batch,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let months = Months::read(batch, |group| matches!(group, Group::VisitType(_)));
    let Some(last) = months.last() else {
        return Ok(());
    };
    for (group, row) in months.of(last) {
        let Group::VisitType(kind) = group else {
            continue;
        };
        let Some(this) = Cost::of(batch, row) else {
            answer.add(Abstention::new(ID, row).missing("totals.encounters"));
            continue;
        };
        answer.add(Measure::new(ID, row, this.amount.0, this.count));
        let before = months.get(group, last - 12);
        let Some(before) = before.and_then(|row| Cost::of(batch, row)) else {
            answer.add(Abstention::new(ID, row).missing("totals.period-starts"));
            continue;
        };
        if before.amount > Money::ZERO && this.exceeds(&before, settings.visit_growth_max) {
            answer.add(
                Finding::low_suspicion(ID, "grown")
                    .offending(row, Money::ZERO)
                    .argument("kind", kind)
                    .argument("average", this.average()?)
                    .argument("before", before.average()?)
                    .argument("limit", settings.visit_growth_max),
            );
        }
    }
    Ok(())
}

/// What the visits of a month cost together.
struct Cost {
    amount: Money,
    count: i64,
}

impl Cost {
    /// `None` where there was no visit, or it is not told.
    fn of(batch: &Batch, row: Row<Totals>) -> Option<Self> {
        let table = batch.totals();
        let count = table.encounters().get(row).filter(|count| *count > 0)?;
        let amount = table.amounts().get(row)?;
        Some(Cost { amount, count })
    }

    /// Whether a visit costs more on average than before by more than this share: exactly, nothing is rounded.
    fn exceeds(&self, before: &Cost, growth: Ratio) -> bool {
        let limit = i128::from(Ratio::ONE.0) + i128::from(growth.0);
        let this = i128::from(self.amount.0) * i128::from(before.count);
        let allowed = i128::from(before.amount.0) * i128::from(self.count);
        match this.checked_mul(i128::from(Ratio::ONE.0)) {
            Some(this) => allowed.checked_mul(limit).is_some_and(|it| this > it),
            None => false,
        }
    }

    fn average(&self) -> Result<Money, Overflow> {
        self.amount.portion(1, self.count)
    }
}
