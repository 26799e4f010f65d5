//! CON-04 计费数量与使用登记数量不一致: of a consumable as many are charged as are recorded as used for the patient.

use rulepack_sdk::prelude::*;

use crate::Care;

/// Id of the rule.
pub const ID: &str = "CON-04";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["orders.items", "device-uses.orders"];

/// A line without any record of use is the matter of CON-03. More charged than used is a breach; more used than
/// charged costs the fund nothing and is told to the hospital (漏费).
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(care: &Care<'_>, answer: &mut Answer) -> Result<(), Overflow> {
    for line in care.lines.under_review() {
        let Some(item) = line.item else { continue };
        let rows: Vec<_> = care.uses.about(line.encounter, line.order).collect();
        let own = || rows.iter().filter(|piece| piece.order == Some(line.order));
        if own().next().is_none() {
            continue;
        }
        let Some(charged) = line.quantity else {
            answer.add(Abstention::new(ID, line.order).missing("orders.quantities"));
            continue;
        };
        let used = Quantity::sum(own().map(|piece| piece.quantity))?;
        if charged > used {
            // Rows that name no line may be the missing ones.
            let known = care.batch.presence::<DeviceUses>() == Presence::Complete
                && own().count() == rows.len();
            if !known {
                answer.add(Abstention::new(ID, line.order).missing("device-uses.orders"));
                continue;
            }
            let excess = line.share(charged.checked_sub(used)?)?;
            let finding = Finding::violation(ID, "charged-more")
                .offending(line.order, excess)
                .argument("item", item)
                .argument("charged", charged)
                .argument("used", used)
                .argument("amount", excess);
            answer.add(own().fold(finding, |it, piece| it.related(piece.row, Money::ZERO)));
        } else if used > charged {
            answer.add(
                Notice::new(ID, "used-more")
                    .about(line.order)
                    .argument("item", item)
                    .argument("charged", charged)
                    .argument("used", used),
            );
        }
    }
    Ok(())
}
