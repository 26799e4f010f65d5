//! Writes patients with their visits and stays: the tables of patient scope.

use time::Date;

use super::catalogue::AREA;
use super::cells::{
    ACCUMULATOR_COLUMNS, DIAGNOSIS_COLUMNS, ENCOUNTER_COLUMNS, ENROLMENT_COLUMNS,
    INSTITUTION_COLUMNS, Line, ORDER_COLUMNS, PATIENT_COLUMNS, PROCEDURE_COLUMNS, Staff,
    accumulator_cells, diagnosis_cells, encounter_cells, enrolment_cells, order_cells, references,
    theatre,
};
use super::conduct::ConductTables;
use super::hospitals::{self, Hospital};
use super::library::LibraryTables;
use super::record::{Encounter, Order, Patient, Place};
use super::tables::{Cell, Folder, Planted, PlantedRow, Table};
use super::{Extent, GenerateError};

/// The tables of patient scope. Keys are the numbers of the rows.
pub(super) struct CareTables {
    hospital: Hospital,
    institutions: Table<5>,
    patients: Table<3>,
    enrolments: Table<4>,
    accumulators: Table<7>,
    encounters: Table<31>,
    diagnoses: Table<7>,
    procedures: Table<8>,
    orders: Table<40>,
    library: Option<LibraryTables>,
    conduct: Option<ConductTables>,
}

impl CareTables {
    /// Creates the files of hospitals whose last day this is; `hospital` is the first.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn create(
        folder: &Folder,
        (hospital, extent): (Hospital, Extent),
        end: Date,
    ) -> Result<Self, GenerateError> {
        let library = match extent {
            Extent::Library => Some(LibraryTables::create(folder, end)?),
            Extent::Plain | Extent::Conduct => None,
        };
        let conduct = match extent {
            Extent::Conduct => Some(ConductTables::create(folder)?),
            Extent::Plain | Extent::Library => None,
        };
        // The last columns are for the library.
        let width = |plain: usize, full: usize| match extent {
            Extent::Plain | Extent::Conduct => plain,
            Extent::Library => full,
        };
        let (encounters, orders) = (width(29, 31), width(33, 40));
        let (diagnoses, procedures) = (width(6, 7), width(6, 8));
        Ok(Self {
            hospital,
            institutions: Table::create(folder, "institutions", INSTITUTION_COLUMNS)?,
            patients: Table::create(folder, "patients", PATIENT_COLUMNS)?,
            enrolments: Table::create(folder, "enrolments", ENROLMENT_COLUMNS)?,
            accumulators: Table::create(folder, "accumulators", ACCUMULATOR_COLUMNS)?,
            encounters: Table::narrow(folder, "encounters", ENCOUNTER_COLUMNS, encounters)?,
            diagnoses: Table::narrow(folder, "diagnoses", DIAGNOSIS_COLUMNS, diagnoses)?,
            procedures: Table::narrow(folder, "procedures", PROCEDURE_COLUMNS, procedures)?,
            orders: Table::narrow(folder, "orders", ORDER_COLUMNS, orders)?,
            library,
            conduct,
        })
    }

    /// Writes the institutions of a hospital, whose patients come next.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn begin(&mut self, hospital: Hospital) -> Result<(), GenerateError> {
        self.hospital = hospital;
        match hospital.institutions {
            1 => write_institution(&mut self.institutions, hospital),
            _ => hospitals::write_institutions(&mut self.institutions, hospital),
        }
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
            let (table, row) = row_of(mark.place, patient, &firsts);
            let key = match mark.place {
                Place::Totals(at) => {
                    let details = &patient.encounters[at].details;
                    Cell::Key('H', self.hospital.institution(details.institution))
                }
                _ => key,
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
        if let Some(conduct) = self.conduct {
            conduct.finish()?;
        }
        self.institutions.finish()?;
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
        let hospital = encounter.details.elsewhere.unwrap_or(self.hospital);
        let doctor = hospital.doctor(encounter.doctor);
        let department = hospital.department(encounter.specialty);
        let staff = Staff {
            doctor: &doctor,
            department: &department,
            institution: hospital.institution(encounter.details.institution),
        };
        self.encounters.row(encounter_cells(
            [key, patient_key],
            patient,
            encounter,
            &staff,
        ))?;
        if let Some(library) = &mut self.library {
            library.write(key, encounter, staff.institution)?;
        }
        if let Some(conduct) = &mut self.conduct {
            conduct.write(key, encounter, self.orders.rows() + 1)?;
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
                // What is named for a disease has a prescription of its own.
                let own = order
                    .disease
                    .filter(|_| !order.details.is_on_shared_prescription);
                let disease = own.map_or("", |disease| disease.code);
                match order.details.prescription {
                    0 => format!("R{number:07}{disease}"),
                    more => format!("R{number:07}{disease}-{more}"),
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
fn row_of(place: Place, patient: &Patient, firsts: &[Firsts]) -> (&'static str, Cell<'static>) {
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
        Place::Totals(at) => ("totals", Cell::Month(patient.encounters[at].admission)),
    }
}

/// The row of a hospital that stands for nobody else.
fn write_institution(institutions: &mut Table<5>, hospital: Hospital) -> Result<(), GenerateError> {
    let code = hospitals::code(hospital.institution(1));
    institutions.row([
        hospital.key(),
        Cell::Text(&code),
        Cell::Text("1"),
        Cell::Text("3"),
        Cell::Text(AREA),
    ])?;
    Ok(())
}
