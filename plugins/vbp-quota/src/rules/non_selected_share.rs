//! VBP-02 考核不合格: the agreed volume is not completed at the end of the year, and more than half of what
//! was bought of the variety is of non-selected products. At stake is what the non-selected ones cost.

use rulepack_sdk::prelude::*;

use crate::{Assessment, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-02";

/// Both conditions must hold. Where the selected products were ordered but not delivered, it is only a
/// hint: patients had to be treated.
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
        lines.push((line.row, line.money()?.unwrap_or_default()));
    }
    let amount = Money::sum(lines.iter().map(|(_, money)| *money))?;
    let (template, certainty) = match assessment.short_of_supply(pack) {
        false => (
            assessment.template("over-half", "over-half-unordered"),
            Certainty::Violation,
        ),
        true => ("over-half-supply", Certainty::LowSuspicion),
    };
    let mut finding = Finding::new(ID, template, certainty)
        .offending(assessment.agreement.row, amount)
        .argument("variety", assessment.agreement.variety)
        .argument("round", assessment.agreement.round)
        .argument("done", assessment.done())
        .argument("share", Ratio::of(part, whole).unwrap_or_default())
        .argument("amount", amount);
    if let Some(rate) = volumes.delivery_rate() {
        finding = finding.argument("delivery", rate);
    }
    for (row, money) in lines {
        finding = finding.related(row, money);
    }
    answer.add(finding);
    Ok(())
}
