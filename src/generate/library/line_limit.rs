//! 单条限量、限价: one line that lasts, counts, doses or costs more than allowed.

use super::super::catalogue::{Dosage, Item, Kind};
use super::super::record::{Order, Place};
use super::items::{YUAN, medicine, service};
use super::round::{Round, hit, near_miss, one};

/// At most seven days (9).
static BY_DAYS: Item = medicine("XA99AAA009A001010100001", 18 * YUAN);
/// At most three boxes (9).
static BY_BOXES: Item = medicine("XA99AAA109A001010100001", 16 * YUAN);
/// At most 6 mg a day (68): twice 4 mg, and twice 3 mg.
static FOUR_TWICE: Item = in_milligrams(4);
static THREE_TWICE: Item = in_milligrams(3);
/// A service with a ceiling of 30.00 (14).
static CAPPED: Item = service("003104010010000", Kind::Examination, 33 * YUAN);
const CEILING: i64 = 30 * YUAN;

const fn in_milligrams(dose: i64) -> Item {
    Item {
        pack: 56,
        base_unit: "mg",
        dosage: Some(Dosage {
            dose,
            times: 2,
            route: "口服",
        }),
        ..medicine("XA99AAA068A001010100001", 45 * YUAN)
    }
}

/// Plants the limits of a line.
pub(super) fn plant(round: &mut Round<'_>) {
    let lasting = |round: &mut Round<'_>, days: i64| Order {
        supply_days: Some(days),
        ..one(&BY_DAYS, round.day())
    };
    let boxes = |round: &mut Round<'_>, quantity: i64| Order {
        quantity,
        ..one(&BY_BOXES, round.day())
    };
    let (eight, seven) = (lasting(round, 8), lasting(round, 7));
    planted(
        round,
        9,
        (eight, eight.amount(), "eight days; seven allowed"),
        (seven, "seven days"),
    );
    let (four, three) = (boxes(round, 4), boxes(round, 3));
    planted(
        round,
        9,
        (four, four.amount(), "four boxes; three allowed"),
        (three, "three boxes"),
    );
    let (high, low) = (
        one(&FOUR_TWICE, round.day()),
        one(&THREE_TWICE, round.day()),
    );
    planted(
        round,
        68,
        (high, high.amount(), "8 mg a day; 6 allowed"),
        (low, "6 mg a day"),
    );
    let (above, at) = (priced(round, 33 * YUAN), priced(round, CEILING));
    // Two of them, each 3.00 above the ceiling.
    planted(
        round,
        14,
        (above, 600, "33.00 where 30.00 is the ceiling"),
        (at, "charged at the ceiling"),
    );
}

fn priced(round: &mut Round<'_>, price: i64) -> Order {
    let mut order = Order::charge(&CAPPED, round.day(), 2);
    (order.details.price, order.details.ceiling) = (Some(price), Some(CEILING));
    order
}

fn planted(
    round: &mut Round<'_>,
    rule: usize,
    (breach, amount, why): (Order, i64, &'static str),
    (near, why_not): (Order, &'static str),
) {
    let mut patient = round.visitor(vec![breach]);
    patient
        .marks
        .push(hit(rule, Place::Order(0, 0), amount, why));
    round.plant(patient);
    let mut patient = round.visitor(vec![near]);
    patient
        .marks
        .push(near_miss(rule, Place::Order(0, 0), why_not));
    round.plant(patient);
}
