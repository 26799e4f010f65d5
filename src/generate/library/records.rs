//! 信息异常: defects that the hospital's own check of its records found, and operations that the settlement
//! list does not hold, or of which it names two principal ones.

use super::super::catalogue::{Item, Kind};
use super::super::details::Defect;
use super::super::record::{Order, Place};
use super::items::{YUAN, service};
use super::round::{FIRST_OF_STAY, Round, hit, near_miss, one};

static OPERATION: Item = service("003304070010000", Kind::Operation, 780 * YUAN);
static CONSULTATION: Item = service("001102000010000", Kind::Consultation, 10 * YUAN);

/// A defect, the rule that it breaks, and the one that it does not.
struct Case {
    defect: Defect,
    breaks: Option<(usize, &'static str)>,
    spares: (usize, &'static str),
}

#[rustfmt::skip]
static CASES: [Case; 5] = [
    Case { defect: Defect { source: "4101", field: "adm_way", kind: "missing" },
        breaks: Some((35, "settlement list without the way of admission")), spares: (41, "a defect that is not lateness") },
    Case { defect: Defect { source: "2301", field: "cnt", kind: "malformed" },
        breaks: Some((36, "charge line whose number is malformed")), spares: (35, "a defect of a charge line") },
    Case { defect: Defect { source: "4101", field: "setl_list_date", kind: "late" },
        breaks: Some((41, "settlement list uploaded late")), spares: (35, "late but complete") },
    Case { defect: Defect { source: "2204", field: "bilg_dr_codg", kind: "missing" },
        breaks: Some((36, "charge line without its doctor")), spares: (41, "a defect that is not lateness") },
    Case { defect: Defect { source: "2201", field: "atddr_no", kind: "missing" },
        breaks: None, spares: (36, "a defect of the registration") },
];

/// Plants defects and procedures.
pub(super) fn plant(round: &mut Round<'_>) {
    for case in &CASES {
        let day = round.day();
        let mut patient = round.visitor(vec![one(&CONSULTATION, day)]);
        patient.encounters[0].details.defects = vec![case.defect];
        let place = Place::Defect(0, 0);
        if let Some((rule, note)) = case.breaks {
            patient.marks.push(hit(rule, place, 0, note));
        }
        let (rule, note) = case.spares;
        patient.marks.push(near_miss(rule, place, note));
        round.plant(patient);
    }
    procedures(round);
}

/// 手术操作编码异常 (38): an operation charged that the list does not hold; two principal ones; one.
fn procedures(round: &mut Round<'_>) {
    let day = round.day();
    let operation: Order = one(&OPERATION, day);
    let mut patient = round.inpatient(day, 4, vec![operation]);
    let note = "operation charged that the settlement list does not hold";
    let place = Place::Order(0, FIRST_OF_STAY);
    patient.marks.push(hit(38, place, operation.amount(), note));
    round.plant(patient);
    for principals in [2, 1] {
        let day = round.day();
        let mut patient = round.inpatient(day, 4, vec![one(&OPERATION, day)]);
        let stay = &mut patient.encounters[0];
        stay.procedures = vec![("04.4300", day), ("83.2100", day)];
        stay.details.principals = principals;
        let place = Place::Procedure(0, 0);
        patient.marks.push(match principals {
            2 => hit(38, place, 0, "two principal procedures"),
            _ => near_miss(38, place, "two procedures; one is the principal one"),
        });
        round.plant(patient);
    }
}
