//! CND-18 限制开药名单: for a person whom the bureau has put on its list, the items of the list are looked at before they
//! are dispensed.
//!
//! The bureau tells the restriction as an accumulator of its own kind: for whom, of which item (all medicines where none
//! is named), from when until when. Who the person is, why, and who decided stays with the bureau: no pack
//! reads it, and a restriction without an end is none.

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-18";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "accumulators.kinds",
    "accumulators.period-ends",
    "orders.items",
    "orders.days",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::Before, Stage::During, Stage::After];

/// A restriction of a patient.
struct Restriction {
    patient: Row<Patients>,
    subject: Option<Code>,
    days: Validity,
    until: Day,
}

/// One finding for each line under a restriction in force; a person decides.
pub(crate) fn check(settings: &Settings, care: &Care<'_>, answer: &mut Answer) {
    let restrictions = restrictions(settings, care.batch);
    if restrictions.is_empty() {
        return;
    }
    let patients = care.batch.encounters().patients();
    let items = care.batch.orders().items();
    let medicines = care.batch.members(settings.medicines, &items);
    for line in care.lines.under_review() {
        let Some(item) = line.item else { continue };
        let meant = |it: &&Restriction| {
            let of_item = match it.subject {
                Some(subject) => subject == item,
                None => medicines.contains(line.order),
            };
            of_item && patients.get(line.encounter) == Some(it.patient)
        };
        let meant: Vec<&Restriction> = restrictions.iter().filter(meant).collect();
        if meant.is_empty() {
            continue;
        }
        let Some(day) = line.day else {
            answer.add(Abstention::new(ID, line.order).missing("orders.days"));
            continue;
        };
        if let Some(restriction) = meant.iter().find(|it| it.days.includes(day)) {
            answer.add(
                Finding::high_suspicion(ID, "restricted")
                    .offending(line.order, line.amount)
                    .argument("item", item)
                    .argument("until", restriction.until),
            );
        }
    }
}

fn restrictions(settings: &Settings, batch: &Batch) -> Vec<Restriction> {
    let table = batch.accumulators();
    let kinds = table.kinds().recorded();
    let rows = kinds.filter(|(_, kind)| settings.restriction_kinds.contains(kind));
    let restriction = |row| {
        let until = table.period_ends().get(row)?;
        Some(Restriction {
            patient: table.patients().get(row)?,
            subject: table.subjects().get(row),
            days: Validity::new(table.period_starts().get(row), Some(until)),
            until,
        })
    };
    rows.filter_map(|(row, _)| restriction(row)).collect()
}
