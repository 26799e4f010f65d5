//! From verified roles to the packs that a host may choose from.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use super::{TrustError, TrustedTargets};
use crate::digest::Digest;
use crate::moment::Day;
use crate::names::{NameSpace, PersonId, TargetPath};
use crate::tuf::{Custom, RoleName, Targets};

/// All packs visible to a host, and the name spaces that failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Resolution {
    /// The packs of every good name space, by path.
    pub targets: Vec<ResolvedTarget>,
    /// Why a followed name space gave nothing; the others are not disturbed.
    pub failed: BTreeMap<NameSpace, TrustError>,
    /// Those of `failed` whose packs stop (T3): the delegation is gone, or the keys were replaced and
    /// nobody in force has signed anew. The packs of the others are stale, and go on.
    pub revoked: BTreeSet<NameSpace>,
}

/// A pack that the chain of roles vouches for. Nothing but [`TrustedTargets::resolve`] makes one, so
/// whatever is downloaded, copied or activated went through every rule of this module.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ResolvedTarget {
    /// Its path.
    pub path: TargetPath,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its length in bytes.
    pub length: u64,
    /// What its bureau declares of it.
    pub custom: Custom,
    /// The roles from `targets` down to the name space.
    pub chain: Vec<RoleName>,
    /// The persons who may sign for the name space.
    pub persons: BTreeSet<PersonId>,
    /// How many of them must.
    pub threshold: u32,
    /// Whether a role of the chain forbids it.
    pub standing: Standing,
    /// The day on which this host first saw the path.
    pub first_seen: Day,
}

/// Whether a role above, or the name space itself, forbids a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody does.
    Good,
    /// Its digest is denied.
    Denied {
        /// By this role.
        by: RoleName,
    },
    /// A later version is asked for.
    BelowMinimum {
        /// By this role.
        by: RoleName,
        /// The lowest version that may run.
        minimum: Version,
    },
}

impl TrustedTargets {
    /// The packs of the `followed` name spaces. Each path is held against the patterns of every
    /// delegation from `targets` down to its role.
    pub fn resolve(&self, followed: &[NameSpace]) -> Resolution {
        let mut resolution = Resolution {
            targets: Vec::new(),
            failed: BTreeMap::new(),
            revoked: BTreeSet::new(),
        };
        for name_space in followed.iter().collect::<BTreeSet<_>>() {
            match self.resolve_one(name_space) {
                Ok(found) => resolution.targets.extend(found),
                Err(error) => {
                    resolution.failed.insert(name_space.clone(), error);
                    if self.is_revoked(name_space) {
                        resolution.revoked.insert(name_space.clone());
                    }
                }
            }
        }
        resolution
            .targets
            .sort_by(|one, other| one.path.cmp(&other.path));
        resolution
    }

    /// Whether a role above, or the name space itself, forbids a pack: also one that this host runs
    /// although its name space cannot be verified now.
    pub fn standing(&self, path: &TargetPath, digest: &Digest) -> Standing {
        let chain = chain_of(path.name_space());
        self.session.floors.standing(&chain, path, digest)
    }

    /// Looks down from `targets` for the first role that is not there.
    fn is_revoked(&self, name_space: &NameSpace) -> bool {
        let Ok(mut parent) = self.loaded(&RoleName::TARGETS) else {
            return false;
        };
        for step in lineage(name_space) {
            let Some(authority) = parent.authority(&step) else {
                return true;
            };
            let role = RoleName::Space(step);
            match self.loaded(&role) {
                Ok(loaded) => parent = loaded,
                Err(_) => return self.session.floors.is_revoked(&role, &authority),
            }
        }
        false
    }

