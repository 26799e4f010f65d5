//! Ordinary patients: visits to the clinic, and chronic patients who come for their supply.
//!
//! Everything here is clean with respect to the policies: chronic lines are of the disease's own
//! catalogue, last twelve weeks at most, and are renewed at most five days early.

use time::{Date, Month};

use super::catalogue::{
    CHRONIC_CARE_TYPES, CLINIC_DIAGNOSES, CLINIC_DRUGS, CLINIC_SERVICES, DISEASES, Disease, Item,
    SUPPLY_DAYS_MAX,
};
use super::details::Details;
use super::hospitals::DOCTORS;
use super::random::Random;
use super::record::{Accumulator, Encounter, Enrolment, Order, Patient};
use super::timeline::{Timeline, after, days_between};

/// Most lines of an ordinary visit.
const VISIT_LINES_MAX: u64 = 6;

/// Somebody who comes for their chronic diseases, all months and the history before.
pub(super) fn chronic_patient(random: &mut Random, timeline: &Timeline) -> Patient {
    let diseases = some_diseases(random);
    let mut patient = enrolled(random, timeline, &diseases);
    let mut taken: Vec<&'static str> = Vec::new();
    for disease in &diseases {
        let drugs = own_drugs(random, disease, &mut taken);
        let single = diseases.len() == 1;
        let regimen = Regimen {
            disease,
            drugs,
            single,
        };
        patient.encounters.extend(regimen.visits(random, timeline));
    }
    if random.chance(40) {
        let lines = u64::from(1 + random.below(5));
        patient.encounters.push(visit(random, timeline, lines));
    }
    settle(&mut patient, random, timeline);
    patient
}

/// Somebody with `lines` lines of ordinary visits.
pub(super) fn visiting_patient(random: &mut Random, timeline: &Timeline, lines: u64) -> Patient {
    let mut patient = unregistered(random, 5, 85);
    let mut left = lines;
    while left > 0 {
        let size = left
            .min(u64::from(1 + random.below(6)))
            .min(VISIT_LINES_MAX);
        patient.encounters.push(visit(random, timeline, size));
        left -= size;
    }
    settle(&mut patient, random, timeline);
    patient
}

/// A patient without registration or encounter.
pub(super) fn unregistered(random: &mut Random, youngest: i32, oldest: i32) -> Patient {
    Patient {
        gender: random.pick::<&str>(&["1", "2"]),
        age: random.between(youngest, oldest),
        age_days: None,
        enrolments: Vec::new(),
        accumulators: Vec::new(),
        encounters: Vec::new(),
        marks: Vec::new(),
    }
}

/// A patient registered for `diseases` through history and review.
pub(super) fn enrolled(
    random: &mut Random,
    timeline: &Timeline,
    diseases: &[&'static Disease],
) -> Patient {
    let mut patient = unregistered(random, 45, 85);
    for disease in diseases {
        let start = after(timeline.history_start, -i64::from(random.below(1_500)));
        let end = after(timeline.end, i64::from(30 + random.below(700)));
        patient.enrolments.push(Enrolment {
            disease,
            start,
            end,
        });
    }
    patient
}

/// An empty chronic visit that is settled under `disease`.
pub(super) fn chronic_visit(
    random: &mut Random,
    timeline: &Timeline,
    disease: &'static Disease,
    day: Date,
) -> Encounter {
    Encounter {
        care_type: random.pick::<&str>(&CHRONIC_CARE_TYPES),
        chronic_disease: Some(disease),
        diagnoses: vec![disease.diagnosis],
        ..empty_visit(random, timeline, day)
    }
}

/// A line that supplies `item` for about `days` days: whole packs, one at least.
pub(super) fn supply(
    item: &'static Item,
    disease: Option<&'static Disease>,
    day: Date,
    days: i64,
) -> Order {
    let days_of_unit = item.days_of_unit();
    let quantity = days_of_unit.map_or(1, |unit| (days / unit).max(1));
    let supply_days = days_of_unit.map(|unit| unit * quantity);
    Order {
        disease,
        supply_days,
        ..Order::charge(item, day, quantity)
    }
}

/// Puts the encounters in order and tells what of each yearly limit was used before the review.
pub(super) fn settle(patient: &mut Patient, random: &mut Random, timeline: &Timeline) {
    if patient.marks.is_empty() {
        patient
            .encounters
            .sort_by_key(|encounter| encounter.admission);
    }
    for enrolment in &patient.enrolments {
        for year in timeline.history_start.year()..=timeline.end.year() {
            let disease = enrolment.disease;
            let used =
                used_before(patient, disease, year) + used_before_history(random, timeline, year);
            let day = |month, day| {
                Date::from_calendar_date(year, month, day)
                    .expect("every year has a first and a last day")
            };
            patient.accumulators.push(Accumulator {
                disease,
                first: day(Month::January, 1),
                last: day(Month::December, 31),
                limit: disease.yearly_limit,
                used,
            });
        }
    }
}

/// What the lines of one calendar year bring into the scope of the fund under a disease.
pub(super) fn covered(patient: &Patient, disease: &Disease, year: i32, current: bool) -> i64 {
    patient
        .encounters
        .iter()
        .filter(|encounter| encounter.current == current)
        .filter(|encounter| encounter.chronic_disease.is_some())
        .flat_map(|encounter| encounter.orders.iter().map(move |order| (encounter, order)))
        .filter(|(encounter, order)| {
            let charged_under = order.disease.or(encounter.chronic_disease);
            charged_under.is_some_and(|charged| charged.code == disease.code)
        })
        .filter(|(_, order)| order.day.year() == year)
        .map(|(_, order)| order.covered())
        .sum()
}

fn used_before(patient: &Patient, disease: &Disease, year: i32) -> i64 {
    covered(patient, disease, year, false)
}

/// Up to two CNY for each day of the year before the history that is told: far from any limit.
fn used_before_history(random: &mut Random, timeline: &Timeline, year: i32) -> i64 {
    if timeline.history_start.year() != year {
        return 0;
    }
    i64::from(timeline.history_start.ordinal()) * i64::from(random.below(200))
}

/// One, two or three of the diseases, in any order.
fn some_diseases(random: &mut Random) -> Vec<&'static Disease> {
    let first = random.below(3) as usize;
    let step = 1 + random.below(2) as usize;
    let count = [1, 1, 1, 1, 1, 1, 2, 2, 2, 3][random.below(10) as usize];
    (0..count)
        .map(|place| &DISEASES[(first + place * step) % 3])
        .collect()
}

