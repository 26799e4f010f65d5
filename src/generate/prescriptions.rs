//! Planted breaches of chronic registrations, prescriptions, quarterly limits and long supplies, each with its near
//! misses: what [`scenarios`](super::scenarios) does for the yearly rules, for those that look at less and at more.

use time::{Date, Month};

use super::catalogue::{AMOXICILLIN, DISEASES, STOCK_DAYS_MAX, SUPPLY_DAYS_MAX};
use super::clinic::{chronic_visit, covered, enrolled, supply};
use super::random::Random;
use super::record::{Accumulator, Breach, Mark, Patient, Place, Verdict};
use super::scenarios::{CHRONIC, EARLY_SUPPLY, OUTSIDE_CATALOGUE, finish, reviewed_day};
use super::timeline::{Timeline, after};

static NOT_REGISTERED: Breach = Breach::new("CHR-NOT-REGISTERED", CHRONIC, "CHR-06");
static TWO_DISEASES: Breach = Breach::new("CHR-TWO-DISEASES", CHRONIC, "CHR-07");
static QUARTERLY_LIMIT: Breach = Breach::new("CHR-QUARTERLY-LIMIT", CHRONIC, "CHR-08");
static NOT_FOR_LONG: Breach = Breach::new("CHR-NOT-FOR-LONG", CHRONIC, "CHR-09");
static STOCK: Breach = Breach::new("CHR-STOCK", CHRONIC, "CHR-10");

/// A line under a disease whose registration ended the day before; on its last day it is in force.
pub(super) fn not_registered(
    random: &mut Random,
    timeline: &Timeline,
    verdict: Verdict,
) -> Patient {
    let [disease, other] = [&DISEASES[0], &DISEASES[1]];
    let mut patient = enrolled(random, timeline, &[other, disease]);
    let day = reviewed_day(random, timeline);
    let (last, note) = match verdict {
        Verdict::Hit => (after(day, -1), "the registration ended the day before"),
        Verdict::NearMiss => (day, "the last day of the registration"),
    };
    patient.enrolments[1].end = last;
    let mut visit = chronic_visit(random, timeline, disease, day);
    let line = supply(disease.drugs[0], Some(disease), day, 28);
    visit.orders.push(line);
    patient.encounters.push(visit);
    let mark = Mark {
        breach: &NOT_REGISTERED,
        verdict,
        place: Place::Order(0, 0),
        amount: (verdict == Verdict::Hit).then(|| line.amount()),
        note,
    };
    finish(patient, random, timeline, mark)
}

/// Lines of two diseases, each of them registered, on one prescription; prescriptions of their own are allowed.
pub(super) fn two_diseases(random: &mut Random, timeline: &Timeline, verdict: Verdict) -> Patient {
    let diseases = [&DISEASES[0], &DISEASES[1]];
    let mut patient = enrolled(random, timeline, &diseases);
    let day = reviewed_day(random, timeline);
    let mut visit = chronic_visit(random, timeline, diseases[0], day);
    for disease in diseases {
        let mut line = supply(disease.drugs[0], Some(disease), day, 28);
        line.details.is_on_shared_prescription = verdict == Verdict::Hit;
        visit.orders.push(line);
    }
    patient.encounters.push(visit);
    let note = match verdict {
        Verdict::Hit => "one prescription for two diseases",
        Verdict::NearMiss => "a prescription for each of two diseases",
    };
    let mark = Mark {
        breach: &TWO_DISEASES,
        verdict,
        place: Place::Order(0, 0),
        amount: None,
        note,
    };
    finish(patient, random, timeline, mark)
}