    fn resolve_one(&self, name_space: &NameSpace) -> Result<Vec<ResolvedTarget>, TrustError> {
        let lineage = lineage(name_space);
        for ancestor in &lineage {
            if let Some(error) = self.failed.get(ancestor) {
                return Err(error.clone());
            }
        }
        let mut patterns = Vec::new();
        let mut parent = self.loaded(&RoleName::TARGETS)?;
        for step in &lineage {
            let missing = || TrustError::NotDelegated(step.clone());
            let delegation = parent.delegation(step).ok_or_else(missing)?;
            patterns.push(delegation.paths.as_slice());
            let authority = parent.authority(step).ok_or_else(missing)?;
            let role = self.loaded(&RoleName::Space(step.clone()))?;
            if step == name_space {
                return Ok(self.listed(name_space, role, &patterns, &authority));
            }
            parent = role;
        }
        Err(TrustError::NotDelegated(name_space.clone()))
    }

    fn listed(
        &self,
        name_space: &NameSpace,
        role: &Targets,
        patterns: &[&[String]],
        authority: &crate::tuf::Authority,
    ) -> Vec<ResolvedTarget> {
        let chain = chain_of(name_space);
        let persons: BTreeSet<_> = authority.keys().map(|key| key.person().clone()).collect();
        let floors = &self.session.floors;
        let allowed = role.targets.iter().filter(|(path, _)| {
            let path = path.to_string();
            patterns
                .iter()
                .all(|link| link.iter().any(|pattern| matches(pattern, &path)))
        });
        allowed
            .filter_map(|(path, target)| {
                let digest = target.hashes.sha256;
                Some(ResolvedTarget {
                    path: path.clone(),
                    digest,
                    length: target.length,
                    custom: target.custom.clone(),
                    chain: chain.clone(),
                    persons: persons.clone(),
                    threshold: authority.threshold(),
                    standing: floors.standing(&chain, path, &digest),
                    first_seen: floors.paths.get(path)?.first_seen,
                })
            })
            .collect()
    }

    fn loaded(&self, role: &RoleName) -> Result<&Targets, TrustError> {
        let found = self
            .role(role)
            .ok_or_else(|| TrustError::NotLoaded(role.clone()));
        found.map(super::Verified::signed)
    }
}

/// The roles from `targets` down to a name space.
fn chain_of(name_space: &NameSpace) -> Vec<RoleName> {
    std::iter::once(RoleName::TARGETS)
        .chain(lineage(name_space).into_iter().map(RoleName::Space))
        .collect()
}

/// The name spaces from the one under `targets` down to this one.
fn lineage(name_space: &NameSpace) -> Vec<NameSpace> {
    name_space
        .parent()
        .into_iter()
        .chain([name_space.clone()])
        .collect()
}

/// Matches the few forms that [`NameSpace::patterns`] has: `*` for a whole part, `[0-9]` for a digit,
/// everything else for itself. Parts are matched one by one, so nothing crosses a slash.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut patterns, mut parts) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if part_matches(pattern, part) => {}
            _ => return false,
        }
    }
}

fn part_matches(pattern: &str, part: &str) -> bool {
    if pattern == "*" {
        return !part.is_empty();
    }
    let mut rest = part;
    let mut pieces = pattern.split("[0-9]");
    let Some(after_first) = pieces.next().and_then(|piece| rest.strip_prefix(piece)) else {
        return false;
    };
    rest = after_first;
    for piece in pieces {
        let after = rest.strip_prefix(|digit: char| digit.is_ascii_digit());
        let Some(after) = after.and_then(|after| after.strip_prefix(piece)) else {
            return false;
        };
        rest = after;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_part_by_part() {
        assert!(matches("37/*/*", "37/a/1.0.0.wasm"));
        assert!(matches("37[0-9][0-9]/*/*", "3703/a/1.0.0.wasm"));
        assert!(!matches("37/*/*", "3703/a/1.0.0.wasm"));
        assert!(!matches("37[0-9][0-9]/*/*", "37/a/1.0.0.wasm"));
        assert!(!matches("37[0-9][0-9]/*/*", "37a3/a/1.0.0.wasm"));
        assert!(!matches("37/*/*", "37/a/b/1.0.0.wasm"));
        assert!(!matches("37/*/*", "37/a"));
        assert!(!matches("37/*/*", "37//x"));
    }
}
