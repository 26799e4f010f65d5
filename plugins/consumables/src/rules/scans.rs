//! CON-03 高值耗材扫码缺失: a traced consumable is charged only by scanning its code (扫码计费).

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::lines::Line;

/// Id of the rule.
pub const ID: &str = "CON-03";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "orders.items",
    "orders.days",
    "device-uses.orders",
    "device-uses.scanned",
];

/// No scan is evidence only where all pieces of the hospital are known, and each says for which line it is.
pub(crate) fn check(care: &Care<'_>, answer: &mut Answer) {
    let scanned = care.batch.device_uses().scanned();
    for line in care
        .lines
        .under_review()
        .filter(|line| line.traced.is_some())
    {
        let rows: Vec<_> = care.uses.about(line.encounter, line.order).collect();
        let own = || rows.iter().filter(|piece| piece.order.is_some());
        let abstain = |column| Abstention::new(ID, line.order).missing(column);
        if own().any(|piece| scanned.get(piece.row) == Some(true)) {
            continue;
        }
        if own().any(|piece| scanned.get(piece.row).is_none()) {
            answer.add(abstain("device-uses.scanned"));
        } else if own().next().is_some() {
            answer.add(finding("not-scanned", line));
        } else if !rows.is_empty() || care.batch.presence::<DeviceUses>() != Presence::Complete {
            answer.add(abstain("device-uses.orders"));
        } else {
            answer.add(finding("no-record", line));
        }
    }
}

fn finding(template: &'static str, line: &Line) -> Finding {
    let finding = Finding::violation(ID, template)
        .offending(line.order, line.amount)
        .argument("amount", line.amount);
    match line.item {
        Some(item) => finding.argument("item", item),
        None => finding,
    }
}
