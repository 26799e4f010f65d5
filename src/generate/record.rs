//! A patient in memory: what is written to the tables, before keys are given.

use time::Date;

use super::catalogue::{Class, Disease, Item};
use super::details::{Details, Particulars};

/// Fen.
pub(super) type Money = i64;

/// A patient with everything that is known of them.
#[derive(Debug)]
pub(super) struct Patient {
    /// National dictionary: 1 male, 2 female.
    pub(super) gender: &'static str,
    /// Completed years.
    pub(super) age: i32,
    /// Days, of somebody under one year.
    pub(super) age_days: Option<i64>,
    pub(super) enrolments: Vec<Enrolment>,
    pub(super) accumulators: Vec<Accumulator>,
    /// By admission.
    pub(super) encounters: Vec<Encounter>,
    /// What was planted on purpose.
    pub(super) marks: Vec<Mark>,
}

impl Patient {
    /// Order lines of all encounters.
    pub(super) fn lines(&self) -> u64 {
        let lines: usize = self
            .encounters
            .iter()
            .map(|encounter| encounter.orders.len())
            .sum();
        lines as u64
    }
}

/// 门诊慢特病 registration.
#[derive(Debug)]
pub(super) struct Enrolment {
    pub(super) disease: &'static Disease,
    pub(super) start: Date,
    pub(super) end: Date,
}

/// What of the limit of a year or quarter was used before the lines under review.
#[derive(Debug)]
pub(super) struct Accumulator {
    pub(super) disease: &'static Disease,
    pub(super) first: Date,
    pub(super) last: Date,
    pub(super) limit: Money,
    pub(super) used: Money,
}

/// A visit or stay.
#[derive(Debug)]
pub(super) struct Encounter {
    pub(super) current: bool,
    /// 就诊类型 (med_mdtrt_type): 1 clinic, 2 stay, 3 pharmacy.
    pub(super) visit_type: &'static str,
    /// 医疗类别 (med_type).
    pub(super) care_type: &'static str,
    pub(super) admission: Date,
    /// The day of settlement too; for a visit the day of admission.
    pub(super) discharge: Date,
    /// Minutes after 08:00 of the admission.
    pub(super) minute: u32,
    pub(super) specialty: &'static str,
    pub(super) doctor: u32,
    /// Under which the visit is settled.
    pub(super) chronic_disease: Option<&'static Disease>,
    /// Group claimed; empty for a visit.
    pub(super) group: &'static str,
    /// The principal one first.
    pub(super) diagnoses: Vec<&'static str>,
    /// With the day, the principal one first.
    pub(super) procedures: Vec<(&'static str, Date)>,
    /// By day.
    pub(super) orders: Vec<Order>,
    pub(super) details: Details,
}

impl Encounter {
    /// Whether the patient stays.
    pub(super) fn inpatient(&self) -> bool {
        self.visit_type == "2"
    }
}

/// An order or charge line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) item: &'static Item,
    pub(super) day: Date,
    /// Whole billing units; negative for a refund.
    pub(super) quantity: i64,
    /// Chronic disease under which the line is charged.
    pub(super) disease: Option<&'static Disease>,
    /// Days that the quantity lasts.
    pub(super) supply_days: Option<i64>,
    pub(super) role: Role,
    pub(super) details: Particulars,
}

/// What a line is to the lines beside it, which are told by their place in the encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A charge without an order of its own.
    Charge,
    /// Ordered for the whole stay; its charges follow.
    LongTermOrder,
    /// Charges an order.
    Fulfils(usize),
    /// Belongs to a procedure.
    OfProcedure(usize),
    /// Takes a charge back.
    Reverses(usize),
}

impl Order {
    /// A charge of `quantity` units on `day`.
    pub(super) fn charge(item: &'static Item, day: Date, quantity: i64) -> Self {
        let (disease, supply_days, role) = (None, None, Role::Charge);
        Self {
            item,
            day,
            quantity,
            disease,
            supply_days,
            role,
            details: Particulars::default(),
        }
    }

    /// The full refund of this line, which stands at `place`.
    pub(super) const fn refund(&self, place: usize) -> Self {
        let (quantity, supply_days, role) = (-self.quantity, None, Role::Reverses(place));
        Self {
            quantity,
            supply_days,
            role,
            ..*self
        }
    }

    /// Whether money is asked for.
    pub(super) fn charged(&self) -> bool {
        self.role != Role::LongTermOrder
    }

    /// Millionths of a CNY that a unit is charged at.
    pub(super) fn price(&self) -> i64 {
        self.details.price.unwrap_or(self.item.price)
    }

    /// Quantity times price, rounded half away from zero.
    pub(super) fn amount(&self) -> Money {
        let millionths = self.quantity * self.price();
        (millionths + 5_000 * millionths.signum()) / 10_000
    }

    /// Outside the catalogue, paid by the patient (自费).
    pub(super) fn own_pay(&self) -> Money {
        match self.item.class {
            Class::C => self.amount(),
            _ if self.details.own_pay => self.amount(),
            Class::A | Class::B => 0,
        }
    }

    /// Paid first by the patient (先行自付): a tenth of class 乙.
    pub(super) fn self_pay(&self) -> Money {
        match self.item.class {
            Class::B if !self.details.own_pay => self.amount() / 10,
            Class::A | Class::B | Class::C => 0,
        }
    }

    /// Inside the scope of the fund.
    pub(super) fn covered(&self) -> Money {
        self.amount() - self.own_pay() - self.self_pay()
    }
}

/// Whether a rule has to find the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Hit,
    NearMiss,
}

/// A planted breach or near miss.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) breach: &'static Breach,
    pub(super) verdict: Verdict,
    pub(super) place: Place,
    /// Money at stake, where the policy gives it.
    pub(super) amount: Option<Money>,
    /// Without comma or quotation mark.
    pub(super) note: &'static str,
}

/// What a rule forbids.
#[derive(Debug)]
pub(super) struct Breach {
    pub(super) id: &'static str,
    pub(super) pack: &'static str,
    pub(super) rule: &'static str,
}

impl Breach {
    /// Of a rule of a pack, under a name of its own.
    pub(super) const fn new(id: &'static str, pack: &'static str, rule: &'static str) -> Self {
        Breach { id, pack, rule }
    }
}

/// The first offending row of a patient.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// The encounter at this place.
    Encounter(usize),
    /// The encounter and its order at these places.
    Order(usize, usize),
    /// The encounter and its diagnosis at these places.
    Diagnosis(usize, usize),
    /// The encounter and its procedure at these places.
    Procedure(usize, usize),
    /// The encounter and the defect of its records at these places.
    Defect(usize, usize),
    /// The sums of the institution and month of the encounter at this place.
    Totals(usize),
}
