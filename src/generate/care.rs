//! Writes patients with their visits and stays: the tables of patient scope.

use std::path::Path;

use time::{Date, Month};

use super::catalogue::{AREA, CHRONIC_AMOUNT, Dosage, INSTITUTION};
use super::library::LibraryTables;
use super::record::{Accumulator, Encounter, Enrolment, Order, Patient, Place, Role};
use super::tables::{Cell, Planted, PlantedRow, Table, optional};
use super::{Extent, GenerateError};

/// Key of the hospital itself.
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
    encounters: Table<31>,
    diagnoses: Table<7>,
    procedures: Table<8>,
    orders: Table<40>,
    library: Option<LibraryTables>,
}

impl CareTables {
    /// Creates the files of a hospital whose last day this is, and the table of the institutions.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn create(
        directory: &Path,
        extent: Extent,
        end: Date,
    ) -> Result<Self, GenerateError> {
        let (library, narrower) = match extent {
            Extent::Plain => {
                write_institution(directory)?;
                (None, 1)
            }
            Extent::Library => (Some(LibraryTables::create(directory, end)?), 0),
        };
        Ok(Self {
            patients: Table::create(directory, "patients", PATIENT_COLUMNS)?,
            enrolments: Table::create(directory, "enrolments", ENROLMENT_COLUMNS)?,
            accumulators: Table::create(directory, "accumulators", ACCUMULATOR_COLUMNS)?,
            encounters: Table::narrow(
                directory,
                "encounters",
                ENCOUNTER_COLUMNS,
                31 - 2 * narrower,
            )?,
            diagnoses: Table::narrow(directory, "diagnoses", DIAGNOSIS_COLUMNS, 7 - narrower)?,
            procedures: Table::narrow(
                directory,
                "procedures",
                PROCEDURE_COLUMNS,
                8 - 2 * narrower,
            )?,
            orders: Table::narrow(directory, "orders", ORDER_COLUMNS, 40 - 7 * narrower)?,
            library,
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
        let mut firsts = Vec::with_capacity(patient.encounters.len());
        for encounter in &patient.encounters {
            firsts.push(self.firsts());
            self.write_encounter(key, patient, encounter)?;
        }
        for mark in &patient.marks {
            let (table, row) = row_of(mark.place, &firsts);
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

    /// The rows that an encounter written now begins with.
    fn firsts(&self) -> Firsts {
        Firsts {
            encounter: self.encounters.rows() + 1,
            diagnosis: self.diagnoses.rows() + 1,
            procedure: self.procedures.rows() + 1,
            order: self.orders.rows() + 1,
            defect: self.library.as_ref().map_or(1, LibraryTables::next_defect),
        }
    }

    /// Writes what is buffered, and notes what the sums of the institutions break.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn finish(self, planted: &mut Planted) -> Result<(), GenerateError> {
        if let Some(library) = self.library {
            library.finish(planted)?;
        }
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
        patient_key: Cell<'_>,
        patient: &Patient,
        encounter: &Encounter,
    ) -> Result<(), GenerateError> {
        let key = Cell::Key('E', self.encounters.rows() + 1);
        let doctor = format!("D{:05}", encounter.doctor);
        let department = format!("Y{}", encounter.specialty);
        let staff = Staff {
            doctor: &doctor,
            department: &department,
        };
        self.encounters.row(encounter_cells(
            [key, patient_key],
            patient,
            encounter,
            &staff,
        ))?;
        if let Some(library) = &mut self.library {
            library.write(key, encounter)?;
        }
        for (place, code) in encounter.diagnoses.iter().enumerate() {
            self.diagnoses
                .row(diagnosis_cells(key, code, place, encounter))?;
        }
        let first_procedure = self.procedures.rows() + 1;
        for (place, (code, day)) in encounter.procedures.iter().enumerate() {
            let procedure = Cell::Key('S', first_procedure + place as u64);
            let [began, ended] = theatre(encounter, *day);
            let [code, day] = [Cell::Text(code), Cell::Day(*day)];
            let principal = Cell::Flag(place < encounter.details.principals);
            let listed = Cell::Flag(true);
            self.procedures
                .row([procedure, key, code, principal, day, listed, began, ended])?;
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
            Cell::Key(_, number) if order.item.kind.is_prescribed() => {
                match order.details.prescription {
                    0 => format!("R{number:07}"),
                    more => format!("R{number:07}-{more}"),
                }
            }
            _ => String::new(),
        };
        let references = references(line, order);
        let cells = order_cells(line, place, order, (references, &prescription));
        self.orders.row(cells)?;
        Ok(())
    }
}

/// The rows that an encounter begins with.
#[derive(Debug, Clone, Copy)]
struct Firsts {
    encounter: u64,
    diagnosis: u64,
    procedure: u64,
    order: u64,
    defect: u64,
}

/// Table and key of a place of a patient; rows of tables without keys go by their number.
fn row_of(place: Place, firsts: &[Firsts]) -> (&'static str, Cell<'static>) {
    let number = |first: u64, place: usize| Cell::Number((first + place as u64).cast_signed());
    match place {
        Place::Encounter(at) => ("encounters", Cell::Key('E', firsts[at].encounter)),
        Place::Order(at, place) => {
            let row = firsts[at].order + place as u64;
            ("orders", Cell::Key('O', row))
        }
        Place::Diagnosis(at, place) => ("diagnoses", number(firsts[at].diagnosis, place)),
        Place::Procedure(at, place) => {
            let row = firsts[at].procedure + place as u64;
            ("procedures", Cell::Key('S', row))
        }
        Place::Defect(at, place) => ("data-defects", number(firsts[at].defect, place)),
    }
}

/// When the procedures of an encounter began and ended.
fn theatre(encounter: &Encounter, day: Date) -> [Cell<'static>; 2] {
    let hours = encounter.details.theatre;
    let at = |place: usize| optional(hours, |hours| Cell::Instant(day, hours[place]));
    [at(0), at(1)]
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

/// The last two are written with the library only.
#[rustfmt::skip]
const ENCOUNTER_COLUMNS: [&str; 31] = [
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
fn encounter_cells<'a>(
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
        Cell::Key('H', details.institution),
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
const DIAGNOSIS_COLUMNS: [&str; 7] = [
    "encounters", "codes", "systems", "principal", "kinds", "on-settlement-list",
    "present-on-admission",
];

/// 入院病情: there on admission, and arisen in hospital.
const PRESENT: &str = "1";
const ACQUIRED: &str = "4";

/// Diagnoses of a stay are those of the discharge.
fn diagnosis_cells<'a>(
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
const PROCEDURE_COLUMNS: [&str; 8] = [
    "procedure", "encounters", "codes", "principal", "days", "on-settlement-list", "began", "ended",
];

/// The last seven are written with the library only.
#[rustfmt::skip]
const ORDER_COLUMNS: [&str; 40] = [
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
fn order_cells<'a>(
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