/// One or two drugs of the disease that the patient does not take already for another one.
fn own_drugs(
    random: &mut Random,
    disease: &'static Disease,
    taken: &mut Vec<&'static str>,
) -> Vec<&'static Item> {
    let mut free: Vec<&'static Item> = disease.drugs.to_vec();
    free.retain(|item| !taken.contains(&item.code));
    while free.len() > 1 + random.below(2) as usize {
        free.remove(random.below(u32::try_from(free.len()).unwrap_or(1)) as usize);
    }
    taken.extend(free.iter().map(|item| item.code));
    free
}

/// What somebody takes for a disease.
struct Regimen<'a> {
    disease: &'a &'static Disease,
    drugs: Vec<&'static Item>,
    /// The patient has no other registration, so that a line need not name it.
    single: bool,
}

impl Regimen<'_> {
    /// A visit whenever the supply ends, three days early or some days late.
    fn visits(&self, random: &mut Random, timeline: &Timeline) -> Vec<Encounter> {
        let days = *random.pick(&[28, 28, 56, SUPPLY_DAYS_MAX]);
        let mut day = after(timeline.history_start, i64::from(random.between(0, 27)));
        let mut visits = Vec::new();
        while days_between(day, timeline.end) >= 0 {
            let mut visit = chronic_visit(random, timeline, self.disease, day);
            let disease = (!(self.single && random.chance(15))).then_some(*self.disease);
            let items = self.drugs.iter().copied();
            visit
                .orders
                .extend(items.map(|item| supply(item, disease, day, days)));
            if let Some(test) = self.disease.test.filter(|_| random.chance(35)) {
                visit.orders.push(supply(test, disease, day, 1));
            }
            visits.push(visit);
            day = after(day, days + i64::from(random.between(-3, 6)));
        }
        visits
    }
}

/// An ordinary visit on any day, with `lines` lines.
fn visit(random: &mut Random, timeline: &Timeline, lines: u64) -> Encounter {
    let day = after(
        timeline.history_start,
        i64::from(random.between(0, timeline.days())),
    );
    let mut visit = empty_visit(random, timeline, day);
    for place in 0..lines {
        let items = if place % 2 == 0 {
            CLINIC_SERVICES
        } else {
            CLINIC_DRUGS
        };
        let item = items[((place / 2) as usize + visit.minute as usize) % items.len()];
        visit.orders.push(supply(item, None, day, 7));
    }
    visit
}

/// An ordinary visit without lines.
pub(super) fn empty_visit(random: &mut Random, timeline: &Timeline, day: Date) -> Encounter {
    Encounter {
        current: day >= timeline.start,
        visit_type: "1",
        care_type: "11",
        admission: day,
        discharge: day,
        minute: random.below(480),
        specialty: "A03",
        doctor: random.below(DOCTORS),
        chronic_disease: None,
        group: "",
        diagnoses: vec![*random.pick(&CLINIC_DIAGNOSES)],
        procedures: Vec::new(),
        orders: Vec::new(),
        details: Details::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Role;
    use super::*;
    use time::macros::date;

    #[test]
    fn a_visiting_patient_has_exactly_the_lines_asked_for() {
        let timeline = Timeline::new(date!(2026 - 06 - 30), 3);
        for lines in 1..40 {
            let patient = visiting_patient(&mut Random::new(lines), &timeline, lines);
            assert_eq!(patient.lines(), lines);
        }
    }

    #[test]
    fn a_supply_is_of_whole_packs_and_never_longer_than_asked_for_but_by_one_pack() {
        let day = date!(2026 - 05 - 01);
        let insulin = DISEASES[1].drugs[2];
        let line = supply(insulin, Some(&DISEASES[1]), day, SUPPLY_DAYS_MAX);
        assert_eq!(
            (line.quantity, line.supply_days, line.role),
            (2, Some(60), Role::Charge)
        );
    }
}
