//! What the client remembers, on disk.
//!
//! Metadata lies by digest in `metadata/`; the small file `trust.json` holds the floors and names the
//! files in force. Files are written first, `trust.json` is replaced last: a kill leaves the old state or
//! the new one.
//!
//! `trust.json` is `{"sha256": …, "state": …}`, the digest being that of the state's canonical JSON, so
//! that no flipped bit lowers a floor unseen. Where it is damaged or gone, nothing is refreshed until a
//! person restores it; what is active goes on. Files that contradict what was seen are kept in
//! `evidence/`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rulepack_protocol::canonical;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::trust::Floors;
use rulepack_protocol::tuf::RoleName;
use serde::{Deserialize, Serialize};

use super::failure_point::{FailurePoint, Failures};
use crate::files;

/// The folder with the client's state.
#[derive(Debug, Clone)]
pub struct FloorsStore(PathBuf);

/// How many files of evidence are kept: each needs stolen keys, and the first ones tell the story.
const EVIDENCE_MAX: usize = 64;

/// What `trust.json` remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustState {
    /// What must not be taken back.
    pub floors: Floors,
    /// Digest of the newest root.
    pub root: Option<Digest>,
    /// Entity tag of the timestamp in force.
    pub timestamp_tag: Option<String>,
    /// The other files in force, by their name in the repository.
    pub files: BTreeMap<String, Digest>,
    /// The earliest end of validity among them.
    pub valid_until: Option<Moment>,
}

/// The content of `trust.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    sha256: Digest,
    state: TrustState,
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
    /// `trust.json` is well formed and was altered.
    #[error("`{path}` does not have the sha256 that it states")]
    StateAltered {
        /// The file.
        path: PathBuf,
    },
    /// `trust.json` is gone, though there was one. It is not made anew, which would forget the floors.
    #[error("`{path}` is missing, although this host has followed a registry")]
    StateLost {
        /// The file.
        path: PathBuf,
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

impl StoreError {
    /// What a person can do about it, where there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Damaged { .. } | Self::StateAltered { .. } | Self::StateLost { .. } => Some(
                "restore the file from a backup; without one, set the host up in a new folder with a root \
                 from a trusted hand. Until then the active packs go on, and nothing new is taken",
            ),
            Self::Io { .. } => Some("nothing was taken; the active packs go on"),
            Self::Altered { .. } | Self::NoRoot { .. } => None,
        }
    }
}

impl FloorsStore {
    /// The state in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Sets a host up with the root that it was given; an existing state is kept as it is.
    ///
    /// # Errors
    /// Where the folder cannot be written, or the state of a host that followed a registry is gone.
    pub fn init(&self, root: &[u8]) -> Result<(), StoreError> {
        // A set-up that was stopped half-way left this root and nothing else, and may go on.
        let unfinished = [format!("{}.json", Digest::of(root))];
        let state = match self.read() {
            Err(StoreError::StateLost { .. }) if self.kept()? == unfinished => {
                TrustState::default()
            }
            read => read?,
        };
        if state.root.is_some() {
            return Ok(());
        }
        let state = TrustState {
            root: Some(self.keep(root)?),
            ..TrustState::default()
        };
        self.replace_state(&state)
    }

    /// The state, empty where the host was never set up.
    ///
    /// # Errors
    /// Where it cannot be read, is damaged or altered, or is gone.
    pub fn read(&self) -> Result<TrustState, StoreError> {
        let path = self.state_path();
        let bytes = match files::read_if_there(&path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) if self.kept()?.is_empty() => return Ok(TrustState::default()),
            Ok(None) => return Err(StoreError::StateLost { path }),
            Err(source) => return Err(StoreError::Io { path, source }),
        };
        match serde_json::from_slice::<Sealed>(&bytes) {
            Ok(sealed) if sealed.sha256 == digest_of(&sealed.state) => Ok(sealed.state),
            Ok(_) => Err(StoreError::StateAltered { path }),
            Err(source) => Err(StoreError::Damaged { path, source }),
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

    /// Keeps a file that contradicts what this host has seen, for whoever looks into it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep_evidence(&self, role: &RoleName, bytes: &[u8]) -> Result<(), StoreError> {
        let folder = self.0.join("evidence");
        if names_in(&folder)?.len() >= EVIDENCE_MAX {
            return Ok(());
        }
        let path = folder.join(format!("{role}.{}.json", Digest::of(bytes)));
        files::replace(&path, bytes).map_err(|source| StoreError::Io { path, source })
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
        let sealed = Sealed {
            sha256: digest_of(state),
            state: state.clone(),
        };
        let bytes =
            serde_json::to_vec_pretty(&sealed).expect("texts, numbers and maps with text keys");
        files::replace(&path, &bytes).map_err(|source| StoreError::Io { path, source })
    }

    /// Names of the metadata files.
    fn kept(&self) -> Result<Vec<String>, StoreError> {
        names_in(&self.0.join("metadata"))
    }

    fn state_path(&self) -> PathBuf {
        self.0.join("trust.json")
    }

    fn file_path(&self, digest: &Digest) -> PathBuf {
        self.0
            .join(Path::new("metadata").join(format!("{digest}.json")))
    }
}

fn digest_of(state: &TrustState) -> Digest {
    let bytes = canonical::to_bytes(state).expect("texts and whole numbers have a canonical form");
    Digest::of(&bytes)
}

/// Names of the files in a folder, without those that a stopped write left behind; none where there is no
/// folder.
fn names_in(folder: &Path) -> Result<Vec<String>, StoreError> {
    let failed = |source| StoreError::Io {
        path: folder.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry
            .map_err(failed)?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    Ok(names)
}
