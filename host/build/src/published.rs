//! What the importers of published tables share: the tables that they write, and why they refuse.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

/// A knowledge table as CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFile {
    /// `mdc.csv`
    pub file_name: &'static str,
    /// How many rows it has, the header not counted.
    pub rows: usize,
    /// The file.
    pub csv: Vec<u8>,
}

/// Why published tables cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The scheme is not the shape that is known.
    #[error("`{path}`: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// A list is not the shape that is known.
    #[error("`{path}`: {source}")]
    Csv {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: csv::Error,
    },
    /// A value that the tables cannot express.
    #[error("`{place}` is `{value}`, expected {expected}")]
    Value {
        /// Where: `mdc[MDCA].gate`.
        place: String,
        /// The refused value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
}

/// A value that the tables cannot express.
pub(crate) fn refused(
    place: impl Into<String>,
    value: impl ToString,
    expected: &'static str,
) -> ImportError {
    ImportError::Value {
        place: place.into(),
        value: value.to_string(),
        expected,
    }
}

/// A table being written. The published lists repeat some entries; a row is written once.
pub(crate) struct Rows {
    file_name: &'static str,
    header: Vec<String>,
    seen: BTreeSet<Vec<String>>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    pub(crate) fn new(file_name: &'static str, header: &[&str]) -> Self {
        Rows {
            file_name,
            header: header.iter().map(|name| (*name).to_owned()).collect(),
            seen: BTreeSet::new(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn push<const N: usize>(&mut self, row: [impl AsRef<str>; N]) {
        let row: Vec<String> = row.iter().map(|cell| cell.as_ref().to_owned()).collect();
        if self.seen.insert(row.clone()) {
            self.rows.push(row);
        }
    }

    pub(crate) fn finish(self) -> Result<TableFile, ImportError> {
        let failed = |source| ImportError::Csv {
            path: self.file_name.into(),
            source,
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.header).map_err(failed)?;
        for row in &self.rows {
            writer.write_record(row).map_err(failed)?;
        }
        let csv = writer
            .into_inner()
            .map_err(|error| failed(error.into_error().into()))?;
        Ok(TableFile {
            file_name: self.file_name,
            rows: self.rows.len(),
            csv,
        })
    }
}
