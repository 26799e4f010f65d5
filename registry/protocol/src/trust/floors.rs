//! What a host remembers so that nobody can take it back: the pure part of its durable state.
//!
//! Floors only rise, with the exceptions that TUF foresees for recovery from stolen keys, which only a
//! verified root (signed by the national officers) can bring about:
//!
//! - timestamp and snapshot: when a root replaces the keys of either;
//! - `targets` and a name space: when their own keys *and* the snapshot keys were replaced;
//! - denied digests and minimum versions: when a root's version rises;
//! - the list of path and digest, and the last good time: never.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde::{Deserialize, Serialize};

use super::Verified;
use crate::digest::Digest;
use crate::key::KeyId;
use crate::moment::{Day, Moment};
use crate::names::TargetPath;
use crate::tuf::{Authority, Denials, Payload, RoleName, Root, Snapshot, Targets, TopRole};

/// The remembered state of a host, written as one small file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floors {
    /// Digest of each root seen, by version.
    pub roots: BTreeMap<u64, Digest>,
    /// The newest accepted file of each role.
    pub roles: BTreeMap<RoleName, Floor>,
    /// Versions that the newest accepted snapshot pins, by file name, followed roles or not.
    pub pins: BTreeMap<String, u64>,
    /// The bytes that each path has had since it was first seen.
    pub paths: BTreeMap<TargetPath, Seen>,
    /// What each role has denied in its name space and below.
    pub denials: BTreeMap<RoleName, Denials>,
    /// The root version under which the denials were collected.
    pub denials_root: u64,
    /// The time of the last completed refresh; the time now never counts as earlier.
    pub last_good: Option<Moment>,
}

/// The newest accepted file of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// Its version.
    pub version: u64,
    /// Digest of its bytes.
    pub digest: Digest,
    /// Digest of the keys that it was accepted under.
    pub authority: Digest,
    /// Digest of the snapshot keys of that time.
    pub snapshot_authority: Digest,
    /// The keys that had signed it. Where too few of them are left in the role, what they vouched for is
    /// revoked ([`Floors::is_revoked`]).
    pub signed_by: BTreeSet<KeyId>,
}

/// A path as this host knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The digest, for ever.
    pub digest: Digest,
    /// The day on which this host first saw the path.
    pub first_seen: Day,
}

/// How a file contradicts what was seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FloorError {
    /// An older state is served.
    #[error("version {seen} was seen before, now version {offered} is served")]
    Rollback {
        /// The version seen.
        seen: u64,
        /// The version served.
        offered: u64,
    },
    /// Two files of one version: somebody shows different states to different hosts.
    #[error("version {version} was seen before with sha256 {seen}, now it is {offered}")]
    Equivocation {
        /// The version.
        version: u64,
        /// The digest seen.
        seen: Digest,
        /// The digest served.
        offered: Digest,
    },
    /// A snapshot leaves out a file or pins an older one.
    #[error("`{file}` was pinned at version {seen}, now {now}", now = offered.map_or_else(|| "it is left out".to_owned(), |version| format!("version {version} is")))]
    Pin {
        /// The file.
        file: String,
        /// The version seen.
        seen: u64,
        /// The version served, if any.
        offered: Option<u64>,
    },
    /// A published path has other bytes.
    #[error("`{path}` was seen before with sha256 {seen}, now it is {offered}")]
    PathChanged {
        /// The path.
        path: TargetPath,
        /// The digest seen.
        seen: Digest,
        /// The digest served.
        offered: Digest,
    },
}

impl Floors {
    /// Remembers a verified root, and lets fall what its new keys allow to fall.
    ///
    /// # Errors
    /// Where this version had other bytes before.
    pub fn advance_root(&mut self, root: &Root, digest: Digest) -> Result<(), FloorError> {
        if let Some(seen) = self.roots.get(&root.version)
            && *seen != digest
        {
            let (version, seen) = (root.version, *seen);
            return Err(FloorError::Equivocation {
                version,
                seen,
                offered: digest,
            });
        }
        self.roots.insert(root.version, digest);
        let replaced = |role: TopRole| {
            let floor = self.roles.get(&RoleName::Top(role));
            floor.is_some_and(|floor| floor.authority != root.authority(role).digest())
        };
        let snapshot_replaced = replaced(TopRole::Snapshot);
        if snapshot_replaced || replaced(TopRole::Timestamp) {
            self.roles.remove(&RoleName::TIMESTAMP);
            self.roles.remove(&RoleName::SNAPSHOT);
        }
        if snapshot_replaced {
            self.pins.clear();
        }
        if root.version > self.denials_root {
            self.denials.clear();
            self.denials_root = root.version;
        }
        Ok(())
    }

    /// The oldest root that this host may stand on: the newest that it has seen.
    ///
    /// # Errors
    /// Where `version` is older.
    pub fn check_newest_root(&self, version: u64) -> Result<(), FloorError> {
        match self.roots.last_key_value() {
            Some((seen, _)) if *seen > version => Err(FloorError::Rollback {
                seen: *seen,
                offered: version,
            }),
            _ => Ok(()),
        }
    }

