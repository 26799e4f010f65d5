//! Which active versions stop (T3): what is revoked does, what is merely stale goes on.

use rulepack_protocol::names::TargetPath;
use rulepack_protocol::trust::{Standing, TrustError};

use super::UpdateReport;
use crate::client::{RefreshError, Refreshed};
use crate::lock::{Lock, State};
use crate::settings::Settings;

/// Versions to stop, and why.
pub(super) type Stopped = Vec<(TargetPath, String)>;

/// Versions that nobody in force vouches for, or that a role above forbids: also those of a name space
/// that cannot be verified now.
pub(super) fn revoked(refreshed: &Refreshed, settings: &Settings, lock: &Lock) -> Stopped {
    let reason_of = |path: &TargetPath, standing: &Standing| {
        let mut followed = settings.subscriptions.iter();
        let is_followed = followed.any(|s| s.name_space() == path.name_space());
        let revocation = is_followed.then(|| revocation(refreshed, path)).flatten();
        revocation.or_else(|| forbids(standing))
    };
    let active = lock
        .versions
        .iter()
        .filter(|v| !matches!(v.state, State::Refused { .. }));
    let stopped = active.filter_map(|version| {
        let standing = refreshed.trusted.standing(&version.path, &version.digest);
        let reason = reason_of(&version.path, &standing)?;
        Some((version.path.clone(), reason))
    });
    stopped.collect()
}

/// All active versions, where the officers of the whole nation were replaced and have not signed.
pub(super) fn all(error: &RefreshError, lock: &Lock) -> Stopped {
    let active = lock
        .versions
        .iter()
        .filter(|v| !matches!(v.state, State::Refused { .. }));
    active
        .map(|version| (version.path.clone(), error.to_string()))
        .collect()
}

/// Stops them in the lock, and tells it.
pub(super) fn put(stopped: Stopped, lock: &mut Lock, report: &mut UpdateReport) {
    for version in &mut lock.versions {
        if let Some((_, reason)) = stopped.iter().find(|(path, _)| *path == version.path) {
            let reason = reason.clone();
            version.state = State::Refused { reason };
        }
    }
    report.stopped.extend(stopped);
}

/// Why a role above, or the name space itself, forbids a version, if so.
pub(super) fn forbids(standing: &Standing) -> Option<String> {
    match standing {
        Standing::Good => None,
        Standing::Denied { by } => Some(format!("its digest is denied by `{by}`")),
        Standing::BelowMinimum { by, minimum } => {
            Some(format!("`{by}` asks for version `{minimum}` or later"))
        }
    }
}

/// Why nobody vouches for a version that is active, if so.
fn revocation(refreshed: &Refreshed, path: &TargetPath) -> Option<String> {
    let (name_space, resolution) = (path.name_space(), &refreshed.resolution);
    let failed = resolution.failed.get(name_space);
    let unsigned = || Some("its name space no longer signs it".to_owned());
    if resolution.revoked.contains(name_space) {
        return match failed {
            Some(TrustError::NotDelegated(_)) => unsigned(),
            _ => Some("its officers were replaced, and nobody in force has signed it".to_owned()),
        };
    }
    let is_signed = resolution.targets.iter().any(|target| target.path == *path);
    // What fails without being revoked is stale.
    if failed.is_none() && !is_signed {
        return unsigned();
    }
    None
}
