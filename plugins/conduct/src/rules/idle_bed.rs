//! CND-02 挂床住院: a bed is charged for days on which nothing is done for the patient.

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-02";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.visit-types",
    "encounters.admission-days",
    "orders.days",
    "orders.charge-types",
    "care-records.performed",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::During, Stage::After];
/// No stay is longer than this; dates beyond are mistakes, and are not walked through.
const STAY_DAYS_MAX: i64 = 3_660;

/// Days in a row, between the days of admission and discharge, without any charge but bed, consultation and
/// nursing, without an order in force, and without a record. At stake are the beds of these days.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    settings: &Settings,
    care: &Care<'_>,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let encounters = care.batch.encounters();
    for (stay, kind) in encounters.visit_types().recorded() {
        let reviewed = encounters.current().get(stay) == Some(true);
        let (true, Some(admitted)) = (reviewed, encounters.admission_days().get(stay)) else {
            continue;
        };
        if !settings.stay_types.contains(&kind) {
            continue;
        }
        let end = encounters
            .discharge_days()
            .get(stay)
            .unwrap_or(care.batch.today());
        let length = end.since(admitted);
        if length <= settings.idle_days_min || length > STAY_DAYS_MAX {
            continue;
        }
        let active = match active_days(settings, care, stay, end) {
            Ok(active) => active,
            Err(missing) => {
                answer.add(Abstention::new(ID, stay).missing(missing));
                continue;
            }
        };
        let between = (admitted.0.saturating_add(1)..end.0).map(Day);
        let idle = longest_run(between.filter(|day| !active.contains(day)));
        let Some((first, last)) = idle else { continue };
        let days = last.since(first) + 1;
        if days >= settings.idle_days_min {
            let beds = beds(settings, care, stay, first..=last)?;
            answer.add(
                Finding::high_suspicion(ID, "idle")
                    .offending(stay, beds)
                    .argument("days", days)
                    .argument("first", first)
                    .argument("amount", beds),
            );
        }
    }
    Ok(())
}

/// The days of a stay on which something was done; an error names what is missing to tell.
fn active_days(
    settings: &Settings,
    care: &Care<'_>,
    stay: Row<Encounters>,
    end: Day,
) -> Result<Set<Day>, &'static str> {
    let batch = care.batch;
    if batch.presence::<Orders>() != Presence::Complete {
        return Err("orders.days");
    }
    if batch.presence::<CareRecords>() != Presence::Complete {
        return Err("care-records.performed");
    }
    let (orders, records) = (batch.orders(), batch.care_records());
    let mut active = Set::default();
    for line in care.lines.of(stay) {
        let kind = orders
            .charge_types()
            .get(line.order)
            .ok_or("orders.charge-types")?;
        if settings.passive_charges.contains(&kind) {
            continue;
        }
        let day = line.day.ok_or("orders.days")?;
        active.insert(day);
        if orders.long_term().get(line.order) == Some(true) {
            let stopped = orders.stopped().get(line.order).map_or(end, Instant::day);
            active.extend((day.0..=stopped.0.min(end.0)).map(Day));
        }
    }
    for record in records.of(stay) {
        let performed = records.performed().get(record);
        active.insert(performed.ok_or("care-records.performed")?.day());
    }
    Ok(active)
}

/// The longest run of days that follow one another, the earliest of several.
fn longest_run(days: impl Iterator<Item = Day>) -> Option<(Day, Day)> {
    let mut longest: Option<(Day, Day)> = None;
    let mut run: Option<(Day, Day)> = None;
    for day in days {
        let first = match run {
            Some((first, last)) if day.since(last) == 1 => first,
            _ => day,
        };
        run = Some((first, day));
        if longest.is_none_or(|(start, end)| end.since(start) < day.since(first)) {
            longest = run;
        }
    }
    longest
}

fn beds(
    settings: &Settings,
    care: &Care<'_>,
    stay: Row<Encounters>,
    days: std::ops::RangeInclusive<Day>,
) -> Result<Money, Overflow> {
    let kinds = care.batch.orders().charge_types();
    let lines = care.lines.of(stay).filter(|line| {
        let is_bed = kinds
            .get(line.order)
            .is_some_and(|kind| settings.bed_charges.contains(&kind));
        is_bed && line.counted && line.day.is_some_and(|day| days.contains(&day))
    });
    Money::sum(lines.map(|line| line.amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_run_is_the_earliest_of_equal_ones() {
        let run = |days: &[i32]| longest_run(days.iter().map(|day| Day(*day)));
        assert_eq!(run(&[]), None);
        assert_eq!(run(&[4]), Some((Day(4), Day(4))));
        assert_eq!(run(&[1, 2, 4, 5, 8]), Some((Day(1), Day(2))));
        assert_eq!(run(&[1, 3, 4, 5, 7, 8]), Some((Day(3), Day(5))));
    }
}
