//! CND-26 检查收费无报告: an examination that is charged was reported: the report is one of the five that must agree (医嘱、记录、
//! 报告、收费、诊断).

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::lines::Line;
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-26";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "orders.items",
    "orders.charged",
    "orders.charge-types",
    "examinations.items",
    "examinations.reported",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// What the hospital's data tells of the report of a charge.
enum Report {
    There,
    Missing,
    Unknown(&'static str),
}

/// Lines of 检查 that are charged and not refunded. Tests of the laboratory are not looked at: their results have names of
/// their own, and panels of several.
pub(crate) fn check(settings: &Settings, care: &Care<'_>, answer: &mut Answer) {
    let kinds = care.batch.orders().charge_types();
    for line in care.lines.under_review() {
        let kind = kinds.get(line.order);
        let examined = kind.is_some_and(|kind| settings.examination_charges.contains(&kind));
        let Some(item) = line.item.filter(|_| examined && line.charged == Some(true)) else {
            continue;
        };
        match report(care.batch, line, item) {
            Report::There => {}
            Report::Unknown(column) => {
                answer.add(Abstention::new(ID, line.order).missing(column));
            }
            Report::Missing => answer.add(
                Finding::high_suspicion(ID, "no-report")
                    .offending(line.order, line.amount)
                    .argument("item", item)
                    .argument("amount", line.amount),
            ),
        }
    }
}

/// An examination of the encounter that names the line, or its item; no report is evidence only where the hospital's
/// examinations are complete.
fn report(batch: &Batch, line: &Line, item: Code) -> Report {
    let examinations = batch.examinations();
    let mut unknown = None;
    for examination in examinations.of(line.encounter) {
        let named = examinations.orders().get(examination) == Some(line.order)
            || examinations.items().get(examination) == Some(item);
        if named && examinations.reported().get(examination).is_some() {
            return Report::There;
        }
        if named {
            unknown = Some("examinations.reported");
        }
    }
    match unknown {
        Some(column) => Report::Unknown(column),
        None if batch.presence::<Examinations>() != Presence::Complete => {
            Report::Unknown("examinations.items")
        }
        None => Report::Missing,
    }
}
