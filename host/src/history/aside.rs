//! Damaged files of the history, set aside: kept under another name for whoever may mend them, and not used.

use std::path::Path;

use super::HistoryError;
use crate::set_aside;

/// Sets the two files of an import, or of what requests told, aside. Answers their new names.
///
/// # Errors
/// [`HistoryError::Io`] where one cannot be renamed.
pub(super) fn set_aside(paths: [&Path; 2]) -> Result<Vec<String>, HistoryError> {
    let mut names = Vec::new();
    for path in paths {
        // The other one may be what is missing.
        names.extend(set_aside::rename(path).map_err(|source| failed(path, source))?);
    }
    Ok(names)
}

/// The names of the files of a folder that were set aside.
///
/// # Errors
/// [`HistoryError::Io`] where the folder cannot be listed.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, HistoryError> {
    set_aside::names(folder).map_err(|source| failed(folder, source))
}

fn failed(path: &Path, source: std::io::Error) -> HistoryError {
    HistoryError::Io {
        path: path.to_owned(),
        source,
    }
}
