//! CON-14 计费耗材无五码对照: every consumable that is charged is found in the hospital's mapping of the five codes, in a row
//! that is in force on the day of the charge.

use rulepack_sdk::prelude::*;

use crate::{Care, Consumables};

/// Id of the rule.
pub const ID: &str = "CON-14";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["orders.items", "orders.days"];

/// By 医保编码, of which the first 20 characters tell; a shorter one of the mapping names the class of what begins with
/// it. What was scanned is held against the mapping by CON-01, and without a mapping nothing is said here.
pub(crate) fn check(pack: &Consumables, care: &Care<'_>, answer: &mut Answer) {
    if !pack.mapping.supplied {
        return;
    }
    let items = care.batch.orders().items();
    let consumables = care.batch.members(pack.consumables, &items);
    let mapped = pack.mapping.charged(care.batch, &items);
    for line in care.lines.under_review() {
        let Some(item) = line.item.filter(|_| consumables.contains(line.order)) else {
            continue;
        };
        let mut pieces = care.uses.about(line.encounter, line.order);
        if pieces.any(|piece| piece.order == Some(line.order)) {
            continue;
        }
        let Some(day) = line.day else {
            answer.add(Abstention::new(ID, line.order).missing("orders.days"));
            continue;
        };
        let template = match mapped.in_force(line.order, day) {
            Some(true) => continue,
            Some(false) => "expired",
            None => "unmapped",
        };
        answer.add(
            Finding::high_suspicion(ID, template)
                .offending(line.order, line.amount)
                .argument("item", item)
                .argument("day", day),
        );
    }
}
