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
    is_required: bool,
    values: KnowledgeColumn,
    numbers: HashMap<String, u32>,
}

impl<'a> TableBuilder<'a> {
    /// Starts a table whose rows have cells under these headings.
    ///
    /// # Errors
    /// [`TableError::NoHeader`], [`TableError::NoHeading`], [`TableError::ColumnMissing`],
    /// [`TableError::ColumnTwice`] and [`TableError::ColumnUndeclared`].
    pub fn new<'h>(
        declaration: &'a TableDeclaration,
        header: impl Iterator<Item = &'h str>,
    ) -> Result<Self, TableError> {
        let table = || declaration.name.clone();
        let header: Vec<&str> = header.map(str::trim).collect();
        if header.iter().all(|it| declaration.column(it).is_none()) {
            let columns = declaration.columns.keys();
            let expected: Vec<&str> = columns.map(|it| declaration.heading(it)).collect();
            return Err(TableError::NoHeader {
                table: table(),
                found: shown(&header.join(",")),
                expected: expected.join(", "),
            });
        }
        let mut columns: Vec<Column> = Vec::new();
        for heading in header {
            let Some((name, column_type)) = declaration.column(heading) else {
                return Err(unknown(table(), heading, columns.len()));
            };
            if columns.iter().any(|column| column.name == name) {
                return Err(TableError::ColumnTwice {
                    table: table(),
                    column: shown(heading),
                });
            }
            let is_required = declaration.requires(name);
            columns.push(Column {
                is_required,
                ..Column::new(name, &shown(heading), column_type)
            });
        }
        for column in declaration.columns.keys() {
            if !columns.iter().any(|known| known.name == *column) {
                // As the others are called that are there.
                let for_people = columns.iter().any(|known| known.name != known.heading);
                let missing = match for_people {
                    true => declaration.heading(column),
                    false => column,
                };
                return Err(TableError::ColumnMissing {
                    table: table(),
                    column: missing.to_owned(),
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
    /// [`TableError::Value`], [`TableError::Word`], [`TableError::Empty`] and [`TableError::DuplicateKey`].
    pub fn push<'c>(
        &mut self,
        line: u64,
        cells: impl Iterator<Item = &'c str>,
    ) -> Result<(), TableError> {
        let padded = cells.map(str::trim).chain(std::iter::repeat(""));
        let named = self.columns.iter().zip(padded);
        let words = named.map(|(column, cell)| self.word(line, column, cell));
        let cells: Vec<&str> = words.collect::<Result<_, _>>()?;
        for (column, cell) in self.columns.iter_mut().zip(cells.iter().copied()) {
            if column.is_required && cell.is_empty() {
                return Err(TableError::Empty {
                    table: self.declaration.name.clone(),
                    line,
                    column: column.heading.clone(),
                    column_type: column.column_type,
                });
            }
            column.push(cell).map_err(|problem| TableError::Value {
                table: self.declaration.name.clone(),
                line,
                column: column.heading.clone(),
                value: shown(cell),
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

    /// The word that a cell means, where its column takes some words only.
    fn word<'w>(&self, line: u64, column: &Column, cell: &'w str) -> Result<&'w str, TableError>
    where
        'a: 'w,
    {
        let declaration = self.declaration;
        declaration.word(&column.name, cell).ok_or_else(|| {
            let words = declaration.words.get(&column.name).into_iter().flatten();
            let words = words.map(|(word, called)| format!("`{word}` ({called})"));
            TableError::Word {
                table: declaration.name.clone(),
                line,
                column: column.heading.clone(),
                value: shown(cell),
                expected: words.collect::<Vec<_>>().join(", "),
            }
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
                key: shown(&key.join("/")),
            }),
        }
    }
}

/// Why a heading after so many others is none.
fn unknown(table: String, heading: &str, before: usize) -> TableError {
    match heading {
        "" => TableError::NoHeading {
            table,
            number: before as u64 + 1,
        },
        _ => TableError::ColumnUndeclared {
            table,
            column: shown(heading),
        },
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
            is_required: false,
            values,
            numbers: HashMap::new(),
        }
    }

    fn push(&mut self, cell: &str) -> Result<(), ValueError> {
        match &mut self.values {
            KnowledgeColumn::Texts { dictionary, rows } => {
                if self.column_type == ColumnType::Code && is_disguised(cell) {
                    return Err(ValueError::Disguised);
                }
                if self.column_type == ColumnType::Code && is_scientific(cell) {
                    return Err(ValueError::Scientific);
                }
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

/// What stands in a cell, on one line of an error: a cell may hold line breaks, what a terminal takes for commands,
/// and a whole page.
fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 100;
    let mut characters = text.chars();
    let mut shown = String::new();
    for character in characters.by_ref().take(CHARACTERS_MAX) {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Whether a code would look right to people and match nothing: invisible characters, or full-width letters and
/// digits in what else is none but ASCII. A name in Chinese may hold full-width ones.
fn is_disguised(code: &str) -> bool {
    let invisible = |it: char| {
        it.is_control()
            || matches!(it, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
    };
    let full_width = |it: char| matches!(it, '\u{ff01}'..='\u{ff5e}' | '\u{3000}');
    let letter_or_digit = |it: char| matches!(it, '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ');
    code.contains(invisible)
        || (code.contains(letter_or_digit)
            && code.chars().all(|it| it.is_ascii() || full_width(it)))
}

/// Whether a code is what spreadsheets make of a long one of digits where they save CSV: `1.23E+15`.
fn is_scientific(code: &str) -> bool {
    let Some((figures, exponent)) = code.split_once("E+") else {
        return false;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let (whole, decimals) = figures.split_once('.').unwrap_or((figures, "0"));
    is_number(whole) && is_number(decimals) && is_number(exponent)
}
