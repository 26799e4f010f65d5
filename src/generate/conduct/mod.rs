//! Planted breaches of what hospitals record of care (pack `37/conduct`, CND-25 to CND-28): treatments against their
//! records, examinations against their reports, the bundle of examinations on admission, adjuvant medicines.
//!
//! What ordinary patients have is recorded whole: each day of a stay has a record, each examination a report. What a
//! province supplies for the last two rules is in `examples/conduct-settings` as these hospitals have it.

mod admissions;
mod medicines;
mod records;
mod tables;

use time::Date;
use time::macros::date;

pub(super) use medicines::INSTITUTIONS;
pub(super) use tables::ConductTables;

use super::clinic::{empty_visit, unregistered};
use super::random::Random;
use super::record::{Breach, Encounter, Mark, Money, Order, Patient, Place, Verdict};
use super::timeline::{Timeline, after, days_between};

const PACK: &str = "37/conduct";

/// The first day that a breach may lie on: from then on the tables of the pack are in force.
const FIRST_DAY: Date = date!(2024 - 01 - 01);
/// The earliest last day: there is a whole month before it.
pub(super) const END_MIN: Date = date!(2024 - 01 - 31);
/// Fewest order lines of a hospital in which everything is planted.
pub(super) const LINES_MIN: u64 = 500;
/// Lines for each further round.
const LINES_PER_ROUND: u64 = 10_000;
/// Days that a scenario may go on after its first day.
const DAYS_AFTER: i64 = 5;

/// How often everything is planted in a hospital with so many lines.
pub(super) fn rounds(lines: u64) -> u64 {
    (lines / LINES_PER_ROUND).max(1)
}

/// The patients of a round; a month has one share of adjuvant medicines, so that is planted in the first.
pub(super) fn patients(random: &mut Random, timeline: &Timeline, round: u64) -> Vec<Patient> {
    let mut patients = records::patients(random, timeline);
    patients.extend(admissions::patients(random, timeline));
    if round == 0 {
        patients.extend(medicines::patients(random, timeline));
    }
    patients
}

/// A day under review, with some days to go.
fn day(random: &mut Random, timeline: &Timeline) -> Date {
    let first = timeline.start.max(FIRST_DAY);
    let days = days_between(first, after(timeline.end, -DAYS_AFTER)).max(0);
    after(first, i64::from(random.between(0, days)))
}

/// An adult with one visit to the clinic on the day of these lines.
fn visitor(random: &mut Random, timeline: &Timeline, orders: Vec<Order>) -> Patient {
    let day = orders.first().map_or(timeline.end, |order| order.day);
    let mut patient = unregistered(random, 30, 59);
    patient.encounters.push(Encounter {
        orders,
        ..empty_visit(random, timeline, day)
    });
    patient
}

/// What a rule has to find of the patient's first encounter, with the money at stake, or may not find.
fn mark(breach: &'static Breach, place: Place, amount: Option<Money>, note: &'static str) -> Mark {
    let verdict = match amount {
        Some(_) => Verdict::Hit,
        None => Verdict::NearMiss,
    };
    Mark {
        breach,
        verdict,
        place,
        amount,
        note,
    }
}
