//! Why metadata is not believed.

use std::sync::Arc;

use super::{FloorError, PolicyError, ProviderError};
use crate::moment::Moment;
use crate::names::NameSpace;
use crate::tuf::{MetadataError, RoleName, TopRole};

/// Why a file is not believed. Cloneable, since one bad role is told to everybody who follows it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TrustError {
    /// Larger than its role may be.
    #[error("`{role}` is {length} bytes long, expected at most {bound}")]
    TooLarge {
        /// The role.
        role: RoleName,
        /// Bytes that came.
        length: usize,
        /// The bound in bytes.
        bound: usize,
    },
    /// Too few valid signatures.
    #[error("`{role}` has {found} of {needed} valid signatures")]
    Threshold {
        /// The role.
        role: RoleName,
        /// Valid signatures of distinct keys.
        found: usize,
        /// The threshold.
        needed: usize,
    },
    /// No longer valid.
    #[error("`{role}` expired at {expires}")]
    Expired {
        /// The role.
        role: RoleName,
        /// End of validity.
        expires: Moment,
    },
    /// A root that is not the next one.
    #[error("expected root version {expected}, got {found}")]
    RootVersion {
        /// The next version.
        expected: u64,
        /// The version that came.
        found: u64,
    },
    /// More root rotations than a refresh follows.
    #[error("more than {0} root rotations in one refresh")]
    TooManyRoots(usize),
    /// Length, digest or version differ from the pin, or the pin is missing.
    #[error("`{role}` is not what was pinned: {detail}")]
    Pin {
        /// The role.
        role: RoleName,
        /// What differs.
        detail: String,
    },
    /// The verifier refuses it for another reason.
    #[error("`{role}` is refused")]
    Refused {
        /// The role.
        role: RoleName,
        /// Its reason.
        #[source]
        source: Arc<sigstore_tuf::Error>,
    },
    /// Verified, but not of our form.
    #[error("`{role}` is malformed")]
    Malformed {
        /// The role.
        role: RoleName,
        /// What is wrong.
        #[source]
        source: Arc<MetadataError>,
    },
    /// Verified, but against our rules.
    #[error("`{role}` breaks the rules")]
    Policy {
        /// The role.
        role: RoleName,
        /// Which rule.
        #[source]
        source: PolicyError,
    },
    /// Against what this host has seen before.
    #[error("`{role}` contradicts what this host has seen")]
    Floor {
        /// The role.
        role: RoleName,
        /// How.
        #[source]
        source: FloorError,
    },
    /// The name space is not delegated (any more).
    #[error("name space `{0}` is not delegated")]
    NotDelegated(NameSpace),
    /// The role was not fetched, or was refused before.
    #[error("the metadata of `{0}` is not there")]
    NotLoaded(RoleName),
    /// Somebody else's cryptography is installed.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

impl TrustError {
    /// What a person can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Expired { role, .. } => Some(format!(
                "the owner of `{role}` has to sign a new version; until then the host goes on with what \
                 it has"
            )),
            Self::Floor { .. } => Some(
                "an older or altered state was served: compare with another address of the registry"
                    .to_owned(),
            ),
            // No officer signs these: the newest root names other keys than the file was signed with.
            Self::Threshold {
                role: RoleName::Top(TopRole::Timestamp | TopRole::Snapshot),
                ..
            } => Some(
                "a copy from before the newest root, or somebody without the registry's keys, was served: \
                 compare with another address of the registry"
                    .to_owned(),
            ),
            Self::Threshold { needed, .. } => {
                Some(format!("{needed} officers have to sign, then `merge` their files"))
            }
            _ => None,
        }
    }

    pub(super) fn malformed(role: &RoleName, source: MetadataError) -> Self {
        Self::Malformed {
            role: role.clone(),
            source: Arc::new(source),
        }
    }

    pub(super) fn policy(role: &RoleName, source: PolicyError) -> Self {
        Self::Policy {
            role: role.clone(),
            source,
        }
    }

    pub(super) fn floor(role: &RoleName, source: FloorError) -> Self {
        Self::Floor {
            role: role.clone(),
            source,
        }
    }
}
