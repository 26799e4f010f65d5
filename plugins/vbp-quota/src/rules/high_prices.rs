//! VBP-07 高价非中选产品: a non-selected product is bought at several times the selected price.

use rulepack_sdk::prelude::*;

use crate::{Assessment, Stocked, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-07";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "agreements.base-quantities",
    "agreements.selected-prices",
    "purchases.selected",
    "purchases.delivered",
    "purchases.returned",
    "purchases.stocked-days",
    "purchases.unit-prices",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// A line above the limit; at the limit exactly is allowed.
struct Dear<'a> {
    line: &'a Stocked,
    /// What it cost beyond the selected price.
    excess: Money,
}

/// The lines of the variety that are dear are one finding, for the doctors to be told. At stake is what they cost
/// beyond the selected price. A line of which more was returned than delivered costs nothing.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    assessment: &Assessment<'_>,
    pack: &VbpQuota,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let agreement = &assessment.agreement;
    let abstain = |column| Abstention::new(ID, agreement.row).missing(column);
    let prices = assessment.purchases.batch.agreements().selected_prices();
    let Some(selected) = prices.get(agreement.row) else {
        answer.add(abstain("agreements.selected-prices"));
        return Ok(());
    };
    let (mut dear, mut highest) = (Vec::new(), selected);
    for line in assessment.volumes.non_selected_lines() {
        if line.quantity <= Quantity::ZERO {
            continue;
        }
        let Some(price) = line.price else {
            answer.add(abstain("purchases.unit-prices"));
            return Ok(());
        };
        if is_high(price, selected, pack.high_price) {
            let beyond = price.checked_sub(selected)?;
            let excess = line.quantity.at_price(beyond)?;
            dear.push(Dear { line, excess });
            highest = highest.max(price);
        }
    }
    if dear.is_empty() {
        return Ok(());
    }
    let amount = Money::sum(dear.iter().map(|dear| dear.excess))?;
    let finding = Finding::low_suspicion(ID, "high-price")
        .offending(agreement.row, amount)
        .argument("variety", agreement.variety)
        .argument("round", agreement.round)
        .argument("selected", selected)
        .argument("price", highest)
        .argument("amount", amount);
    let lines = dear.iter();
    answer.add(lines.fold(finding, |it, dear| it.related(dear.line.row, dear.excess)));
    Ok(())
}

fn is_high(price: UnitPrice, selected: UnitPrice, times: Ratio) -> bool {
    i128::from(price.0) * i128::from(Ratio::ONE.0) > i128::from(selected.0) * i128::from(times.0)
}
