//! The files that are written with conduct only: care records, and examinations with their reports.

use super::super::GenerateError;
use super::super::catalogue::Kind;
use super::super::details::Report;
use super::super::record::{Encounter, Order};
use super::super::tables::{Cell, Folder, Table, optional};
use super::super::timeline::{after, days_between};

/// The nurse's record of a day in hospital, in minutes after midnight.
const NURSING: u32 = 9 * 60;
/// When reports are written, in minutes after midnight.
const REPORTING: u32 = 17 * 60;

/// The tables.
pub(in super::super) struct ConductTables {
    records: Table<4>,
    examinations: Table<4>,
}

impl ConductTables {
    /// Creates the files.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(in super::super) fn create(folder: &Folder) -> Result<Self, GenerateError> {
        let records = ["encounters", "items", "quantities", "performed"];
        let examinations = ["encounters", "orders", "items", "reported"];
        Ok(Self {
            records: Table::create(folder, "care-records", records)?,
            examinations: Table::create(folder, "examinations", examinations)?,
        })
    }

    /// Writes what is recorded and reported of an encounter, whose first line has this number.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(in super::super) fn write(
        &mut self,
        key: Cell<'_>,
        encounter: &Encounter,
        first_order: u64,
    ) -> Result<(), GenerateError> {
        if encounter.inpatient() {
            for day in 0..=days_between(encounter.admission, encounter.discharge) {
                let day = after(encounter.admission, i64::from(day));
                let performed = Cell::Instant(day, NURSING);
                self.records
                    .row([key, Cell::Empty, Cell::Empty, performed])?;
            }
        }
        for treatment in &encounter.details.treatments {
            self.records.row([
                key,
                Cell::Text(treatment.item.code),
                optional(treatment.times, Cell::Quantity),
                Cell::Instant(treatment.day, treatment.minute),
            ])?;
        }
        for (number, order) in (first_order..).zip(&encounter.orders) {
            if is_examination(order) {
                self.report(key, number, order)?;
            }
        }
        Ok(())
    }

    fn report(&mut self, key: Cell<'_>, number: u64, order: &Order) -> Result<(), GenerateError> {
        let line = match order.details.report {
            Report::None => return Ok(()),
            Report::OfLine => Cell::Key('O', number),
            Report::OfItem => Cell::Empty,
        };
        let reported = Cell::Instant(order.day, REPORTING);
        self.examinations
            .row([key, line, Cell::Text(order.item.code), reported])?;
        Ok(())
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(in super::super) fn finish(self) -> Result<(), GenerateError> {
        self.records.finish()?;
        self.examinations.finish()
    }
}

fn is_examination(order: &Order) -> bool {
    order.item.kind == Kind::Examination && order.charged() && order.quantity > 0
}
