//! What an update did, for people and programs.

use std::collections::BTreeSet;
use std::fmt;

use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::{NameSpace, TargetPath};
use rulepack_protocol::trust::{RoleStatus, TrustError};
use rulepack_protocol::tuf::{ExpiryWarning, Payload as _, RoleName, expiry_warnings};
use serde::Serialize;

use super::in_full;
use crate::client::Refreshed;
use crate::officers::HeldNameSpace;

/// What an update did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct UpdateReport {
    /// Whether the registry served anything new.
    pub changed: bool,
    /// Versions that became active.
    pub activated: Vec<TargetPath>,
    /// Versions whose bytes had been altered or lost on this host, and were brought again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restored: Vec<TargetPath>,
    /// Versions that the settings follow no more, and that are not used any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unfollowed: Vec<TargetPath>,
    /// Versions that passed every step and wait for a person, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<(TargetPath, String)>,
    /// Versions that were compared with the one in force over the hospital's history, and what that came to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<(TargetPath, String)>,
    /// Versions that a step refused, and why.
    pub refused: Vec<(TargetPath, String)>,
    /// Versions that were withdrawn, denied, or are no longer signed.
    pub stopped: Vec<(TargetPath, String)>,
    /// Followed name spaces that gave nothing, and why.
    pub failed: Vec<(NameSpace, String)>,
    /// Roles that expire soon, of those that the followed name spaces stand on.
    pub expiring: Vec<ExpiryWarning>,
    /// Roles that have other officers than before: a province can replace those of its cities (T8).
    pub rekeyed: BTreeSet<RoleName>,
    /// Name spaces of which nothing new is taken until a person accepts their officers.
    pub held: Vec<HeldNameSpace>,
    /// The time of the last completed refresh, where this host's clock stands before it: that time was
    /// used in place of the clock's.
    pub clock_behind: Option<Moment>,
    /// Every role that was verified, for the bureau to compare with what it signed (T5).
    pub roles: Vec<RoleStatus>,
    /// Roles of an import that had expired, and when: timestamp and snapshot at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tolerated: Vec<(RoleName, Moment)>,
    /// Digest of the lock in force afterwards.
    pub lock: String,
}

impl fmt::Display for UpdateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nothing = self.activated.is_empty()
            && self.restored.is_empty()
            && self.unfollowed.is_empty()
            && self.waiting.is_empty()
            && self.refused.is_empty()
            && self.stopped.is_empty();
        if nothing {
            writeln!(f, "nothing new")?;
        }
        for path in &self.activated {
            writeln!(f, "activated {path}")?;
        }
        for path in &self.restored {
            writeln!(f, "restored  {path}")?;
        }
        for path in &self.unfollowed {
            writeln!(f, "unfollowed {path}")?;
        }
        for (path, reason) in &self.waiting {
            writeln!(f, "waiting   {path}: {reason}")?;
        }
        for (path, told) in &self.compared {
            writeln!(f, "shadow    {path}: {told}")?;
        }
        for (path, reason) in &self.refused {
            writeln!(f, "refused   {path}: {reason}")?;
        }
        for (path, reason) in &self.stopped {
            writeln!(f, "stopped   {path}: {reason}")?;
        }
        for (name_space, reason) in &self.failed {
            writeln!(f, "failed    {name_space}: {reason}")?;
        }
        for warning in &self.expiring {
            writeln!(f, "warning   {warning}")?;
        }
        for role in &self.rekeyed {
            writeln!(f, "officers  of `{role}` are others than before")?;
        }
        for held in &self.held {
            writeln!(f, "held      {held}")?;
        }
        if let Some(last) = self.clock_behind {
            writeln!(
                f,
                "clock     stands before the last completed refresh; {last} was used"
            )?;
        }
        for (role, expires) in &self.tolerated {
            writeln!(f, "tolerated {role}: expired at {expires}")?;
        }
        write!(f, "lock {}", self.lock)
    }
}

/// The pinning roles that had expired and were let pass: none but in an import.
pub(super) fn expired(refreshed: &Refreshed, now: Moment) -> Vec<(RoleName, Moment)> {
    let trusted = &refreshed.trusted;
    let pinning = [
        (RoleName::TIMESTAMP, trusted.timestamp().signed().expires),
        (RoleName::SNAPSHOT, trusted.snapshot().signed().expires),
    ];
    let expired = pinning.into_iter().filter(|(_, expires)| *expires <= now);
    expired.collect()
}

/// Why followed name spaces gave nothing. One that was never delegated, or has published nothing yet, is
/// no fault: a city need not publish.
pub(super) fn failed(refreshed: &Refreshed, followed: &[NameSpace]) -> Vec<(NameSpace, String)> {
    let mut failed = Vec::new();
    for name_space in followed {
        if let Some(error) = refreshed.unreachable.get(name_space) {
            failed.push((name_space.clone(), in_full(error)));
        } else if let Some(error) = refreshed.resolution.failed.get(name_space)
            && !matches!(error, TrustError::NotDelegated(_))
            && refreshed.trusted.pin(name_space).is_ok()
        {
            failed.push((name_space.clone(), in_full(error)));
        }
    }
    failed
}

/// The roles of the followed name spaces, and those above them, that expire soon.
pub(super) fn expiring(
    refreshed: &Refreshed,
    followed: &[NameSpace],
    now: Moment,
) -> Vec<ExpiryWarning> {
    let trusted = &refreshed.trusted;
    let root = (RoleName::ROOT, trusted.root().signed().expires());
    let parents = followed.iter().filter_map(NameSpace::parent);
    let spaces = parents.chain(followed.iter().cloned()).map(RoleName::Space);
    let roles = std::iter::once(RoleName::TARGETS)
        .chain(spaces)
        .filter_map(|role| {
            let expires = trusted.role(&role)?.signed().expires();
            Some((role, expires))
        });
    expiry_warnings(std::iter::once(root).chain(roles), now)
}
