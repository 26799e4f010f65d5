//! The sums of all parts, joined: the table `totals` for the review of institutions, and as CSV for people.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray, UInt64Array};
use arrow::error::ArrowError;
use rulepack_contract::units;
use rulepack_host::files;
use rulepack_host::review::{LeftOut, SumKey, SumOfLines, SumsMade};
use rulepack_host::spreadsheet::inert;
use tokio::runtime::Runtime;

use super::file::{KEYS, SumsFile, schema, sums};
use super::{Value, value};
use crate::cut::{Root, parts, root};
use crate::error::AuditError;
use crate::input::{Form, Layout, Place, Rows};
use crate::sort::{Sorter, Written};

/// Rows that are written at once.
const ROWS: usize = 512;

/// Brings the sums of all parts together: one of each key, in order, in one file. Answers what else
/// is left out.
///
/// # Errors
/// [`AuditError`] where a file cannot be read, sorted or written, or some are gone.
pub(crate) fn join(
    of_parts: Vec<Written>,
    to: &Path,
    (sorter, runtime): (&Sorter, &Arc<Runtime>),
) -> Result<BTreeSet<LeftOut>, AuditError> {
    let mut sorted = sorter.sorted(of_parts, (&schema(), &KEYS), runtime)?;
    let mut out = SumsFile::create(to)?;
    while let Some(batch) = sorted.next()? {
        out.add_in_order(sums(&batch))?;
    }
    let (_, left_out) = out.finish()?;
    Ok(left_out)
}

/// What was joined, on its way into the table.
pub(crate) struct Joined<'j> {
    /// The sums in order, one of each key.
    pub(crate) path: &'j Path,
    /// What of them is whole.
    pub(crate) made: &'j SumsMade,
    /// How the table holds them.
    pub(crate) layout: &'j Layout,
    /// The number of the file that findings are traced to.
    pub(crate) file: u32,
}

impl Joined<'_> {
    /// Writes the sums that are whole as rows of a part, and as CSV. Answers how many.
    ///
    /// # Errors
    /// [`AuditError`] where a file cannot be read or written.
    pub(crate) fn write(&self, part: &Path, csv: &Path) -> Result<u64, AuditError> {
        let mut list = List::create(csv, self.layout)?;
        let mut writer = parts::create(part, &self.layout.schema())?;
        let mut waiting = Vec::new();
        let mut rows = 0;
        if let Some(reader) = parts::open(self.path)? {
            for batch in reader {
                let batch = batch.map_err(AuditError::rows(self.path))?;
                for (key, sum) in sums(&batch).filter(|(key, _)| self.made.keeps(key)) {
                    list.push((&key, &sum))?;
                    rows += 1;
                    waiting.push((key, sum));
                }
                let first = rows - waiting.len() as u64;
                for (at, some) in waiting.chunks(ROWS).enumerate() {
                    let written = self
                        .rows(some, first + (at * ROWS) as u64)
                        .and_then(|batch| writer.write(&batch));
                    written.map_err(AuditError::rows(part))?;
                }
                waiting.clear();
            }
        }
        parts::end(writer, part)?;
        list.finish()?;
        Ok(rows)
    }

    /// Rows after the first `before`, as they lie in parts. The header of the CSV is line 1.
    fn rows(
        &self,
        sums: &[(SumKey, SumOfLines)],
        before: u64,
    ) -> Result<arrow::array::RecordBatch, ArrowError> {
        let roots: Vec<Root> = sums
            .iter()
            .map(|(key, _)| Root::of(&key.institution))
            .collect();
        let places = (before + 2..).take(sums.len()).map(|line| {
            let file = self.file;
            Place { file, line }.number()
        });
        let declared = self.layout.table.table().columns;
        let columns = self
            .layout
            .columns
            .iter()
            .map(|(column, form)| -> ArrayRef {
                let name = declared[*column].name;
                let values = sums.iter().map(|(key, sum)| value(name, (key, sum)));
                match form {
                    Form::Text => {
                        Arc::new(StringArray::from_iter(values.map(|value| match value {
                            Value::Text(text) if !text.is_empty() => Some(text),
                            _ => None,
                        })))
                    }
                    Form::Number => {
                        Arc::new(Int64Array::from_iter(values.map(|value| match value {
                            Value::Number(number) => number,
                            Value::Text(_) => None,
                        })))
                    }
                }
            });
        let rows = Rows {
            places: UInt64Array::from_iter_values(places),
            keys: StringArray::from_iter_values(sums.iter().map(|_| "")),
            columns: columns.collect(),
        };
        self.layout.batch(root::column(&roots)?, rows)
    }
}

/// `totals.csv`, as the table is imported.
struct List<'l> {
    writer: csv::Writer<File>,
    path: &'l Path,
    layout: &'l Layout,
}

impl<'l> List<'l> {
    fn create(path: &'l Path, layout: &'l Layout) -> Result<Self, AuditError> {
        let file = files::create_private(path).map_err(AuditError::io(path))?;
        let mut list = List {
            writer: csv::Writer::from_writer(file),
            path,
            layout,
        };
        let declared = layout.table.table().columns;
        let names = layout
            .columns
            .iter()
            .map(|(column, _)| declared[*column].name);
        list.record(names.map(str::to_owned))?;
        Ok(list)
    }

    fn push(&mut self, sum: (&SumKey, &SumOfLines)) -> Result<(), AuditError> {
        let layout = self.layout;
        let cells = layout.columns.iter().map(|(column, _)| {
            let column = &layout.table.table().columns[*column];
            match value(column.name, sum) {
                Value::Text(text) => inert(text.to_owned()),
                Value::Number(None) => String::new(),
                Value::Number(Some(day)) if column.name.starts_with("period-") => {
                    units::format_day(i32::try_from(day).unwrap_or_default())
                }
                Value::Number(Some(number)) => {
                    units::format_decimal(number, units::places(column.kind).unwrap_or(0))
                }
            }
        });
        self.record(cells)
    }

    fn record(&mut self, cells: impl Iterator<Item = String>) -> Result<(), AuditError> {
        let written = self.writer.write_record(cells.map(String::into_bytes));
        written.map_err(|error| AuditError::io(self.path)(std::io::Error::other(error)))
    }

    fn finish(mut self) -> Result<(), AuditError> {
        self.writer.flush().map_err(AuditError::io(self.path))
    }
}
