//! CND-12 无医嘱收费: what is charged in a stay was ordered.

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::lines::Line;
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-12";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.visit-types",
    "orders.charged",
    "orders.charge-types",
    "orders.fulfils",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// Charges that fulfil no order, of the kinds that the hospital links to orders: by default drugs, for which
/// every hospital does. Evidence only where its orders are complete. Charges of operations are the matter
/// of CND-10.
pub(crate) fn check(settings: &Settings, care: &Care<'_>, answer: &mut Answer) {
    let batch = care.batch;
    let orders = batch.orders();
    for (stay, kind) in batch.encounters().visit_types().recorded() {
        let current = batch.encounters().current().get(stay) == Some(true);
        if !current || !settings.stay_types.contains(&kind) {
            continue;
        }
        let mut found: Vec<&Line> = Vec::new();
        let lines = care
            .lines
            .of(stay)
            .filter(|line| line.charged == Some(true));
        for line in lines.filter(|line| orders.fulfils().get(line.order).is_none()) {
            let Some(kind) = orders.charge_types().get(line.order) else {
                answer.add(Abstention::new(ID, line.order).missing("orders.charge-types"));
                continue;
            };
            let judged = settings.linked_charges.contains(&kind)
                && !settings.operation_charges.contains(&kind);
            if judged {
                found.push(line);
            }
        }
        if found.is_empty() {
            continue;
        }
        if batch.presence::<Orders>() != Presence::Complete {
            answer.add(Abstention::new(ID, stay).missing("orders.fulfils"));
            continue;
        }
        let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let finding = Finding::high_suspicion(ID, "no-order").argument("lines", count);
        answer.add(
            found
                .iter()
                .fold(finding, |it, line| it.offending(line.order, line.amount)),
        );
    }
}
