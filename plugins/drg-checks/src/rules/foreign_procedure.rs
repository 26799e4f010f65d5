//! DRG-03 主要诊断与主要手术不属同一主要诊断大类: the principal diagnosis opens MDCs of which none has a
//! place for the principal procedure, while others have.

use rulepack_sdk::prelude::*;

use crate::grouper::Grouper;
use crate::{Record, Stay};

/// Id of the rule.
pub const ID: &str = "DRG-03";

/// A procedure that no ADRG lists says nothing; neither does a diagnosis of no MDC, which is DRG-04.
pub fn check(stay: &Stay, record: &Record, grouper: &Grouper<Code>, answer: &mut Answer) {
    let Some((procedure, procedure_code)) = record.list.procedure else {
        return;
    };
    let (diagnosis, diagnosis_code) = record.list.diagnosis;
    let Some(own) = grouper.foreign_procedure(diagnosis_code, procedure_code) else {
        return;
    };
    answer.add(
        Finding::high_suspicion(ID, "foreign")
            .offending(stay.encounter, Money::ZERO)
            .related(diagnosis, Money::ZERO)
            .related(procedure, Money::ZERO)
            .argument("diagnosis", diagnosis_code)
            .argument("diagnosis-mdc", own)
            .argument("procedure", procedure_code),
    );
}
