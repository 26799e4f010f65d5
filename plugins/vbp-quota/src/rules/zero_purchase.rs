//! VBP-03 零采购: from the third month of the agreement on, nothing of the selected products was ordered.

use rulepack_sdk::prelude::*;

use crate::{Assessment, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-03";

/// An order that the supplier did not deliver is an order.
pub(crate) fn check(assessment: &Assessment, pack: &VbpQuota, answer: &mut Answer) {
    let volumes = &assessment.volumes;
    let nothing = volumes.ordered <= Quantity::ZERO && volumes.selected <= Quantity::ZERO;
    if nothing && assessment.progress.month >= pack.zero_purchase_month {
        let finding = assessment.finding(Finding::violation(ID, "zero"));
        answer.add(finding.argument("month", assessment.progress.month));
    }
}
