//! CON-06 过期使用: nothing is used after its last day.

use rulepack_sdk::prelude::*;

use crate::Care;

/// Id of the rule.
pub const ID: &str = "CON-06";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["device-uses.used"];

/// The last day is the store's, else the one on the carrier (AI 17); on it a device may still be used.
pub(crate) fn check(care: &Care<'_>, answer: &mut Answer) {
    for piece in care.uses.under_review() {
        let recorded = care.batch.device_uses().expires().get(piece.row);
        let expires = recorded.or_else(|| piece.carrier()?.expires);
        match (expires, piece.used.map(Instant::day)) {
            (Some(expires), Some(used)) if used > expires => answer.add(
                Finding::violation(ID, "expired")
                    .offending(piece.row, piece.amount)
                    .argument("used", used)
                    .argument("expires", expires),
            ),
            (Some(_), Some(_)) => {}
            (None, _) => answer.add(Abstention::new(ID, piece.row).missing("device-uses.expires")),
            (_, None) => answer.add(Abstention::new(ID, piece.row).missing("device-uses.used")),
        }
    }
}
