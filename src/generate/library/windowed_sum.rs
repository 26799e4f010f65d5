//! 限频次、限疗程、限总额: more of an item in a day, so many hours, a visit, a course or a year than allowed.
//! What lies beyond the limit is at stake.

use super::super::catalogue::{Item, Kind};
use super::super::record::{Money, Order, Place};
use super::super::timeline::after;
use super::items::{YUAN, material, medicine, service};
use super::round::{FIRST_OF_STAY, Round, hit, near_miss, one};

/// Two medicines of one course of at most three days (10).
static COURSE: Item = medicine("XA99AAA010A001010100001", 14 * YUAN);
static COURSE_TOO: Item = medicine("XA99AAA110A001010100001", 9 * YUAN);
/// At most two days of a stay (23).
static DAYS_OF_STAY: Item = service("009999023000000", Kind::Nursing, 38 * YUAN);
/// Once a day (27), once in 24 hours (27), once in seven days (31).
static ONCE_A_DAY: Item = service("009999027000000", Kind::Treatment, 26 * YUAN);
static ONCE_IN_24_HOURS: Item = service("009999127000000", Kind::Treatment, 31 * YUAN);
static ONCE_A_WEEK: Item = service("009999031000000", Kind::Examination, 68 * YUAN);
/// At most 150.00 a year (28, 34).
static SERVICE_150: Item = service("009999028000000", Kind::Treatment, 50 * YUAN);
static MATERIAL_150: Item = material("C9903400000000000001", 50 * YUAN);
/// At most two in a visit (86).
static TWO_A_VISIT: Item = material("C9908600000000000001", 12 * YUAN);

/// Plants the windows.
pub(super) fn plant(round: &mut Round<'_>) {
    course(round);
    days_of_stay(round);
    daily(round);
    weekly(round);
    let note = "four of 50.00 where 150.00 a year are paid";
    quantities(round, (28, &SERVICE_150), (4, 5_000, note), 3);
    quantities(round, (34, &MATERIAL_150), (4, 5_000, note), 3);
    quantities(
        round,
        (86, &TWO_A_VISIT),
        (3, 1_200, "three in a visit; two allowed"),
        2,
    );
}

/// Days of two medicines together: three are paid, and after a month without any three again.
fn course(round: &mut Round<'_>) {
    // The first lasts two days; the second begins so many days after it and lasts so many.
    let cases: [(i64, i64, Option<Money>, &str); 3] = [
        // Five days, of which two of the last three are beyond: 2/3 of 9.00.
        (2, 3, Some(600), "five days of one course; three are paid"),
        (2, 1, None, "three days of one course"),
        (33, 3, None, "another course after more than thirty days"),
    ];
    for (days_after, lasts, beyond, note) in cases {
        let later = round.day();
        let first = after(later, -days_after);
        let supply = |item, day, days| Order {
            supply_days: Some(days),
            ..one(item, day)
        };
        let mut patient = round.visitor(vec![supply(&COURSE, first, 2)]);
        let mut visit = round.visit(later);
        visit.orders.push(supply(&COURSE_TOO, later, lasts));
        patient.encounters.push(visit);
        let place = Place::Order(1, 0);
        patient.marks.push(match beyond {
            Some(amount) => hit(10, place, amount, note),
            None => near_miss(10, place, note),
        });
        round.plant(patient);
    }
}

/// A service of each day of a stay: the third day is beyond.
fn days_of_stay(round: &mut Round<'_>) {
    for days in [3, 2] {
        let day = round.day();
        let orders = (0..days).map(|place| one(&DAYS_OF_STAY, after(day, place)));
        let mut patient = round.inpatient(day, 4, orders.collect());
        let last = Place::Order(0, FIRST_OF_STAY + days as usize - 1);
        patient.marks.push(match days {
            3 => hit(23, last, 3_800, "a third day of the stay; two are paid"),
            _ => near_miss(23, last, "two days of the stay"),
        });
        round.plant(patient);
    }
}

/// Once a day by the calendar, and once in twenty-four hours by the clock.
fn daily(round: &mut Round<'_>) {
    let day = round.day();
    let mut patient = round.visitor(vec![Order::charge(&ONCE_A_DAY, day, 2)]);
    let note = "twice on one day";
    patient.marks.push(hit(27, Place::Order(0, 0), 2_600, note));
    round.plant(patient);
    two_visits(round, &ONCE_A_DAY, 1, |place| {
        near_miss(27, place, "once on each of two days")
    });
    // 09:00 of one day, then 08:59 or 09:00 of the next.
    for (minute, breach) in [(539, true), (540, false)] {
        let day = round.day();
        let at = |day, minute| {
            let mut order = one(&ONCE_IN_24_HOURS, day);
            order.details.started = Some(minute);
            order
        };
        let orders = vec![at(day, 540), at(after(day, 1), minute)];
        let mut patient = round.inpatient(day, 3, orders);
        let place = Place::Order(0, FIRST_OF_STAY + 1);
        patient.marks.push(match breach {
            true => hit(27, place, 3_100, "again a minute before 24 hours are over"),
            false => near_miss(27, place, "again after 24 hours"),
        });
        round.plant(patient);
    }
}

/// Once in seven days: the seventh day is too early, the eighth is not.
fn weekly(round: &mut Round<'_>) {
    two_visits(round, &ONCE_A_WEEK, 6, |place| {
        hit(31, place, 6_800, "again within seven days")
    });
    two_visits(round, &ONCE_A_WEEK, 7, |place| {
        near_miss(31, place, "again after seven days")
    });
}

/// One in each of two visits, so many days apart.
fn two_visits(
    round: &mut Round<'_>,
    item: &'static Item,
    days: i64,
    mark: impl Fn(Place) -> super::super::record::Mark,
) {
    let later = round.day();
    let mut patient = round.visitor(vec![one(item, after(later, -days))]);
    let mut visit = round.visit(later);
    visit.orders.push(one(item, later));
    patient.encounters.push(visit);
    patient.marks.push(mark(Place::Order(1, 0)));
    round.plant(patient);
}

/// One line with too many, and one with as many as allowed.
fn quantities(
    round: &mut Round<'_>,
    (rule, item): (usize, &'static Item),
    (too_many, beyond, note): (i64, Money, &'static str),
    enough: i64,
) {
    let place = Place::Order(0, 0);
    let day = round.day();
    let mut patient = round.visitor(vec![Order::charge(item, day, too_many)]);
    patient.marks.push(hit(rule, place, beyond, note));
    round.plant(patient);
    let day = round.day();
    let mut patient = round.visitor(vec![Order::charge(item, day, enough)]);
    patient
        .marks
        .push(near_miss(rule, place, "as much as is paid"));
    round.plant(patient);
}
