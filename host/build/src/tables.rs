//! The knowledge tables of a pack's source: CSV or Excel files.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rulepack_contract::knowledge::{KnowledgeTable, TableDeclaration, TableError};
use rulepack_protocol::pack::Manifest;

use crate::encoding::{self, Encoding, NotGbk};
use crate::sheet::{self, SheetError};
use crate::sheet_write::{self, SheetWriteError};

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
    /// The encoding of a CSV file.
    #[error("`{path}`: {source}")]
    Encoding {
        /// The file.
        path: PathBuf,
        /// What it is not.
        source: NotGbk,
    },
    /// An Excel file that cannot be told as CSV.
    #[error("`{path}`: {source}")]
    Told {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: SheetWriteError,
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

impl TablesError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            TablesError::Table {
                source: TableError::Encoding { .. },
                ..
            } => Some("save it as CSV in UTF-8, or say `--encoding gbk` where it is GBK"),
            TablesError::Encoding { .. } => Some("leave `--encoding gbk` out where it is UTF-8"),
            _ => None,
        }
    }
}

/// The tables that the pack itself brings, from its own folder or from a replacement for all of them.
pub(crate) fn read(
    folder: &Path,
    replacement: Option<&Path>,
    encoding: Encoding,
    manifest: &Manifest,
) -> Result<BTreeMap<String, KnowledgeTable>, TablesError> {
    let mut tables = BTreeMap::new();
    for declaration in manifest.sealed_tables() {
        let file = declaration.file.as_deref().unwrap_or_default();
        let path = match replacement {
            None => folder.join(file),
            Some(replacement) => replaced(replacement, Path::new(file))?,
        };
        let (_, table) = read_file(path, encoding, declaration)?;
        tables.insert(declaration.name.clone(), table);
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

/// A table that a province, city or hospital supplies, from a CSV or Excel file: as CSV in UTF-8, which is what
/// is signed and kept, and read as its pack declares it.
///
/// # Errors
/// [`TablesError`], which names file, place and value.
pub fn supplied_table(
    path: &Path,
    encoding: Encoding,
    declaration: &TableDeclaration,
) -> Result<(Vec<u8>, KnowledgeTable), TablesError> {
    let (bytes, table) = read_file(path.to_owned(), encoding, declaration)?;
    if !is_workbook(path) {
        return Ok((bytes, table));
    }
    let path = path.to_owned();
    let told = sheet_write::to_csv(declaration, &table);
    let bytes = told.map_err(|source| TablesError::Told { path, source })?;
    Ok((bytes, table))
}

/// The bytes of a file, those of CSV in UTF-8, and the table that they are.
fn read_file(
    path: PathBuf,
    encoding: Encoding,
    declaration: &TableDeclaration,
) -> Result<(Vec<u8>, KnowledgeTable), TablesError> {
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(TablesError::Read { path, source }),
    };
    if is_workbook(&path) {
        let table = sheet::read(declaration, &bytes);
        let table = table.map_err(|source| TablesError::Sheet { path, source })?;
        return Ok((bytes, table));
    }
    let bytes = match encoding::to_utf8(bytes, encoding) {
        Ok(bytes) => bytes,
        Err(source) => return Err(TablesError::Encoding { path, source }),
    };
    match KnowledgeTable::from_csv(declaration, &bytes) {
        Ok(table) => Ok((bytes, table)),
        Err(source) => Err(TablesError::Table { path, source }),
    }
}

fn is_workbook(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "xlsx")
}

#[cfg(test)]
mod tests {
    use rulepack_contract::knowledge::{ColumnType, Supplier};

    use super::*;

    fn declaration() -> TableDeclaration {
        let columns = [("group", ColumnType::Code), ("standard", ColumnType::Money)];
        let headings = [("group", "病组"), ("standard", "支付标准")];
        let owned = |(name, heading): (&str, &str)| (name.to_owned(), heading.to_owned());
        TableDeclaration {
            name: "payment-standards".into(),
            file: None,
            columns: columns.map(|(name, of)| (name.to_owned(), of)).into(),
            key: vec!["group".into()],
            required: Vec::new(),
            supplied_by: Supplier::City,
            title: None,
            headings: headings.map(owned).into(),
            words: BTreeMap::new(),
        }
    }

    #[test]
    fn a_supplied_workbook_is_kept_as_csv_that_reads_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let declaration = declaration();
        let csv = "病组,支付标准\nES31,9800.00\n001,0.10\n";
        let table = KnowledgeTable::from_csv(&declaration, csv.as_bytes()).unwrap();
        let path = folder.path().join("standards.xlsx");
        std::fs::write(&path, sheet_write::to_xlsx(&declaration, &table).unwrap()).unwrap();
        let (bytes, read) = supplied_table(&path, Encoding::Utf8, &declaration).unwrap();
        assert_eq!(read, table);
        assert_eq!(
            KnowledgeTable::from_csv(&declaration, &bytes).unwrap(),
            table
        );
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, "\u{feff}病组,支付标准\nES31,9800\n001,0.1\n");
    }

    #[test]
    fn a_supplied_file_in_gbk_is_kept_in_utf_8() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("standards.csv");
        std::fs::write(&path, b"\xb2\xa1\xd7\xe9,standard\nES31,1.00\n").unwrap();
        let (bytes, read) = supplied_table(&path, Encoding::Gbk, &declaration()).unwrap();
        assert_eq!(bytes, "病组,standard\nES31,1.00\n".as_bytes());
        assert_eq!(read.text("group", 0), Some("ES31"));
        let refused = supplied_table(&path, Encoding::Utf8, &declaration()).unwrap_err();
        let path = path.display();
        assert_eq!(
            refused.to_string(),
            format!(
                "`{path}`: table `payment-standards` line 1, column `1`: the text is not in UTF-8"
            )
        );
        let hint = "save it as CSV in UTF-8, or say `--encoding gbk` where it is GBK";
        assert_eq!(refused.hint(), Some(hint));
    }
}
