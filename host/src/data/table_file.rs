//! One CSV file of one table, row by row.

use std::path::Path;

use csv::StringRecord;
use rulepack_contract::schema::{Table, TableId};

use super::encoding::Encoding;
use super::error::DataError;
use super::rejection::{FileRejection, Reason, VALUE_BYTES_MAX};
use super::text_file::TextFile;

/// An open file whose header was understood.
#[derive(Debug)]
pub struct TableFile {
    table: TableId,
    places: Vec<Place>,
    file: TextFile,
}

/// A line of the file.
#[derive(Debug)]
pub enum Line<'f> {
    /// A row of the table, whose values are not read yet.
    Row(Row<'f>),
    /// A line that is no row.
    Rejected(FileRejection),
}

/// The texts of a row.
#[derive(Debug)]
pub struct Row<'f> {
    /// From 1; the header is line 1.
    pub line: u64,
    /// The key; empty where the table has none.
    pub key: &'f str,
    places: &'f [Place],
    record: &'f StringRecord,
}

/// What a field of the file is in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Key,
    Column(usize),
}

impl TableFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`DataError`] where the file cannot be read or its header is not of the table.
    pub fn open(path: &Path, table: TableId, encoding: Encoding) -> Result<Self, DataError> {
        let file = TextFile::open(path, encoding)?;
        let places = places(path, table.table(), file.header())?;
        Ok(TableFile {
            table,
            places,
            file,
        })
    }

    /// The file's own name.
    pub fn name(&self) -> String {
        file_name(self.file.path())
    }

    /// The columns of the table that the file has.
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        self.places.iter().filter_map(|place| match place {
            Place::Column(column) => Some(*column),
            Place::Key => None,
        })
    }

    /// The next line that is not blank; `None` at the end.
    ///
    /// # Errors
    /// [`DataError::Read`] and [`DataError::Encoding`].
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, DataError> {
        let Some(line) = self.file.advance()? else {
            return Ok(None);
        };
        if let Some(rejection) = self.fault_of_line(line) {
            return Ok(Some(Line::Rejected(rejection)));
        }
        let (places, record) = (self.places.as_slice(), self.file.record());
        let key = places.iter().position(|place| *place == Place::Key);
        let key = key
            .and_then(|field| record.get(field))
            .unwrap_or_default()
            .trim();
        Ok(Some(Line::Row(Row {
            line,
            key,
            places,
            record,
        })))
    }

    fn fault_of_line(&self, line: u64) -> Option<FileRejection> {
        let rejection = |field: usize, value: &str, reason| {
            let column = self
                .places
                .get(field)
                .map_or("", |place| place.name(self.table.table()));
            Some(FileRejection::of_line(
                &self.name(),
                line,
                column,
                value,
                reason,
            ))
        };
        let (found, expected) = (self.file.record().len(), self.places.len());
        for (field, value) in self.file.record().iter().enumerate() {
            if value
                .trim_end_matches('\r')
                .bytes()
                .any(|byte| byte.is_ascii_control() && byte != b'\t')
            {
                return rejection(field.min(expected - 1), value, Reason::ControlCharacter);
            }
            if value.len() > VALUE_BYTES_MAX {
                return rejection(field.min(expected - 1), value, Reason::TooLong);
            }
        }
        if found != expected {
            return rejection(
                found.min(expected) - 1,
                "",
                Reason::Fields { found, expected },
            );
        }
        None
    }
}

impl<'f> Row<'f> {
    /// The columns with their texts.
    pub fn cells(&self) -> impl Iterator<Item = (usize, &'f str)> + use<'f> {
        self.places
            .iter()
            .zip(self.record)
            .filter_map(|(place, text)| match place {
                Place::Column(column) => Some((*column, text)),
                Place::Key => None,
            })
    }
}

impl Place {
    fn name(self, table: &'static Table) -> &'static str {
        match self {
            Place::Key => table.key().unwrap_or(table.name),
            Place::Column(column) => table
                .columns
                .get(column)
                .map_or(table.name, |column| column.name),
        }
    }
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn places(
    path: &Path,
    table: &'static Table,
    header: &StringRecord,
) -> Result<Vec<Place>, DataError> {
    if header.iter().all(|name| name.trim().is_empty()) {
        return Err(DataError::NoHeader {
            path: path.to_owned(),
        });
    }
    let mut places = Vec::with_capacity(header.len());
    for name in header.iter().map(str::trim) {
        let place = match table.column(name) {
            _ if table.key() == Some(name) => Place::Key,
            Some(column) => Place::Column(column),
            None => return Err(DataError::unknown_column(path, table, name)),
        };
        if places.contains(&place) {
            return Err(DataError::ColumnTwice {
                path: path.to_owned(),
                column: name.to_owned(),
            });
        }
        places.push(place);
    }
    let has = |place| places.contains(&place);
    let has_owner = |column| has(Place::Column(column));
    match DataError::lacking(path, table, has(Place::Key), has_owner) {
        Some(lacking) => Err(lacking),
        None => Ok(places),
    }
}
