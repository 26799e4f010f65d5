//! The tables as Parquet instead of CSV: turned over file by file, row by row.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use rulepack_audit::table_writer::{TableWriter, WriteError};
use rulepack_contract::schema;

use super::GenerateError;

/// Writes `<table>.parquet` for each `<table>.csv` of a folder that was just generated, and removes that.
/// `planted.csv` stays: it is for people.
///
/// # Errors
/// When a file cannot be read, written or removed.
pub(crate) fn convert(directory: &Path) -> Result<(), GenerateError> {
    let entries = fs::read_dir(directory).map_err(failed(directory))?;
    let mut files = Vec::new();
    for entry in entries {
        files.push(entry.map_err(failed(directory))?.path());
    }
    for csv in files {
        let name = csv.file_stem().unwrap_or_default().to_string_lossy();
        if let Some(table) = schema::table(&name) {
            let parquet = csv.with_extension("parquet");
            turn_over(&csv, &parquet, table).map_err(failed(&parquet))?;
            fs::remove_file(&csv).map_err(failed(&csv))?;
        }
    }
    Ok(())
}

/// No field that is generated needs quoting.
fn turn_over(csv: &Path, parquet: &Path, table: schema::TableId) -> io::Result<()> {
    let other = |error: WriteError| io::Error::other(error);
    let mut lines = BufReader::with_capacity(1 << 16, File::open(csv)?).lines();
    let header = lines.next().transpose()?.unwrap_or_default();
    let columns: Vec<&str> = header.split(',').collect();
    let mut writer = TableWriter::create(parquet, table, &columns).map_err(other)?;
    for line in lines {
        writer.push(line?.split(',')).map_err(other)?;
    }
    writer.finish().map_err(other)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> GenerateError + '_ {
    |source| GenerateError::Write {
        path: path.to_owned(),
        source,
    }
}
