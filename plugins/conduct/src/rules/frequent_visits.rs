//! CND-03 频繁就诊: more days at the clinic or the pharmacy, or more stays, within a time than anybody needs.

use rulepack_sdk::prelude::*;

use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-03";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.current",
    "encounters.visit-types",
    "encounters.admission-days",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// A kind of visits that are counted together.
struct Kind<'a> {
    types: &'a [Code],
    template: &'static str,
    window_days: i64,
    max: i64,
}

/// Several visits on one day count once; visits that the fund was not asked to pay do not count. History
/// that is not held can only make fewer of them, so what is counted is evidence.
pub(crate) fn check(settings: &Settings, batch: &Batch, answer: &mut Answer) {
    let kinds = [
        Kind {
            types: &settings.clinic_types,
            template: "clinic",
            window_days: settings.visit_window_days,
            max: settings.clinic_days_max,
        },
        Kind {
            types: &settings.pharmacy_types,
            template: "pharmacy",
            window_days: settings.visit_window_days,
            max: settings.pharmacy_days_max,
        },
        Kind {
            types: &settings.stay_types,
            template: "stays",
            window_days: settings.stay_window_days,
            max: settings.stays_max,
        },
    ];
    let table = batch.encounters();
    for kind in &kinds {
        let mut visits: Vec<(Row<Patients>, Day, Row<Encounters>)> = Vec::new();
        for (visit, visit_type) in table.visit_types().recorded() {
            let paid = table.reimbursed().get(visit) != Some(false);
            let placed = table
                .patients()
                .get(visit)
                .zip(table.admission_days().get(visit));
            if let (true, Some((patient, day))) = (paid && kind.types.contains(&visit_type), placed)
            {
                visits.push((patient, day, visit));
            }
        }
        visits.sort_unstable();
        for of_patient in visits.chunk_by(|one, other| one.0 == other.0) {
            check_patient(kind, of_patient, batch, answer);
        }
    }
}

/// One finding for a patient and kind: at the visit under review with the most days behind it.
fn check_patient(
    kind: &Kind<'_>,
    visits: &[(Row<Patients>, Day, Row<Encounters>)],
    batch: &Batch,
    answer: &mut Answer,
) {
    let mut worst: Option<(i64, usize, usize)> = None;
    let mut first = 0;
    for (place, (_, day, visit)) in visits.iter().enumerate() {
        let outside = |from: usize| {
            visits
                .get(from)
                .is_some_and(|it| day.since(it.1) >= kind.window_days)
        };
        while outside(first) {
            first += 1;
        }
        let window = visits.get(first..=place).unwrap_or_default();
        let days = window.chunk_by(|one, other| one.1 == other.1).count();
        let count = i64::try_from(days).unwrap_or(i64::MAX);
        let current = batch.encounters().current().get(*visit) == Some(true);
        if current && count > kind.max && worst.is_none_or(|(most, ..)| count > most) {
            worst = Some((count, first, place));
        }
    }
    let Some((count, first, place)) = worst else {
        return;
    };
    let mut window = visits.get(first..=place).unwrap_or_default().iter().rev();
    let Some((.., latest)) = window.next() else {
        return;
    };
    let amount = |visit| {
        batch
            .encounters()
            .total_amounts()
            .get(visit)
            .unwrap_or_default()
    };
    let finding = Finding::high_suspicion(ID, kind.template)
        .offending(*latest, amount(*latest))
        .argument("count", count)
        .argument("days", kind.window_days)
        .argument("limit", kind.max);
    answer.add(window.fold(finding, |it, (.., visit)| {
        it.related(*visit, amount(*visit))
    }));
}
