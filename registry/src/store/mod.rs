//! The folder of a repository, which is the truth.
//!
//! ```text
//! metadata/N.root.json  N.targets.json  N.<name space>.json  N.snapshot.json  timestamp.json
//! targets/<name space>/<name>/<sha256>.<version>.wasm
//! staging/<digest>/publication    an upload in the middle of being stored
//! lock                            held by the one process that writes
//! ```
//!
//! `metadata/` and `targets/` can be served by any static web server or copied to a disk. Everything is
//! written to `staging/` first and renamed into place, so a file there is whole. What a stop left in
//! `staging/` tells which files of an unfinished publication to remove again (`Store::staged`).

mod atomic;
mod file_name;
mod parsed;
mod tree;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rulepack_protocol::digest::Digest;

pub(crate) use atomic::{create_folder, replace};
pub use file_name::{FileNameError, MetadataFile, TargetFile};
pub(crate) use parsed::Kept;
pub use tree::{METADATA_BYTES_MAX, Tree};

use crate::failure::{FailurePoint, FailurePoints, NoFailure};

/// The folder of a repository, open for writing by this process alone.
pub struct Store {
    tree: Tree,
    failure_points: Arc<dyn FailurePoints>,
    /// Locked as long as the store is open; the system releases it when the process ends.
    _lock: File,
}

/// Why a folder could not be opened for writing, or a file of it not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("the repository `{0}` is in use by another process")]
    InUse(PathBuf),
    /// The file system failed.
    #[error("the repository `{folder}` cannot be read or written")]
    Io {
        /// The folder of the repository.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Store {
    /// Opens `folder`, making it where it does not exist.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Io {
            folder: folder.to_owned(),
            source,
        };
        for part in ["metadata", "targets", "staging"] {
            create_folder(&folder.join(part)).map_err(failed)?;
        }
        let lock = File::create(folder.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        Ok(Self {
            tree: Tree::new(folder),
            failure_points: Arc::new(NoFailure),
            _lock: lock,
        })
    }

    /// Has something happen where a file is written but not yet in place.
    #[must_use]
    pub(crate) fn stopping_at(mut self, failure_points: Arc<dyn FailurePoints>) -> Self {
        self.failure_points = failure_points;
        self
    }

    /// What it holds.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Makes an upload durable in its own folder, before any part of it is stored.
    pub(crate) fn stage(&self, publication: &[u8]) -> io::Result<Staged> {
        let folder = self.staging().join(Digest::of(publication).to_string());
        create_folder(&folder)?;
        self.replace(
            &folder.join("publication"),
            &folder.join("temporary"),
            publication,
        )?;
        Ok(Staged { folder })
    }

    /// Uploads that were being stored when the process stopped, with their bytes; none where the stop
    /// came before the bytes were whole, and so before anything was stored.
    pub(crate) fn staged(&self) -> io::Result<Vec<(Staged, Option<Vec<u8>>)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.staging())? {
            let folder = entry?.path();
            if !folder.is_dir() {
                fs::remove_file(&folder)?;
                continue;
            }
            let bytes = match fs::read(folder.join("publication")) {
                Ok(bytes) => Some(bytes),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            found.push((Staged { folder }, bytes));
        }
        Ok(found)
    }

    /// Puts a metadata file in place.
    pub(crate) fn put_metadata(&self, file: &MetadataFile, bytes: &[u8]) -> io::Result<()> {
        let path = self.tree.metadata_path(file);
        self.replace(&path, &self.staging().join(file.to_string()), bytes)
    }

    /// Puts a pack in place.
    pub(crate) fn put_target(&self, file: &TargetFile, bytes: &[u8]) -> io::Result<()> {
        let path = self.tree.target_path(file);
        if let Some(parent) = path.parent() {
            create_folder(parent)?;
        }
        self.replace(&path, &self.staging().join(file.digest.to_string()), bytes)
    }

    /// Removes a metadata file that no snapshot refers to.
    pub(crate) fn remove_metadata(&self, file: &MetadataFile) -> io::Result<()> {
        remove(&self.tree.metadata_path(file))
    }

    /// Removes a pack that no metadata refers to.
    pub(crate) fn remove_target(&self, file: &TargetFile) -> io::Result<()> {
        remove(&self.tree.target_path(file))
    }

    fn replace(&self, path: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
        replace(path, temporary, bytes, || {
            self.failure_points.reached(FailurePoint::FileWritten)
        })
    }

    fn staging(&self) -> PathBuf {
        self.tree.folder().join("staging")
    }
}

/// An upload in `staging/`.
#[derive(Debug)]
pub(crate) struct Staged {
    folder: PathBuf,
}

impl Staged {
    /// Removes it, after everything is stored or removed again.
    pub(crate) fn remove(self) -> io::Result<()> {
        fs::remove_dir_all(&self.folder)?;
        atomic::sync_parent(&self.folder)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => atomic::sync_parent(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = Store::open(folder.path()).unwrap();
        assert_eq!(
            Store::open(folder.path()).err().unwrap().to_string(),
            format!(
                "the repository `{}` is in use by another process",
                folder.path().display()
            )
        );
        drop(first);
        Store::open(folder.path()).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = Store::open(&file).err().unwrap();
        assert_eq!(
            error.to_string(),
            format!(
                "the repository `{}` cannot be read or written",
                file.display()
            )
        );
    }

    #[test]
    fn staged_uploads_are_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.stage(b"upload").unwrap();
        create_folder(&folder.path().join("staging").join("torn")).unwrap();
        let mut bytes: Vec<_> = store
            .staged()
            .unwrap()
            .into_iter()
            .map(|(_, b)| b)
            .collect();
        bytes.sort();
        assert_eq!(bytes, [None, Some(b"upload".to_vec())]);
        for (staged, _) in store.staged().unwrap() {
            staged.remove().unwrap();
        }
        assert!(store.staged().unwrap().is_empty());
    }
}
