//! A repository as a host sees it: the host's own chain of verification, over files of a tree.
//!
//! The signer looks at each successor in this way before it gives it out, and `registry check` at the
//! whole repository.

use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::NameSpace;
use rulepack_protocol::trust::{
    CurrentRoot, CurrentSnapshot, Floors, Freshness, Limits, RootChain, TrustError, TrustedTargets,
};
use rulepack_protocol::tuf::RoleName;

use crate::state::StateError;
use crate::store::{MetadataFile, Tree};

/// Why a host would not accept a repository, or a part of it.
#[derive(Debug, thiserror::Error)]
pub enum HostViewError {
    /// It would refuse a file.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A file is missing or cannot be read.
    #[error(transparent)]
    Files(#[from] StateError),
}

/// Follows the roots from the first to the newest, which must be in force.
pub(crate) fn root(tree: &Tree, now: Moment) -> Result<CurrentRoot, HostViewError> {
    let newest = tree.newest_root().map_err(StateError::Io)?;
    if newest == 0 {
        return Err(StateError::NoRoot.into());
    }
    let first = read(tree, &RoleName::ROOT, 1)?;
    let mut chain = RootChain::start(&first, Floors::default(), Limits::default())?;
    for version in 2..=newest {
        chain = chain.extend(&read(tree, &RoleName::ROOT, version)?)?;
    }
    Ok(chain.finish(Freshness::at(now))?)
}

/// Takes `targets` as the snapshot pins it.
pub(crate) fn targets(
    tree: &Tree,
    snapshot: CurrentSnapshot,
) -> Result<TrustedTargets, HostViewError> {
    let version = snapshot.targets_pin()?.version;
    let bytes = read(tree, &RoleName::TARGETS, version)?;
    Ok(snapshot.targets(&bytes)?)
}

/// Takes a name space as the snapshot pins it, and its parent before it.
pub(crate) fn delegated(
    tree: &Tree,
    trusted: &mut TrustedTargets,
    name_space: &NameSpace,
) -> Result<(), HostViewError> {
    let role = RoleName::Space(name_space.clone());
    if trusted.role(&role).is_some() {
        return Ok(());
    }
    if let Some(parent) = name_space.parent() {
        delegated(tree, trusted, &parent)?;
    }
    let version = trusted.pin(name_space)?.version;
    let bytes = read(tree, &role, version)?;
    Ok(trusted.delegated(name_space, &bytes)?)
}

/// The bytes of a version of a role.
pub(crate) fn read(tree: &Tree, role: &RoleName, version: u64) -> Result<Vec<u8>, StateError> {
    let file = MetadataFile::Version(role.clone(), version);
    let bytes = tree.metadata(&file)?;
    bytes.ok_or_else(|| StateError::Missing(file.to_string()))
}
