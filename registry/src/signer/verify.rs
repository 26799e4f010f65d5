//! What the signer verifies before it signs, by itself and from the files alone.

use std::collections::BTreeMap;

use rulepack_protocol::moment::Moment;
use rulepack_protocol::tuf::{Envelope, FilePin, RoleName, Targets, TopRole};

use super::{RoleVersion, SignerError};
use crate::publish::check_history;
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
    let mut roles = BTreeMap::new();
    let mut pins = Vec::new();
    for change in changed {
        let (envelope, pin) = read_next(tree, state, change)?;
        roles.insert(change.role.clone(), envelope);
        pins.push((change.clone(), pin));
    }
    let proposal = Proposal::new(state, tree, roles);
    for (role, envelope) in proposal.roles() {
        let authority = proposal
            .authority(role)?
            .ok_or_else(|| SignerError::NotDelegated(role.clone()))?;
        authority.check(envelope)?;
        if let Some(before) = state.role(tree, role)? {
            check_history(before.signed(), envelope.signed(), now.day()).map_err(|reason| {
                SignerError::History {
                    role: role.clone(),
                    version: envelope.signed().version,
                    reason,
                }
            })?;
        }
    }
    Ok(pins)
}

fn read_next(
    tree: &Tree,
    state: &State,
    change: &RoleVersion,
) -> Result<(Envelope<Targets>, FilePin), SignerError> {
    let RoleVersion { role, version } = change;
    let pinned_by_us = matches!(
        role,
        RoleName::Space(_) | RoleName::Top(TopRole::Targets)
    );
    let expected = state.version(role).saturating_add(1);
    if !pinned_by_us || *version != expected {
        return Err(SignerError::Version {
            role: role.clone(),
            expected,
            got: *version,
        });
    }
    let file = MetadataFile::Version(role.clone(), *version);
    let bytes = tree
        .metadata(&file)
        .map_err(StateError::Io)?
        .ok_or_else(|| StateError::Missing(file.to_string()))?;
    let envelope = parse(&file, &bytes)?;
    Ok((envelope, FilePin::of(*version, &bytes)))
}