/// The amount of a disease in a calendar quarter, a fourth of that of the year: what exceeds it.
pub(super) fn quarterly_limit(
    random: &mut Random,
    timeline: &Timeline,
    verdict: Verdict,
) -> Patient {
    let disease = random.pick(&DISEASES);
    let mut patient = enrolled(random, timeline, &[disease]);
    let day = reviewed_day(random, timeline);
    let mut visit = chronic_visit(random, timeline, disease, day);
    for item in &disease.drugs[..2] {
        visit.orders.push(supply(item, Some(disease), day, 28));
    }
    let last = visit.orders[1].covered();
    patient.encounters.push(visit);
    let (excess, note) = match verdict {
        Verdict::Hit => (last / 2, "the last line crosses the quarterly limit"),
        Verdict::NearMiss => (0, "the last line reaches the quarterly limit exactly"),
    };
    let mark = Mark {
        breach: &QUARTERLY_LIMIT,
        verdict,
        place: Place::Order(0, 1),
        amount: (verdict == Verdict::Hit).then_some(excess),
        note,
    };
    let mut patient = finish(patient, random, timeline, mark);
    let limit = disease.yearly_limit / 4;
    let used = limit - covered(&patient, disease, day.year(), true) + excess;
    // What was used in the quarter was used in the year.
    for yearly in &mut patient.accumulators {
        if yearly.first.year() == day.year() {
            yearly.used = yearly.used.max(used);
        }
    }
    let [first, last] = quarter(day);
    patient.accumulators.push(Accumulator {
        disease,
        first,
        last,
        limit,
        used,
    });
    patient
}

/// First and last day of the calendar quarter that a day lies in.
fn quarter(day: Date) -> [Date; 2] {
    let (first, last) = match u8::from(day.month()) {
        1..=3 => (Month::January, (Month::March, 31)),
        4..=6 => (Month::April, (Month::June, 30)),
        7..=9 => (Month::July, (Month::September, 30)),
        _ => (Month::October, (Month::December, 31)),
    };
    let of_year = |month, of_month| {
        Date::from_calendar_date(day.year(), month, of_month)
            .expect("every year has the first and last days of quarters")
    };
    [of_year(first, 1), of_year(last.0, last.1)]
}

/// Two weeks of an antibiotic in one line; a week is allowed. No catalogue of a chronic disease has it, so it is
/// charged outside of it both times.
pub(super) fn not_for_long(random: &mut Random, timeline: &Timeline, verdict: Verdict) -> Patient {
    let disease = random.pick(&DISEASES);
    let mut patient = enrolled(random, timeline, &[disease]);
    let day = reviewed_day(random, timeline);
    let (days, note) = match verdict {
        Verdict::Hit => (14, "two weeks of an antibiotic"),
        Verdict::NearMiss => (7, "a week of an antibiotic exactly"),
    };
    let mut visit = chronic_visit(random, timeline, disease, day);
    let line = supply(&AMOXICILLIN, Some(disease), day, days);
    visit.orders.push(line);
    patient.encounters.push(visit);
    patient.marks.push(Mark {
        breach: &OUTSIDE_CATALOGUE,
        verdict: Verdict::Hit,
        place: Place::Order(0, 0),
        amount: Some(line.amount()),
        note: "antibiotic charged under a chronic disease",
    });
    let mark = Mark {
        breach: &NOT_FOR_LONG,
        verdict,
        place: Place::Order(0, 0),
        amount: (verdict == Verdict::Hit).then(|| line.amount()),
        note,
    };
    finish(patient, random, timeline, mark)
}

/// Twelve weeks of a drug on top of what is left of twelve weeks: more than sixteen weeks on hand, or these exactly.
/// Either is supplied early too.
pub(super) fn stock(random: &mut Random, timeline: &Timeline, verdict: Verdict) -> Patient {
    let disease = random.pick(&DISEASES);
    let item = disease.drugs[0];
    let mut patient = enrolled(random, timeline, &[disease]);
    let again = reviewed_day(random, timeline);
    let left = STOCK_DAYS_MAX - SUPPLY_DAYS_MAX;
    let (left, note) = match verdict {
        Verdict::Hit => {
            let more = i64::from(random.between(1, 20));
            (left + more, "more than sixteen weeks of a drug on hand")
        }
        Verdict::NearMiss => (left, "sixteen weeks of a drug on hand exactly"),
    };
    for day in [after(again, left - SUPPLY_DAYS_MAX), again] {
        let mut visit = chronic_visit(random, timeline, disease, day);
        let line = supply(item, Some(disease), day, SUPPLY_DAYS_MAX);
        visit.orders.push(line);
        patient.encounters.push(visit);
    }
    patient.marks.push(Mark {
        breach: &EARLY_SUPPLY,
        verdict: Verdict::Hit,
        place: Place::Order(1, 0),
        amount: None,
        note: "supplied again at least four weeks early",
    });
    let mark = Mark {
        breach: &STOCK,
        verdict,
        place: Place::Order(1, 0),
        amount: None,
        note,
    };
    finish(patient, random, timeline, mark)
}
