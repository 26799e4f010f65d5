//! The folder in which an export is gathered until it gets its name.

use std::fs::{self, DirBuilder, File, Metadata, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::export::{ExportError, RECEIPT, io_error};
use crate::files;

/// Removed where it does not get its name. What a stop left of one is removed by the next run.
///
/// Whoever gathers holds a lock on the folder itself, and so does whoever removes what a stop left: no other file is
/// needed, which would be handed out, and the lock ends with the process.
pub(super) struct PartialFolder {
    path: PathBuf,
    is_in_place: bool,
    _held: File,
}

/// Where a folder is gathered before it gets its name: beside it, for everybody to see.
#[must_use]
pub fn partial(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    to.with_file_name(name)
}

impl PartialFolder {
    /// An empty one for what is to be at `to`.
    ///
    /// # Errors
    /// [`ExportError::InUse`] where another export gathers there, [`ExportError::Exists`] where something else lies
    /// there.
    pub(super) fn begin(to: &Path) -> Result<Self, ExportError> {
        let path = partial(to);
        if path.exists() {
            clear(&path)?;
        }
        // It holds a request, which is about patients.
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => ExportError::InUse(path.clone()),
            _ => io_error(&path, source),
        })?;
        Ok(PartialFolder {
            _held: hold(&path)?,
            is_in_place: false,
            path,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name.
    pub(super) fn put_in_place(&mut self, to: &Path) -> Result<(), ExportError> {
        fs::rename(&self.path, to).map_err(|source| io_error(to, source))?;
        self.is_in_place = true;
        let beside = files::folder_of(to);
        files::sync_folder(beside).map_err(|source| io_error(beside, source))
    }
}

impl Drop for PartialFolder {
    fn drop(&mut self) {
        // Whatever is there after it got its name is another's.
        if !self.is_in_place
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "what was gathered cannot be removed");
        }
    }
}

/// Removes what a stop left, where it is that and nobody gathers there.
fn clear(path: &Path) -> Result<(), ExportError> {
    let failed = |source| io_error(path, source);
    if !path.is_dir() {
        return Err(ExportError::Exists(path.to_owned()));
    }
    let _held = hold(path)?;
    match is_left(path).map_err(failed)? {
        true => fs::remove_dir_all(path).map_err(failed),
        false => Err(ExportError::Exists(path.to_owned())),
    }
}

/// Whether a folder is what a stop left of an export: the receipt, which is written first, or not even that.
fn is_left(path: &Path) -> io::Result<bool> {
    if path.join(RECEIPT).exists() {
        return Ok(true);
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with(files::UNFINISHED) || !entry.file_type()?.is_file() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Locks the folder that is at this path, and still is once it is locked.
fn hold(path: &Path) -> Result<File, ExportError> {
    let failed = |source| io_error(path, source);
    // Whoever held it removed it, or gave it its name, in between.
    let gone = || ExportError::InUse(path.to_owned());
    let held = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => gone(),
        _ => failed(source),
    })?;
    match held.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(gone()),
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    let locked = held.metadata().map_err(failed)?;
    let is_still = |there: Metadata| (there.dev(), there.ino()) == (locked.dev(), locked.ino());
    match fs::metadata(path).is_ok_and(is_still) {
        true => Ok(held),
        false => Err(gone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_gathered_beside_its_place_however_that_is_written() {
        for (to, expected) in [
            ("proof", "proof.partial"),
            ("proof/", "proof.partial"),
            ("/tmp/a.b/", "/tmp/a.b.partial"),
        ] {
            assert_eq!(partial(Path::new(to)), Path::new(expected), "{to}");
        }
    }

    /// A place for an export in a folder of its own.
    fn place() -> (tempfile::TempDir, PathBuf) {
        let around = tempfile::tempdir().unwrap();
        let to = around.path().join("proof");
        (around, to)
    }

    fn refusal(to: &Path) -> String {
        PartialFolder::begin(to).err().unwrap().to_string()
    }

    #[test]
    fn a_second_export_to_the_same_place_is_refused_and_takes_nothing_of_the_first() {
        let (_around, to) = place();
        let mut first = PartialFolder::begin(&to).unwrap();
        let expected = format!(
            "another export gathers in `{}` at this time",
            partial(&to).display()
        );
        // However far the first has come.
        assert_eq!(refusal(&to), expected);
        fs::write(first.path().join(RECEIPT), "{}").unwrap();
        assert_eq!(refusal(&to), expected);
        first.put_in_place(&to).unwrap();
        assert_eq!(fs::read(to.join(RECEIPT)).unwrap(), b"{}");
    }

    #[test]
    fn a_folder_that_another_export_takes_away_meanwhile_is_in_use() {
        let (_around, to) = place();
        let error = hold(&partial(&to)).unwrap_err();
        assert!(matches!(error, ExportError::InUse(path) if path == partial(&to)));
    }

    #[test]
    fn a_folder_that_got_its_name_takes_nothing_of_the_next_one() {
        let (_around, to) = place();
        let mut first = PartialFolder::begin(&to).unwrap();
        first.put_in_place(&to).unwrap();
        let second = PartialFolder::begin(&to).unwrap();
        drop(first);
        assert!(second.path().is_dir() && to.is_dir());
        drop(second);
        assert!(!partial(&to).exists() && to.is_dir());
    }

    #[test]
    fn a_stop_at_the_first_file_leaves_what_the_next_export_clears_and_nothing_else_is_cleared() {
        let (_around, to) = place();
        let left = partial(&to);
        fs::create_dir(&left).unwrap();
        drop(PartialFolder::begin(&to).unwrap());
        fs::create_dir(&left).unwrap();
        fs::write(left.join(".new-Xq3f"), "{\"for").unwrap();
        let begun = PartialFolder::begin(&to).unwrap();
        assert_eq!(fs::read_dir(begun.path()).unwrap().count(), 0);
        drop(begun);
        for other in ["thesis", "new-thesis", ".new-thesis/chapter"] {
            let other = left.join(other);
            files::replace(&other, b"mine").unwrap();
            let expected = format!("`{}` is there already", left.display());
            assert_eq!(refusal(&to), expected);
            assert!(other.exists());
            fs::remove_dir_all(&left).unwrap();
        }
        fs::write(&left, "mine").unwrap();
        assert!(refusal(&to).ends_with("is there already"));
    }
}
