//! Why an update, or one version of it, does not come about.

use std::error::Error;

use crate::client::{DownloadError, RefreshError};
use crate::lock::LockError;
use crate::officers::OfficersError;
use crate::overlays::StoredError;
use crate::packs::PackError;

/// Why nothing could be updated; what is active goes on.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The registry cannot be reached or believed.
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    /// The lock cannot be read or written.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Who signs for the followed name spaces cannot be remembered.
    #[error(transparent)]
    Officers(#[from] OfficersError),
    /// An import on a host that can reach a registry: it would only hide what is newer.
    #[error("the host is not set to air-gapped, so nothing is imported from a disk")]
    NotAirGapped,
}

impl UpdateError {
    /// What a person can do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            UpdateError::Refresh(error) => error.hint(),
            UpdateError::Lock(error) => error.hint().map(str::to_owned),
            UpdateError::Officers(error) => error.hint().map(str::to_owned),
            UpdateError::NotAirGapped => Some(
                "use `sync --registry DIR`, which tolerates nothing; or write `[air_gap]` into `host.toml`".to_owned(),
            ),
        }
    }
}

/// Why a version does not become active.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It cannot be had, or is not what was signed.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// It cannot be stored.
    #[error("cannot store the pack: {0}")]
    Store(#[from] std::io::Error),
    /// It cannot be opened or loaded.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// What its bureau declares of it is not what it says itself.
    #[error("its signed `{0}` is not that of the sealed manifest")]
    Declaration(&'static str),
    /// An overlay cannot be read.
    #[error(transparent)]
    Stored(#[from] StoredError),
    /// An overlay fits no installed version that it is made for.
    #[error("{0}; it is refused whole, and what stands below it stays in force")]
    Overlay(String),
    /// A sealed case does not give the expected answer.
    #[error("case `{name}`: {reason}")]
    Case {
        /// The case.
        name: String,
        /// The first difference.
        reason: String,
    },
}

/// An error with its sources, outermost first, without repeating what one already says: a report is the
/// only place where a person reads them.
pub(crate) fn in_full(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let reason = error.to_string();
        if !text.ends_with(&reason) {
            text = format!("{text}: {reason}");
        }
        source = error.source();
    }
    text
}
