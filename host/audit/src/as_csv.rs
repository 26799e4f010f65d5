//! A folder with Parquet files as one of CSV files, for those who read CSV: one file a table, each row of which is
//! traced back to where it came from.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use arrow::array::{Array as _, AsArray as _, StringArray};
use rulepack_contract::schema::{self, TableId};
use rulepack_host::data::{Encoding, FileRejection};
use rulepack_host::files;

use crate::error::AuditError;
use crate::input::{Form, Input, Layout, Place, Rows};

/// Where the rows of the CSV files came from.
#[derive(Debug)]
pub struct AsCsv {
    input: Input,
    /// By table, in the order of its file.
    places: BTreeMap<TableId, Vec<u64>>,
    /// Rows that hold a text which is none.
    pub rejected: Vec<FileRejection>,
}

/// Whether a folder holds more than CSV files beside each other: Parquet files, or folders of tables.
#[must_use]
pub fn is_more_than_csv(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths = entries.map(|entry| entry.path());
    paths.any(|path| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        let is_table = path.is_dir() && schema::table(&name).is_some();
        is_table || name.ends_with(".parquet")
    })
}

impl AsCsv {
    /// Writes every table of a folder, and what says what it covers, to another one.
    ///
    /// # Errors
    /// [`AuditError`] where a file cannot be read or written.
    pub fn write(folder: &Path, to: &Path) -> Result<Self, AuditError> {
        let mut as_csv = AsCsv {
            input: Input::find(folder, Encoding::Utf8)?,
            places: BTreeMap::new(),
            rejected: Vec::new(),
        };
        let tables: Vec<TableId> = as_csv.input.tables().collect();
        for table in tables {
            as_csv.write_table(table, &to.join(format!("{}.csv", table.table().name)))?;
        }
        let coverage = folder.join("coverage.csv");
        if coverage.exists() {
            let copied = fs::copy(&coverage, to.join("coverage.csv"));
            copied.map_err(AuditError::io(&coverage))?;
        }
        Ok(as_csv)
    }

    /// A row that was left out of the CSV files, where it stood before.
    #[must_use]
    pub fn trace(&self, rejection: FileRejection) -> FileRejection {
        let table = rejection.file.strip_suffix(".csv").and_then(schema::table);
        let places = table.and_then(|table| self.places.get(&table));
        // The header is line 1.
        let row = rejection
            .line
            .checked_sub(2)
            .and_then(|row| usize::try_from(row).ok());
        let place = places.zip(row).and_then(|(places, row)| places.get(row));
        let Some(place) = place.map(|place| Place::from_number(*place)) else {
            return rejection;
        };
        let file = self.input.files.get(place.file as usize);
        FileRejection {
            file: file.map_or_else(|| rejection.file.clone(), |file| file.name.clone()),
            line: place.line,
            ..rejection
        }
    }

    fn write_table(&mut self, table: TableId, to: &Path) -> Result<(), AuditError> {
        let mut layout = Layout::of(table, &self.input)?;
        for (_, form) in &mut layout.columns {
            *form = Form::Text;
        }
        let io = |error: csv::Error| AuditError::io(to)(std::io::Error::other(error));
        let file = files::create_private(to).map_err(AuditError::io(to))?;
        let mut writer = csv::Writer::from_writer(file);
        let declared = table.table();
        let names = layout
            .columns
            .iter()
            .map(|(column, _)| declared.columns[*column].name);
        writer
            .write_record(declared.key().into_iter().chain(names))
            .map_err(io)?;
        let mut places = Vec::new();
        for file in self.input.of(table) {
            let mut source = layout.open(file)?;
            while let Some(rows) = source.next(&mut self.rejected)? {
                places.extend_from_slice(rows.places.values());
                write_rows(&rows, declared.key().is_some(), &mut writer).map_err(io)?;
            }
        }
        self.places.insert(table, places);
        writer.flush().map_err(AuditError::io(to))
    }
}

fn write_rows<W: std::io::Write>(
    rows: &Rows,
    has_key: bool,
    writer: &mut csv::Writer<W>,
) -> Result<(), csv::Error> {
    let columns: Vec<&StringArray> = rows
        .columns
        .iter()
        .map(|it| it.as_string::<i32>())
        .collect();
    for row in 0..rows.keys.len() {
        let key = has_key.then(|| rows.keys.value(row));
        let cells = columns.iter().map(|column| match column.is_valid(row) {
            true => column.value(row),
            false => "",
        });
        writer.write_record(key.into_iter().chain(cells))?;
    }
    Ok(())
}
