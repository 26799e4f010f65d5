//! 不得同时: two items within one day, visit, hour or prescription, or while either lasts; two medicines of
//! one class at a time. What comes second, or stands beside the main item, is at stake.

use super::super::catalogue::{Item, Kind};
use super::super::record::{Order, Patient, Place};
use super::super::timeline::after;
use super::items::{YUAN, material, medicine, service, slice};
use super::round::{FIRST_OF_STAY, Round, hit, near_miss, one};

/// A treatment (25), and what is part of it on its day, in its visit, within six hours, in its hour.
static MAIN: Item = service("009999025000000", Kind::Treatment, 120 * YUAN);
static IN_ITS_DAY: Item = service("009999025001000", Kind::Treatment, 15 * YUAN);
static IN_ITS_VISIT: Item = service("009999025002000", Kind::Treatment, 17 * YUAN);
static IN_SIX_HOURS: Item = service("009999025003000", Kind::Treatment, 19 * YUAN);
static IN_ITS_HOUR: Item = service("009999025004000", Kind::Treatment, 23 * YUAN);
/// A treatment whose price holds the material (30).
static WITH_MATERIAL: Item = service("009999030000000", Kind::Treatment, 85 * YUAN);
static ITS_MATERIAL: Item = material("C9903000000000000001", 13 * YUAN);
/// Medicines that act against each other (74), and two of one class (69).
static INTERACTING: [Item; 2] = [
    medicine("XA99AAA074A001010100001", 24 * YUAN),
    medicine("XA99AAA174A001010100001", 29 * YUAN),
];
static ONE_CLASS: [Item; 2] = [
    medicine("XA99AAA069A001010100001", 32 * YUAN),
    medicine("XA99AAA169A001010100001", 34 * YUAN),
];
/// Slices that may not be boiled together (75).
static INCOMPATIBLE: [Item; 2] = [slice("T999075000", 2 * YUAN), slice("T999075001", 3 * YUAN)];

/// Plants the pairs.
pub(super) fn plant(round: &mut Round<'_>) {
    same_day(round, 25, [&MAIN, &IN_ITS_DAY], 1_500);
    same_day(round, 30, [&WITH_MATERIAL, &ITS_MATERIAL], 1_300);
    same_visit(round);
    // Ten o'clock, and one minute less or no less than six hours later.
    by_the_clock(
        round,
        (&IN_SIX_HOURS, 1_900),
        (959, 960),
        ["a minute less than six hours apart", "six hours apart"],
    );
    by_the_clock(
        round,
        (&IN_ITS_HOUR, 2_300),
        (659, 660),
        ["in the same hour", "in the next hour"],
    );
    while_it_lasts(round, 74, &INTERACTING, 2_900);
    while_it_lasts(round, 69, &ONE_CLASS, 3_400);
    same_prescription(round);
}

/// A stay with both, on one day or on two.
fn same_day(round: &mut Round<'_>, rule: usize, [main, other]: [&'static Item; 2], amount: i64) {
    for (days, note) in [(0, "on the same day"), (1, "on the next day")] {
        let day = round.day();
        let orders = vec![one(main, day), one(other, after(day, days))];
        let mut patient = round.inpatient(day, 3, orders);
        let place = Place::Order(0, FIRST_OF_STAY + 1);
        patient.marks.push(match days {
            0 => hit(rule, place, amount, note),
            _ => near_miss(rule, place, note),
        });
        round.plant(patient);
    }
}

/// Both in one visit, or in two visits of a day.
fn same_visit(round: &mut Round<'_>) {
    let day = round.day();
    let mut patient = round.visitor(vec![one(&MAIN, day), one(&IN_ITS_VISIT, day)]);
    let note = "in the same visit";
    patient.marks.push(hit(25, Place::Order(0, 1), 1_700, note));
    round.plant(patient);
    let day = round.day();
    let mut patient = round.visitor(vec![one(&MAIN, day)]);
    let mut visit = round.visit(day);
    visit.orders.push(one(&IN_ITS_VISIT, day));
    patient.encounters.push(visit);
    let note = "in another visit of the day";
    patient.marks.push(near_miss(25, Place::Order(1, 0), note));
    round.plant(patient);
}

/// The main item at 10:00, the other at one of two minutes of the same day.
fn by_the_clock(
    round: &mut Round<'_>,
    (other, amount): (&'static Item, i64),
    (near, far): (u32, u32),
    notes: [&'static str; 2],
) {
    for (minute, breach) in [(near, true), (far, false)] {
        let day = round.day();
        let at = |item, minute| {
            let mut order = one(item, day);
            order.details.started = Some(minute);
            order
        };
        let orders = vec![at(&MAIN, 600), at(other, minute)];
        let mut patient = round.inpatient(day, 2, orders);
        let place = Place::Order(0, FIRST_OF_STAY + 1);
        patient.marks.push(match breach {
            true => hit(25, place, amount, notes[0]),
            false => near_miss(25, place, notes[1]),
        });
        round.plant(patient);
    }
}

/// The second medicine while the first, of a week, still lasts, or when it has ended.
fn while_it_lasts(
    round: &mut Round<'_>,
    rule: usize,
    [first, second]: &'static [Item; 2],
    amount: i64,
) {
    for days in [6, 7] {
        let later = round.day();
        let supply = |item, day| Order {
            supply_days: Some(7),
            ..one(item, day)
        };
        let mut patient: Patient = round.visitor(vec![supply(first, after(later, -days))]);
        let mut visit = round.visit(later);
        visit.orders.push(supply(second, later));
        patient.encounters.push(visit);
        let place = Place::Order(1, 0);
        patient.marks.push(match days {
            6 => hit(rule, place, amount, "on the last day of the other medicine"),
            _ => near_miss(rule, place, "the day after the other medicine ended"),
        });
        round.plant(patient);
    }
}

/// 配伍禁忌: both on one prescription, or on two of the visit. Seven doses of ten grams each.
fn same_prescription(round: &mut Round<'_>) {
    let [first, second] = &INCOMPATIBLE;
    for prescription in [0, 1] {
        let day = round.day();
        let decoction = |item, prescription| {
            let mut order = Order::charge(item, day, 70);
            order.details.decoctions = Some(7);
            order.details.prescription = prescription;
            order
        };
        let orders = vec![decoction(first, 0), decoction(second, prescription)];
        let amount = orders[1].amount();
        let mut patient = round.visitor(orders);
        let place = Place::Order(0, 1);
        patient.marks.push(match prescription {
            0 => hit(75, place, amount, "boiled together"),
            _ => near_miss(75, place, "on another prescription of the visit"),
        });
        round.plant(patient);
    }
}
