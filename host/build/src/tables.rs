//! The knowledge tables of a pack's source: CSV or Excel files.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rulepack_contract::knowledge::{KnowledgeTable, TableDeclaration, TableError};
use rulepack_protocol::pack::Manifest;

use crate::sheet::{self, SheetError};

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A replacement has no file for a table.
    #[error("`{folder}` has neither `{name}.csv` nor `{name}.xlsx`")]
    Missing {
        /// The folder that was given.
        folder: PathBuf,
        /// The file name of the pack's own table, without extension.
        name: String,
    },
    /// The content of a CSV file.
    #[error("`{path}`: {source}")]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TableError,
    },
    /// The content of an Excel file.
    #[error("`{path}`: {source}")]
    Sheet {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SheetError,
    },
}

/// The tables that the pack itself brings, from its own folder or from a replacement for all of them.
pub(crate) fn read(
    folder: &Path,
    replacement: Option<&Path>,
    manifest: &Manifest,
) -> Result<BTreeMap<String, KnowledgeTable>, TablesError> {
    let mut tables = BTreeMap::new();
    for declaration in manifest.sealed_tables() {
        let file = declaration.file.as_deref().unwrap_or_default();
        let path = match replacement {
            None => folder.join(file),
            Some(replacement) => replaced(replacement, Path::new(file))?,
        };
        tables.insert(declaration.name.clone(), read_file(path, declaration)?);
    }
    Ok(tables)
}

/// The file of the same name in another folder, as CSV or Excel.
fn replaced(folder: &Path, file: &Path) -> Result<PathBuf, TablesError> {
    let name = file.file_stem().unwrap_or_default();
    let candidates = ["csv", "xlsx"].map(|extension| folder.join(name).with_extension(extension));
    let found = candidates.into_iter().find(|path| path.is_file());
    found.ok_or_else(|| TablesError::Missing {
        folder: folder.to_owned(),
        name: name.to_string_lossy().into_owned(),
    })
}

fn read_file(path: PathBuf, declaration: &TableDeclaration) -> Result<KnowledgeTable, TablesError> {
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(TablesError::Read { path, source }),
    };
    if path
        .extension()
        .is_some_and(|extension| extension == "xlsx")
    {
        return sheet::read(declaration, bytes)
            .map_err(|source| TablesError::Sheet { path, source });
    }
    KnowledgeTable::from_csv(declaration, &bytes)
        .map_err(|source| TablesError::Table { path, source })
}
