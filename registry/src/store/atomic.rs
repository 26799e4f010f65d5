//! Files that are wholly there or wholly absent after a stop at any instant.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Puts `bytes` at `path`, replacing what stands there: written beside it to `temporary` (on the same
/// file system), fsync, `written`, rename, fsync of the folder.
///
/// # Errors
/// Of the file system, or of `written`, a [failure point](crate::failure) between the two halves. Then
/// `path` holds what it held before.
pub(crate) fn replace(
    path: &Path,
    temporary: &Path,
    bytes: &[u8],
    written: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    write_synced(temporary, bytes)?;
    written()?;
    fs::rename(temporary, path)?;
    sync_parent(path)
}

/// Writes a new file through to the disk, not atomically.
fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a folder with all its parents, each durable in the folder above it.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    // The parent of a relative name is the empty path: the folder that we are in.
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_folder(parent)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_parent(path)
}

/// Makes additions and removals in the folder of `path` durable.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        // The parent of a relative name is the empty path, which cannot be opened.
        Some(parent) if parent.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_no_temporary_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("timestamp.json");
        let temporary = folder.path().join("temporary");
        replace(&path, &temporary, b"one", || Ok(())).unwrap();
        replace(&path, &temporary, b"two", || Ok(())).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_folder_above_a_relative_name_is_there() {
        create_folder(Path::new("")).unwrap();
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("timestamp.json");
        replace(&path, &folder.path().join("temporary"), b"one", || Ok(())).unwrap();
        let nowhere = folder.path().join("absent").join("temporary");
        assert!(replace(&path, &nowhere, b"two", || Ok(())).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        let temporary = folder.path().join("temporary");
        let stopped = || Err(io::Error::other("stopped"));
        assert!(replace(&path, &temporary, b"two", stopped).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one");
    }
}
