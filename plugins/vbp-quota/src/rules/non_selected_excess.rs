//! VBP-06 非中选产品超量: more of the non-selected products enters the store than the agreement leaves room for.
//!
//! An agreed volume is a share of what the hospital reported that it needs (约定采购比例); the rest (余量) is
//! free. The contract does not tell what was reported, so the bureau says how large that rest is as a
//! share of the agreed volume.

use rulepack_sdk::prelude::*;

use super::time_progress;
use crate::{Assessment, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-06";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "agreements.base-quantities",
    "purchases.selected",
    "purchases.delivered",
    "purchases.returned",
    "purchases.stocked-days",
    "purchases.unit-prices",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// What entered the store of non-selected products beyond the allowance of the whole term.
pub(crate) fn excess(
    assessment: &Assessment<'_>,
    pack: &VbpQuota,
) -> Result<Option<Quantity>, Overflow> {
    let allowed = share_of(assessment.agreement.quantity, pack.non_selected_allowance)?;
    let excess = assessment.volumes.non_selected.checked_sub(allowed)?;
    Ok((excess > Quantity::ZERO).then_some(excess))
}

/// Worse where the selected products are behind too (低于序时进度且非中选超量), unless these were ordered and not
/// delivered: patients had to be treated. At stake is the share of the cost that falls to the excess.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    assessment: &Assessment<'_>,
    pack: &VbpQuota,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let (agreement, volumes) = (&assessment.agreement, &assessment.volumes);
    let Some(excess) = excess(assessment, pack)? else {
        return Ok(());
    };
    let mut lines = Vec::new();
    for line in volumes.non_selected_lines() {
        let Some(money) = line.money()? else {
            answer.add(Abstention::new(ID, agreement.row).missing("purchases.unit-prices"));
            return Ok(());
        };
        lines.push((line.row, money));
    }
    let cost = Money::sum(lines.iter().map(|(_, money)| *money))?;
    let amount = cost.portion(excess.0, volumes.non_selected.0)?;
    let short = assessment.short_of_supply(pack);
    let lags = time_progress::lags(assessment, pack)
        || (assessment.progress.over() && !assessment.fulfilled());
    let (template, certainty) = match (lags, short) {
        (true, false) => ("excess-behind", Certainty::HighSuspicion),
        (true, true) => ("excess-supply", Certainty::LowSuspicion),
        (false, _) => ("excess", Certainty::LowSuspicion),
    };
    let finding = Finding::new(ID, template, certainty)
        .offending(agreement.row, amount)
        .argument("variety", agreement.variety)
        .argument("round", agreement.round)
        .argument("stocked", volumes.non_selected)
        .argument("excess", excess)
        .argument("amount", amount)
        .argument("done", assessment.done());
    let lines = lines.into_iter();
    answer.add(lines.fold(finding, |it, (row, money)| it.related(row, money)));
    Ok(())
}

/// A share of a quantity, cut off.
fn share_of(quantity: Quantity, share: Ratio) -> Result<Quantity, Overflow> {
    let part = i128::from(quantity.0) * i128::from(share.0) / i128::from(Ratio::ONE.0);
    i64::try_from(part).map(Quantity).map_err(|_| Overflow)
}
