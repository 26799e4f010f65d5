//! The journal of a host (T9, T10): what it answered and what it rested on, append-only, hash-chained, signed
//! in groups. `docs/JOURNAL.md` describes the files.
//!
//! An entry is on the disk, under a seal, before the answer that it records is sent ([`Journal::record`]).
//! What stands behind the last seal was therefore never answered; it is cut when the journal is opened, kept
//! beside it, and the cut is an entry itself. Whatever else is wrong is not repaired.

mod acknowledgement;
mod chain;
mod entries;
mod entry;
mod group;
mod inbox;
mod key;
mod line;
mod open;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use rulepack_protocol::key::SecretKeyError;

pub use acknowledgement::{Acknowledgement, AcknowledgementError, Heads, SignedHead};
pub use chain::{Head, Seal};
pub use entries::{entries_in, head, last_acknowledged};
pub use entry::{
    BrokenPack, Entry, Event, FindingRecord, HistoryState, LockChange, NoVerdictRecord,
    NotEvaluableRecord, PackRecord, RecalledRecord, SeenState, SoftenedRecord, Verdict,
    WatchOutcome,
};
pub use inbox::hand_over;
pub(crate) use inbox::handed_over;
pub use key::{make_key, read_key, salt, salted};
pub use open::Cut;
pub use verify::{Found, Read, Survey, find, verify};
pub use writer::{Journal, Recording, Setup};

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system.
    #[error("the journal `{path}` cannot be used: {source}")]
    Io {
        /// Folder or file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The key can be read by others.
    #[error("the host key `{path}` can be read by other users of this machine (mode {mode:o})")]
    OpenKey {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The key is none.
    #[error("the host key `{path}` cannot be used: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: SecretKeyError,
    },
    /// Not as this host wrote it, before its last seal.
    #[error("the journal `{path}` is damaged at line {line}: {fault}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: u64,
        /// How.
        fault: &'static str,
    },
    /// A file is missing, or was written by another host.
    #[error("the journal `{0}` does not go on where the file before it ends")]
    Gap(PathBuf),
    /// Another process writes it.
    #[error("the journal `{0}` is written by another process")]
    Busy(PathBuf),
    /// A write failed. What was to be recorded is lost; the writer tries again by itself.
    #[error("the journal cannot be written")]
    Stopped,
}

impl JournalError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            JournalError::OpenKey { .. } => Some("chmod 600 the file"),
            JournalError::Damaged { .. } | JournalError::Gap(_) => Some(
                "restore the folder from a backup; or move it away, keep it for the bureau, and a new \
                 journal begins",
            ),
            JournalError::Busy(_) => Some("stop the other service first"),
            JournalError::Key { .. } => Some("restore the file from a backup"),
            JournalError::Io { .. } | JournalError::Stopped => None,
        }
    }

    fn io(path: &Path, source: io::Error) -> Self {
        JournalError::Io {
            path: path.to_owned(),
            source,
        }
    }
}
