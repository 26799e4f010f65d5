//! A folder of CSV files, one a table of the contract (see `docs/DATA.md`).

use std::fs;
use std::path::{Path, PathBuf};

use rulepack_contract::data::{Data, DataBuilder};
use rulepack_contract::schema::{self, TableId};

use super::error::DataError;
use super::rejection::FileRejection;
use super::table_file::{Line, TableFile, file_name};
use super::{checks, coverage};

/// What was read, and what was left out.
#[derive(Debug)]
pub struct Loaded {
    /// The sound rows.
    pub data: Data,
    /// The rows left out, by file and line.
    pub rejected: Vec<FileRejection>,
}

/// The files of a folder that are read, each with its table.
#[derive(Debug)]
pub(crate) struct Source {
    tables: Vec<(TableId, PathBuf)>,
    coverage: Option<PathBuf>,
}

/// What `rulepack generate` writes beside the tables: the breaches that it planted.
const PLANTED: &str = "planted.csv";

/// Reads every table of a folder.
///
/// # Errors
/// [`DataError`] where a file or column is not of the contract, or a file is not in UTF-8.
pub fn read_directory(directory: &Path) -> Result<Loaded, DataError> {
    let source = Source::directory(directory)?;
    let mut builder = DataBuilder::new();
    let rejected = load(&source, &mut builder)?;
    Ok(finish(&source, builder, rejected))
}

/// Reads one file, which bears the name of its table. Rows that belong to rows of another table, which
/// are not there, are left out: patients and institutions alone have nothing to belong to.
///
/// # Errors
/// [`DataError`] where the file or a column is not of the contract, or the file is not in UTF-8.
pub fn read_file(path: &Path) -> Result<Loaded, DataError> {
    let source = Source {
        tables: vec![(table_of(path)?, path.to_owned())],
        coverage: None,
    };
    let mut builder = DataBuilder::new();
    let rejected = load(&source, &mut builder)?;
    Ok(finish(&source, builder, rejected))
}

/// Adds the rows of all files, then leaves out those that contradict themselves or each other. The
/// answer lists the lines that are no rows; the builder lists the others.
pub(crate) fn load(
    source: &Source,
    builder: &mut DataBuilder,
) -> Result<Vec<FileRejection>, DataError> {
    let mut rejected = Vec::new();
    for (table, path) in &source.tables {
        let mut file = TableFile::open(path, *table)?;
        builder.declare(*table, file.columns());
        while let Some(line) = file.next_line()? {
            match line {
                Line::Row(row) => {
                    builder.push(*table, row.line, row.key, row.cells());
                }
                Line::Rejected(rejection) => rejected.push(rejection),
            }
        }
    }
    if let Some(path) = &source.coverage {
        coverage::read_coverage(path)?.tell(builder);
    }
    checks::check_rows(builder);
    Ok(rejected)
}

impl Source {
    /// The files of a folder. Sub-folders, and files that are no CSV, are none of our business.
    ///
    /// # Errors
    /// [`DataError`] where the folder cannot be read, or a CSV file is of no table.
    pub(crate) fn directory(directory: &Path) -> Result<Self, DataError> {
        let unreadable = |source| DataError::Read {
            path: directory.to_owned(),
            source,
        };
        let mut source = Source {
            tables: Vec::new(),
            coverage: None,
        };
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let is_csv = path
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
            if !is_csv || !path.is_file() {
                continue;
            }
            match file_name(&path).to_lowercase().as_str() {
                PLANTED => {}
                coverage::FILE => source.coverage = Some(path),
                _ => source.add(path)?,
            }
        }
        if source.tables.is_empty() {
            return Err(DataError::NoTables {
                directory: directory.to_owned(),
            });
        }
        source.tables.sort();
        Ok(source)
    }

    /// The files, in the order of the tables.
    pub(crate) fn tables(&self) -> &[(TableId, PathBuf)] {
        &self.tables
    }

    /// The name of the file of a table.
    pub(crate) fn file(&self, table: TableId) -> String {
        let found = self.tables.iter().find(|(of, _)| *of == table);
        found.map_or_else(
            || format!("{}.csv", table.table().name),
            |(_, path)| file_name(path),
        )
    }

    fn add(&mut self, path: PathBuf) -> Result<(), DataError> {
        let table = table_of(&path)?;
        if self.tables.iter().any(|(of, _)| *of == table) {
            return Err(DataError::TwoFiles {
                path,
                table: table.table().name,
            });
        }
        self.tables.push((table, path));
        Ok(())
    }
}

fn table_of(path: &Path) -> Result<TableId, DataError> {
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    schema::table(&stem).ok_or_else(|| DataError::unknown_table(path))
}

/// The sound rows, and every row left out by file and line.
pub(crate) fn finish(
    source: &Source,
    builder: DataBuilder,
    mut rejected: Vec<FileRejection>,
) -> Loaded {
    let (data, rejections) = builder.finish();
    rejected.extend(
        rejections
            .into_iter()
            .map(|rejection| FileRejection::of_row(&source.file(rejection.table), rejection)),
    );
    rejected.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    Loaded { data, rejected }
}
