//! CND-21 次均费用增幅: what a visit, or a stay, costs on average in a month, against the same month of the year before.

use rulepack_sdk::prelude::*;

use crate::growth::Mean;
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
        let Some(this) = costs(batch, row) else {
            answer.add(Abstention::new(ID, row).missing("totals.encounters"));
            continue;
        };
        answer.add(Measure::new(ID, row, this.sum, this.count));
        let before = months.get(group, last - 12);
        let Some(before) = before.and_then(|row| costs(batch, row)) else {
            answer.add(Abstention::new(ID, row).missing("totals.period-starts"));
            continue;
        };
        if before.sum > 0 && this.exceeds(before, settings.visit_growth_max) {
            answer.add(
                Finding::low_suspicion(ID, "grown")
                    .offending(row, Money::ZERO)
                    .argument("kind", kind)
                    .argument("average", average(this)?)
                    .argument("before", average(before)?)
                    .argument("limit", settings.visit_growth_max),
            );
        }
    }
    Ok(())
}

/// What the visits of a month cost together, and how many they were; `None` where there was none, or it is not told.
fn costs(batch: &Batch, row: Row<Totals>) -> Option<Mean> {
    let table = batch.totals();
    let count = table.encounters().get(row).filter(|count| *count > 0)?;
    let sum = table.amounts().get(row)?.0;
    Some(Mean { sum, count })
}

fn average(of: Mean) -> Result<Money, Overflow> {
    Money(of.sum).portion(1, of.count)
}