    /// Checks a verified file of a role against its floor, and raises the floor.
    ///
    /// # Errors
    /// Where it is older, or of the same version with other bytes.
    pub fn advance_role(&mut self, role: &RoleName, offered: Floor) -> Result<(), FloorError> {
        if let Some(seen) = self.roles.get(role) {
            // The exception of recovery: own keys and snapshot keys replaced.
            let recovered = seen.authority != offered.authority
                && seen.snapshot_authority != offered.snapshot_authority;
            if !recovered && offered.version < seen.version {
                return Err(FloorError::Rollback {
                    seen: seen.version,
                    offered: offered.version,
                });
            }
            // A floor that fell no longer holds its version either: the owner counts anew.
            if !recovered && offered.version == seen.version && offered.digest != seen.digest {
                return Err(FloorError::Equivocation {
                    version: seen.version,
                    seen: seen.digest,
                    offered: offered.digest,
                });
            }
        }
        self.roles.insert(role.clone(), offered);
        Ok(())
    }

    /// Whether what this host last accepted of `role` is revoked: under `authority`, the keys in force now,
    /// its signatures no longer reach the threshold, since keys were replaced and nobody in force has signed
    /// anew. Of a role never seen there is nothing to revoke.
    pub fn is_revoked(&self, role: &RoleName, authority: &Authority) -> bool {
        let floor = self.roles.get(role);
        floor.is_some_and(|floor| !authority.is_reached_by(&floor.signed_by))
    }

    /// The roles whose newest accepted file was accepted under other keys than that of `before`.
    pub fn rekeyed_since(&self, before: &Self) -> BTreeSet<RoleName> {
        let rekeyed = self.roles.iter().filter(|(role, floor)| {
            let old = before.roles.get(*role);
            old.is_some_and(|old| old.authority != floor.authority)
        });
        rekeyed.map(|(role, _)| role.clone()).collect()
    }

    /// Checks that a verified snapshot leaves out nothing and pins nothing older, and remembers it.
    ///
    /// # Errors
    /// With the first file that it leaves out or takes back.
    pub fn advance_pins(&mut self, snapshot: &Snapshot) -> Result<(), FloorError> {
        for (file, seen) in &self.pins {
            let offered = snapshot.meta.get(file).map(|pin| pin.version);
            if offered.is_none_or(|version| version < *seen) {
                return Err(FloorError::Pin {
                    file: file.clone(),
                    seen: *seen,
                    offered,
                });
            }
        }
        self.pins = snapshot
            .meta
            .iter()
            .map(|(file, pin)| (file.clone(), pin.version))
            .collect();
        Ok(())
    }

    /// Checks that no path of a verified role has other bytes than before, and remembers new paths and
    /// denials. Nothing is remembered where one path is refused.
    ///
    /// # Errors
    /// With the first path that changed.
    pub fn advance_targets(
        &mut self,
        role: &RoleName,
        targets: &Targets,
        today: Day,
    ) -> Result<(), FloorError> {
        for (path, target) in &targets.targets {
            let offered = target.hashes.sha256;
            if let Some(seen) = self.paths.get(path).map(|seen| seen.digest)
                && seen != offered
            {
                return Err(FloorError::PathChanged {
                    path: path.clone(),
                    seen,
                    offered,
                });
            }
        }
        for (path, target) in &targets.targets {
            let digest = target.hashes.sha256;
            self.paths.entry(path.clone()).or_insert(Seen {
                digest,
                first_seen: today,
            });
        }
        if let Some(denials) = &targets.denials {
            self.deny(role, denials);
        }
        Ok(())
    }

    /// Whether a role of `chain` denies this pack, or asks for a later version of it.
    pub fn standing(
        &self,
        chain: &[RoleName],
        path: &TargetPath,
        digest: &Digest,
    ) -> super::Standing {
        let roles = || {
            chain
                .iter()
                .filter_map(|role| self.denials.get(role).map(|list| (role, list)))
        };
        for (role, list) in roles() {
            if list.denied.contains(digest) {
                return super::Standing::Denied { by: role.clone() };
            }
        }
        for (role, list) in roles() {
            if let Some(minimum) = list.minimum.get(path.pack())
                && path.version() < minimum
            {
                let (by, minimum) = (role.clone(), minimum.clone());
                return super::Standing::BelowMinimum { by, minimum };
            }
        }
        super::Standing::Good
    }

    /// The time to verify with: never before the last good one, so a clock that was set back revives
    /// nothing.
    pub fn time_of(&self, now: Moment) -> Moment {
        self.last_good.map_or(now, |last| last.max(now))
    }

    /// Ends a completed refresh.
    pub fn complete(&mut self, now: Moment) {
        self.last_good = Some(self.time_of(now));
    }

    fn deny(&mut self, role: &RoleName, new: &Denials) {
        let known = self.denials.entry(role.clone()).or_default();
        known
            .denied
            .extend(new.denied.iter().copied().collect::<BTreeSet<_>>());
        for (digest, reason) in &new.reasons {
            known
                .reasons
                .entry(*digest)
                .or_insert_with(|| reason.clone());
        }
        for (pack, minimum) in &new.minimum {
            let raise = |known: &mut Version| {
                if *minimum > *known {
                    *known = minimum.clone();
                }
            };
            known
                .minimum
                .entry(pack.clone())
                .and_modify(raise)
                .or_insert_with(|| minimum.clone());
        }
    }
}

impl Floor {
    /// The floor that an accepted file sets.
    pub(super) fn of<T: Payload>(file: &Verified<T>, authority: &Authority, root: &Root) -> Self {
        Self {
            version: file.signed().version(),
            digest: file.digest(),
            authority: authority.digest(),
            snapshot_authority: root.authority(TopRole::Snapshot).digest(),
            signed_by: file.signers(authority),
        }
    }
}
