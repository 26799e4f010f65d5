//! The folders of a plain client: trusted metadata under names without versions, and artifacts.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rulepack_host::files;
use sigstore_tuf::{MetadataStore, Result};

use super::percent;

/// The folders. The verifier only warns where it cannot read or keep a file; here that is a failure.
#[derive(Debug)]
pub struct Folders {
    metadata: PathBuf,
    artifacts: Option<PathBuf>,
    failure: Mutex<Option<FolderError>>,
}

/// Why a file is not kept.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file that is there cannot be read.
    #[error("cannot read `{}`", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// A file cannot be written.
    #[error("cannot write `{}`", .0.display())]
    Write(PathBuf, #[source] io::Error),
    /// An artifact's name is a folder's, or empty.
    #[error("artifact `{0}` cannot be kept under this name")]
    Name(String),
}

impl Folders {
    /// The folders, made once the first file is kept.
    pub fn new(metadata: &Path, artifacts: Option<&Path>) -> Self {
        Self {
            metadata: metadata.to_owned(),
            artifacts: artifacts.map(Path::to_owned),
            failure: Mutex::new(None),
        }
    }

    /// The root to start from.
    pub fn root(&self) -> std::result::Result<Option<Vec<u8>>, FolderError> {
        let path = self.metadata.join("root.json");
        files::read_if_there(&path).map_err(|error| FolderError::Read(path, error))
    }

    /// Keeps the root to start from.
    pub fn keep_root(&self, bytes: &[u8]) -> std::result::Result<(), FolderError> {
        keep(&self.metadata.join("root.json"), bytes)
    }

    /// Where an artifact lies, or will: one file, straight in the folder, whatever its name.
    pub fn artifact(&self, name: &str) -> std::result::Result<PathBuf, FolderError> {
        let folder = self.artifacts.as_deref().unwrap_or(Path::new(""));
        let file = percent::file_name(name);
        file.map(|file| folder.join(file))
            .ok_or_else(|| FolderError::Name(name.to_owned()))
    }

    /// The first file that could not be read or kept since this was last asked.
    pub fn first_failure(&self) -> std::result::Result<(), FolderError> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take().map_or(Ok(()), Err)
    }

    fn fail(&self, error: FolderError) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
    }

    /// Where the verifier's `name` lies; `None` for what is not kept.
    fn path(&self, name: &str) -> Option<PathBuf> {
        if let Some(artifact) = name.strip_prefix("targets/") {
            self.artifacts.as_ref()?;
            return self.artifact(artifact).ok();
        }
        // Names of roles are percent-encoded, so a `/` stands only before a root of the past. Versions of
        // the snapshot come once more as `snapshot.json`.
        let version = name.strip_suffix(".snapshot.json");
        let is_old = version.is_some_and(|version| version.parse::<u64>().is_ok());
        (!is_old && !name.contains('/')).then(|| self.metadata.join(name))
    }
}

impl MetadataStore for Folders {
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(path) = self.path(name) else {
            return Ok(None);
        };
        let read = files::read_if_there(&path);
        // The verifier goes on without it; what cannot be read may hold a floor.
        Ok(read.unwrap_or_else(|error| {
            self.fail(FolderError::Read(path, error));
            None
        }))
    }

    fn store(&self, name: &str, bytes: &[u8]) -> Result<()> {
        if let Some(path) = self.path(name) {
            keep(&path, bytes).unwrap_or_else(|error| self.fail(error));
        }
        Ok(())
    }
}

/// Replaces a file as a whole, byte for byte as received; one that is the same stays.
fn keep(path: &Path, bytes: &[u8]) -> std::result::Result<(), FolderError> {
    match files::read_if_there(path) {
        Ok(Some(kept)) if kept == bytes => Ok(()),
        _ => files::replace(path, bytes).map_err(|error| FolderError::Write(path.into(), error)),
    }
}
