//! The columns of patient scope, and a patient's rows in them.

use time::Date;

use super::catalogue::{CHRONIC_AMOUNT, Dosage};
use super::record::{Accumulator, Encounter, Enrolment, Order, Patient, Role};
use super::tables::{Cell, optional};

/// Opening of the clinic, in minutes after midnight.
const OPENING: u32 = 8 * 60;
/// Hour at which stays end, in minutes after midnight.
const DISCHARGE: u32 = 16 * 60;

pub(super) const INSTITUTION_COLUMNS: [&str; 5] =
    ["institution", "codes", "types", "levels", "areas"];

pub(super) const PATIENT_COLUMNS: [&str; 3] = ["patient", "genders", "pooling-areas"];

pub(super) const ENROLMENT_COLUMNS: [&str; 4] = ["patients", "diseases", "starts", "ends"];

pub(super) fn enrolment_cells<'a>(patient: Cell<'a>, enrolment: &Enrolment) -> [Cell<'a>; 4] {
    let disease = Cell::Text(enrolment.disease.code);
    [
        patient,
        disease,
        Cell::Day(enrolment.start),
        Cell::Day(enrolment.end),
    ]
}

pub(super) const ACCUMULATOR_COLUMNS: [&str; 7] = [
    "patients",
    "kinds",
    "subjects",
    "period-starts",
    "period-ends",
    "amounts",
    "amount-limits",
];

pub(super) fn accumulator_cells<'a>(patient: Cell<'a>, accumulator: &Accumulator) -> [Cell<'a>; 7] {
    [
        patient,
        Cell::Text(CHRONIC_AMOUNT),
        Cell::Text(accumulator.disease.code),
        Cell::Day(accumulator.first),
        Cell::Day(accumulator.last),
        Cell::Money(accumulator.used),
        Cell::Money(accumulator.limit),
    ]
}

/// The last two are written with the library only.
#[rustfmt::skip]
pub(super) const ENCOUNTER_COLUMNS: [&str; 31] = [
    "encounter", "patients", "current", "statuses", "institutions",
    "ages", "age-days", "newborn-admission-weights",
    "visit-types", "care-types", "insurance-types", "reimbursed", "payment-methods",
    "admission-days", "discharge-days", "settlement-days", "admitted", "discharged",
    "discharge-dispositions", "departments", "admission-specialties", "discharge-specialties",
    "doctors", "chronic-diseases", "payment-groups",
    "total-amounts", "own-pays", "self-pays", "pooled-fund-pays",
    "maternity", "planned-readmissions",
];

#[rustfmt::skip]
pub(super) fn encounter_cells<'a>(
    [key, patient_key]: [Cell<'a>; 2], patient: &Patient, encounter: &'a Encounter,
    staff: &Staff<'a>,
) -> [Cell<'a>; 31] {
    let stay = encounter.inpatient();
    let sum = |amount: fn(&Order) -> i64| -> i64 {
        encounter.orders.iter().filter(|order| order.charged()).map(amount).sum()
    };
    let (total, own) = (sum(Order::amount), sum(Order::own_pay));
    let fund = sum(Order::covered) * 7 / 10;
    let begins = OPENING + encounter.minute;
    let ends = if stay { DISCHARGE } else { begins + 30 };
    let disease = encounter.chronic_disease.map(|disease| disease.code);
    let [admission, discharge] = [encounter.admission, encounter.discharge];
    let specialty = Cell::Text(encounter.specialty);
    let details = &encounter.details;
    let payment_method = if encounter.group.is_empty() { BY_ITEM } else { BY_GROUP };
    [
        key, patient_key, Cell::Flag(encounter.current), Cell::Number(2),
        Cell::Key('H', staff.institution),
        Cell::Number(i64::from(patient.age)), optional(patient.age_days, Cell::Number), Cell::Empty,
        Cell::Text(encounter.visit_type), Cell::Text(encounter.care_type),
        Cell::Text(details.insurance), Cell::Flag(true), Cell::Text(payment_method),
        Cell::Day(admission), Cell::Day(discharge), Cell::Day(discharge),
        Cell::Instant(admission, begins), Cell::Instant(discharge, ends),
        if stay { Cell::Text("1") } else { Cell::Empty }, Cell::Text(staff.department),
        specialty, if stay { specialty } else { Cell::Empty },
        Cell::Text(staff.doctor), optional(disease, Cell::Text), Cell::Text(encounter.group),
        Cell::Money(total), Cell::Money(own), Cell::Money(total - own - fund), Cell::Money(fund),
        optional(details.maternity, Cell::Text), Cell::Flag(details.planned),
    ]
}

/// 按项目 and 按病种 (hi_paymtd).
const BY_ITEM: &str = "01";
const BY_GROUP: &str = "05";

/// The last one is written with the library only.
#[rustfmt::skip]
pub(super) const DIAGNOSIS_COLUMNS: [&str; 7] = [
    "encounters", "codes", "systems", "principal", "kinds", "on-settlement-list",
    "present-on-admission",
];

/// 入院病情: there on admission, and arisen in hospital.
const PRESENT: &str = "1";
const ACQUIRED: &str = "4";

