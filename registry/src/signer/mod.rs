//! Who signs snapshot and timestamp: only a successor of the last state, which it verified itself.
//!
//! Publishing and signing meet in [`SuccessorSigner`] alone, so that the keys can live in another
//! process. [`EmbeddedSigner`] holds them in the process of the server: for demonstrations on loopback.
//!
//! The rule that makes a stop harmless: the full bytes of a successor are on the signer's own disk
//! before they are given out, and until the repository shows them nothing else is signed. So no version
//! ever has two contents.

mod embedded;
mod verify;

use std::io;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::trust::PublicationError;
use rulepack_protocol::tuf::{MetadataError, RoleName, Root, TopRole};
use serde::{Deserialize, Serialize};

use crate::state::StateError;
use crate::store::Tree;

pub use embedded::{EmbeddedSigner, SignerKeys};

/// How many days a timestamp is valid.
pub const TIMESTAMP_DAYS: i64 = 1;
/// How many days a snapshot is valid.
pub const SNAPSHOT_DAYS: i64 = 7;

/// Signs the successors of a repository's state.
pub trait SuccessorSigner: Send + Sync {
    /// The last successor that was signed; none before the first one.
    ///
    /// # Errors
    /// Where the signer cannot be reached.
    fn last(&self) -> Result<Option<Successor>, SignerError>;

    /// Verifies that `changed` are lawful successors of what `tree` shows, and signs a snapshot and a
    /// timestamp for them. Empty `changed` prolongs what is in force ([`Successor::snapshot`] is new
    /// only where it would expire soon).
    ///
    /// `tree` holds the changed roles already: a signer in another process reads the folder itself.
    ///
    /// # Errors
    /// [`SignerError`]; then nothing was signed, or what was signed is what [`SuccessorSigner::last`]
    /// gives.
    fn sign(
        &self,
        tree: &Tree,
        changed: &[RoleVersion],
        now: Moment,
    ) -> Result<Successor, SignerError>;

    /// Checks that the signer holds the keys that a new root names, before that root is accepted.
    ///
    /// # Errors
    /// [`SignerError::Keys`].
    fn check_keys(&self, root: &Root) -> Result<(), SignerError>;

    /// What the operator should know about this signer.
    fn notice(&self) -> Option<String>;
}

/// A version of a role that is to be pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleVersion {
    /// `targets`, or a name space.
    pub role: RoleName,
    /// The new version.
    pub version: u64,
}

/// A snapshot and timestamp, as they go into the repository byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Successor {
    /// The digest of the timestamp that it follows; none for the first one.
    pub follows: Option<Digest>,
    /// The version of the snapshot.
    pub snapshot_version: u64,
    /// The file of the snapshot: canonical JSON, ASCII.
    pub snapshot: String,
    /// The file of the timestamp.
    pub timestamp: String,
}

impl Successor {
    /// The digest of the timestamp's file.
    pub fn timestamp_digest(&self) -> Digest {
        Digest::of(self.timestamp.as_bytes())
    }
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The repository shows another state than the one that was signed last.
    #[error("the repository does not show the state that the signer signed last")]
    Disagrees,
    /// The state of the repository is not valid.
    #[error("the signer refuses the state of the repository")]
    State(#[from] StateError),
    /// A role that is no targets file.
    #[error("the signer pins targets files only, not `{0}`")]
    NotPinned(RoleName),
    /// A role that nobody delegates.
    #[error("the signer refuses `{0}`, which no role delegates")]
    NotDelegated(RoleName),
    /// A role that is not signed as it must be, breaks the rules, or is no successor.
    #[error("the signer refuses what it was asked to sign")]
    Publication(#[from] PublicationError),
    /// The root names other keys for this role.
    #[error("the signer does not hold enough keys of the role `{0}` of the root")]
    Keys(TopRole),
    /// A file could not be made or signed.
    #[error("the signer cannot sign")]
    Metadata(#[from] MetadataError),
    /// The signer's own folder cannot be read or written.
    #[error("the signer's folder cannot be read or written")]
    Io(#[from] io::Error),
    /// The signer's own record is damaged.
    #[error("the signer's record `successor.json` is damaged")]
    Record(#[source] serde_json::Error),
}

impl SignerError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            SignerError::Disagrees => {
                "one of the two was restored from an older copy: restore both from the same moment"
            }
            SignerError::Keys(_) => "start the registry with the keys that the newest root names",
            SignerError::Record(_) => "restore the signer's folder; nothing is signed without it",
            _ => return None,
        }
        .to_owned())
    }
}
