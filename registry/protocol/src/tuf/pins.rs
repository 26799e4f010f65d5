//! Timestamp and snapshot: the registry's signer pins what belongs together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{RoleName, SPEC_VERSION, payload};
use crate::digest::Digest;
use crate::moment::Moment;

/// The one file that changes in place: pins the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timestamp {
    #[serde(rename = "_type")]
    kind: String,
    /// The specification.
    pub spec_version: String,
    /// Version, from 1.
    pub version: u64,
    /// End of validity.
    pub expires: Moment,
    /// The snapshot.
    pub meta: SnapshotPin,
}

/// The single entry of a timestamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotPin {
    /// The snapshot in force.
    #[serde(rename = "snapshot.json")]
    pub snapshot: FilePin,
}

/// Pins all targets files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    #[serde(rename = "_type")]
    kind: String,
    /// The specification.
    pub spec_version: String,
    /// Version, from 1.
    pub version: u64,
    /// End of validity.
    pub expires: Moment,
    /// File name (`37.json`) to pin.
    pub meta: BTreeMap<String, FilePin>,
}

/// A metadata file by version, length and digest; all three are always there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePin {
    /// Its version.
    pub version: u64,
    /// Its length in bytes.
    pub length: u64,
    /// Its digest.
    pub hashes: Hashes,
}

/// Digests of a file; SHA-256 alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hashes {
    /// SHA-256 of the file.
    pub sha256: Digest,
}

payload!(Timestamp, "timestamp");
payload!(Snapshot, "snapshot");

impl FilePin {
    /// The pin of a file.
    pub fn of(version: u64, bytes: &[u8]) -> Self {
        let hashes = Hashes {
            sha256: Digest::of(bytes),
        };
        Self {
            version,
            length: bytes.len() as u64,
            hashes,
        }
    }
}

impl Timestamp {
    /// Version 1 of a timestamp.
    pub fn new(expires: Moment, snapshot: FilePin) -> Self {
        Self {
            kind: "timestamp".to_owned(),
            spec_version: SPEC_VERSION.to_owned(),
            version: 1,
            expires,
            meta: SnapshotPin { snapshot },
        }
    }
}

impl Snapshot {
    /// Version 1 of a snapshot that pins nothing yet.
    pub fn new(expires: Moment) -> Self {
        Self {
            kind: "snapshot".to_owned(),
            spec_version: SPEC_VERSION.to_owned(),
            version: 1,
            expires,
            meta: BTreeMap::new(),
        }
    }

    /// Pins a role's file, in place of an earlier pin.
    pub fn pin(&mut self, role: &RoleName, pin: FilePin) {
        self.meta.insert(role.file(), pin);
    }

    /// The pin of a role.
    pub fn pin_of(&self, role: &RoleName) -> Option<&FilePin> {
        self.meta.get(&role.file())
    }
}
