//! VBP-11 结余留用测算: once the agreement year is over, what of the money saved on a variety stays with the hospital.
//!
//! - budget (医保资金预算) = agreed volume × price before the round × share that the fund pays;
//! - spent (医保资金支出) = all purchases of the variety, selected or not, × the same share;
//! - base (结余测算基数) = budget − spent, nothing where more was spent;
//! - retained (结余留用) = base × 留用比例 × 考核系数, which is nothing where the product failed (考核不合格).
//!
//! An estimate for hospital and bureau: what is paid follows from the bureau's own account.

use rulepack_sdk::prelude::*;

use crate::{Assessment, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-11";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "agreements.base-quantities",
    "agreements.previous-prices",
    "purchases.selected",
    "purchases.delivered",
    "purchases.returned",
    "purchases.stocked-days",
    "purchases.unit-prices",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// What a surplus is worth to the hospital.
#[derive(Debug)]
pub(crate) struct Retention {
    /// Share of the cost that the fund pays.
    fund_share: Ratio,
    /// 留用比例
    retained: Ratio,
    /// 考核系数 of a volume that is not completed, where the product did not fail.
    unmet: Ratio,
}

impl Retention {
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let ratio = |name| setup.integer(name).map(Ratio);
        Ok(Retention {
            fund_share: ratio("fund_share")?,
            retained: ratio("retained_share")?,
            unmet: ratio("unmet_coefficient")?,
        })
    }
}

/// A notice for each agreement whose term is over, and the measure retained of base. A shortfall of supply is not held
/// against the hospital: its coefficient is one.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    assessment: &Assessment<'_>,
    pack: &VbpQuota,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let agreement = &assessment.agreement;
    if !assessment.progress.over() {
        return Ok(());
    }
    let abstain = |column| Abstention::new(ID, agreement.row).missing(column);
    let prices = assessment.purchases.batch.agreements().previous_prices();
    let Some(previous) = prices.get(agreement.row) else {
        answer.add(abstain("agreements.previous-prices"));
        return Ok(());
    };
    let mut spent = Money::ZERO;
    for line in &assessment.volumes.stocked {
        let Some(money) = line.money()? else {
            answer.add(abstain("purchases.unit-prices"));
            return Ok(());
        };
        spent = spent.checked_add(money)?;
    }
    let retention = &pack.retention;
    let budget = agreement.quantity.at_price(previous)?;
    let budget = budget.times(retention.fund_share)?;
    let spent = spent.times(retention.fund_share)?;
    let base = budget.checked_sub(spent)?.max(Money::ZERO);
    let (template, coefficient) = standing(assessment, pack);
    let retained = base.times(retention.retained)?.times(coefficient)?;
    let notice = Notice::new(ID, template)
        .about(agreement.row)
        .argument("variety", agreement.variety)
        .argument("round", agreement.round)
        .argument("budget", budget)
        .argument("spent", spent)
        .argument("base", base);
    answer.add(match template {
        "failed" => notice,
        _ => notice
            .argument("share", retention.retained)
            .argument("coefficient", coefficient)
            .argument("retained", retained),
    });
    if base > Money::ZERO {
        answer.add(Measure::new(ID, agreement.row, retained.0, base.0));
    }
    Ok(())
}

/// The message, and the 考核系数.
fn standing(assessment: &Assessment<'_>, pack: &VbpQuota) -> (&'static str, Ratio) {
    if assessment.failed(pack) {
        return ("failed", Ratio(0));
    }
    let met = assessment.fulfilled() || assessment.short_of_supply(pack);
    match met {
        true => ("retained", Ratio::ONE),
        false => ("retained", pack.retention.unmet),
    }
}
