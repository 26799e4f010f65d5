//! Faults of whole files. Faults of rows are [`FileRejection`](super::FileRejection)s.

use std::io;
use std::path::{Path, PathBuf};

use rulepack_contract::schema::{TABLES, Table};

/// Why data cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file system refuses.
    #[error("`{path}` cannot be read")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nothing to read.
    #[error("`{directory}` holds no CSV file of a table, expected one such as `encounters.csv`")]
    NoTables {
        /// The folder.
        directory: PathBuf,
    },
    /// A file that bears the name of no table.
    #[error("`{path}` is named after no table of the contract")]
    UnknownTable {
        /// The file.
        path: PathBuf,
        /// The table whose name is most like it.
        nearest: Option<&'static str>,
    },
    /// Two files of one table, which differ in upper and lower case.
    #[error("`{path}` is a second file of the table `{table}`, expected one")]
    TwoFiles {
        /// The second one.
        path: PathBuf,
        /// The table.
        table: &'static str,
    },
    /// A file without a line.
    #[error("`{path}` is empty, expected a first line with the names of the columns")]
    NoHeader {
        /// The file.
        path: PathBuf,
    },
    /// A column that the table does not have.
    #[error("`{path}` has the column `{column}`, which the table `{table}` does not have")]
    UnknownColumn {
        /// The file.
        path: PathBuf,
        /// The table.
        table: &'static str,
        /// As it stands there.
        column: String,
        /// The column whose name is most like it.
        nearest: Option<&'static str>,
    },
    /// A column that stands there twice.
    #[error("`{path}` has the column `{column}` twice, expected it once")]
    ColumnTwice {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// The key, or the column that says to what a row belongs, is not there.
    #[error("`{path}` lacks the column `{column}`, which tells {purpose}")]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// What it is for.
        purpose: &'static str,
    },
    /// Bytes that are not UTF-8.
    #[error(
        "`{path}` line {line} is not in UTF-8, expected UTF-8 (with or without a byte order mark)"
    )]
    Encoding {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: u64,
    },
    /// A value of `coverage.csv`.
    #[error("`{path}` line {line}, column `{column}`: `{value}` is not known, expected {expected}")]
    Coverage {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: u64,
        /// The column.
        column: &'static str,
        /// As it stands there.
        value: String,
        /// What may stand there.
        expected: &'static str,
    },
}

impl DataError {
    /// A file that bears the name of no table.
    #[must_use]
    pub fn unknown_table(path: &Path) -> Self {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        DataError::UnknownTable {
            path: path.to_owned(),
            nearest: nearest(&stem.to_lowercase(), TABLES.iter().map(|table| table.name)),
        }
    }

    /// A column that the table of a file does not have.
    #[must_use]
    pub fn unknown_column(path: &Path, table: &'static Table, name: &str) -> Self {
        let names = table.columns.iter().map(|column| column.name);
        DataError::UnknownColumn {
            path: path.to_owned(),
            table: table.name,
            column: name.chars().take(60).collect(),
            nearest: nearest(name, names.chain(table.key())),
        }
    }

    /// The key, or the column that says to what a row belongs, where a file does not have it.
    #[must_use]
    pub fn lacking(
        path: &Path,
        table: &'static Table,
        has_key: bool,
        has_column: impl Fn(usize) -> bool,
    ) -> Option<Self> {
        let missing = |column, purpose| {
            Some(DataError::MissingColumn {
                path: path.to_owned(),
                column,
                purpose,
            })
        };
        match (table.key(), table.owner()) {
            (Some(key), _) if !has_key => missing(key, "the rows apart"),
            (_, Some((owner, _))) if !has_column(owner) => {
                missing(table.columns[owner].name, "to what a row belongs")
            }
            _ => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let most_alike = |name: &Option<&str>| name.map(|name| format!("did you mean `{name}`?"));
        match self {
            DataError::UnknownTable { nearest, .. } => most_alike(nearest)
                .map(|question| question.replace("`?", ".csv`?"))
                .or_else(|| Some(format!("the tables are {}", names(TABLES.iter())))),
            DataError::UnknownColumn { nearest, .. } => most_alike(nearest),
            DataError::Encoding { .. } => {
                Some("export the file as UTF-8; GBK (ANSI) is the usual reason".to_owned())
            }
            _ => None,
        }
    }
}

/// The name that is most like `text`, if any is alike at all.
pub(super) fn nearest(
    text: &str,
    names: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    const ALIKE: f64 = 0.5;
    let text = text.to_lowercase().replace('_', "-");
    names
        .map(|name| (strsim::normalized_damerau_levenshtein(&text, name), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

fn names<'t>(tables: impl Iterator<Item = &'t Table>) -> String {
    tables
        .map(|table| table.name)
        .collect::<Vec<_>>()
        .join(", ")
}
