//! Writes patients with their visits and stays: the tables of patient scope.

use std::path::Path;

use time::{Date, Month};

use super::GenerateError;
use super::catalogue::{AREA, CHRONIC_AMOUNT, Dosage, INSTITUTION};
use super::record::{Accumulator, Encounter, Enrolment, Order, Patient, Place, Role};
use super::tables::{Cell, Planted, PlantedRow, Table, optional};

/// Key of the only institution.
pub(super) const INSTITUTION_KEY: Cell<'static> = Cell::Key('H', 1);

/// Opening of the clinic, in minutes after midnight.
const OPENING: u32 = 8 * 60;
/// Hour at which stays end, in minutes after midnight.
const DISCHARGE: u32 = 16 * 60;

/// The tables of patient scope. Keys are the numbers of the rows.
#[derive(Debug)]
pub(super) struct CareTables {
    patients: Table<3>,
    enrolments: Table<4>,
    accumulators: Table<7>,
    encounters: Table<29>,
    diagnoses: Table<6>,
    procedures: Table<6>,
    orders: Table<33>,
}

impl CareTables {
    /// Creates the files, and the table of the one institution.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn create(directory: &Path) -> Result<Self, GenerateError> {
        write_institution(directory)?;
        Ok(Self {
            patients: Table::create(directory, "patients", PATIENT_COLUMNS)?,
            enrolments: Table::create(directory, "enrolments", ENROLMENT_COLUMNS)?,
            accumulators: Table::create(directory, "accumulators", ACCUMULATOR_COLUMNS)?,
            encounters: Table::create(directory, "encounters", ENCOUNTER_COLUMNS)?,
            diagnoses: Table::create(directory, "diagnoses", DIAGNOSIS_COLUMNS)?,
            procedures: Table::create(directory, "procedures", PROCEDURE_COLUMNS)?,
            orders: Table::create(directory, "orders", ORDER_COLUMNS)?,
        })
    }

    /// Order lines written so far.
    pub(super) fn lines(&self) -> u64 {
        self.orders.rows()
    }

    /// Patients and encounters written so far.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.patients.rows(), self.encounters.rows())
    }

    /// Writes a patient, and what was planted in them.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn write(
        &mut self,
        patient: &Patient,
        planted: &mut Planted,
    ) -> Result<(), GenerateError> {
        let key = Cell::Key('P', self.patients.rows() + 1);
        self.patients
            .row([key, Cell::Text(patient.gender), Cell::Text(AREA)])?;
        for enrolment in &patient.enrolments {
            self.enrolments.row(enrolment_cells(key, enrolment))?;
        }
        for accumulator in &patient.accumulators {
            self.accumulators.row(accumulator_cells(key, accumulator))?;
        }
        let first_encounter = self.encounters.rows() + 1;
        let mut first_orders = Vec::with_capacity(patient.encounters.len());
        for encounter in &patient.encounters {
            first_orders.push(self.orders.rows() + 1);
            self.write_encounter(key, patient.age, encounter)?;
        }
        for mark in &patient.marks {
            let (table, row) = match mark.place {
                Place::Encounter(place) => {
                    ("encounters", Cell::Key('E', first_encounter + place as u64))
                }
                Place::Order(encounter, place) => (
                    "orders",
                    Cell::Key('O', first_orders[encounter] + place as u64),
                ),
            };
            planted.note(&PlantedRow {
                breach: mark.breach,
                verdict: mark.verdict,
                table,
                key: row,
                patient: key,
                amount: mark.amount,
                note: mark.note,
            })?;
        }
        Ok(())
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn finish(self) -> Result<(), GenerateError> {
        self.patients.finish()?;
        self.enrolments.finish()?;
        self.accumulators.finish()?;
        self.encounters.finish()?;
        self.diagnoses.finish()?;
        self.procedures.finish()?;
        self.orders.finish()
    }

    fn write_encounter(
        &mut self,
        patient: Cell<'_>,
        age: i32,
        encounter: &Encounter,
    ) -> Result<(), GenerateError> {
        let key = Cell::Key('E', self.encounters.rows() + 1);
        let doctor = format!("D{:05}", encounter.doctor);
        let department = format!("Y{}", encounter.specialty);
        let staff = Staff {
            doctor: &doctor,
            department: &department,
        };
        self.encounters
            .row(encounter_cells([key, patient], age, encounter, &staff))?;
        for (place, code) in encounter.diagnoses.iter().enumerate() {
            self.diagnoses
                .row(diagnosis_cells(key, code, place == 0, encounter))?;
        }
        let first_procedure = self.procedures.rows() + 1;
        for (place, (code, day)) in encounter.procedures.iter().enumerate() {
            let procedure = Cell::Key('S', first_procedure + place as u64);
            let [code, day] = [Cell::Text(code), Cell::Day(*day)];
            let principal = Cell::Flag(place == 0);
            self.procedures
                .row([procedure, key, code, principal, day, Cell::Flag(true)])?;
        }
        let line = Line {
            encounter,
            key,
            staff,
            first_order: self.orders.rows() + 1,
            first_procedure,
        };
        for (place, order) in encounter.orders.iter().enumerate() {
            self.write_order(&line, place as u64, order)?;
        }
        Ok(())
    }

    fn write_order(
        &mut self,
        line: &Line<'_>,
        place: u64,
        order: &Order,
    ) -> Result<(), GenerateError> {
        let prescription = match line.key {
            // What is named for a disease has a prescription of its own.
            Cell::Key(_, number) if order.item.dosage.is_some() => {
                let disease = order.disease.map_or("", |disease| disease.code);
                format!("R{number:07}{disease}")
            }
            _ => String::new(),
        };
        let references = references(line, order);
        let cells = order_cells(line, place, order, (references, &prescription));
        self.orders.row(cells)?;
        Ok(())
    }
}

