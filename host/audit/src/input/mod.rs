//! The files of a folder, each with its table: any number of CSV and Parquet files for each table.
//!
//! `orders.csv`, `orders-2026-01.parquet`, `orders.7.parquet` and every file below a folder `orders` are of
//! the table `orders`. Rows are numbered over all files: see [`Place`].

pub(crate) mod coded;
mod convert;
mod csv_rows;
pub(crate) mod layout;
mod parquet_rows;
mod reading;

use std::fs;
use std::path::{Path, PathBuf};

use rulepack_contract::schema::{self, TableId};
use rulepack_host::data::{CoverageFile, DataError, Encoding, FileRejection, read_coverage};

use crate::error::AuditError;
pub use layout::{Form, Layout, Rows};
pub(crate) use reading::{FileRows, read};

/// Whether a file is read as one or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// By `docs/DATA.md`.
    Csv,
    /// By `docs/DATA.md` too, the values by type.
    Parquet,
}

/// A file and its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Where it lies.
    pub path: PathBuf,
    /// As people are told of it: its path within the folder.
    pub name: String,
    /// What its rows are.
    pub table: TableId,
    /// How they are written.
    pub format: Format,
    /// How the texts of a CSV file are encoded.
    pub encoding: Encoding,
}

/// All that is read of a folder.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// By table, then by name: the number of a file is its place here.
    pub files: Vec<InputFile>,
    /// What the files cover, where somebody said.
    pub coverage: CoverageFile,
}

/// Where a row stands: file and line in one number, so that rows which were sorted are traced back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Of [`Input::files`].
    pub file: u32,
    /// In a CSV file from 1, the header included; in a Parquet file the row, from 1.
    pub line: u64,
}

/// Bits of a [`Place`] that hold the line.
const LINE_BITS: u32 = 44;
/// Files that one run reads.
pub const FILES_MAX: usize = 1 << 19;

impl Place {
    /// As one number, in the order of files and lines.
    #[must_use]
    pub fn number(self) -> u64 {
        (u64::from(self.file) << LINE_BITS) | (self.line & ((1 << LINE_BITS) - 1))
    }

    /// Back from the number.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        Place {
            file: u32::try_from(number >> LINE_BITS).unwrap_or(u32::MAX),
            line: number & ((1 << LINE_BITS) - 1),
        }
    }
}

/// Rows of one file, some thousands at a time.
pub(crate) trait RowSource {
    /// The next rows; `None` at the end. Lines that are no rows are added to the second part.
    ///
    /// # Errors
    /// [`AuditError`] where the file cannot be read on.
    fn next(&mut self, rejected: &mut Vec<FileRejection>) -> Result<Option<Rows>, AuditError>;
}

impl Input {
    /// The files of a folder and of the folders below it that are named after a table. Files that are neither
    /// CSV nor Parquet are none of our business; `planted.csv` lists what `rulepack generate` planted.
    ///
    /// # Errors
    /// [`AuditError`] where nothing is there, or a CSV or Parquet file is of no table.
    pub fn find(folder: &Path, encoding: Encoding) -> Result<Self, AuditError> {
        let mut input = Input::default();
        for path in entries(folder)? {
            let name = file_name(&path);
            match (path.is_dir(), name.to_lowercase().as_str()) {
                (true, _) => {
                    if let Some(table) = schema::table(&name.to_lowercase()) {
                        input.add_folder(&path, (table, encoding), &name)?;
                    }
                }
                (false, "coverage.csv") => input.coverage = read_coverage(&path, encoding)?,
                (false, "planted.csv") => {}
                (false, _) => {
                    if let Some(format) = Format::of(&path) {
                        let table = table_of(&path)?;
                        input.files.push(InputFile {
                            path,
                            name,
                            table,
                            format,
                            encoding,
                        });
                    }
                }
            }
        }
        if input.files.is_empty() {
            let folder = folder.to_owned();
            return Err(AuditError::NoTables { folder });
        }
        if input.files.len() > FILES_MAX {
            let (files, limit) = (input.files.len(), FILES_MAX);
            return Err(AuditError::TooManyFiles { files, limit });
        }
        input
            .files
            .sort_by(|a, b| (a.table, &a.name).cmp(&(b.table, &b.name)));
        input.require_owners()?;
        Ok(input)
    }

    /// The tables that are there, in the order of the contract, which has owners first.
    pub fn tables(&self) -> impl Iterator<Item = TableId> + '_ {
        TableId::all().filter(|table| self.files.iter().any(|file| file.table == *table))
    }

    /// The files of a table, each with its number.
    pub fn of(&self, table: TableId) -> impl Iterator<Item = (u32, &InputFile)> {
        let numbered = (0_u32..).zip(&self.files);
        numbered.filter(move |(_, file)| file.table == table)
    }

    /// Whether a row stands in one of the files.
    #[must_use]
    pub fn has(&self, place: Place) -> bool {
        (place.file as usize) < self.files.len()
    }

    /// `orders-1.parquet:17`, for rows that have no key.
    #[must_use]
    pub fn told(&self, place: Place) -> String {
        let name = self
            .files
            .get(place.file as usize)
            .map(|file| file.name.as_str());
        format!("{}:{}", name.unwrap_or_default(), place.line)
    }

    fn add_folder(
        &mut self,
        folder: &Path,
        (table, encoding): (TableId, Encoding),
        below: &str,
    ) -> Result<(), AuditError> {
        for path in entries(folder)? {
            let name = format!("{below}/{}", file_name(&path));
            if path.is_dir() {
                self.add_folder(&path, (table, encoding), &name)?;
            } else if let Some(format) = Format::of(&path) {
                self.files.push(InputFile {
                    path,
                    name,
                    table,
                    format,
                    encoding,
                });
            }
        }
        Ok(())
    }

    fn require_owners(&self) -> Result<(), AuditError> {
        let there: Vec<TableId> = self.tables().collect();
        for table in &there {
            if let Some((_, owner)) = table.table().owner()
                && !there.contains(&owner)
            {
                let (table, missing) = (table.table().name, owner.table().name);
                return Err(AuditError::MissingTable { table, missing });
            }
        }
        Ok(())
    }
}

impl InputFile {
    /// Rows that a Parquet file says it has.
    ///
    /// # Errors
    /// [`AuditError`] where it is none.
    pub(crate) fn rows_told(&self) -> Result<u64, AuditError> {
        parquet_rows::count(self)
    }
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_string_lossy().to_lowercase();
        match ending.as_str() {
            "csv" => Some(Format::Csv),
            "parquet" => Some(Format::Parquet),
            _ => None,
        }
    }
}

/// The table that a file is named after: the longest name with which its own begins, up to `-`, `.` or `_`.
fn table_of(path: &Path) -> Result<TableId, AuditError> {
    let name = file_name(path).to_lowercase();
    let begins = |table: &TableId| {
        let rest = name.strip_prefix(table.table().name);
        rest.is_some_and(|rest| rest.starts_with(['.', '-', '_']))
    };
    let longest = TableId::all()
        .filter(begins)
        .max_by_key(|table| table.table().name.len());
    longest.ok_or_else(|| DataError::unknown_table(path).into())
}

/// What a folder holds, by name. What begins with `.` or `_` is left by the tools that write Parquet.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, AuditError> {
    let read = fs::read_dir(folder).map_err(AuditError::io(folder))?;
    let mut paths = Vec::new();
    for entry in read {
        let path = entry.map_err(AuditError::io(folder))?.path();
        if !file_name(&path).starts_with(['.', '_']) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
