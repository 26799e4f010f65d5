//! VBP-04 低于序时进度: during the agreement year, less of the agreed volume entered the store than of the year
//! has run.

use rulepack_sdk::prelude::*;

use crate::{Assessment, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-04";

/// 低于序时进度: the term runs, and less is done than the bureau's share of what has elapsed, all of it by
/// default.
pub(crate) fn lags(assessment: &Assessment<'_>, pack: &VbpQuota) -> bool {
    !assessment.progress.over() && assessment.behind_share(pack.progress_min)
}

/// A shortfall of supply is told, not held against the hospital.
pub(crate) fn check(assessment: &Assessment<'_>, pack: &VbpQuota, answer: &mut Answer) {
    if !lags(assessment, pack) {
        return;
    }
    let elapsed = assessment.elapsed();
    if assessment.short_of_supply(pack) {
        let notice = assessment.notice_with_rate(Notice::new(ID, "supply"));
        answer.add(notice.argument("elapsed", elapsed));
    } else {
        let template = assessment.template("behind", "behind-unordered");
        let finding = assessment.finding(Finding::low_suspicion(ID, template));
        let finding = finding.argument("elapsed", elapsed);
        answer.add(assessment.with_selected_lines(finding));
    }
}
