//! CON-02 唯一标识 (UDI) 校验: what stands for the device is an identifier, its check digit is right, and the dates on the
//! carrier agree with those of the store.

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::udi::UdiError;
use crate::uses::Use;

/// Id of the rule.
pub const ID: &str = "CON-02";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["device-uses.device-identifiers"];

/// Identifiers of other agencies than GS1 are not judged.
pub(crate) fn check(care: &Care<'_>, answer: &mut Answer) {
    for piece in care.uses.under_review() {
        let (Some(identifier), Some(parsed)) = (piece.identifier, &piece.parsed) else {
            answer.add(Abstention::new(ID, piece.row).missing("device-uses.device-identifiers"));
            continue;
        };
        let found = match parsed {
            Err(UdiError::CheckDigit) => Some(("check-digit", Certainty::Violation)),
            Err(UdiError::Malformed) => Some(("malformed", Certainty::HighSuspicion)),
            Ok(_) => contradiction(care.batch, piece).map(|it| (it, Certainty::HighSuspicion)),
        };
        if let Some((template, certainty)) = found {
            answer.add(
                Finding::new(ID, template, certainty)
                    .offending(piece.row, piece.amount)
                    .argument("identifier", identifier),
            );
        }
    }
}

/// What on the carrier cannot be true.
fn contradiction(batch: &Batch, piece: &Use) -> Option<&'static str> {
    let carrier = piece.carrier()?;
    let recorded = batch.device_uses().expires().get(piece.row);
    let differs = |printed: Day| recorded.is_some_and(|recorded| recorded != printed);
    let later = |made: Day| piece.day.is_some_and(|used| made > used);
    if carrier.expires.is_some_and(differs) {
        Some("expiry-differs")
    } else if carrier.made.is_some_and(later) {
        Some("made-after-use")
    } else {
        None
    }
}
