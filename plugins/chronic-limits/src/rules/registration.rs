//! CHR-06 无门诊慢特病备案.

use rulepack_sdk::prelude::*;

use crate::disease::Disease;
use crate::lines::{Line, Lines};

/// Id of the rule.
pub const ID: &str = "CHR-06";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.care-types",
    "enrolments.diseases",
    "orders.days",
];

/// A line of a chronic visit under a disease for which the patient has no registration (2503) in force on that day is
/// a violation: the whole line. A line that names no disease needs some registration. That there is none is
/// told only where all registrations are known; a registration without its disease may be any.
pub(crate) fn check(batch: &Batch, lines: &Lines, answer: &mut Answer) {
    let is_complete = batch.presence::<Enrolments>() == Presence::Complete;
    for line in lines.supplied.iter().filter(|line| line.under_review) {
        let Some(day) = line.day else {
            answer.add(Abstention::new(ID, line.order).missing("orders.days"));
            continue;
        };
        if is_registered(batch.enrolments(), line, day) {
            continue;
        }
        if !is_complete {
            answer.add(Abstention::new(ID, line.order).missing("enrolments.diseases"));
            continue;
        }
        let finding = match line.disease {
            Disease::Named(disease) => {
                Finding::violation(ID, "not-registered").argument("disease", disease)
            }
            _ => Finding::violation(ID, "none-registered"),
        };
        answer.add(
            finding
                .offending(line.order, line.amount)
                .argument("day", day)
                .argument("amount", line.amount),
        );
    }
}

fn is_registered(enrolments: &Enrolments, line: &Line, day: Day) -> bool {
    enrolments.of(line.patient).any(|enrolment| {
        let starts = enrolments.starts().get(enrolment);
        let ends = enrolments.ends().get(enrolment);
        let meant = match (line.disease, enrolments.diseases().get(enrolment)) {
            (Disease::Named(named), Some(registered)) => named == registered,
            _ => true,
        };
        meant && Validity::new(starts, ends).includes(day)
    })
}
