//! Why there is no audit.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use datafusion_common::DataFusionError;
use parquet::errors::ParquetError;
use rulepack_host::data::DataError;

/// Why a run ends without a result.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The file system refuses.
    #[error("`{path}` cannot be used")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A CSV file or its header cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Neither CSV nor Parquet of a table.
    #[error(
        "`{folder}` holds no CSV or Parquet file of a table, expected some such as `encounters.parquet`"
    )]
    NoTables {
        /// The folder.
        folder: PathBuf,
    },
    /// A table without the one that its rows belong to.
    #[error("there is no file of the table `{missing}`, to which the rows of `{table}` belong")]
    MissingTable {
        /// Which is there.
        table: &'static str,
        /// Which is not.
        missing: &'static str,
    },
    /// The bytes of a file are not what its name says.
    #[error("`{path}` is not a Parquet file, or is cut off")]
    NotParquet {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        source: ParquetError,
    },
    /// A column of another type than its values have.
    #[error("`{path}`, column `{column}`: it is of type {found}, expected {expected}")]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its type.
        found: DataType,
        /// Types that can be read without loss.
        expected: &'static str,
    },
    /// Rows of a file that cannot be read to its end.
    #[error("`{path}` cannot be read to its end")]
    Rows {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ArrowError,
    },
    /// A file of a stopped run that is not the one which was written.
    #[error("`{path}` holds {found} rows, expected the {expected} that were written")]
    PartRows {
        /// The file.
        path: PathBuf,
        /// How many there are; none where it is gone.
        found: u64,
        /// How many were written.
        expected: u64,
    },
    /// What said that a part is done was removed while the run went on.
    #[error("`{path}`, which said that a part is done, is gone")]
    PartGone {
        /// The file.
        path: PathBuf,
    },
    /// A key that is not one.
    #[error("in the table `{table}`, more than {limit} keys stand for rows of several patients")]
    RepeatedKeys {
        /// The table.
        table: &'static str,
        /// How many are borne with.
        limit: usize,
    },
    /// More files than lines can be numbered in.
    #[error("{files} files are more than the {limit} that one run reads")]
    TooManyFiles {
        /// How many there are.
        files: usize,
        /// How many may be.
        limit: usize,
    },
    /// Sorting within the memory that was given.
    #[error("rows cannot be sorted within the memory that was given")]
    Sort(#[source] Box<DataFusionError>),
    /// The folder of a run is a file, or would lie in one.
    #[error("`{0}` is no folder, so it holds no run")]
    NoFolder(PathBuf),
    /// The folder of a run holds something else, or another run.
    #[error("`{folder}` holds {holds}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is there, and what is different about it.
        holds: String,
    },
    /// An input that changed since the run began.
    #[error("`{path}` is not what it was when this run began")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file of the run that is not what this release writes.
    #[error("`{path}` is not a file of a run of this release")]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Too little memory to sort a batch of rows in.
    #[error("{memory_bytes} bytes of memory are too few, expected at least {least_bytes}")]
    Memory {
        /// What was given.
        memory_bytes: u64,
        /// The least.
        least_bytes: u64,
    },
}

impl AuditError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            AuditError::Data(error) => return error.hint(),
            AuditError::ColumnType { .. } => {
                "docs/DATA.md lists the types of all columns; floats are refused because they lose fen"
            }
            AuditError::RepeatedKeys { .. } => {
                "a key names one row in all files; put the key of the encounter before it if it is counted anew in each"
            }
            AuditError::NoFolder(_) => {
                "name the folder of a run, or for a new run one that is not there yet"
            }
            AuditError::Folder { .. } => "name a new folder, or go on with `--resume`",
            AuditError::Changed { .. } => "put the file back, or begin a new run in another folder",
            AuditError::PartRows { .. } => {
                "files of a stopped run were lost or changed: begin a new one in another folder"
            }
            AuditError::Io { source, .. } if source.kind() == io::ErrorKind::UnexpectedEof => {
                "the file ends early: put it back whole, or begin a new run in another folder if it is one of the run"
            }
            AuditError::PartGone { .. } => "go on with `--resume`: what is missing is made anew",
            AuditError::Sort(_) => "give more with `--memory`",
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// Refuses rows of a stopped run that are not as many as were written.
    pub(crate) fn unless_all(found: u64, expected: u64, path: &Path) -> Result<(), AuditError> {
        match found == expected {
            true => Ok(()),
            false => Err(AuditError::PartRows {
                path: path.to_owned(),
                found,
                expected,
            }),
        }
    }

    /// A fault of the file system at a place.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> AuditError + '_ {
        |source| AuditError::Io {
            path: path.to_owned(),
            source,
        }
    }

    /// A fault in the rows of a file, or of the file system under it: a disk that is full is no fault of a file.
    pub(crate) fn rows(path: &Path) -> impl FnOnce(ArrowError) -> AuditError + '_ {
        |source| match of_system(&source) {
            Some(system) => AuditError::io(path)(system),
            None => AuditError::Rows {
                path: path.to_owned(),
                source,
            },
        }
    }

    /// The same of a Parquet file that is written.
    pub(crate) fn parquet(path: &Path) -> impl FnOnce(ParquetError) -> AuditError + '_ {
        |source| match of_system(&source) {
            Some(system) => AuditError::io(path)(system),
            None => AuditError::rows(path)(source.into()),
        }
    }

    /// A sort that failed, whose rows lie in this folder where memory does not hold them.
    pub(crate) fn sort(scratch: &Path) -> impl FnOnce(DataFusionError) -> AuditError + '_ {
        |source| match of_system(&source) {
            Some(system) => AuditError::io(scratch)(system),
            None => AuditError::from(source),
        }
    }
}

/// What the file system said, where that is the reason.
fn of_system(error: &(dyn Error + 'static)) -> Option<io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(system) = error.downcast_ref::<io::Error>() {
            return Some(io::Error::new(system.kind(), system.to_string()));
        }
        next = error.source();
    }
    None
}

impl From<DataFusionError> for AuditError {
    fn from(error: DataFusionError) -> Self {
        AuditError::Sort(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> io::Error {
        io::Error::from(io::ErrorKind::StorageFull)
    }

    #[test]
    fn a_file_that_ends_early_is_told_with_what_to_do() {
        let early = io::Error::from(io::ErrorKind::UnexpectedEof);
        let error = AuditError::rows(Path::new("parts/0001.findings"))(ArrowError::from(early));
        assert_eq!(error.to_string(), "`parts/0001.findings` cannot be used");
        let hint = "the file ends early: put it back whole, or begin a new run in another folder if it is one of the run";
        assert_eq!(error.hint().as_deref(), Some(hint));
        let error = AuditError::rows(Path::new("parts"))(ArrowError::from(full()));
        assert_eq!(error.hint(), None);
    }

    #[test]
    fn a_full_disk_is_told_as_such_whoever_meets_it() {
        let path = Path::new("parts");
        let arrow = || ArrowError::IoError("written".to_owned(), full());
        for error in [
            AuditError::rows(path)(arrow()),
            AuditError::parquet(path)(ParquetError::from(full())),
            AuditError::sort(path)(DataFusionError::from(arrow())),
            AuditError::sort(path)(DataFusionError::IoError(full())),
        ] {
            assert_eq!(error.to_string(), "`parts` cannot be used");
            let source = error.source().unwrap().to_string();
            assert_eq!(source, "no storage space");
        }
        let error = AuditError::rows(path)(ArrowError::SchemaError("other".to_owned()));
        assert_eq!(error.to_string(), "`parts` cannot be read to its end");
    }
}
