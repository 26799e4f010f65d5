//! CND-17 重症监护时长: nobody is in intensive care, or on a ventilator, for longer than in hospital.

use rulepack_sdk::prelude::*;

/// Id of the rule.
pub const ID: &str = "CND-17";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.current",
    "encounters.admission-days",
    "encounters.icu-minutes",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::During, Stage::After];
const MINUTES_OF_A_DAY: i64 = 1_440;
const SECONDS_OF_A_MINUTE: i64 = 60;

/// The stay lasts from instant to instant where both are recorded, else all of its days; while it lasts, until the
/// end of today. Figures of exactly its length are right.
///
/// # Errors
/// [`Overflow`] of an instant.
pub(crate) fn check(batch: &Batch, answer: &mut Answer) -> Result<(), Overflow> {
    let encounters = batch.encounters();
    for (encounter, current) in encounters.current().recorded() {
        let care = [
            ("icu", encounters.icu_minutes().get(encounter)),
            ("ventilator", encounters.ventilator_minutes().get(encounter)),
        ];
        let longest = care.iter().filter_map(|(_, minutes)| *minutes).max();
        if !current || longest.is_none_or(|minutes| minutes <= 0) {
            continue;
        }
        let Some(stay) = minutes_in_hospital(batch, encounter)? else {
            answer.add(Abstention::new(ID, encounter).missing("encounters.admission-days"));
            continue;
        };
        for (template, minutes) in care {
            let Some(minutes) = minutes.map(i64::from).filter(|minutes| *minutes > stay) else {
                continue;
            };
            answer.add(
                Finding::violation(ID, template)
                    .offending(encounter, Money::ZERO)
                    .argument("minutes", minutes)
                    .argument("stay", stay),
            );
        }
    }
    Ok(())
}

fn minutes_in_hospital(batch: &Batch, encounter: Row<Encounters>) -> Result<Option<i64>, Overflow> {
    let encounters = batch.encounters();
    let admitted = encounters.admitted().get(encounter);
    if let Some((from, to)) = admitted.zip(encounters.discharged().get(encounter)) {
        return Ok(Some(to.since(from)? / SECONDS_OF_A_MINUTE));
    }
    let Some(first) = encounters.admission_days().get(encounter) else {
        return Ok(None);
    };
    let last = encounters.discharge_days().get(encounter);
    let last = last.unwrap_or_else(|| batch.today());
    Ok(Some((last.since(first) + 1) * MINUTES_OF_A_DAY))
}
