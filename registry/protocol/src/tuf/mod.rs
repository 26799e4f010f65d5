//! TUF metadata as this project writes it: specification 1.0.31, unchanged, so that any client reads it.
//!
//! What is fixed beyond the specification: consistent snapshots, Ed25519 keys of named persons
//! ([`PublicKey`](crate::key::PublicKey)), printable ASCII, whole seconds, pins with length and
//! SHA-256. [`crate::trust::policy`] holds the rules over several fields.
//!
//! A file is an [`Envelope`]: canonical JSON of `{"signatures": […], "signed": {…}}`. Its signatures are
//! over the canonical JSON of `signed` ([`crate::canonical`]). The way of a change:
//!
//! 1. take the payload of the newest file ([`Envelope::signed`]), clone and edit it ([`Root`],
//!    [`Targets`]), [`Payload::bump`] its version and set its expiry;
//! 2. [`Envelope::unsigned`], shown to each officer as [`summary`], signed with [`Envelope::sign`];
//! 3. [`merge`] the officers' files into one.

mod authority;
mod change;
mod custom;
mod envelope;
mod error;
mod expiry;
mod in_force;
mod pins;
mod reason;
mod root;
mod summary;
mod targets;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::moment::Moment;
use crate::names::{NameSpace, NameSpaceError};

pub use crate::moment::Effective;
pub use authority::{Authority, RoleKeys};
pub use change::ChangeError;
pub use custom::{Channel, Custom, Status};
pub use envelope::{Envelope, Signature, SignatureBytes, merge};
pub use error::MetadataError;
pub use expiry::{ExpiryWarning, WARNING_DAYS, expiry_warnings};
pub use in_force::InForce;
pub use pins::{FilePin, Hashes, Snapshot, SnapshotPin, Timestamp};
pub use reason::{Reason, ReasonError};
pub use root::{Root, TopRoles};
pub use summary::{AnyEnvelope, Language, summary};
pub use targets::{DelegatedRole, Delegations, Denials, Target, Targets};

/// The specification that files are written against.
pub const SPEC_VERSION: &str = "1.0.31";

/// A payload of a signed file.
pub trait Payload: Serialize + DeserializeOwned + Clone {
    /// What `_type` says.
    const TYPE: &'static str;

    /// The version, from 1.
    fn version(&self) -> u64;

    /// From when on the file is no longer to be believed.
    fn expires(&self) -> Moment;

    /// The specification that the file says it follows.
    fn spec_version(&self) -> &str;

    /// Raises the version by one and sets the expiry: the first step of every change.
    ///
    /// # Errors
    /// Where the version is the last one.
    fn bump(&mut self, expires: Moment) -> Result<(), MetadataError>;
}

/// Gives the payload types, which share their first fields, their [`Payload`].
macro_rules! payload {
    ($name:ident, $kind:literal) => {
        impl crate::tuf::Payload for $name {
            const TYPE: &'static str = $kind;
            fn version(&self) -> u64 {
                self.version
            }
            fn expires(&self) -> crate::moment::Moment {
                self.expires
            }
            fn spec_version(&self) -> &str {
                &self.spec_version
            }
            fn bump(
                &mut self,
                expires: crate::moment::Moment,
            ) -> Result<(), crate::tuf::MetadataError> {
                if self.version >= crate::tuf::VERSION_LAST {
                    return Err(crate::tuf::MetadataError::LastVersion(self.version));
                }
                self.version += 1;
                self.expires = expires;
                Ok(())
            }
        }
    };
}
pub(crate) use payload;

/// The highest version of any file: one below 2³¹, so that nobody can push a role to its end.
pub const VERSION_LAST: u64 = (1 << 31) - 1;

/// One of the four roles that the root names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TopRole {
    /// `root`, the officers of the national administration.
    Root,
    /// `timestamp`, a key of the registry's signer.
    Timestamp,
    /// `snapshot`, a key of the registry's signer.
    Snapshot,
    /// `targets`, the officers who delegate name spaces.
    Targets,
}

/// The name of a role: one of the four, or a name space.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RoleName {
    /// One of the four.
    Top(TopRole),
    /// The role that signs the packs of a name space.
    Space(NameSpace),
}

impl RoleName {
    /// `root`.
    pub const ROOT: Self = Self::Top(TopRole::Root);
    /// `timestamp`.
    pub const TIMESTAMP: Self = Self::Top(TopRole::Timestamp);
    /// `snapshot`.
    pub const SNAPSHOT: Self = Self::Top(TopRole::Snapshot);
    /// `targets`.
    pub const TARGETS: Self = Self::Top(TopRole::Targets);

    /// The role that delegates `name_space`.
    pub fn parent_of(name_space: &NameSpace) -> Self {
        name_space.parent().map_or(Self::TARGETS, Self::Space)
    }

    /// The name by which a snapshot pins the role: `37.json`.
    pub fn file(&self) -> String {
        format!("{self}.json")
    }

    /// The file in a repository: `7.37.json`, or `timestamp.json`, which alone has no version.
    pub fn file_of_version(&self, version: u64) -> String {
        match self {
            Self::Top(TopRole::Timestamp) => self.file(),
            _ => format!("{version}.{self}.json"),
        }
    }
}

impl std::str::FromStr for RoleName {
    type Err = NameSpaceError;
    fn from_str(text: &str) -> Result<Self, NameSpaceError> {
        Ok(match text {
            "root" => Self::ROOT,
            "timestamp" => Self::TIMESTAMP,
            "snapshot" => Self::SNAPSHOT,
            "targets" => Self::TARGETS,
            other => Self::Space(other.parse()?),
        })
    }
}

impl TryFrom<String> for RoleName {
    type Error = NameSpaceError;
    fn try_from(text: String) -> Result<Self, NameSpaceError> {
        text.parse()
    }
}

impl From<RoleName> for String {
    fn from(name: RoleName) -> String {
        name.to_string()
    }
}

impl From<NameSpace> for RoleName {
    fn from(name_space: NameSpace) -> Self {
        Self::Space(name_space)
    }
}

impl std::fmt::Display for TopRole {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Root => "root",
            Self::Timestamp => "timestamp",
            Self::Snapshot => "snapshot",
            Self::Targets => "targets",
        })
    }
}

impl std::fmt::Display for RoleName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Top(role) => role.fmt(formatter),
            Self::Space(name_space) => name_space.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests;
