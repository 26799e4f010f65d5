//! Planted breaches of provincial rules that break a national one too.

use super::super::record::{Mark, Patient, Place, Verdict};
use super::FIRST_DAY;
use super::rules::rule;

/// 药品超限定病种目录范围使用: the chronic disease's catalogue, as CHR-01.
const OUTSIDE_CATALOGUE: (&str, usize) = ("CHR-CATALOGUE", 11);
/// 诊断编码与手术操作编码不符: a cholecystectomy without a disease of the gall bladder, as DRG-03.
const FOREIGN_OPERATION: (&str, usize) = ("DRG-FOREIGN-OPERATION", 40);

/// Marks what the patient of a provincial scenario is to the national rules, where they are in force.
pub(in super::super) fn also(patient: &mut Patient) {
    let settled = patient
        .encounters
        .last()
        .map(|encounter| encounter.discharge);
    if settled.is_none_or(|day| day < FIRST_DAY) {
        return;
    }
    let national: Vec<Mark> = patient.marks.iter().filter_map(national).collect();
    patient.marks.extend(national);
}

fn national(mark: &Mark) -> Option<Mark> {
    let same = Mark { ..*mark };
    match mark.breach.id {
        id if id == OUTSIDE_CATALOGUE.0 => Some(Mark {
            breach: rule(OUTSIDE_CATALOGUE.1),
            ..same
        }),
        id if id == FOREIGN_OPERATION.0 => Some(Mark {
            breach: rule(FOREIGN_OPERATION.1),
            place: Place::Procedure(0, 0),
            note: match mark.verdict {
                Verdict::Hit => "cholecystectomy in a stay for pneumonia",
                Verdict::NearMiss => "principal procedure of which no diagnosis is asked",
            },
            ..same
        }),
        _ => None,
    }
}