/// Diagnoses of a stay are those of the discharge.
pub(super) fn diagnosis_cells<'a>(
    key: Cell<'a>,
    code: &'a str,
    place: usize,
    encounter: &Encounter,
) -> [Cell<'a>; 7] {
    let is_acquired = encounter.details.acquired == Some(place);
    let kind = Cell::Text(if encounter.inpatient() { "2" } else { "1" });
    let [code, system] = [Cell::Text(code), Cell::Text("ICD-10")];
    [
        key,
        code,
        system,
        Cell::Flag(place == 0),
        kind,
        Cell::Flag(true),
        Cell::Text(if is_acquired { ACQUIRED } else { PRESENT }),
    ]
}

/// The last two are written with the library only.
#[rustfmt::skip]
pub(super) const PROCEDURE_COLUMNS: [&str; 8] = [
    "procedure", "encounters", "codes", "principal", "days", "on-settlement-list", "began", "ended",
];

/// The last seven are written with the library only.
#[rustfmt::skip]
pub(super) const ORDER_COLUMNS: [&str; 40] = [
    "order", "encounters", "current", "charged", "counted", "fulfils", "reverses",
    "items", "catalogue-types", "charge-types", "reimbursement-classes",
    "quantities", "units", "base-quantities", "base-units",
    "unit-prices", "amounts", "own-pays", "self-pays", "covered-amounts",
    "days", "departments", "doctors", "long-term", "prescriptions", "diseases", "procedures",
    "supply-days", "doses", "dose-units", "frequency-counts", "frequency-minutes", "routes",
    "started", "stopped", "executing-specialties", "doctor-titles", "catalogue-prices",
    "price-ceilings", "decoction-doses",
];

/// 主治医师 (drord_dr_profttl).
const ATTENDING: &str = "3";

#[rustfmt::skip]
pub(super) fn order_cells<'a>(
    line: &Line<'a>, place: u64, order: &Order, (rows, prescription): (References, &'a str),
) -> [Cell<'a>; 40] {
    let (item, charged) = (order.item, order.charged());
    let money = |amount: i64| if charged { Cell::Money(amount) } else { Cell::Empty };
    let dosage = item.dosage;
    let taken = |number: fn(Dosage) -> i64| optional(dosage, |dosage| Cell::Number(number(dosage)));
    let disease = order.disease.map(|disease| disease.code);
    let details = &order.details;
    [
        Cell::Key('O', line.first_order + place), line.key, Cell::Flag(line.encounter.current),
        Cell::Flag(charged), Cell::Flag(charged), rows.fulfils, rows.reverses,
        Cell::Text(item.code), Cell::Text(item.kind.catalogue_type()),
        Cell::Text(item.kind.charge_type()), Cell::Text(item.class.code()),
        Cell::Quantity(order.quantity), Cell::Text(item.unit),
        Cell::Quantity(order.quantity * item.pack), Cell::Text(item.base_unit),
        Cell::UnitPrice(order.price()), money(order.amount()), money(order.own_pay()),
        money(order.self_pay()), money(order.covered()),
        Cell::Day(order.day), Cell::Text(line.staff.department), Cell::Text(line.staff.doctor),
        Cell::Flag(order.role == Role::LongTermOrder), Cell::Text(prescription),
        optional(disease, Cell::Text), rows.procedure, optional(order.supply_days, Cell::Quantity),
        taken(|dosage| dosage.dose),
        optional(dosage, |_| Cell::Text(item.base_unit)),
        taken(|dosage| dosage.times), taken(|_| 1_440),
        optional(dosage, |dosage| Cell::Text(dosage.route)),
        optional(details.started, |minute| Cell::Instant(order.day, minute)),
        optional(details.stopped, |(day, minute)| Cell::Instant(day, minute)),
        Cell::Text(details.specialty.unwrap_or(line.encounter.specialty)),
        Cell::Text(details.title.unwrap_or(ATTENDING)), Cell::UnitPrice(item.price),
        optional(details.ceiling, Cell::UnitPrice), optional(details.decoctions, Cell::Number),
    ]
}

/// When the procedures of an encounter began and ended.
pub(super) fn theatre(encounter: &Encounter, day: Date) -> [Cell<'static>; 2] {
    let hours = encounter.details.theatre;
    let at = |place: usize| optional(hours, |hours| Cell::Instant(day, hours[place]));
    [at(0), at(1)]
}

/// Who treats, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Staff<'a> {
    pub(super) doctor: &'a str,
    pub(super) department: &'a str,
    /// Number of the institution's row, from 1.
    pub(super) institution: u64,
}

/// What the lines of an encounter share.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) encounter: &'a Encounter,
    pub(super) key: Cell<'a>,
    pub(super) staff: Staff<'a>,
    pub(super) first_order: u64,
    pub(super) first_procedure: u64,
}

/// The rows that a line refers to.
pub(super) struct References {
    pub(super) fulfils: Cell<'static>,
    pub(super) reverses: Cell<'static>,
    pub(super) procedure: Cell<'static>,
}

pub(super) fn references(line: &Line<'_>, order: &Order) -> References {
    let order_key = |place: usize| Cell::Key('O', line.first_order + place as u64);
    let mut references = References {
        fulfils: Cell::Empty,
        reverses: Cell::Empty,
        procedure: Cell::Empty,
    };
    match order.role {
        Role::Charge | Role::LongTermOrder => {}
        Role::Fulfils(place) => references.fulfils = order_key(place),
        Role::Reverses(place) => references.reverses = order_key(place),
        Role::OfProcedure(place) => {
            references.procedure = Cell::Key('S', line.first_procedure + place as u64);
        }
    }
    references
}
