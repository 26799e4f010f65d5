//! Why nothing was signed.

use std::io;
use std::path::PathBuf;

use rulepack_protocol::trust::PublicationError;
use rulepack_protocol::tuf::{MetadataError, RoleName, TopRole};

use crate::host_view::HostViewError;
use crate::state::StateError;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The repository shows another state than the one that was signed last.
    #[error("the repository does not show the state that the signer signed last")]
    Disagrees,
    /// What was signed last is not in the repository yet, and comes first.
    #[error("the repository does not show yet what the signer signed last")]
    Unreleased,
    /// The root of the repository is older than one under which was signed, or is another one.
    #[error("the signer has signed under root version {seen}, which the repository does not show")]
    RootWentBack {
        /// The version under which was signed.
        seen: u64,
    },
    /// A version to go on above that may have been signed already.
    #[error("cannot resume above version {above}, expected at least {expected}")]
    ResumeTooLow {
        /// What was asked for.
        above: u64,
        /// The lowest version that is certainly unused.
        expected: u64,
    },
    /// A version beyond which hosts accept nothing.
    #[error("cannot resume above version {above}, expected at most {expected}")]
    ResumeTooHigh {
        /// What was asked for.
        above: u64,
        /// The highest version that leaves room.
        expected: u64,
    },
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
    /// A state that a host would not accept.
    #[error("the signer refuses a state that hosts would refuse")]
    HostWouldRefuse(#[from] HostViewError),
    /// The root names other keys for this role.
    #[error("the signer does not hold enough keys of the role `{0}` of the root")]
    Keys(TopRole),
    /// A file could not be made or signed.
    #[error("the signer cannot sign")]
    Metadata(#[from] MetadataError),
    /// The signer's own folder cannot be read or written.
    #[error("the signer's folder cannot be read or written")]
    Io(#[from] io::Error),
    /// Another process has the signer's folder open.
    #[error("the signer's folder `{0}` is in use by another process")]
    InUse(PathBuf),
    /// The signer's own record is damaged.
    #[error("the signer's record `memory.json` is damaged")]
    Record(#[source] serde_json::Error),
    /// A signer in another process.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

/// Why a signer in another process gave no answer, or refused.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// Nobody listens, or the connection broke. What it signed, it has recorded.
    #[error("the signer at `{socket}` does not answer")]
    Unreachable {
        /// Its socket.
        socket: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An answer that is not of our protocol: another release, or another program.
    #[error("the signer at `{0}` does not speak this release's protocol")]
    Protocol(PathBuf),
    /// It refused, for a reason that nobody has to tell apart.
    #[error("{reason}")]
    Refused {
        /// Its error and the causes, outermost first.
        reason: String,
        /// What it says to do.
        hint: Option<String>,
    },
}

impl SignerError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(
            match self {
                SignerError::Disagrees => {
                    "one of the two was restored from an older copy: restore the newer state, or go \
                     on with what is there by `rulepack signer resume --above V`"
                }
                SignerError::RootWentBack { .. } => {
                    "put the missing `N.root.json` back into `metadata/`, from a mirror or the keepers"
                }
                SignerError::ResumeTooLow { .. } => {
                    "name the highest version of timestamp or snapshot that anybody may have seen"
                }
                SignerError::Keys(_) => "start the signer with the keys that the newest root names",
                SignerError::Record(_) => {
                    "restore the signer's folder; nothing is signed without it"
                }
                SignerError::InUse(_) => "stop the signer first",
                SignerError::Remote(RemoteError::Unreachable { .. }) => {
                    "start `rulepack signer run` with this socket, then try again"
                }
                SignerError::Remote(RemoteError::Refused { hint, .. }) => return hint.clone(),
                _ => return None,
            }
            .to_owned(),
        )
    }
}
