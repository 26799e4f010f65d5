//! Stays: orders for the whole stay with their daily charges, tests, operations.

use time::Date;

use super::catalogue::{
    ANAESTHESIA, CASES, CLIP, Case, INTERVENTION, OPERATION, WARD_DRUGS, WARD_SERVICES, WARD_TESTS,
};
use super::clinic::{empty_visit, settle, unregistered, visiting_patient};
use super::random::Random;
use super::record::{Encounter, Order, Patient, Role};
use super::timeline::{Timeline, after, days_between};

/// Longest stay, in days after the day of admission.
const STAY_DAYS_MAX: i32 = 12;
/// Days before a stay without a visit: longer than tests in the clinic belong to it anywhere.
const DAYS_BEFORE_STAY: i32 = 7;

/// What is charged for the operation of a stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theatre {
    /// Operation, anaesthesia and a consumable.
    Full,
    /// The operation alone, in local anaesthesia.
    OperationOnly,
    /// Nothing.
    Nothing,
}

/// Somebody who stays once, and sometimes comes to the clinic too.
pub(super) fn staying_patient(random: &mut Random, timeline: &Timeline) -> Patient {
    let case = random.pick(&CASES);
    let mut patient = if random.chance(30) {
        let lines = u64::from(1 + random.below(6));
        visiting_patient(random, timeline, lines)
    } else {
        unregistered(random, 30, 85)
    };
    fit(&mut patient, random, case);
    let length = random.between(3, STAY_DAYS_MAX);
    let first = random.between(0, timeline.days() - length);
    let admission = after(timeline.history_start, i64::from(first));
    let mut stay = admitted(random, timeline, case, (admission, length));
    // Nobody goes to the clinic while in hospital, and what leads to the admission is done there.
    patient.encounters.retain(|visit| {
        days_between(visit.admission, admission) > DAYS_BEFORE_STAY
            || visit.admission > stay.discharge
    });
    long_term_orders(&mut stay, length);
    operate(&mut stay, case, Theatre::Full);
    stay.orders.sort_by_key(|order| order.day);
    relink(&mut stay);
    patient.encounters.push(stay);
    settle(&mut patient, random, timeline);
    patient
}

/// Somebody with one short stay under review that claims `group`: a few lines, as the rules of groups
/// look at nothing else.
pub(super) fn short_stay(
    random: &mut Random,
    timeline: &Timeline,
    case: &'static Case,
    theatre: Theatre,
) -> Patient {
    let mut patient = unregistered(random, 30, 85);
    fit(&mut patient, random, case);
    let length = random.between(2, 5);
    let first = random.between(0, timeline.review_days() - length);
    let admission = after(timeline.start, i64::from(first));
    let mut stay = admitted(random, timeline, case, (admission, length));
    for item in &WARD_SERVICES[..2] {
        stay.orders
            .push(Order::charge(item, admission, i64::from(length)));
    }
    stay.orders
        .push(Order::charge(&WARD_TESTS[1], admission, 1));
    operate(&mut stay, case, theatre);
    patient.encounters.push(stay);
    patient
}

/// Gives the patient the gender and age of the case.
fn fit(patient: &mut Patient, random: &mut Random, case: &Case) {
    patient.gender = case.gender.unwrap_or(patient.gender);
    patient.age = random.between(case.ages.0, case.ages.1);
}

/// The stay of a case, from a day for some days, without lines.
fn admitted(
    random: &mut Random,
    timeline: &Timeline,
    case: &'static Case,
    (admission, length): (Date, i32),
) -> Encounter {
    let discharge = after(admission, i64::from(length));
    let day = after(admission, 1);
    Encounter {
        current: discharge >= timeline.start,
        visit_type: "2",
        care_type: "21",
        discharge,
        specialty: case.specialty,
        group: case.group,
        diagnoses: case.diagnoses.to_vec(),
        procedures: case.procedures.iter().map(|code| (*code, day)).collect(),
        ..empty_visit(random, timeline, admission)
    }
}

/// Tests on admission, orders for the whole stay, and their charges day by day.
fn long_term_orders(stay: &mut Encounter, length: i32) {
    let admission = stay.admission;
    let tests = WARD_TESTS
        .iter()
        .map(|test| Order::charge(test, admission, 1));
    stay.orders.extend(tests);
    let items = WARD_SERVICES
        .iter()
        .chain(&WARD_DRUGS[..=(length % 3) as usize]);
    for item in items {
        let ordered = stay.orders.len();
        let order = Order {
            role: Role::LongTermOrder,
            ..Order::charge(item, admission, 1)
        };
        stay.orders.push(order);
        for day in 0..i64::from(length) {
            let charge = Order::charge(item, after(admission, day), 1);
            stay.orders.push(Order {
                role: Role::Fulfils(ordered),
                ..charge
            });
        }
    }
}

/// What the procedures of a case are charged with, on the day after admission.
fn operate(stay: &mut Encounter, case: &Case, theatre: Theatre) {
    let Some((_, day)) = stay.procedures.first().copied() else {
        return;
    };
    let items: &[_] = match (case.operation, theatre) {
        (false, _) => &[&INTERVENTION],
        (true, Theatre::Full) => &[&OPERATION, &ANAESTHESIA, &CLIP],
        (true, Theatre::OperationOnly) => &[&OPERATION],
        (true, Theatre::Nothing) => &[],
    };
    for item in items {
        let role = Role::OfProcedure(0);
        stay.orders.push(Order {
            role,
            ..Order::charge(item, day, 1)
        });
    }
}

/// After sorting by day, points each charge at the order of its item again.
fn relink(stay: &mut Encounter) {
    for place in 0..stay.orders.len() {
        if let Role::Fulfils(_) = stay.orders[place].role {
            let code = stay.orders[place].item.code;
            let ordered = stay
                .orders
                .iter()
                .position(|order| order.role == Role::LongTermOrder && order.item.code == code);
            if let Some(ordered) = ordered {
                stay.orders[place].role = Role::Fulfils(ordered);
            }
        }
    }
}