/// Who treats, and where.
#[derive(Debug, Clone, Copy)]
struct Staff<'a> {
    doctor: &'a str,
    department: &'a str,
}

/// What the lines of an encounter share.
#[derive(Debug)]
struct Line<'a> {
    encounter: &'a Encounter,
    key: Cell<'a>,
    staff: Staff<'a>,
    first_order: u64,
    first_procedure: u64,
}

/// The rows that a line refers to.
struct References {
    fulfils: Cell<'static>,
    reverses: Cell<'static>,
    procedure: Cell<'static>,
}

fn references(line: &Line<'_>, order: &Order) -> References {
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

const INSTITUTION_COLUMNS: [&str; 5] = ["institution", "codes", "types", "levels", "areas"];

fn write_institution(directory: &Path) -> Result<(), GenerateError> {
    let mut institutions = Table::create(directory, "institutions", INSTITUTION_COLUMNS)?;
    let [code, area] = [Cell::Text(INSTITUTION), Cell::Text(AREA)];
    institutions.row([
        INSTITUTION_KEY,
        code,
        Cell::Text("1"),
        Cell::Text("3"),
        area,
    ])?;
    institutions.finish()
}

const PATIENT_COLUMNS: [&str; 3] = ["patient", "genders", "pooling-areas"];

const ENROLMENT_COLUMNS: [&str; 4] = ["patients", "diseases", "starts", "ends"];

fn enrolment_cells<'a>(patient: Cell<'a>, enrolment: &Enrolment) -> [Cell<'a>; 4] {
    let disease = Cell::Text(enrolment.disease.code);
    [
        patient,
        disease,
        Cell::Day(enrolment.start),
        Cell::Day(enrolment.end),
    ]
}

const ACCUMULATOR_COLUMNS: [&str; 7] = [
    "patients",
    "kinds",
    "subjects",
    "period-starts",
    "period-ends",
    "amounts",
    "amount-limits",
];

fn accumulator_cells<'a>(patient: Cell<'a>, accumulator: &Accumulator) -> [Cell<'a>; 7] {
    let day = |month, day| {
        Date::from_calendar_date(accumulator.year, month, day)
            .expect("every year has a first and a last day")
    };
    [
        patient,
        Cell::Text(CHRONIC_AMOUNT),
        Cell::Text(accumulator.disease.code),
        Cell::Day(day(Month::January, 1)),
        Cell::Day(day(Month::December, 31)),
        Cell::Money(accumulator.used),
        Cell::Money(accumulator.disease.yearly_limit),
    ]
}

#[rustfmt::skip]
const ENCOUNTER_COLUMNS: [&str; 29] = [
    "encounter", "patients", "current", "statuses", "institutions",
    "ages", "age-days", "newborn-admission-weights",
    "visit-types", "care-types", "insurance-types", "reimbursed", "payment-methods",
    "admission-days", "discharge-days", "settlement-days", "admitted", "discharged",
    "discharge-dispositions", "departments", "admission-specialties", "discharge-specialties",
    "doctors", "chronic-diseases", "payment-groups",
    "total-amounts", "own-pays", "self-pays", "pooled-fund-pays",
];

