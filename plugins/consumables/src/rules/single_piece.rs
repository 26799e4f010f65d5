//! CON-07 一物多用: a piece with a serial number is charged once.

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::uses::Use;

/// Id of the rule.
pub const ID: &str = "CON-07";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "device-uses.device-identifiers",
    "device-uses.production-identifiers",
    "device-uses.orders",
];

/// The same UDI-DI and UDI-PI in more than one row of a patient, under review or before. Only items whose
/// pieces have serial numbers are looked at: a lot is shared by many. What was refunded in full was not
/// used. A batch holds whole patients only, so the same piece in two patients is not seen here.
pub(crate) fn check(care: &Care<'_>, answer: &mut Answer) {
    let mut pieces: Map<(Row<Patients>, String, Token), Vec<&Use>> = Map::default();
    let mut keys = Vec::new();
    for piece in care.uses.all().filter(|piece| has_serial(care, piece)) {
        let production = care.batch.device_uses().production_identifiers();
        let Some(production) = production.get(piece.row) else {
            if piece.under_review {
                let missing = "device-uses.production-identifiers";
                answer.add(Abstention::new(ID, piece.row).missing(missing));
            }
            continue;
        };
        let patient = care.batch.encounters().patients().get(piece.encounter);
        let (Some(patient), Some(carrier)) = (patient, piece.carrier()) else {
            continue;
        };
        let key = (patient, carrier.device.clone(), production);
        let same = pieces.entry(key.clone()).or_default();
        if same.is_empty() {
            keys.push(key);
        }
        same.push(piece);
    }
    for same in keys.iter().filter_map(|key| pieces.get(key)) {
        again(same, answer);
    }
}

/// The first use is no breach; a later one under review is. Where only the first row is under review, the
/// others are history of other visits, and it is that one.
fn again(same: &[&Use], answer: &mut Answer) {
    let Some((first, later)) = same.split_first() else {
        return;
    };
    let reviewed = later.iter().filter(|piece| piece.under_review);
    let mut offending: Vec<&&Use> = reviewed.collect();
    if offending.is_empty() && first.under_review && !later.is_empty() {
        offending.push(first);
    }
    for piece in offending {
        let others = same.iter().filter(|other| other.row != piece.row);
        let finding = Finding::violation(ID, "used-again").offending(piece.row, piece.amount);
        let finding = finding.argument("times", i64::try_from(same.len()).unwrap_or(i64::MAX));
        answer.add(others.fold(finding, |it, other| it.related(other.row, Money::ZERO)));
    }
}

fn has_serial(care: &Care<'_>, piece: &Use) -> bool {
    let line = piece.order.and_then(|order| care.lines.get(order));
    line.and_then(|line| line.traced) == Some(true)
}
