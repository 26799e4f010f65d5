//! Damaged files, set aside: kept beside those in use, for whoever may mend them or wants to know what became of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files;

/// What stands behind the name that a file had.
const DAMAGED: &str = ".damaged";

/// Sets a file aside, durably. Answers its new name; `None` where there is no such file.
///
/// # Errors
/// Where it cannot be renamed, or its folder cannot be synced.
pub(crate) fn rename(path: &Path) -> io::Result<Option<String>> {
    let to = free_name(path);
    match fs::rename(path, &to) {
        Ok(()) => files::sync_folder(files::folder_of(path))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    Ok(name(&to))
}

/// The path that a file had; `None` where it was not set aside.
pub(crate) fn original(path: &Path) -> Option<PathBuf> {
    let name = name(path)?;
    let (original, _) = name.split_once(DAMAGED)?;
    Some(path.with_file_name(original))
}

/// The names of the files of a folder that were set aside, in order; none where there is no such folder.
///
/// # Errors
/// Where the folder cannot be listed.
pub(crate) fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    if !folder.is_dir() {
        return Ok(names);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if original(&path).is_some() {
            names.extend(name(&path));
        }
    }
    names.sort();
    Ok(names)
}

/// A name that no file has, as one may have been set aside before.
fn free_name(path: &Path) -> PathBuf {
    let mut to = path.as_os_str().to_owned();
    to.push(DAMAGED);
    let mut count = 1_u32;
    while Path::new(&to).exists() {
        count = count.saturating_add(1);
        to = path.as_os_str().to_owned();
        to.push(format!("{DAMAGED}-{count}"));
    }
    PathBuf::from(to)
}

fn name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_damaged_file_keeps_a_name_of_its_own_and_is_known_by_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock.json");
        assert_eq!(rename(&path).unwrap(), None);
        for (bytes, expected) in [
            ("first", "lock.json.damaged"),
            ("second", "lock.json.damaged-2"),
        ] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(rename(&path).unwrap().unwrap(), expected);
            let aside = folder.path().join(expected);
            assert_eq!(original(&aside).as_ref(), Some(&path));
            assert_eq!(fs::read_to_string(aside).unwrap(), bytes);
        }
        fs::write(&path, "good").unwrap();
        assert_eq!(original(&path), None);
        let expected = ["lock.json.damaged", "lock.json.damaged-2"];
        assert_eq!(names(folder.path()).unwrap(), expected);
        assert!(names(&path).unwrap().is_empty());
    }
}
