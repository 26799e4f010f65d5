//! 一张处方: only slices that are not paid alone, too many kinds of medicine, too many grams in a dose, or
//! more charged than ordered. The whole prescription is at stake, but for charges beyond the order.

use super::super::catalogue::{CLINIC_DRUGS, Item};
use super::super::record::{Money, Order, Place, Role};
use super::super::timeline::after;
use super::items::{YUAN, medicine, slice};
use super::round::{FIRST_OF_STAY, Round, hit, near_miss, one};

/// Slices that are not paid where a prescription holds nothing else (4), and one that is.
static UNPAID_ALONE: [Item; 2] = [slice("T999004000", 4 * YUAN), slice("T999004001", 5 * YUAN)];
static ORDINARY: [Item; 3] = [
    slice("T999104000", YUAN),
    slice("T999104001", YUAN),
    slice("T999104002", YUAN),
];
/// A sixth kind beside the five of the clinic.
static SIXTH: Item = medicine("XA99AAA146A001010100001", 11 * YUAN);
/// Doses of a decoction.
const DOSES: i64 = 7;

/// Plants the prescriptions.
pub(super) fn plant(round: &mut Round<'_>) {
    let [first, second] = &UNPAID_ALONE;
    let note = "only slices that are not paid alone";
    decoction(round, 4, &[(first, 10), (second, 10)], note, true);
    let note = "with a slice that is paid";
    decoction(round, 4, &[(first, 10), (&ORDINARY[0], 10)], note, false);
    let [one, two, three] = &ORDINARY;
    let note = "301 g in a dose; 300 allowed";
    decoction(
        round,
        76,
        &[(one, 100), (two, 100), (three, 101)],
        note,
        true,
    );
    let note = "300 g in a dose";
    decoction(
        round,
        76,
        &[(one, 100), (two, 100), (three, 100)],
        note,
        false,
    );
    kinds(round);
    beyond_the_order(round);
}

/// One prescription of slices with so many grams a dose.
fn decoction(
    round: &mut Round<'_>,
    rule: usize,
    slices: &[(&'static Item, i64)],
    note: &'static str,
    breach: bool,
) {
    let day = round.day();
    let line = |(item, grams): &(&'static Item, i64)| {
        let mut order = Order::charge(item, day, grams * DOSES);
        order.details.decoctions = Some(DOSES);
        order
    };
    let orders: Vec<Order> = slices.iter().map(line).collect();
    let amount: Money = orders.iter().map(Order::amount).sum();
    let mut patient = round.visitor(orders);
    let place = Place::Order(0, 0);
    patient.marks.push(match breach {
        true => hit(rule, place, amount, note),
        false => near_miss(rule, place, note),
    });
    round.plant(patient);
}

/// 药品种类超标 (46): six kinds, and five with one of them twice.
fn kinds(round: &mut Round<'_>) {
    for (sixth, breach) in [(&SIXTH, true), (CLINIC_DRUGS[0], false)] {
        let day = round.day();
        let five = CLINIC_DRUGS.iter().map(|item| one(item, day));
        let orders: Vec<Order> = five.chain([one(sixth, day)]).collect();
        let amount: Money = orders.iter().map(Order::amount).sum();
        let mut patient = round.visitor(orders);
        let place = Place::Order(0, 0);
        patient.marks.push(match breach {
            true => hit(46, place, amount, "six kinds of medicine; five allowed"),
            false => near_miss(46, place, "five kinds of medicine in six lines"),
        });
        round.plant(patient);
    }
}

/// 中药饮片超量上传 (77): 60 g ordered; 30 g and then 36 g, or 30 g again, charged.
fn beyond_the_order(round: &mut Round<'_>) {
    for (grams, breach) in [(36, true), (30, false)] {
        let day = round.day();
        let line = |day, quantity, role| {
            let mut order = Order {
                role,
                ..Order::charge(&ORDINARY[0], day, quantity)
            };
            order.details.decoctions = Some(3);
            order
        };
        let fulfils = Role::Fulfils(FIRST_OF_STAY);
        let orders = vec![
            line(day, 60, Role::LongTermOrder),
            line(day, 30, fulfils),
            line(after(day, 1), grams, fulfils),
        ];
        let mut patient = round.inpatient(day, 3, orders);
        let place = Place::Order(0, FIRST_OF_STAY + 2);
        patient.marks.push(match breach {
            // Six grams of 1.00.
            true => hit(77, place, 600, "66 g charged of 60 g ordered"),
            false => near_miss(77, place, "60 g charged of 60 g ordered"),
        });
        round.plant(patient);
    }
}
