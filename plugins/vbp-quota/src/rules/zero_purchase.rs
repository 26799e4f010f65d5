//! VBP-03 零采购: from the third month of the agreement on, nothing of the selected products was ordered.

use rulepack_sdk::prelude::*;

use crate::{Assessment, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-03";

/// An order that the supplier did not deliver is an order.
pub(crate) fn is_zero(assessment: &Assessment<'_>, pack: &VbpQuota) -> bool {
    assessment.nothing_bought() && assessment.progress.month >= pack.zero_purchase_month
}

/// From the month of the agreement that the bureau sets.
pub(crate) fn check(assessment: &Assessment<'_>, pack: &VbpQuota, answer: &mut Answer) {
    if is_zero(assessment, pack) {
        let finding = assessment.finding(Finding::violation(ID, "zero"));
        answer.add(finding.argument("month", assessment.progress.month));
    }
}
