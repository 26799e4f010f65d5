//! CND-01 冒名就医嫌疑: somebody else uses the card of the insured.

use rulepack_sdk::prelude::*;

use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-01";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["encounters.current"];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::Before, Stage::During, Stage::After];

/// Two signs: the record of a check of identity says that person and card do not agree; or the insured
/// lies in one hospital and is seen at another on a day strictly between admission and discharge. On the
/// days of admission and discharge both are possible.
pub(crate) fn check(settings: &Settings, batch: &Batch, answer: &mut Answer) {
    let encounters = batch.encounters();
    for (encounter, current) in encounters.current().recorded() {
        if !current {
            continue;
        }
        let records = batch.care_records();
        let says_mismatch = |record: &Row<CareRecords>| {
            let kind = records.kinds().get(*record);
            kind.is_some_and(|kind| settings.mismatch_kinds.contains(&kind))
        };
        if let Some(record) = records.of(encounter).find(says_mismatch) {
            answer.add(
                Finding::high_suspicion(ID, "mismatch")
                    .offending(encounter, total(batch, encounter))
                    .related(record, Money::ZERO),
            );
        } else if let Some((stay, day)) = stay_elsewhere(settings, batch, encounter) {
            answer.add(
                Finding::high_suspicion(ID, "two-places")
                    .offending(encounter, total(batch, encounter))
                    .related(stay, total(batch, stay))
                    .argument("day", day),
            );
        }
    }
}

fn total(batch: &Batch, encounter: Row<Encounters>) -> Money {
    batch
        .encounters()
        .total_amounts()
        .get(encounter)
        .unwrap_or_default()
}

/// A stay of the same person at another institution that holds the day of this visit. A stay without a day
/// of discharge proves nothing: it may have ended.
fn stay_elsewhere(
    settings: &Settings,
    batch: &Batch,
    visit: Row<Encounters>,
) -> Option<(Row<Encounters>, Day)> {
    let table = batch.encounters();
    let patient = table.patients().get(visit)?;
    let day = table.admission_days().get(visit)?;
    let place = table.institutions().get(visit)?;
    let holds = |stay: &Row<Encounters>| {
        let kind = table.visit_types().get(*stay);
        let elsewhere = table
            .institutions()
            .get(*stay)
            .is_some_and(|other| other != place);
        let days = table
            .admission_days()
            .get(*stay)
            .zip(table.discharge_days().get(*stay));
        kind.is_some_and(|kind| settings.stay_types.contains(&kind))
            && elsewhere
            && days.is_some_and(|(admitted, discharged)| admitted < day && day < discharged)
    };
    table.of(patient).find(holds).map(|stay| (stay, day))
}
