//! VBP-01 约定采购量未完成: once the agreement year is over, less entered the store of the selected
//! products than was agreed. The measure is the completion, at any time.

use rulepack_sdk::prelude::*;

use crate::{Assessment, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-01";

/// At the end of the term; a shortfall of supply is told, not held against the hospital.
pub(crate) fn check(assessment: &Assessment<'_>, pack: &VbpQuota, answer: &mut Answer) {
    let (agreement, volumes) = (&assessment.agreement, &assessment.volumes);
    answer.add(Measure::new(
        ID,
        agreement.row,
        volumes.selected.0,
        agreement.quantity.0,
    ));
    if !assessment.progress.over() || assessment.fulfilled() {
        return;
    }
    if assessment.short_of_supply(pack) {
        answer.add(assessment.notice_with_rate(Notice::new(ID, "supply")));
    } else {
        let template = assessment.template("incomplete", "incomplete-unordered");
        let finding = assessment.finding(Finding::violation(ID, template));
        answer.add(assessment.with_selected_lines(finding));
    }
}
