//! One planting of everything: days under review, plain visits and stays to begin with, and the marks.

use time::Date;

use super::super::catalogue::{Case, Item, WARD_SERVICES};
use super::super::clinic::{empty_visit, unregistered};
use super::super::random::Random;
use super::super::record::{Encounter, Mark, Money, Order, Patient, Place, Verdict};
use super::super::timeline::{Timeline, after, days_between};
use super::super::ward::{Theatre, short_stay};
use super::FIRST_DAY;
use super::rules::rule;
use super::visits::mark_readmissions;

/// Days that a scenario may go on after its first day under review.
const DAYS_AFTER: i64 = 8;

/// The patients planted so far.
#[derive(Debug)]
pub(super) struct Round<'a> {
    random: &'a mut Random,
    timeline: &'a Timeline,
    patients: Vec<Patient>,
}

impl<'a> Round<'a> {
    /// Nothing planted yet.
    pub(super) fn new(random: &'a mut Random, timeline: &'a Timeline) -> Self {
        let patients = Vec::new();
        Self {
            random,
            timeline,
            patients,
        }
    }

    /// Adds a patient, with what their stays count for the readmission rate.
    pub(super) fn plant(&mut self, mut patient: Patient) {
        mark_readmissions(&mut patient);
        self.patients.push(patient);
    }

    /// All patients.
    pub(super) fn finish(self) -> Vec<Patient> {
        self.patients
    }

    /// A day under review that knowledge is in force on, with some days to go.
    pub(super) fn day(&mut self) -> Date {
        let first = self.timeline.start.max(FIRST_DAY);
        let last = after(self.timeline.end, -DAYS_AFTER);
        let days = days_between(first, last).max(0);
        after(first, i64::from(self.random.between(0, days)))
    }

    /// A day under review whose month is over on the last day: sums are made of whole months.
    pub(super) fn day_of_whole_month(&mut self) -> Date {
        let end = self.timeline.end;
        let is_whole = after(end, 1).day() == 1;
        let last = match is_whole {
            true => end,
            false => after(end, -i64::from(end.day())),
        };
        let first = self.timeline.start.max(FIRST_DAY);
        let days = days_between(first, last).max(0);
        after(first, i64::from(self.random.between(0, days)))
    }

    /// A grown-up without encounters.
    pub(super) fn adult(&mut self) -> Patient {
        unregistered(self.random, 30, 59)
    }

    /// An ordinary visit to the clinic, without lines.
    pub(super) fn visit(&mut self, day: Date) -> Encounter {
        empty_visit(self.random, self.timeline, day)
    }

    /// An adult with one visit to the clinic and these lines.
    pub(super) fn visitor(&mut self, orders: Vec<Order>) -> Patient {
        let day = orders.first().map_or(self.timeline.end, |order| order.day);
        let mut patient = self.adult();
        patient.encounters.push(Encounter {
            orders,
            ..self.visit(day)
        });
        patient
    }

    /// A stay that is paid by item, with its beds and rounds.
    pub(super) fn stay(&mut self, day: Date, nights: i64) -> Encounter {
        let discharge = after(day, nights);
        let services = WARD_SERVICES[..2].iter();
        Encounter {
            current: discharge >= self.timeline.start,
            visit_type: "2",
            care_type: "21",
            discharge,
            orders: services
                .map(|item| Order::charge(item, day, nights))
                .collect(),
            ..self.visit(day)
        }
    }

    /// Somebody with one short stay that is paid by its group.
    pub(super) fn case(&mut self, case: &'static Case, theatre: Theatre) -> Patient {
        short_stay(self.random, self.timeline, case, theatre)
    }

    /// An adult with one stay, to whose lines these are added.
    pub(super) fn inpatient(&mut self, day: Date, nights: i64, orders: Vec<Order>) -> Patient {
        let mut patient = self.adult();
        let mut stay = self.stay(day, nights);
        stay.orders.extend(orders);
        patient.encounters.push(stay);
        patient
    }
}

/// Place of the first line that [`Round::inpatient`] adds.
pub(super) const FIRST_OF_STAY: usize = 2;

/// One unit on a day.
pub(super) fn one(item: &'static Item, day: Date) -> Order {
    Order::charge(item, day, 1)
}

/// What a rule has to find, with the money at stake where the policy gives it.
pub(super) fn hit(
    number: usize,
    place: Place,
    amount: impl Into<Option<Money>>,
    note: &'static str,
) -> Mark {
    Mark {
        breach: rule(number),
        verdict: Verdict::Hit,
        place,
        amount: amount.into(),
        note,
    }
}

/// What a rule may not find.
pub(super) fn near_miss(number: usize, place: Place, note: &'static str) -> Mark {
    Mark {
        breach: rule(number),
        verdict: Verdict::NearMiss,
        place,
        amount: None,
        note,
    }
}
