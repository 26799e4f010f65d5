//! What the signer never forgets: the last successor, byte for byte, and its floors.
//!
//! ```text
//! memory.json   the record, replaced whole
//! lock          held by the one process that signs
//! ```
//!
//! The folder lies outside of the repository, so that a repository restored from yesterday is noticed;
//! its backup is none of the repository's backup, for the same reason.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::tuf::{RoleName, VERSION_LAST};
use serde::{Deserialize, Serialize};

use super::{SignerError, Successor};
use crate::failure::{FailurePoint, FailurePoints};
use crate::state::{State, StateError};
use crate::store::{MetadataFile, Tree, create_folder, replace};

/// The signer's folder, open in this process alone.
#[derive(Debug)]
pub(super) struct Memory {
    folder: PathBuf,
    record: Record,
    /// Locked as long as the folder is open; the system releases it when the process ends.
    _lock: File,
}

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// The newest root under which was signed; none before the first signature.
    root: Option<SeenRoot>,
    /// Versions up to this one are never signed (again): what `resume --above` said, or 0.
    above: u64,
    /// What the next successor follows.
    last: Last,
}

/// A root under which was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenRoot {
    version: u64,
    sha256: Digest,
}

/// What the next successor follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Last {
    /// An empty repository.
    #[default]
    Nothing,
    /// What was signed.
    Signed(Successor),
    /// What an operator found in the repository and resumed from: the digest of its timestamp.
    Resumed(Option<Digest>),
}

/// How the repository stands to what was signed last.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing<'a> {
    /// It shows it.
    Agrees,
    /// It shows what came before it.
    Unreleased(&'a Successor),
    /// It shows something else.
    Disagrees,
}

impl Memory {
    /// Opens a folder, making it where it does not exist.
    pub(super) fn open(folder: &Path) -> Result<Self, SignerError> {
        create_folder(folder)?;
        let lock = File::create(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SignerError::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let record = match fs::read(folder.join(RECORD)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(SignerError::Record)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Record::default(),
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            folder: folder.to_owned(),
            record,
            _lock: lock,
        })
    }

    /// How a repository that shows a timestamp of this digest stands to it.
    pub(super) fn standing(&self, shown: Option<Digest>) -> Standing<'_> {
        match &self.record.last {
            Last::Nothing if shown.is_none() => Standing::Agrees,
            Last::Resumed(resumed) if *resumed == shown => Standing::Agrees,
            Last::Signed(last) if Some(last.timestamp_digest()) == shown => Standing::Agrees,
            Last::Signed(last) if last.follows == shown => Standing::Unreleased(last),
            _ => Standing::Disagrees,
        }
    }

    /// Versions up to this one are never signed.
    pub(super) fn above(&self) -> u64 {
        self.record.above
    }

    /// Checks that the root under which was signed is still there, unchanged.
    pub(super) fn check_root(&self, tree: &Tree) -> Result<(), SignerError> {
        let Some(seen) = &self.record.root else {
            return Ok(());
        };
        let file = MetadataFile::Version(RoleName::ROOT, seen.version);
        let bytes = tree.metadata(&file).map_err(StateError::Io)?;
        match bytes {
            Some(bytes) if Digest::of(&bytes) == seen.sha256 => Ok(()),
            _ => Err(SignerError::RootWentBack { seen: seen.version }),
        }
    }

    /// Records a successor durably. Only then may anybody see it.
    pub(super) fn remember(
        &mut self,
        tree: &Tree,
        state: &State,
        successor: &Successor,
        points: &dyn FailurePoints,
    ) -> Result<(), SignerError> {
        let record = Record {
            root: Some(SeenRoot::of(tree, state)?),
            last: Last::Signed(successor.clone()),
            ..self.record.clone()
        };
        self.replace(record, points)
    }

    /// Goes on from what the repository shows, with versions above `above` only.
    pub(super) fn resume(
        &mut self,
        tree: &Tree,
        above: u64,
        points: &dyn FailurePoints,
    ) -> Result<(), SignerError> {
        self.check_root(tree)?;
        let state = State::read(tree)?;
        let expected = self.lowest_resume(&state);
        if above < expected {
            return Err(SignerError::ResumeTooLow { above, expected });
        }
        if above > RESUME_LAST {
            return Err(SignerError::ResumeTooHigh {
                above,
                expected: RESUME_LAST,
            });
        }
        let record = Record {
            root: Some(SeenRoot::of(tree, &state)?),
            above,
            last: Last::Resumed(state.pins.map(|pins| pins.timestamp_digest)),
        };
        self.replace(record, points)
    }

    /// One above what the repository shows, as one more successor may have been signed and lost; and
    /// nothing below what is remembered.
    fn lowest_resume(&self, state: &State) -> u64 {
        let shown = state.pins.as_ref().map_or(0, |pins| {
            let (timestamp, snapshot) = (&pins.timestamp, &pins.snapshot);
            timestamp.signed().version.max(snapshot.signed().version)
        });
        let signed = match &self.record.last {
            Last::Signed(last) => last.timestamp_version.max(last.snapshot_version),
            Last::Nothing | Last::Resumed(_) => 0,
        };
        shown.saturating_add(1).max(signed).max(self.record.above)
    }

    fn replace(&mut self, record: Record, points: &dyn FailurePoints) -> Result<(), SignerError> {
        let bytes = serde_json::to_vec(&record).map_err(SignerError::Record)?;
        let (path, temporary) = (self.folder.join(RECORD), self.folder.join("temporary"));
        let written = || points.reached(FailurePoint::SuccessorWritten);
        replace(&path, &temporary, &bytes, written)?;
        // Before the next point: what the disk holds is in force, whatever happens then.
        self.record = record;
        points.reached(FailurePoint::SuccessorRecorded)?;
        Ok(())
    }
}

impl SeenRoot {
    fn of(tree: &Tree, state: &State) -> Result<Self, SignerError> {
        let version = state.root.signed().version;
        let file = MetadataFile::Version(RoleName::ROOT, version);
        let bytes = tree.metadata(&file).map_err(StateError::Io)?;
        let bytes = bytes.ok_or_else(|| StateError::Missing(file.to_string()))?;
        Ok(Self {
            version,
            sha256: Digest::of(&bytes),
        })
    }
}

const RECORD: &str = "memory.json";
/// Half of what hosts accept: room enough to resume a second time.
const RESUME_LAST: u64 = VERSION_LAST / 2;
