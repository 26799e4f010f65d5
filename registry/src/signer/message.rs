//! What web server and signer say to each other: one request and one reply a connection.

use rulepack_protocol::digest::Digest;
use rulepack_protocol::tuf::TopRole;
use serde::{Deserialize, Serialize};

use super::{RoleVersion, SignerError, Successor};
use crate::http::problem::causes;

/// What the web server asks. No path and no time is among it: the signer has its own.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Request {
    /// [`super::SuccessorSigner::unreleased`]
    Unreleased {
        /// The digest of the timestamp that the repository shows.
        shown: Option<Digest>,
    },
    /// [`super::SuccessorSigner::sign`]
    Sign {
        /// What is to be pinned.
        changed: Vec<RoleVersion>,
    },
    /// [`super::SuccessorSigner::renew`]
    Renew,
    /// [`super::SuccessorSigner::check_keys`]
    CheckKeys {
        /// The file of the root.
        root: String,
    },
}

/// What the signer answers.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Reply {
    /// A successor; none where there is nothing to release.
    Successor(Option<Successor>),
    /// Whether something was renewed.
    Renewed(bool),
    /// The keys are held.
    KeysHeld,
    /// [`SignerError::Unreleased`]: the web server releases it and asks again.
    Unreleased,
    /// [`SignerError::Disagrees`]
    Disagrees,
    /// [`SignerError::Keys`]
    Keys(PinningRole),
    /// Another refusal, in words.
    Refused {
        /// The error and its causes, outermost first.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

/// The two roles that the signer has keys of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PinningRole {
    /// `snapshot`
    Snapshot,
    /// `timestamp`
    Timestamp,
}

impl From<&SignerError> for Reply {
    fn from(error: &SignerError) -> Self {
        match error {
            SignerError::Unreleased => Reply::Unreleased,
            SignerError::Disagrees => Reply::Disagrees,
            SignerError::Keys(TopRole::Snapshot) => Reply::Keys(PinningRole::Snapshot),
            SignerError::Keys(TopRole::Timestamp) => Reply::Keys(PinningRole::Timestamp),
            other => {
                let mut reason = vec![other.to_string()];
                reason.extend(causes(other));
                Reply::Refused {
                    reason: reason.join(": "),
                    hint: other.hint(),
                }
            }
        }
    }
}

impl From<PinningRole> for TopRole {
    fn from(role: PinningRole) -> Self {
        match role {
            PinningRole::Snapshot => TopRole::Snapshot,
            PinningRole::Timestamp => TopRole::Timestamp,
        }
    }
}
