//! Lists that grow with the data and are sorted at the end of a run: rows left out, and patients without a
//! verdict.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use rulepack_contract::data::Rejection;
use rulepack_contract::units;
use rulepack_host::data::FileRejection;
use rulepack_host::files;
use rulepack_host::review::report::NoVerdict;
use rulepack_host::spreadsheet::inert;

use crate::error::AuditError;
use crate::input::{Input, Place};
use crate::rows_file::RowsFile;
use crate::sort::Sorted;

/// Names of a list's columns. The first is a number that it is sorted by and that is not told.
#[derive(Debug)]
pub(crate) struct Columns {
    names: &'static [&'static str],
    /// What is told in CNY though it is held in fen.
    amount: Option<usize>,
}

/// `rejected.csv`: in the order of files and lines.
pub(crate) const REJECTED: Columns = Columns {
    names: &["file", "line", "column", "value", "expected", "reason"],
    amount: None,
};
/// `no-verdict.csv`: the most money first.
pub(crate) const NO_VERDICT: Columns = Columns {
    names: &["pack", "table", "key", "amount", "kind", "reason"],
    amount: Some(3),
};

/// Entries that are held until they are written.
const WAITING_MAX: usize = 4_096;

/// A list that is being written.
pub(crate) struct Ledger {
    columns: &'static Columns,
    file: RowsFile,
    waiting: Vec<(i64, Vec<String>)>,
}

impl Columns {
    pub(crate) fn schema(&self) -> SchemaRef {
        let mut fields = vec![Field::new("order", DataType::Int64, false)];
        let text = |name: &&str| Field::new(*name, DataType::Utf8, false);
        fields.extend(self.names.iter().map(text));
        Arc::new(Schema::new(fields))
    }

    /// All columns, to sort by.
    pub(crate) fn order(&self) -> Vec<&'static str> {
        let first = std::iter::once("order");
        first.chain(self.names.iter().copied()).collect()
    }
}

impl Ledger {
    /// # Errors
    /// [`AuditError`] where the file cannot be written.
    pub(crate) fn create(path: &Path, columns: &'static Columns) -> Result<Self, AuditError> {
        Ok(Ledger {
            columns,
            file: RowsFile::create(path, columns.schema())?,
            waiting: Vec::new(),
        })
    }

    fn add(&mut self, order: i64, texts: Vec<String>) -> Result<(), AuditError> {
        self.waiting.push((order, texts));
        match self.waiting.len() >= WAITING_MAX {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Ends the file; answers how many entries there are.
    ///
    /// # Errors
    /// [`AuditError`] where it cannot be written.
    pub(crate) fn finish(mut self) -> Result<u64, AuditError> {
        self.flush()?;
        self.file.finish()
    }

    fn flush(&mut self) -> Result<(), AuditError> {
        let orders = self.waiting.iter().map(|(order, _)| *order);
        let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from_iter_values(orders))];
        for place in 0..self.columns.names.len() {
            let texts = self.waiting.iter().map(|(_, texts)| texts[place].as_str());
            columns.push(Arc::new(StringArray::from_iter_values(texts)));
        }
        self.waiting.clear();
        let batch = RecordBatch::try_new(self.columns.schema(), columns);
        let batch = batch.map_err(AuditError::rows(self.file.path()))?;
        self.file.write(&batch)
    }
}

/// Lists a row that the builder left out, whose line is a [`Place`].
pub(crate) fn rejected(
    input: &Input,
    rejection: Rejection,
    ledger: &mut Ledger,
) -> Result<(), AuditError> {
    let number = rejection.line;
    let place = Place::from_number(number);
    let name = input
        .files
        .get(place.file as usize)
        .map(|file| file.name.as_str());
    let of_line = Rejection {
        line: place.line,
        ..rejection
    };
    let told = FileRejection::of_row(name.unwrap_or_default(), of_line);
    rejected_line(number, &told, ledger)
}

/// Lists a line that is no row.
pub(crate) fn rejected_line(
    order: u64,
    told: &FileRejection,
    ledger: &mut Ledger,
) -> Result<(), AuditError> {
    let texts = vec![
        told.file.clone(),
        told.line.to_string(),
        told.column.clone(),
        told.value.clone(),
        told.expected(),
        told.what(),
    ];
    ledger.add(i64::try_from(order).unwrap_or(i64::MAX), texts)
}

/// Lists somebody without a verdict.
pub(super) fn no_verdict(none: &NoVerdict, ledger: &mut Ledger) -> Result<(), AuditError> {
    let texts = vec![
        none.pack.to_string(),
        none.about.table.to_owned(),
        none.about.key.clone(),
        none.amount.to_string(),
        none.kind.to_owned(),
        none.reason.clone(),
    ];
    ledger.add(none.amount.saturating_neg(), texts)
}

/// Lists a patient of whom there are more rows than one has.
pub(super) fn no_verdict_of_many(patient: &str, ledger: &mut Ledger) -> Result<(), AuditError> {
    let limit = super::PATIENT_ROWS_MAX;
    let reason = format!("more than {limit} rows of one patient");
    let texts = ["", "patients", patient, "0", super::told::TOO_MANY, &reason];
    ledger.add(0, texts.map(str::to_owned).to_vec())
}

/// Writes sorted entries as CSV; a cell that a spreadsheet would take for a formula is made text (T15). Answers how
/// many there are by their first cell.
///
/// # Errors
/// [`AuditError`] where the file cannot be written.
pub(crate) fn csv_of(
    mut sorted: Sorted,
    columns: &Columns,
    path: &Path,
) -> Result<BTreeMap<String, u64>, AuditError> {
    let io = |error: csv::Error| AuditError::io(path)(std::io::Error::other(error));
    let file = files::create_private(path).map_err(AuditError::io(path))?;
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(columns.names).map_err(io)?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    while let Some(batch) = sorted.next()? {
        let texts: Vec<&StringArray> = batch.columns()[1..]
            .iter()
            .map(|column| column.as_string::<i32>())
            .collect();
        for row in 0..batch.num_rows() {
            let cells = texts.iter().enumerate().map(|(place, column)| {
                let text = column.value(row);
                match columns.amount == Some(place) {
                    true => units::format_decimal(text.parse().unwrap_or(0), 2),
                    false => inert(text.to_owned()),
                }
            });
            writer.write_record(cells).map_err(io)?;
            let first = texts[0].value(row);
            match counts.get_mut(first) {
                Some(count) => *count += 1,
                None => _ = counts.insert(first.to_owned(), 1),
            }
        }
    }
    writer.flush().map_err(AuditError::io(path))?;
    Ok(counts)
}
