//! What the client remembers, on disk.
//!
//! Metadata lies by digest in `metadata/`; the small file `trust.json` holds the floors and names the
//! files in force. Files are written first, `trust.json` is replaced last: a kill leaves the old state or
//! the new one.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::trust::Floors;
use serde::{Deserialize, Serialize};

use super::failure_point::{FailurePoint, Failures};
use crate::files;

/// The folder with the client's state.
#[derive(Debug, Clone)]
pub struct FloorsStore(PathBuf);

/// The content of `trust.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustState {
    /// What must not be taken back.
    pub floors: Floors,
    /// Digest of the newest root.
    pub root: Option<Digest>,
    /// Entity tag of the timestamp in force.
    pub timestamp_tag: Option<String>,
    /// When the first of the files in force expires; none in a state of an older release.
    #[serde(default)]
    pub valid_until: Option<Moment>,
    /// The other files in force, by their name in the repository.
    pub files: BTreeMap<String, Digest>,
}

/// Why the state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed.
    #[error("`{path}` cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// `trust.json` is damaged. It is never replaced by an empty one, which would forget the floors.
    #[error("`{path}` is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        #[source]
        source: serde_json::Error,
    },
    /// A metadata file has other bytes than its name says.
    #[error("`{path}` does not have the sha256 of its name")]
    Altered {
        /// The file.
        path: PathBuf,
    },
    /// The host was not set up.
    #[error("there is no root in `{folder}`")]
    NoRoot {
        /// The folder.
        folder: PathBuf,
    },
}

impl FloorsStore {
    /// The state in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Sets a host up with the root that it was given; an existing state is kept as it is.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn init(&self, root: &[u8]) -> Result<(), StoreError> {
        if self.read()?.root.is_some() {
            return Ok(());
        }
        let state = TrustState {
            root: Some(self.keep(root)?),
            ..TrustState::default()
        };
        self.replace_state(&state)
    }

    /// The state, empty where there is none yet.
    ///
    /// # Errors
    /// Where it cannot be read, or is damaged.
    pub fn read(&self) -> Result<TrustState, StoreError> {
        let path = self.state_path();
        match files::read_if_there(&path) {
            Ok(None) => Ok(TrustState::default()),
            Ok(Some(bytes)) => serde_json::from_slice(&bytes)
                .map_err(|source| StoreError::Damaged { path, source }),
            Err(source) => Err(StoreError::Io { path, source }),
        }
    }

    /// A metadata file by digest, hashed again.
    ///
    /// # Errors
    /// Where it is not there, or was altered.
    pub fn file(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let path = self.file_path(digest);
        let bytes = std::fs::read(&path).map_err(|source| StoreError::Io {
            path: path.clone(),
            source,
        })?;
        if Digest::of(&bytes) != *digest {
            return Err(StoreError::Altered { path });
        }
        Ok(bytes)
    }

    /// The newest root.
    ///
    /// # Errors
    /// Where there is none.
    pub fn root(&self, state: &TrustState) -> Result<Vec<u8>, StoreError> {
        let missing = || StoreError::NoRoot {
            folder: self.0.clone(),
        };
        self.file(&state.root.ok_or_else(missing)?)
    }

    /// Stores a metadata file under its digest.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        let path = self.file_path(&digest);
        files::replace(&path, bytes).map_err(|source| StoreError::Io { path, source })?;
        Ok(digest)
    }

    /// Replaces the state; its files must be there.
    ///
    /// # Errors
    /// Where it cannot be written, or a test stops here.
    pub fn commit(&self, state: &TrustState, failures: &dyn Failures) -> Result<(), StoreError> {
        let stopped = |source| StoreError::Io {
            path: self.state_path(),
            source,
        };
        failures.reach(FailurePoint::BeforeState).map_err(stopped)?;
        self.replace_state(state)?;
        failures.reach(FailurePoint::AfterState).map_err(stopped)
    }

    fn replace_state(&self, state: &TrustState) -> Result<(), StoreError> {
        let path = self.state_path();
        let damaged = |source| StoreError::Damaged {
            path: path.clone(),
            source,
        };
        let bytes = serde_json::to_vec_pretty(state).map_err(damaged)?;
        files::replace(&path, &bytes).map_err(|source| StoreError::Io { path, source })
    }

    fn state_path(&self) -> PathBuf {
        self.0.join("trust.json")
    }

    fn file_path(&self, digest: &Digest) -> PathBuf {
        self.0
            .join(Path::new("metadata").join(format!("{digest}.json")))
    }
}
