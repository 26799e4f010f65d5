//! DIP-02 无法入组: the diagnoses and procedures of the settlement list belong to no core and no composite group.

use rulepack_sdk::prelude::*;

use crate::stay::{self, Record, Stay};

/// Id of the rule.
pub const ID: &str = "DIP-02";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = stay::RECORD;
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// A stay is paid by group, and no group takes its record.
pub(crate) fn check(stay: &Stay, record: &Record, answer: &mut Answer) {
    if record.group.is_some() {
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
