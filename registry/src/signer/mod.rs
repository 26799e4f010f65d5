//! Who signs snapshot and timestamp: only a successor of the last state, which it verified itself.
//!
//! Publishing and signing meet in [`SuccessorSigner`] alone. [`KeySigner`] holds the keys. It runs in a
//! small process of its own, behind a socket ([`SignerServer`]), and the web server asks it through
//! [`RemoteSigner`]; or it is embedded in the web server, for demonstrations on loopback.
//!
//! The rule that makes a stop harmless: the full bytes of a successor are on the signer's own disk
//! (`memory.rs`) before they are given out, and until the repository shows them nothing else is signed.
//! So no version ever has two contents.

mod errors;
mod frame;
mod key_signer;
mod memory;
mod message;
mod remote;
mod server;
mod verify;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::tuf::{Envelope, RoleName, Root};
use serde::{Deserialize, Serialize};

use crate::store::Tree;

pub use errors::{RemoteError, SignerError};
pub use key_signer::{KeySigner, SignerKeys, resume};
pub use remote::RemoteSigner;
pub use server::SignerServer;

/// How many days a timestamp is valid.
pub const TIMESTAMP_DAYS: i64 = 1;
/// How many days a snapshot is valid.
pub const SNAPSHOT_DAYS: i64 = 7;

/// Signs the successors of a repository's state.
pub trait SuccessorSigner: Send + Sync {
    /// The successor that was signed last, where a repository whose timestamp has the digest `shown`
    /// does not show it yet; none where it does. This is how a stop between signing and storing is
    /// finished.
    ///
    /// # Errors
    /// [`SignerError::Disagrees`] where the repository shows something else, or where the signer cannot
    /// be reached.
    fn unreleased(&self, shown: Option<Digest>) -> Result<Option<Successor>, SignerError>;

    /// Verifies that `changed` are lawful successors of what `tree` shows, and signs a snapshot and a
    /// timestamp for them. Empty `changed` renews what is in force ([`Successor::snapshot`] is new only
    /// where it would expire soon).
    ///
    /// `tree` holds the changed roles already. A signer in another process reads its own tree by its own
    /// clock, and takes neither from the caller.
    ///
    /// # Errors
    /// [`SignerError`]; then nothing was signed, or what was signed is what
    /// [`SuccessorSigner::unreleased`] gives.
    fn sign(
        &self,
        tree: &Tree,
        changed: &[RoleVersion],
        now: Moment,
    ) -> Result<Successor, SignerError>;

    /// Looks whether timestamp (or snapshot) are to be signed anew, as the signer's own schedule does:
    /// half of a lifetime is over, the root names other keys, or an operator resumed above the present
    /// versions. Then signs them, for [`SuccessorSigner::unreleased`] to give, and says so.
    ///
    /// # Errors
    /// [`SignerError`]; what is in force stays in force.
    fn renew(&self, tree: &Tree, now: Moment) -> Result<bool, SignerError>;

    /// Checks that the signer holds the keys that a new root names, before that root is accepted.
    ///
    /// # Errors
    /// [`SignerError::Keys`].
    fn check_keys(&self, root: &Envelope<Root>) -> Result<(), SignerError>;

    /// What the operator should know about this signer.
    fn notice(&self) -> Option<String>;
}

/// A version of a role that is to be pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// The version of the timestamp.
    pub timestamp_version: u64,
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
