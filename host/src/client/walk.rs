//! Every name space of a repository, found from the root down.

use std::collections::BTreeSet;

use rulepack_protocol::names::NameSpace;
use rulepack_protocol::trust::{Freshness, TrustedTargets};
use rulepack_protocol::tuf::{RoleName, Targets};

use super::failure_point::Failures;
use super::refresh::{RefreshError, Refreshed, refresh};
use super::store::FloorsStore;
use super::transport::Transport;

/// Levels of delegation: the nation delegates provinces and vendors, a province its cities, a city nobody.
const LEVELS: usize = 2;

/// Refreshes with every name space that is delegated, whoever follows it. Files that did not change are
/// fetched once only.
///
/// # Errors
/// As [`refresh`].
pub fn refresh_all(
    transport: &dyn Transport,
    store: &FloorsStore,
    freshness: Freshness,
    failures: &dyn Failures,
) -> Result<Refreshed, RefreshError> {
    let mut refreshed = refresh(transport, store, &[], freshness, failures)?;
    for _ in 0..LEVELS {
        let known = delegated(&refreshed.trusted);
        refreshed = refresh(transport, store, &known, freshness, failures)?;
    }
    Ok(refreshed)
}

/// The name spaces that the verified roles delegate, provinces before their cities.
#[must_use]
pub fn delegated(trusted: &TrustedTargets) -> Vec<NameSpace> {
    let below = |role: RoleName| -> Vec<NameSpace> {
        let role: Option<&Targets> = trusted.role(&role).map(|role| role.signed());
        let delegations = role.and_then(|role| role.delegations.as_ref());
        let roles = delegations.into_iter().flat_map(|list| &list.roles);
        roles.map(|role| role.name.clone()).collect()
    };
    let mut found: BTreeSet<NameSpace> = below(RoleName::TARGETS).into_iter().collect();
    for name_space in found.clone() {
        found.extend(below(RoleName::Space(name_space)));
    }
    found.into_iter().collect()
}
