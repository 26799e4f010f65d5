//! VBP-02 考核不合格: the agreed volume is not completed at the end of the year, and more than half of what
//! was bought of the variety is of non-selected products. At stake is what the non-selected ones cost.

use rulepack_sdk::prelude::*;

use crate::{Assessment, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-02";

/// Both conditions must hold. Where the selected products were ordered but not delivered, it is only a
/// hint: patients had to be treated. Where a price is not recorded the verdict stands, and no amount is told.
pub(crate) fn check(
    assessment: &Assessment<'_>,
    pack: &VbpQuota,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let volumes = &assessment.volumes;
    let (part, whole) = (volumes.non_selected.0, volumes.all.0);
    if whole <= 0 {
        return Ok(());
    }
    answer.add(Measure::new(ID, assessment.agreement.row, part, whole));
    let over_half = assessment.over_half_non_selected(pack);
    if !assessment.progress.over() || assessment.fulfilled() || !over_half {
        return Ok(());
    }
    let mut lines = Vec::new();
    for line in volumes.non_selected_lines() {
        lines.push((line.row, line.money()?));
    }
    let priced = lines.iter().all(|(_, money)| money.is_some());
    let money = |told: &Option<Money>| told.filter(|_| priced).unwrap_or_default();
    let amount = Money::sum(lines.iter().map(|(_, told)| money(told)))?;
    let short = assessment.short_of_supply(pack);
    let certainty = match short {
        true => Certainty::LowSuspicion,
        false => Certainty::Violation,
    };
    let mut finding = Finding::new(ID, template(assessment, short, priced), certainty)
        .offending(assessment.agreement.row, amount)
        .argument("variety", assessment.agreement.variety)
        .argument("round", assessment.agreement.round)
        .argument("done", assessment.done())
        .argument("share", Ratio::of(part, whole).unwrap_or_default());
    if priced {
        finding = finding.argument("amount", amount);
    }
    if let Some(rate) = volumes.delivery_rate().filter(|_| priced || short) {
        finding = finding.argument("delivery", rate);
    }
    for (row, told) in &lines {
        finding = finding.related(*row, money(told));
    }
    answer.add(finding);
    Ok(())
}

fn template(assessment: &Assessment<'_>, short: bool, priced: bool) -> &'static str {
    match (short, priced) {
        (false, true) => assessment.template("over-half", "over-half-unordered"),
        (false, false) => "over-half-unpriced",
        (true, true) => "over-half-supply",
        (true, false) => "over-half-supply-unpriced",
    }
}
