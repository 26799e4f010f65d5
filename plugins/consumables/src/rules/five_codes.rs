//! CON-01 五码合一: the five codes of a device, 物资、计费、医嘱、医保 and UDI, are one row of the hospital's mapping, and
//! what is charged is what was scanned.

use rulepack_sdk::prelude::*;

use crate::tables::MappedCodes;
use crate::uses::Use;
use crate::{Care, Consumables};

/// Id of the rule.
pub const ID: &str = "CON-01";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["device-uses.insurance-codes"];
/// The place of `code-mapping` among the tables of the manifest.
const MAPPING: u8 = 1;
/// So many of the rows that share a code are named; the others are counted.
const SHARING_NAMED: usize = 10;

/// What is charged under another code than the scanned device has is a breach whatever the mapping says;
/// the rest needs the mapping, without which a notice says so, once a stay or visit.
pub(crate) fn check(pack: &Consumables, care: &Care<'_>, answer: &mut Answer) {
    let table = care.batch.device_uses();
    let mut told = None;
    for piece in care.uses.under_review() {
        let line = piece.order.and_then(|order| care.lines.get(order));
        let charged = line.and_then(|line| line.item);
        let scanned = table.insurance_codes().get(piece.row);
        if let (Some(charged), Some(scanned), Some(line)) = (charged, scanned, line)
            && charged != scanned
        {
            answer.add(
                Finding::violation(ID, "charged-otherwise")
                    .offending(line.order, piece.amount)
                    .related(piece.row, Money::ZERO)
                    .argument("charged", charged)
                    .argument("scanned", scanned),
            );
            continue;
        }
        if pack.mapping.supplied {
            compare(pack, care, piece, answer);
        } else if told.replace(piece.encounter) != Some(piece.encounter) {
            answer.add(Notice::new(ID, "no-mapping").about(piece.encounter));
        }
    }
}

/// Holds a piece against the mapping of its day.
fn compare(pack: &Consumables, care: &Care<'_>, piece: &Use, answer: &mut Answer) {
    let (Some(identifier), Some(carrier)) = (piece.identifier, piece.carrier()) else {
        if piece.identifier.is_none() {
            let missing = "device-uses.device-identifiers";
            answer.add(Abstention::new(ID, piece.row).missing(missing));
        }
        return;
    };
    let Some(day) = piece.day else {
        answer.add(Abstention::new(ID, piece.row).missing("device-uses.used"));
        return;
    };
    let material = care.batch.device_uses().materials().get(piece.row);
    let rows = pack.mapping.rows(&carrier.device, material, day);
    let finding = |template, certainty| {
        let finding = Finding::new(ID, template, certainty).offending(piece.row, piece.amount);
        let finding = finding.argument("identifier", identifier);
        let places = rows.iter().map(|(place, _)| *place);
        places.fold(finding, |finding, place| finding.evidence(MAPPING, place))
    };
    match rows.as_slice() {
        [] => answer.add(finding("unmapped", Certainty::HighSuspicion)),
        [(place, codes)] => match differing(care.batch, piece, codes) {
            Ok(0) => {
                let others = pack.mapping.sharing(*place, codes, day);
                if !others.is_empty() {
                    let shared = finding("shared", Certainty::HighSuspicion);
                    let count = i64::try_from(others.len()).unwrap_or(i64::MAX);
                    let shared = shared.argument("others", count);
                    let others = others.into_iter().take(SHARING_NAMED);
                    answer.add(others.fold(shared, |it, other| it.evidence(MAPPING, other)));
                }
            }
            Ok(count) => {
                answer.add(finding("differs", Certainty::Violation).argument("codes", count));
            }
            Err(missing) => answer.add(
                missing
                    .into_iter()
                    .fold(Abstention::new(ID, piece.row), Abstention::missing),
            ),
        },
        _ => answer.add(finding("ambiguous", Certainty::HighSuspicion)),
    }
}

/// How many of the four codes beside the UDI are others than those of the mapping; where none is, but some
/// are not recorded, those columns.
fn differing(batch: &Batch, piece: &Use, codes: &MappedCodes) -> Result<i64, Vec<&'static str>> {
    let table = batch.device_uses();
    let pairs = [
        (
            "device-uses.materials",
            table.materials().get(piece.row),
            codes.material,
        ),
        (
            "device-uses.billings",
            table.billings().get(piece.row),
            codes.billing,
        ),
        (
            "device-uses.order-codes",
            table.order_codes().get(piece.row),
            codes.order,
        ),
        (
            "device-uses.insurance-codes",
            table.insurance_codes().get(piece.row),
            codes.insurance,
        ),
    ];
    let mut count = 0;
    let mut missing = Vec::new();
    for (column, told, mapped) in pairs {
        match told {
            None => missing.push(column),
            Some(told) => count += i64::from(told != mapped),
        }
    }
    match (count, missing.is_empty()) {
        (0, false) => Err(missing),
        _ => Ok(count),
    }
}
