//! What is asked about one patient while care goes on, in the form that each contender takes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::hospital::{self, Encounter, Extent, HALF_A_YEAR, Order, Patient};
use crate::knowledge::{diagnosis_code, item_code};

/// What contenders are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// One order being written.
    OneOrder,
    /// An encounter of 40 lines, afterwards.
    Encounter,
}

impl Work {
    /// Its name among contenders.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Work::OneOrder => "one-order",
            Work::Encounter => "encounter",
        }
    }

    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Work::OneOrder, Work::Encounter]
            .into_iter()
            .find(|work| work.name() == name)
    }

    /// The first requests, each of a patient of its own.
    pub fn patients(self, count: u32) -> impl Iterator<Item = Patient> {
        (0..count).map(move |number| match self {
            Work::OneOrder => one_order(number),
            Work::Encounter => encounter_of_40_lines(number),
        })
    }
}

/// An order being written, the last of an encounter: the lines of the same day and the stays before it are
/// known, it alone is looked at.
#[must_use]
pub fn one_order(number: u32) -> Patient {
    let mut patient = last_encounter(number, HALF_A_YEAR);
    let last = patient.orders.last().cloned();
    patient
        .orders
        .retain(|order| Some(order.day) == last.as_ref().map(|last| last.day));
    let count = patient.orders.len();
    for (place, order) in patient.orders.iter_mut().enumerate() {
        order.under_review = place + 1 == count;
    }
    patient
}

/// The last encounter of a patient with forty lines, after the encounters before it.
#[must_use]
pub fn encounter_of_40_lines(number: u32) -> Patient {
    let lines = Extent {
        lines_of_visit: 40,
        lines_of_stay: 40,
    };
    last_encounter(number, lines)
}

fn last_encounter(number: u32, extent: Extent) -> Patient {
    let mut patient = hospital::patient(number, extent);
    let last = patient.encounters.len() - 1;
    for (place, encounter) in patient.encounters.iter_mut().enumerate() {
        encounter.under_review = place == last;
    }
    patient.orders.retain(|order| order.encounter == last);
    patient
}

/// As JSON, the lines as they are: what a policy engine is sent.
#[must_use]
pub fn json(patient: &Patient) -> Value {
    let lines = patient.orders.iter().map(|order| {
        let encounter = &patient.encounters[order.encounter];
        json!({
            "key": order.key,
            "item": item_code(order.item),
            "quantity": order.quantity,
            "day": order.day,
            "reviewed": is_reviewed(order, encounter),
            "diagnoses": encounter.diagnoses.map(diagnosis_code),
        })
    });
    let stays = patient
        .encounters
        .iter()
        .filter(|encounter| encounter.is_stay);
    let stays = stays.map(|stay| {
        json!({
            "key": stay.key,
            "admission": stay.admission,
            "discharge": stay.discharge,
            "reviewed": stay.under_review,
        })
    });
    json!({
        "lines": lines.collect::<Vec<_>>(),
        "stays": stays.collect::<Vec<_>>(),
    })
}

/// The same with all that would have to be grouped and summed already done: for each day and item the first line,
/// the sum, and whether it is looked at.
#[must_use]
pub fn json_with_sums(patient: &Patient) -> Value {
    let mut json = json(patient);
    let mut days: BTreeMap<i32, Map<String, Value>> = BTreeMap::new();
    for (day, items) in sums(patient) {
        for (item, sum) in items {
            let told =
                json!({"key": sum.first, "quantity": sum.quantity, "reviewed": sum.reviewed});
            days.entry(day).or_default().insert(item_code(item), told);
        }
    }
    json["days"] = days.into_values().map(Value::Object).collect();
    json
}

/// What there is of an item in a day.
#[derive(Debug, Clone)]
pub struct Sum {
    /// Key of the first line.
    pub first: String,
    /// Units.
    pub quantity: u32,
    /// Whether one of the lines is looked at.
    pub reviewed: bool,
}

/// What there is of each item in each day.
#[must_use]
pub fn sums(patient: &Patient) -> BTreeMap<i32, BTreeMap<u32, Sum>> {
    let mut days: BTreeMap<i32, BTreeMap<u32, Sum>> = BTreeMap::new();
    for order in &patient.orders {
        let items = days.entry(order.day).or_default();
        let sum = items.entry(order.item).or_insert_with(|| Sum {
            first: order.key.clone(),
            quantity: 0,
            reviewed: false,
        });
        sum.quantity += order.quantity;
        sum.reviewed |= is_reviewed(order, &patient.encounters[order.encounter]);
    }
    days
}

fn is_reviewed(order: &Order, encounter: &Encounter) -> bool {
    order.under_review && encounter.under_review
}