#[rustfmt::skip]
fn encounter_cells<'a>(
    [key, patient]: [Cell<'a>; 2], age: i32, encounter: &'a Encounter, staff: &Staff<'a>,
) -> [Cell<'a>; 29] {
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
    [
        key, patient, Cell::Flag(encounter.current), Cell::Number(2), INSTITUTION_KEY,
        Cell::Number(i64::from(age)), Cell::Empty, Cell::Empty,
        Cell::Text(if stay { "2" } else { "1" }), Cell::Text(encounter.care_type),
        Cell::Text("310"), Cell::Flag(true), Cell::Text(if stay { "05" } else { "01" }),
        Cell::Day(admission), Cell::Day(discharge), Cell::Day(discharge),
        Cell::Instant(admission, begins), Cell::Instant(discharge, ends),
        if stay { Cell::Text("1") } else { Cell::Empty }, Cell::Text(staff.department),
        specialty, if stay { specialty } else { Cell::Empty },
        Cell::Text(staff.doctor), optional(disease, Cell::Text), Cell::Text(encounter.group),
        Cell::Money(total), Cell::Money(own), Cell::Money(total - own - fund), Cell::Money(fund),
    ]
}

#[rustfmt::skip]
const DIAGNOSIS_COLUMNS: [&str; 6] =
    ["encounters", "codes", "systems", "principal", "kinds", "on-settlement-list"];

/// Diagnoses of a stay are those of the discharge.
fn diagnosis_cells<'a>(
    key: Cell<'a>,
    code: &'a str,
    principal: bool,
    encounter: &Encounter,
) -> [Cell<'a>; 6] {
    let kind = Cell::Text(if encounter.inpatient() { "2" } else { "1" });
    let [code, system] = [Cell::Text(code), Cell::Text("ICD-10")];
    [
        key,
        code,
        system,
        Cell::Flag(principal),
        kind,
        Cell::Flag(true),
    ]
}

#[rustfmt::skip]
const PROCEDURE_COLUMNS: [&str; 6] =
    ["procedure", "encounters", "codes", "principal", "days", "on-settlement-list"];

#[rustfmt::skip]
const ORDER_COLUMNS: [&str; 33] = [
    "order", "encounters", "current", "charged", "counted", "fulfils", "reverses",
    "items", "catalogue-types", "charge-types", "reimbursement-classes",
    "quantities", "units", "base-quantities", "base-units",
    "unit-prices", "amounts", "own-pays", "self-pays", "covered-amounts",
    "days", "departments", "doctors", "long-term", "prescriptions", "diseases", "procedures",
    "supply-days", "doses", "dose-units", "frequency-counts", "frequency-minutes", "routes",
];

#[rustfmt::skip]
fn order_cells<'a>(
    line: &Line<'a>, place: u64, order: &Order, (rows, prescription): (References, &'a str),
) -> [Cell<'a>; 33] {
    let (item, charged) = (order.item, order.charged());
    let money = |amount: i64| if charged { Cell::Money(amount) } else { Cell::Empty };
    let dosage = item.dosage;
    let taken = |number: fn(Dosage) -> i64| optional(dosage, |dosage| Cell::Number(number(dosage)));
    let disease = order.disease.map(|disease| disease.code);
    [
        Cell::Key('O', line.first_order + place), line.key, Cell::Flag(line.encounter.current),
        Cell::Flag(charged), Cell::Flag(charged), rows.fulfils, rows.reverses,
        Cell::Text(item.code), Cell::Text(item.kind.catalogue_type()),
        Cell::Text(item.kind.charge_type()), Cell::Text(item.class.code()),
        Cell::Quantity(order.quantity), Cell::Text(item.unit),
        Cell::Quantity(order.quantity * item.pack), Cell::Text(item.base_unit),
        Cell::UnitPrice(item.price), money(order.amount()), money(order.own_pay()),
        money(order.self_pay()), money(order.covered()),
        Cell::Day(order.day), Cell::Text(line.staff.department), Cell::Text(line.staff.doctor),
        Cell::Flag(order.role == Role::LongTermOrder), Cell::Text(prescription),
        optional(disease, Cell::Text), rows.procedure, optional(order.supply_days, Cell::Quantity),
        taken(|dosage| dosage.dose),
        optional(dosage, |_| Cell::Text(item.base_unit)),
        taken(|dosage| dosage.times), taken(|_| 1_440),
        optional(dosage, |dosage| Cell::Text(dosage.route)),
    ]
}
