//! The steps on signed roles.

use std::collections::BTreeMap;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::trust::policy;
use rulepack_protocol::trust::{self, Limits};
use rulepack_protocol::tuf::{Envelope, Payload, RoleName, Root, Target, Targets};

use super::{Refusal, RootError};
use crate::publication::Publication;
use crate::signer::RoleVersion;
use crate::state::{Proposal, State, check_root, parse};
use crate::store::{MetadataFile, Tree};

/// The packs that a publication newly lists.
pub(crate) type NewTargets = BTreeMap<TargetPath, Target>;

/// The versions of a publication that is published in all its roles, byte for byte; none where it is
/// not. So a retry succeeds, whatever was published since.
pub(crate) fn already_published(
    state: &State,
    tree: &Tree,
    publication: &Publication,
) -> Result<Option<BTreeMap<RoleName, u64>>, Refusal> {
    let mut versions = BTreeMap::new();
    for (role, bytes) in &publication.metadata {
        let Some(version) = declared_version(bytes) else {
            return Ok(None);
        };
        // Above the pin there may lie a file of a publication that never happened.
        if version > state.version(role) {
            return Ok(None);
        }
        let published = tree.metadata(&MetadataFile::Version(role.clone(), version))?;
        if published.as_ref() != Some(bytes) {
            return Ok(None);
        }
        versions.insert(role.clone(), version);
    }
    Ok(Some(versions))
}

/// The packs that published versions of roles newly listed, and their digests.
pub(crate) fn published_with(
    tree: &Tree,
    versions: &BTreeMap<RoleName, u64>,
) -> Result<BTreeMap<TargetPath, Digest>, Refusal> {
    let mut published = BTreeMap::new();
    let spaces = versions
        .iter()
        .filter(|(role, _)| matches!(role, RoleName::Space(_)));
    for (role, version) in spaces {
        let before = role_at(tree, role, version.saturating_sub(1))?;
        let after = role_at(tree, role, *version)?;
        if let Some(after) = after {
            published.extend(digests(&newly_listed(before.as_ref(), &after)));
        }
    }
    Ok(published)
}

/// What a role said at one of its versions; none where there is no such version.
fn role_at(tree: &Tree, role: &RoleName, version: u64) -> Result<Option<Targets>, Refusal> {
    let file = MetadataFile::Version(role.clone(), version);
    let Some(bytes) = tree.metadata(&file)? else {
        return Ok(None);
    };
    Ok(Some(
        parse::<Targets>(tree, &file, &bytes)?.signed().clone(),
    ))
}

/// The digest of each pack.
pub(crate) fn digests(listed: &NewTargets) -> BTreeMap<TargetPath, Digest> {
    let listed = listed.iter();
    listed
        .map(|(path, target)| (path.clone(), target.hashes.sha256))
        .collect()
}

/// Verifies every targets file of a publication: bounds, signatures by the chain from the root, rules,
/// the next version. Gives the versions and the packs that they newly list.
pub(crate) fn verify_roles(
    state: &State,
    tree: &Tree,
    publication: &Publication,
    now: Moment,
) -> Result<(Vec<RoleVersion>, NewTargets), Refusal> {
    let mut proposal = Proposal::new(state, tree, BTreeMap::new());
    let mut versions = Vec::new();
    let mut listed = NewTargets::new();
    // Sorted by name, so that a parent is verified before its children ask it for their keys.
    for (role, bytes) in &publication.metadata {
        let authority = proposal
            .authority(role)?
            .ok_or_else(|| Refusal::NotDelegated(role.clone()))?;
        let before = state.role(tree, role)?;
        let before = before.as_ref().map(|envelope| envelope.signed());
        let limits = Limits::default();
        let next = trust::Publication {
            role,
            authority: &authority,
            previous: before,
        };
        let verified = next
            .verify(bytes, now, &limits)
            .map_err(|error| conflict_or(error, role, bytes, state))?;
        let targets = verified.signed();
        listed.extend(newly_listed(before, targets));
        versions.push(RoleVersion {
            role: role.clone(),
            version: targets.version(),
        });
        proposal.add(role.clone(), bytes)?;
    }
    Ok((versions, listed))
}

/// Verifies a root: bounds, signatures by the present officers and its own, rules, the next version.
pub(crate) fn verify_root(
    before: Option<&Envelope<Root>>,
    bytes: &[u8],
    now: Moment,
) -> Result<Envelope<Root>, RootError> {
    let limits = Limits::default();
    if bytes.len() > limits.root_bytes {
        return Err(RootError::TooLarge {
            length: bytes.len(),
            bound: limits.root_bytes,
        });
    }
    let root: Envelope<Root> = Envelope::parse(bytes)?;
    check_root(before, &root)?;
    let expected = before.map_or(1, |before| before.signed().version().saturating_add(1));
    let found = root.signed().version();
    if found != expected {
        return Err(RootError::Version { expected, found });
    }
    if root.signed().expires() <= now {
        return Err(RootError::Expired(root.signed().expires()));
    }
    policy::check_root(root.signed(), &limits)?;
    policy::check_lifetime(&RoleName::ROOT, root.signed(), now, &limits.lifetimes)?;
    Ok(root)
}

/// A published version with other bytes is told apart from one that skips versions.
fn conflict_or(
    error: rulepack_protocol::trust::PublicationError,
    role: &RoleName,
    bytes: &[u8],
    state: &State,
) -> Refusal {
    use rulepack_protocol::trust::PublicationError::Version;
    let published = state.version(role);
    match (&error, declared_version(bytes)) {
        (Version { .. }, Some(version)) if version <= published => Refusal::Conflict {
            role: role.clone(),
            version,
        },
        _ => error.into(),
    }
}

fn newly_listed(before: Option<&Targets>, after: &Targets) -> NewTargets {
    let is_new = |path: &TargetPath| before.is_none_or(|old| !old.targets.contains_key(path));
    let listed = after.targets.iter();
    listed
        .filter(|(path, _)| is_new(path))
        .map(|(path, target)| (path.clone(), target.clone()))
        .collect()
}

/// The version that a file says it is, before anything is verified.
fn declared_version(bytes: &[u8]) -> Option<u64> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    value.pointer("/signed/version")?.as_u64()
}
