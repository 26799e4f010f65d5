//! Rows of a CSV file: texts, which the builder of the contract reads.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder, UInt64Builder};
use rulepack_host::data::{Line, TableFile};

use super::layout::{Layout, Rejected, Rows};
use super::{InputFile, Place, RowSource};
use crate::error::AuditError;

/// Rows that are handed on at once.
const ROWS: usize = 8_192;

/// An open CSV file.
pub(super) struct CsvRows {
    file: TableFile,
    number: u32,
    name: String,
    /// For each column of the contract, its place among those of the layout.
    places: Vec<Option<usize>>,
    columns: usize,
}

impl CsvRows {
    pub(super) fn open(
        layout: &Layout,
        (number, file): (u32, &InputFile),
    ) -> Result<Self, AuditError> {
        let declared = layout.table.table().columns.len();
        let place = |column| layout.columns.iter().position(|(of, _)| *of == column);
        Ok(CsvRows {
            file: TableFile::open(&file.path, layout.table, file.encoding)?,
            number,
            name: file.name.clone(),
            places: (0..declared).map(place).collect(),
            columns: layout.columns.len(),
        })
    }
}

impl RowSource for CsvRows {
    fn next(&mut self, rejected: &mut Rejected) -> Result<Option<Rows>, AuditError> {
        let mut places = UInt64Builder::new();
        let mut keys = StringBuilder::new();
        let mut columns: Vec<StringBuilder> = vec![];
        columns.resize_with(self.columns, StringBuilder::new);
        let mut rows = 0;
        while rows < ROWS {
            match self.file.next_line()? {
                None if rows == 0 && rejected.is_empty() => return Ok(None),
                None => break,
                Some(Line::Rejected(mut rejection)) => {
                    rejection.file.clone_from(&self.name);
                    rejected.push(rejection);
                }
                Some(Line::Row(row)) => {
                    let (file, line) = (self.number, row.line);
                    places.append_value(Place { file, line }.number());
                    keys.append_value(row.key);
                    for (column, text) in row.cells() {
                        if let Some(place) = self.places.get(column).copied().flatten() {
                            columns[place].append_value(text.trim());
                        }
                    }
                    rows += 1;
                    // What this file does not have is not recorded.
                    for column in &mut columns {
                        if arrow::array::ArrayBuilder::len(column) < rows {
                            column.append_null();
                        }
                    }
                }
            }
        }
        let columns = columns
            .iter_mut()
            .map(|column| Arc::new(column.finish()) as ArrayRef);
        Ok(Some(Rows {
            places: places.finish(),
            keys: keys.finish(),
            columns: columns.collect(),
        }))
    }
}
