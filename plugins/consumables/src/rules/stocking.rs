//! CON-05 未入库先使用: nothing is used before it entered the store.

use rulepack_sdk::prelude::*;

use crate::Care;

/// Id of the rule.
pub const ID: &str = "CON-05";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["device-uses.stocked", "device-uses.used"];

/// Used in the very second of its stocking is used after it.
pub(crate) fn check(care: &Care<'_>, answer: &mut Answer) {
    for piece in care.uses.under_review() {
        let stocked = care.batch.device_uses().stocked().get(piece.row);
        let (Some(stocked), Some(used)) = (stocked, piece.used) else {
            let abstention = Abstention::new(ID, piece.row);
            let abstention = match stocked {
                None => abstention.missing("device-uses.stocked"),
                Some(_) => abstention.missing("device-uses.used"),
            };
            answer.add(abstention);
            continue;
        };
        if used < stocked {
            answer.add(
                Finding::violation(ID, "before-stocking")
                    .offending(piece.row, piece.amount)
                    .argument("used", used.day())
                    .argument("stocked", stocked.day()),
            );
        }
    }
}
