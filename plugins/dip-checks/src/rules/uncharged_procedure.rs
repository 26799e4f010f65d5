//! DIP-04 高套: the group claimed rests on a procedure that the settlement list names but that was not charged,
//! and without it the record gives a group for less.
//!
//! Which charges show that a procedure was done is in table `procedure-charges`; a procedure that it does not
//! name is not judged. At stake is the difference of the two payment standards. A group claimed that is not the
//! one of the record is DIP-01.

use rulepack_sdk::prelude::*;

use crate::DipChecks;
use crate::stay::{Record, Stay};
use crate::values;

/// Id of the rule.
pub const ID: &str = "DIP-04";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.payment-groups",
    "encounters.current",
    "diagnoses.encounters",
    "diagnoses.codes",
    "diagnoses.principal",
    "diagnoses.on-settlement-list",
    "procedures.encounters",
    "procedures.codes",
    "procedures.principal",
    "procedures.on-settlement-list",
    "orders.encounters",
    "orders.charged",
    "orders.items",
    "orders.amounts",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// A stay whose group rests on procedures that the table names.
struct Judged<'a> {
    stay: &'a Stay,
    record: &'a Record,
    /// Procedures of the group that the table names, each with the items that show it.
    procedures: Vec<(Code, CodeSet)>,
}

/// All the stays of a batch, for their charge lines are fetched together.
pub(crate) fn check(
    stays: &[Stay],
    batch: &Batch,
    pack: &DipChecks,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let judged: Vec<Judged<'_>> = stays
        .iter()
        .filter_map(|stay| judged(stay, pack, answer))
        .collect();
    if judged.is_empty() {
        return Ok(());
    }
    let charges = Charges::of(batch, judged.iter().map(|it| it.stay.encounter));
    let lines = charges.lines();
    for (it, own) in judged.iter().zip(lines.ranges()) {
        let mut uncharged = Vec::new();
        for (procedure, set) in &it.procedures {
            match charges.charged_items(batch, own.clone(), *set) {
                Charged::Yes => {}
                Charged::No => uncharged.push(*procedure),
                Charged::Unknown(column) => it.stay.abstain(ID, &[column], answer),
            }
        }
        if !uncharged.is_empty() {
            judge(it.stay, it.record, &uncharged, pack, answer)?;
        }
    }
    Ok(())
}

/// A stay whose group claimed is a core group, is that of the record, and rests on procedures of the table.
fn judged<'a>(stay: &'a Stay, pack: &DipChecks, answer: &mut Answer) -> Option<Judged<'a>> {
    let record = match &stay.record {
        Ok(record) => record,
        Err(missing) => {
            stay.abstain(ID, missing, answer);
            return None;
        }
    };
    let group = record.group.filter(|group| stay.claimed == Some(*group))?;
    let named = &pack.procedure_charges;
    let procedures = pack.grouper.core_group(group)?.procedures.iter();
    let procedures: Vec<(Code, CodeSet)> = procedures
        .filter_map(|it| Some((*it, named.of(*it)?)))
        .collect();
    (!procedures.is_empty()).then_some(Judged {
        stay,
        record,
        procedures,
    })
}

/// The group without the procedures that were not charged, where it is not known to be paid as much. It is another: a
/// core group asks for all its procedures.
fn judge(
    stay: &Stay,
    record: &Record,
    uncharged: &[Code],
    pack: &DipChecks,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let listed = record.list.procedure_codes();
    let rest: Vec<Code> = listed
        .into_iter()
        .filter(|code| !uncharged.contains(code))
        .collect();
    let (Some(claimed), Some(first)) = (stay.claimed, uncharged.first()) else {
        return Ok(());
    };
    let without = pack.grouper.group(record.category, &rest);
    let score = |group| pack.values.score(group, stay.day);
    let scores = score(claimed).zip(without.and_then(score));
    if scores.is_some_and(|(claimed, less)| claimed.value.points <= less.value.points) {
        return Ok(());
    }
    let mut finding = match without {
        Some(group) => Finding::high_suspicion(ID, "uncharged-unpriced").argument("given", group),
        None => Finding::high_suspicion(ID, "uncharged-ungroupable"),
    };
    let mut amount = Money::ZERO;
    if let (Some(rate), Some((claimed, less)), Some(group)) = (stay.rate, scores, without) {
        let more = rate.payment(claimed.value.points)?;
        amount = more.checked_sub(rate.payment(less.value.points)?)?;
        finding = Finding::high_suspicion(ID, "uncharged")
            .argument("given", group)
            .argument("amount", amount)
            .evidence(values::SCORES, claimed.row)
            .evidence(values::SCORES, less.row);
        finding = rate.evidence(finding);
    }
    finding = finding
        .offending(stay.encounter, amount)
        .argument("claimed", claimed)
        .argument("procedure", *first);
    let rows = record.list.procedures();
    let rows = rows.filter(|(_, code)| uncharged.contains(code));
    answer.add(rows.fold(finding, |it, (row, _)| it.related(row, Money::ZERO)));
    Ok(())
}
