//! What was verified, in a few lines: what a host tells its bureau, so that a hidden release shows (T5).

use serde::Serialize;

use super::{TrustedTargets, Verified};
use crate::digest::Digest;
use crate::moment::Moment;
use crate::tuf::{Payload, RoleName};

/// The verified file of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleStatus {
    /// The role.
    pub role: RoleName,
    /// Its version.
    pub version: u64,
    /// The digest of its bytes.
    pub sha256: Digest,
    /// End of validity.
    pub expires: Moment,
}

impl RoleStatus {
    /// Of a verified file.
    pub fn of<T: Payload>(role: RoleName, file: &Verified<T>) -> Self {
        Self {
            role,
            version: file.signed().version(),
            sha256: file.digest(),
            expires: file.signed().expires(),
        }
    }
}

impl TrustedTargets {
    /// The four national roles and every name space that was verified.
    pub fn status(&self) -> Vec<RoleStatus> {
        let mut all = vec![
            RoleStatus::of(RoleName::ROOT, self.root()),
            RoleStatus::of(RoleName::TIMESTAMP, self.timestamp()),
            RoleStatus::of(RoleName::SNAPSHOT, self.snapshot()),
        ];
        let roles = self.roles.iter();
        all.extend(roles.map(|(role, file)| RoleStatus::of(role.clone(), file)));
        all
    }
}
