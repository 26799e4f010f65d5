//! DRG-04 无法入组: the diagnoses and procedures of the settlement list belong to no group (0000).

use rulepack_sdk::prelude::*;

use crate::{Record, Stay};

/// Id of the rule.
pub const ID: &str = "DRG-04";

/// A stay is paid by group, and no group takes its record.
pub fn check(stay: &Stay, record: &Record, answer: &mut Answer) {
    if record.outcome.grouping.is_some() {
        return;
    }
    let (row, code) = record.list.diagnosis;
    answer.add(
        Finding::high_suspicion(ID, "ungroupable")
            .offending(stay.encounter, Money::ZERO)
            .related(row, Money::ZERO)
            .argument("diagnosis", code),
    );
}
