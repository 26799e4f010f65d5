//! CND-10 手术医嘱、记录、收费一致: an operation that is charged was ordered, done and recorded.

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::lines::Line;
use crate::records::are_told;
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-10";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["orders.charged", "orders.charge-types"];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// Each of the three is looked for in the stay; what is missing is evidence only where the hospital's data
/// is complete, of the order also only where the hospital links operations to orders. Lines of operations that were refunded in full are none.
pub(crate) fn check(settings: &Settings, care: &Care<'_>, answer: &mut Answer) {
    let batch = care.batch;
    for (encounter, current) in batch.encounters().current().recorded() {
        let charges: Vec<&Line> = care
            .lines
            .of(encounter)
            .filter(|it| is_operation(settings, care, it))
            .collect();
        if !current || charges.is_empty() {
            continue;
        }
        let mut tell = |found: bool, complete: bool, template, column| {
            if found {
                return;
            }
            if !complete {
                answer.add(Abstention::new(ID, encounter).missing(column));
                return;
            }
            let finding = Finding::high_suspicion(ID, template);
            let lines = charges.iter();
            answer.add(lines.fold(finding, |it, line| it.offending(line.order, line.amount)));
        };
        let done = !batch.procedures().of(encounter).is_empty();
        let complete = batch.presence::<Procedures>() == Presence::Complete;
        tell(done, complete, "no-procedure", "procedures.encounters");
        let records = batch.care_records();
        let mut kinds = records
            .of(encounter)
            .map(|record| records.kinds().get(record));
        let described = kinds.any(|it| it.is_some_and(|it| settings.operation_kinds.contains(&it)));
        let complete = are_told(batch, encounter);
        tell(described, complete, "no-record", "care-records.kinds");
        let fulfils = batch.orders().fulfils();
        let ordered = charges.iter().any(|line| fulfils.get(line.order).is_some());
        let complete = batch.presence::<Orders>() == Presence::Complete;
        let linked = settings
            .operation_charges
            .iter()
            .any(|it| settings.linked_charges.contains(it));
        tell(ordered || !linked, complete, "no-order", "orders.fulfils");
    }
}

fn is_operation(settings: &Settings, care: &Care<'_>, line: &Line) -> bool {
    let kind = care.batch.orders().charge_types().get(line.order);
    line.charged == Some(true)
        && kind.is_some_and(|kind| settings.operation_charges.contains(&kind))
}
