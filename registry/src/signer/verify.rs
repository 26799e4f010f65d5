//! What the signer verifies before it signs, by itself and from the files alone.

use std::collections::BTreeMap;

use rulepack_protocol::moment::Moment;
use rulepack_protocol::trust::{Limits, Publication};
use rulepack_protocol::tuf::{FilePin, RoleName, TopRole};

use super::{RoleVersion, SignerError, Successor};
use crate::host_view::{self, HostViewError};
use crate::state::{Proposal, State, StateError, parse};
use crate::store::{MetadataFile, Tree};

/// Reads the changed roles and checks each: the previous version + 1, signed by those whom the chain
/// from the root names, and nothing that was published dropped or altered. Gives their pins.
pub(super) fn verify_changed(
    tree: &Tree,
    state: &State,
    changed: &[RoleVersion],
    now: Moment,
) -> Result<Vec<(RoleVersion, FilePin)>, SignerError> {
    let mut files = BTreeMap::new();
    let mut roles = BTreeMap::new();
    for change in changed {
        let bytes = read(tree, change)?;
        let file = MetadataFile::Version(change.role.clone(), change.version);
        roles.insert(change.role.clone(), parse(tree, &file, &bytes)?);
        files.insert(change.role.clone(), bytes);
    }
    let proposal = Proposal::new(state, tree, roles);
    for (role, bytes) in &files {
        let authority = proposal
            .authority(role)?
            .ok_or_else(|| SignerError::NotDelegated(role.clone()))?;
        let before = state.role(tree, role)?;
        let before = before.as_ref().map(|envelope| envelope.signed());
        let next = Publication {
            role,
            authority: &authority,
            previous: before,
        };
        next.verify(bytes, now, &Limits::default())?;
    }
    let pinned = |change: &RoleVersion| {
        let bytes = files.get(&change.role)?;
        Some((change.clone(), FilePin::of(change.version, bytes)))
    };
    Ok(changed.iter().filter_map(pinned).collect())
}

/// Goes the way of a host from the first root to each changed role, over the successor that is about to
/// be given out. What a host would refuse never gets out.
pub(super) fn verify_as_host(
    tree: &Tree,
    successor: &Successor,
    changed: &[RoleVersion],
    now: Moment,
) -> Result<(), HostViewError> {
    let root = host_view::root(tree, now)?;
    let timestamp = root.timestamp(successor.timestamp.as_bytes())?;
    let snapshot = timestamp.snapshot(successor.snapshot.as_bytes())?;
    if changed.is_empty() {
        return Ok(());
    }
    let mut trusted = host_view::targets(tree, snapshot)?;
    for change in changed {
        if let RoleName::Space(name_space) = &change.role {
            host_view::delegated(tree, &mut trusted, name_space)?;
        }
    }
    Ok(())
}

fn read(tree: &Tree, change: &RoleVersion) -> Result<Vec<u8>, SignerError> {
    let RoleVersion { role, version } = change;
    if !matches!(role, RoleName::Space(_) | RoleName::Top(TopRole::Targets)) {
        return Err(SignerError::NotPinned(role.clone()));
    }
    let file = MetadataFile::Version(role.clone(), *version);
    let bytes = tree.metadata(&file).map_err(StateError::Io)?;
    Ok(bytes.ok_or_else(|| StateError::Missing(file.to_string()))?)
}
