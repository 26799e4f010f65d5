//! Builds a knowledge table from the rows of a file.

use std::collections::HashMap;

use super::{ColumnType, KnowledgeColumn, KnowledgeTable, TableDeclaration, TableError};
use crate::units::{self, ValueError};

/// Builds a table row by row, from any source that has a header and cells.
#[derive(Debug)]
pub struct TableBuilder<'a> {
    declaration: &'a TableDeclaration,
    /// For each cell of a row: its column.
    columns: Vec<Column>,
    keys: HashMap<Vec<String>, u64>,
    rows: u32,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// As the header names it.
    heading: String,
    column_type: ColumnType,
    values: KnowledgeColumn,
    numbers: HashMap<String, u32>,
}

impl<'a> TableBuilder<'a> {
    /// Starts a table whose rows have cells under these headings.
    ///
    /// # Errors
    /// [`TableError::ColumnMissing`] and [`TableError::ColumnUndeclared`].
    pub fn new<'h>(
        declaration: &'a TableDeclaration,
        header: impl Iterator<Item = &'h str>,
    ) -> Result<Self, TableError> {
        let table = || declaration.name.clone();
        let mut columns: Vec<Column> = Vec::new();
        for heading in header.map(str::trim) {
            let Some((name, column_type)) = declaration.column(heading) else {
                return Err(TableError::ColumnUndeclared {
                    table: table(),
                    column: heading.to_owned(),
                });
            };
            if columns.iter().any(|column| column.name == name) {
                return Err(TableError::ColumnTwice {
                    table: table(),
                    column: heading.to_owned(),
                });
            }
            columns.push(Column::new(name, heading, column_type));
        }
        for column in declaration.columns.keys() {
            if !columns.iter().any(|known| known.name == *column) {
                return Err(TableError::ColumnMissing {
                    table: table(),
                    column: declaration.heading(column).to_owned(),
                });
            }
        }
        Ok(TableBuilder {
            declaration,
            columns,
            keys: HashMap::new(),
            rows: 0,
        })
    }

    /// Adds a row; `line` is where it stands in its source.
    ///
    /// # Errors
    /// [`TableError::Value`] and [`TableError::DuplicateKey`].
    pub fn push<'c>(
        &mut self,
        line: u64,
        cells: impl Iterator<Item = &'c str>,
    ) -> Result<(), TableError> {
        let cells: Vec<&str> = cells.map(str::trim).collect();
        let padded = cells.iter().copied().chain(std::iter::repeat(""));
        for (column, cell) in self.columns.iter_mut().zip(padded) {
            column.push(cell).map_err(|problem| TableError::Value {
                table: self.declaration.name.clone(),
                line,
                column: column.heading.clone(),
                value: cell.to_owned(),
                problem,
                column_type: column.column_type,
            })?;
        }
        self.check_key(line, &cells)?;
        self.rows = self
            .rows
            .checked_add(1)
            .ok_or_else(|| TableError::TooManyRows {
                table: self.declaration.name.clone(),
            })?;
        Ok(())
    }

    /// The table.
    ///
    /// # Errors
    /// None today; kept so that whole-table checks have a place.
    pub fn finish(self) -> Result<KnowledgeTable, TableError> {
        Ok(KnowledgeTable {
            rows: self.rows,
            columns: self
                .columns
                .into_iter()
                .map(|column| (column.name, column.values))
                .collect(),
        })
    }

    fn check_key(&mut self, line: u64, cells: &[&str]) -> Result<(), TableError> {
        if self.declaration.key.is_empty() {
            return Ok(());
        }
        let key: Vec<String> = self
            .declaration
            .key
            .iter()
            .map(|wanted| {
                let cell = self
                    .columns
                    .iter()
                    .position(|column| column.name == *wanted);
                let cell = cell.and_then(|index| cells.get(index));
                cell.copied().unwrap_or_default().to_owned()
            })
            .collect();
        match self.keys.insert(key.clone(), line) {
            None => Ok(()),
            Some(first) => Err(TableError::DuplicateKey {
                table: self.declaration.name.clone(),
                line,
                first,
                key: key.join("/"),
            }),
        }
    }
}

impl Column {
    fn new(name: &str, heading: &str, column_type: ColumnType) -> Self {
        let values = match column_type {
            ColumnType::Code | ColumnType::Text => KnowledgeColumn::Texts {
                dictionary: Vec::new(),
                rows: Vec::new(),
            },
            ColumnType::Day => KnowledgeColumn::Days(Vec::new()),
            _ => KnowledgeColumn::Integers(Vec::new()),
        };
        Column {
            name: name.to_owned(),
            heading: heading.to_owned(),
            column_type,
            values,
            numbers: HashMap::new(),
        }
    }

    fn push(&mut self, cell: &str) -> Result<(), ValueError> {
        match &mut self.values {
            KnowledgeColumn::Texts { dictionary, rows } => {
                let next = u32::try_from(dictionary.len()).map_err(|_| ValueError::OutOfRange)?;
                let number = *self.numbers.entry(cell.to_owned()).or_insert(next);
                if number == next {
                    dictionary.push(cell.to_owned());
                }
                rows.push(number);
            }
            KnowledgeColumn::Days(days) if cell.is_empty() => days.push(units::NOT_RECORDED_S32),
            KnowledgeColumn::Days(days) => days.push(units::parse_day(cell)?),
            KnowledgeColumn::Integers(values) if cell.is_empty() => {
                values.push(units::NOT_RECORDED_S64);
            }
            KnowledgeColumn::Integers(values) => {
                let places = self.column_type.kind().and_then(units::places).unwrap_or(0);
                values.push(units::parse_decimal(cell, places)?);
            }
        }
        Ok(())
    }
}
