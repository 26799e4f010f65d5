//! The files that are written with the library only: results, defects of records, and the institutions that
//! its rules need beside the hospital.

use time::Date;

use super::super::GenerateError;
use super::super::record::Encounter;
use super::super::tables::{Cell, Folder, Planted, Table};
use super::statistic::Ledger;

/// Institutions of a hospital altogether: itself, a primary clinic, and two for each share of cost.
pub(in super::super) const INSTITUTIONS: u64 = FIRST_OF_SHARES + 11;
/// Number of the first institution of the shares.
pub(super) const FIRST_OF_SHARES: u64 = 3;

/// The tables, and the sums of all institutions.
pub(in super::super) struct LibraryTables {
    results: Table<3>,
    defects: Table<4>,
    ledger: Ledger,
    end: Date,
}

impl LibraryTables {
    /// Creates the files of a hospital whose last day this is.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(in super::super) fn create(folder: &Folder, end: Date) -> Result<Self, GenerateError> {
        let results = ["encounters", "items", "abnormal"];
        let defects = ["encounters", "sources", "fields", "kinds"];
        Ok(Self {
            results: Table::create(folder, "lab-results", results)?,
            defects: Table::create(folder, "data-defects", defects)?,
            ledger: Ledger::default(),
            end,
        })
    }

    /// Number of the next defect's row.
    pub(in super::super) fn next_defect(&self) -> u64 {
        self.defects.rows() + 1
    }

    /// Writes what belongs to an encounter, and adds up its lines.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(in super::super) fn write(
        &mut self,
        key: Cell<'_>,
        encounter: &Encounter,
        institution: u64,
    ) -> Result<(), GenerateError> {
        for result in &encounter.details.results {
            let abnormal = Cell::Flag(result.abnormal);
            self.results.row([key, Cell::Text(result.item), abnormal])?;
        }
        for defect in &encounter.details.defects {
            let [source, field, kind] = [defect.source, defect.field, defect.kind].map(Cell::Text);
            self.defects.row([key, source, field, kind])?;
        }
        self.ledger.add(encounter, institution);
        Ok(())
    }

    /// Writes what is buffered, and notes what the sums break.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(in super::super) fn finish(self, planted: &mut Planted) -> Result<(), GenerateError> {
        self.ledger.note(self.end, planted)?;
        self.results.finish()?;
        self.defects.finish()
    }
}

/// Whether an institution is one of those that stand for a share of cost.
pub(super) fn is_of_shares(institution: u64) -> bool {
    (institution - 1) % INSTITUTIONS >= FIRST_OF_SHARES - 1
}
