//! Damaged files of the history, set aside: kept under another name for whoever may mend them, and not used.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::HistoryError;
use crate::files;

/// Sets the two files of an import, or of what requests told, aside. Answers their new names.
///
/// # Errors
/// [`HistoryError::Io`] where one cannot be renamed.
pub(super) fn set_aside(paths: [&Path; 2]) -> Result<Vec<String>, HistoryError> {
    let mut names = Vec::new();
    for path in paths {
        let to = files::free_name(path);
        match fs::rename(path, &to) {
            Ok(()) => names.extend(name(&to)),
            // The other one may be what is missing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => {
                return Err(HistoryError::Io {
                    path: path.to_owned(),
                    source,
                });
            }
        }
        if let Some(folder) = path.parent() {
            files::sync_folder(folder).map_err(|source| HistoryError::Io {
                path: folder.to_owned(),
                source,
            })?;
        }
    }
    Ok(names)
}

/// Whether a file was set aside; the path that it had.
pub(super) fn original(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let (original, _) = name.split_once(files::DAMAGED)?;
    Some(path.with_file_name(original))
}

/// The names of the files of a folder that were set aside.
///
/// # Errors
/// Where the folder cannot be listed.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, HistoryError> {
    let failed = |source| HistoryError::Io {
        path: folder.to_owned(),
        source,
    };
    let mut names = Vec::new();
    if !folder.is_dir() {
        return Ok(names);
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if original(&path).is_some() {
            names.extend(name(&path));
        }
    }
    names.sort();
    Ok(names)
}

fn name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.to_owned())
}
