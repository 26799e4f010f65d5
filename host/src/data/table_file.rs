//! One CSV file of one table, row by row.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};
use rulepack_contract::schema::{Table, TableId};

use super::error::DataError;
use super::rejection::{FileRejection, Reason, VALUE_BYTES_MAX};

/// An open file whose header was understood.
#[derive(Debug)]
pub struct TableFile {
    path: PathBuf,
    table: TableId,
    places: Vec<Place>,
    reader: Reader<BufReader<File>>,
    record: StringRecord,
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
    pub fn open(path: &Path, table: TableId) -> Result<Self, DataError> {
        let mut reader = open(path)?;
        let header = match reader.headers() {
            Ok(header) => header.clone(),
            Err(error) => return Err(fault(path, error, 1)),
        };
        let places = places(path, table.table(), &header)?;
        Ok(TableFile {
            path: path.to_owned(),
            table,
            places,
            reader,
            record: StringRecord::new(),
        })
    }

    /// The file's own name.
    pub fn name(&self) -> String {
        file_name(&self.path)
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
        let line = loop {
            let before = self.reader.position().line();
            match self.reader.read_record(&mut self.record) {
                Ok(true) if is_blank(&self.record) => {}
                Ok(true) => break line_of(&self.record, before, self.reader.position().line()),
                Ok(false) => return Ok(None),
                Err(error) => return Err(fault(&self.path, error, before)),
            }
        };
        if let Some(rejection) = self.fault_of_line(line) {
            return Ok(Some(Line::Rejected(rejection)));
        }
        let (places, record) = (self.places.as_slice(), &self.record);
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
        let (found, expected) = (self.record.len(), self.places.len());
        for (field, value) in self.record.iter().enumerate() {
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

/// A line with nothing on it but blanks.
pub(super) fn is_blank(record: &StringRecord) -> bool {
    record.len() <= 1 && record.iter().all(|value| value.trim().is_empty())
}

/// The line on which a record begins, from where the reader stood before it (blank lines may follow) and
/// after it.
fn line_of(record: &StringRecord, before: u64, after: u64) -> u64 {
    let breaks: usize = record.iter().map(|value| value.matches('\n').count()).sum();
    let after_last = after.saturating_sub(breaks as u64);
    if after_last > before {
        after_last - 1
    } else {
        before
    }
}

/// A reader that leaves judging the number of fields to its user.
pub(super) fn open(path: &Path) -> Result<Reader<BufReader<File>>, DataError> {
    let file = File::open(path).map_err(|source| DataError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(ReaderBuilder::new()
        .flexible(true)
        // A carriage return before the line feed stays in the value, which is trimmed: otherwise lines
        // of such files are counted one behind.
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(BufReader::with_capacity(1 << 16, file)))
}

/// A fault of reading; `line` where the reader does not know it.
pub(super) fn fault(path: &Path, error: csv::Error, line: u64) -> DataError {
    let at = error.position().map_or(line, csv::Position::line);
    let path = path.to_owned();
    match error.into_kind() {
        ErrorKind::Utf8 { .. } => DataError::Encoding { path, line: at },
        ErrorKind::Io(source) => DataError::Read { path, source },
        other => DataError::Read {
            path,
            source: std::io::Error::other(format!("{other:?}")),
        },
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
