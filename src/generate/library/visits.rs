//! 就诊次数: stays close to each other, visits, purchases and stays too often, a stay without a reason; and
//! the rate of readmissions within 31 days, which every such stay counts for.

use time::Date;

use super::super::catalogue::{Item, Kind, WARD_SERVICES};
use super::super::record::{Encounter, Order, Patient, Place};
use super::super::timeline::{after, days_between};
use super::items::{YUAN, medicine, service};
use super::round::{Round, hit, near_miss, one};

/// Nights of a stay that is not short.
const NIGHTS: i64 = 3;
/// Days within which a readmission that was not planned counts.
const READMISSION_DAYS: i32 = 31;
/// Chemotherapy: its stays repeat by plan.
const CHEMOTHERAPY: &str = "Z51.102";

/// What is bought at the hospital's pharmacy.
static PURCHASE: Item = medicine("XA99AAA151A001010100001", 17 * YUAN);
static SCAN: Item = service("002203020020000", Kind::Examination, 70 * YUAN);

/// Plants counts of visits.
pub(super) fn plant(round: &mut Round<'_>) {
    split_stays(round);
    visits(round);
    purchases(round);
    stays(round);
    no_reason(round);
}

/// 分解住院 (49): fifteen days lie between two stays, unless the second was declared or repeats by plan.
fn split_stays(round: &mut Round<'_>) {
    let again = |round: &mut Round<'_>, days: i64| {
        let day = round.day();
        let mut patient = round.adult();
        let before = round.stay(after(day, -days - NIGHTS), NIGHTS);
        patient.encounters.extend([before, round.stay(day, NIGHTS)]);
        patient
    };
    let place = Place::Encounter(1);
    for (days, note) in [
        (7, "admitted again after seven days"),
        (14, "admitted again after fourteen days"),
    ] {
        let mut patient = again(round, days);
        patient.marks.push(hit(49, place, None, note));
        round.plant(patient);
    }
    let mut patient = again(round, 15);
    let note = "admitted again after fifteen days";
    patient.marks.push(near_miss(49, place, note));
    round.plant(patient);
    let mut patient = again(round, 10);
    patient.encounters[1].details.planned = true;
    let note = "admitted again as declared";
    patient.marks.push(near_miss(49, place, note));
    round.plant(patient);
    let mut patient = again(round, 10);
    patient.encounters[1].diagnoses = vec![CHEMOTHERAPY];
    let note = "next cycle of chemotherapy";
    patient.marks.push(near_miss(49, place, note));
    round.plant(patient);
    let mut patient = again(round, 32);
    let note = "admitted again after 32 days";
    patient.marks.push(near_miss(63, place, note));
    round.plant(patient);
}

/// 频繁门诊 (50): the 121st visit of a year, and the 120th; visits to which nothing is charged.
fn visits(round: &mut Round<'_>) {
    for (count, breach) in [(121, true), (120, false)] {
        let last = round.day();
        let mut patient = round.adult();
        let days = (0..count).rev().map(|back| after(last, -back));
        patient.encounters = days.map(|day| round.visit(day)).collect();
        let place = Place::Encounter(patient.encounters.len() - 1);
        patient.marks.push(match breach {
            true => hit(50, place, None, "121st visit within a year; 120 expected"),
            false => near_miss(50, place, "120th visit within a year"),
        });
        round.plant(patient);
    }
}

/// 频繁购药 (51): the tenth purchase of a year, and the ninth.
fn purchases(round: &mut Round<'_>) {
    for (count, breach) in [(10, true), (9, false)] {
        let last = round.day();
        let mut patient = round.adult();
        for back in (0..count).rev() {
            let day = after(last, -back * 10);
            let purchase = Encounter {
                visit_type: "3",
                care_type: "41",
                orders: vec![one(&PURCHASE, day)],
                ..round.visit(day)
            };
            patient.encounters.push(purchase);
        }
        let place = Place::Encounter(patient.encounters.len() - 1);
        patient.marks.push(match breach {
            true => hit(51, place, None, "tenth purchase within a year"),
            false => near_miss(51, place, "ninth purchase within a year"),
        });
        round.plant(patient);
    }
}

/// 频繁住院 (52): the seventh stay of a year, and the sixth.
fn stays(round: &mut Round<'_>) {
    for (count, breach) in [(7, true), (6, false)] {
        let last = round.day();
        let mut patient = round.adult();
        for back in (0..count).rev() {
            let day: Date = after(last, -back * (NIGHTS + 16));
            patient.encounters.push(round.stay(day, NIGHTS));
        }
        let place = Place::Encounter(patient.encounters.len() - 1);
        patient.marks.push(match breach {
            true => hit(52, place, None, "seventh stay within a year; six expected"),
            false => near_miss(52, place, "sixth stay within a year"),
        });
        round.plant(patient);
    }
}

/// 无指征住院 (53): two nights of which examinations make seven tenths of the cost, and a little less.
fn no_reason(round: &mut Round<'_>) {
    for (price, breach) in [(70 * YUAN, true), (70 * YUAN - 10_000, false)] {
        let day = round.day();
        let mut stay = round.stay(day, 2);
        let mut scans = Order::charge(&SCAN, day, 3);
        scans.details.price = Some(price);
        // Two nights of 45.00 and three scans of 70.00, or of 69.99.
        stay.orders = vec![Order::charge(&WARD_SERVICES[0], day, 2), scans];
        let mut patient = round.adult();
        patient.encounters.push(stay);
        let place = Place::Encounter(0);
        patient.marks.push(match breach {
            true => hit(
                53,
                place,
                None,
                "two nights; examinations are 70 % of the cost",
            ),
            false => near_miss(
                53,
                place,
                "two nights; examinations are 69.99 % of the cost",
            ),
        });
        round.plant(patient);
    }
}

/// 非计划再入院 (63): marks each stay under review that another one ended at most 31 days before. The rule day
/// of the patient is that of the last stay, which the edition is in force on: it judges the earlier ones too.
pub(super) fn mark_readmissions(patient: &mut Patient) {
    let stays = || {
        let all = patient.encounters.iter().enumerate();
        all.filter(|(_, encounter)| encounter.inpatient())
    };
    let is_soon = |stay: &Encounter| {
        stays().any(|(_, earlier)| {
            let apart = days_between(earlier.discharge, stay.admission);
            (0..=READMISSION_DAYS).contains(&apart)
        })
    };
    let counts = |stay: &Encounter| {
        let by_plan = stay.details.planned || stay.diagnoses.first() == Some(&CHEMOTHERAPY);
        stay.current && !by_plan && is_soon(stay)
    };
    let places: Vec<usize> = stays()
        .filter(|(_, stay)| counts(stay))
        .map(|(place, _)| place)
        .collect();
    let note = "readmitted within 31 days; counts for the rate";
    let marks = places
        .into_iter()
        .map(|place| hit(63, Place::Encounter(place), None, note));
    patient.marks.extend(marks);
}
