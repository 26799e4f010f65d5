//! DRG-08 并发症或合并症无诊疗收费（高套）: the group claimed rests on a complication that the settlement list names but
//! for which nothing was charged, and without it the record gives a group for less.
//!
//! Which charges show that a diagnosis was treated is in table `complication-charges`, as the city supplies it; a
//! diagnosis that it does not name is not judged. At stake is the difference of the two payment standards. A
//! group claimed that is not the one of the record is DRG-01.

use rulepack_sdk::prelude::*;

use crate::standards::{self, Gap};
use crate::stay::Reader;
use crate::{DrgChecks, Record, Stay};

/// Id of the rule.
pub const ID: &str = "DRG-08";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "patients.genders",
    "encounters.patients",
    "encounters.current",
    "encounters.ages",
    "encounters.payment-methods",
    "encounters.payment-groups",
    "diagnoses.encounters",
    "diagnoses.codes",
    "diagnoses.systems",
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

/// A stay whose group would be another one without the diagnoses that the table names.
struct Judged<'a> {
    stay: &'a Stay,
    record: &'a Record,
    /// Other diagnoses that the table names, with the items that show their treatment.
    named: Vec<(Row<Diagnoses>, Code, CodeSet)>,
}

/// All the stays of a batch, for their charge lines are fetched together.
pub(crate) fn check(
    stays: &[Stay],
    reader: &Reader<'_>,
    pack: &DrgChecks,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    for stay in stays {
        if let Err(missing) = &stay.record {
            stay.abstain(ID, missing, answer);
        }
    }
    let judged = stays.iter().filter_map(|stay| judged(stay, reader, pack));
    let judged: Vec<Judged<'_>> = judged.collect();
    if judged.is_empty() {
        return Ok(());
    }
    let batch = reader.batch;
    let charges = Charges::of(batch, judged.iter().map(|it| it.stay.encounter));
    for (it, own) in judged.iter().zip(charges.lines().ranges()) {
        let mut uncharged = Vec::new();
        for (row, code, items) in &it.named {
            match charges.charged_items(batch, own.clone(), *items) {
                Charged::Yes => {}
                Charged::No => uncharged.push((*row, *code)),
                Charged::Unknown(column) => it.stay.abstain(ID, &[column], answer),
            }
        }
        judge(it, &uncharged, reader, pack, answer)?;
    }
    Ok(())
}

/// A stay whose group claimed is that of the record, and rests on diagnoses of the table.
fn judged<'a>(stay: &'a Stay, reader: &Reader<'_>, pack: &DrgChecks) -> Option<Judged<'a>> {
    let record = stay.record.as_ref().ok()?;
    let group = stay.given().filter(|given| stay.claimed == Some(*given))?;
    let others = record.list.other_diagnoses.iter();
    let items = |code| pack.complication_charges.of(code);
    let named: Vec<_> = others
        .filter_map(|(row, code)| Some((*row, *code, items(*code)?)))
        .collect();
    let codes: Vec<Code> = named.iter().map(|(_, code, _)| *code).collect();
    let rests = !codes.is_empty() && without(stay, record, &codes, reader) != Some(group);
    rests.then_some(Judged {
        stay,
        record,
        named,
    })
}

/// The group without some of the other diagnoses.
fn without(stay: &Stay, record: &Record, left_out: &[Code], reader: &Reader<'_>) -> Option<Code> {
    let others = record.list.other_diagnoses.iter().map(|(_, code)| *code);
    let rest = others.filter(|code| !left_out.contains(code));
    let diagnoses: Vec<Code> = std::iter::once(record.list.diagnosis.1)
        .chain(rest)
        .collect();
    let procedures = record.list.procedure_codes();
    let outcome = reader.group(stay.encounter, &diagnoses, &procedures);
    outcome.grouping.map(|grouping| grouping.group)
}

fn judge(
    judged: &Judged<'_>,
    uncharged: &[(Row<Diagnoses>, Code)],
    reader: &Reader<'_>,
    pack: &DrgChecks,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let codes: Vec<Code> = uncharged.iter().map(|(_, code)| *code).collect();
    let given = without(judged.stay, judged.record, &codes, reader);
    let (Some(claimed), Some(given), Some((_, first))) =
        (judged.stay.claimed, given, uncharged.first())
    else {
        return Ok(());
    };
    let Some(gap) = standards::gap(pack, judged.stay.day, claimed, given)? else {
        return Ok(());
    };
    let template = match gap {
        Gap::Priced(..) => "uncharged",
        Gap::Unpriced => "uncharged-unpriced",
    };
    let finding = Finding::high_suspicion(ID, template)
        .offending(judged.stay.encounter, gap.amount())
        .argument("claimed", claimed)
        .argument("given", given)
        .argument("diagnosis", *first);
    let rows = uncharged.iter().map(|(row, _)| *row);
    answer.add(rows.fold(gap.told(finding), |it, row| it.related(row, Money::ZERO)));
    Ok(())
}
