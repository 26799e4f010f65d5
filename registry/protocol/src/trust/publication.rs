//! What a registry checks of a changed role before any snapshot pins it, and what may change at all.

use super::chain::bounded;
use super::{Limits, PolicyError, TrustError, Verified, policy};
use crate::moment::{Day, Moment};
use crate::names::TargetPath;
use crate::tuf::{
    Authority, Channel, Custom, Envelope, MetadataError, Payload, RoleName, Status, Target, Targets,
};

/// Why a publication is refused.
#[derive(Debug, thiserror::Error)]
pub enum PublicationError {
    /// Not signed as its role asks, or malformed.
    #[error("the new `{role}` is not acceptable")]
    Metadata {
        /// The role.
        role: RoleName,
        /// What is wrong.
        #[source]
        source: MetadataError,
    },
    /// Too large, expired, or against the rules.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Not the successor of what is published.
    #[error("expected version {expected} of `{role}`, got {found}")]
    Version {
        /// The role.
        role: RoleName,
        /// The published version and one.
        expected: u64,
        /// The version that came.
        found: u64,
    },
    /// A published pack is gone.
    #[error("`{0}` is published and may be withdrawn, but not removed")]
    Removed(TargetPath),
    /// A published pack has other bytes.
    #[error("`{0}` is published with other bytes; publish a new version instead")]
    Bytes(TargetPath),
    /// Something else of a published pack changes.
    #[error(
        "`{0}` is published; only active to yanked, canary to stable, and an earlier last day may change"
    )]
    Custom(TargetPath),
    /// Ended on a day that has passed.
    #[error("`{path}` cannot end on {to}, before today ({today})")]
    EndsInThePast {
        /// The path.
        path: TargetPath,
        /// The new last day.
        to: Day,
        /// Today.
        today: Day,
    },
    /// A day of publication that is not today's.
    #[error("`{path}` says it is published on {published}, expected {today} or a day beside it")]
    PublishedDay {
        /// The path.
        path: TargetPath,
        /// What it says.
        published: Day,
        /// Today.
        today: Day,
    },
    /// A new pack that is withdrawn already.
    #[error("`{0}` is new and withdrawn at once")]
    NewAndYanked(TargetPath),
}

/// The role whose next file is published.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// `targets` or a name space.
    pub role: &'a RoleName,
    /// Who may sign it, as its published parent says.
    pub authority: &'a Authority,
    /// The published file, none before the first.
    pub previous: Option<&'a Targets>,
}

impl Publication<'_> {
    /// Verifies the next file: bounds, signatures, rules, successor. Today is that of China; a day of publication may lie
    /// one to either side.
    ///
    /// # Errors
    /// With the first check that fails.
    pub fn verify(
        &self,
        bytes: &[u8],
        now: Moment,
        limits: &Limits,
    ) -> Result<Verified<Targets>, PublicationError> {
        let role = self.role;
        bounded(role, bytes, limits.targets_bytes)?;
        let metadata = |source| PublicationError::Metadata {
            role: role.clone(),
            source,
        };
        let envelope = Envelope::<Targets>::parse(bytes).map_err(metadata)?;
        let refused = |source: PolicyError| TrustError::policy(role, source);
        let file = Verified::parsed(role, bytes, envelope, limits)?;
        self.authority.check(file.envelope()).map_err(metadata)?;
        let targets = file.signed();
        if targets.expires <= now {
            let (role, expires) = (role.clone(), targets.expires);
            return Err(TrustError::Expired { role, expires }.into());
        }
        policy::check_lifetime(role, targets, now, &limits.lifetimes).map_err(refused)?;
        policy::check_targets(role, targets, limits).map_err(refused)?;
        check_successor(role, self.previous, targets, now.day_in_china())?;
        Ok(file)
    }
}

/// Checks that `new` is exactly the next version, and that of published packs only what may change does.
///
/// # Errors
/// With the first change that is not allowed.
pub fn check_successor(
    role: &RoleName,
    previous: Option<&Targets>,
    new: &Targets,
    today: Day,
) -> Result<(), PublicationError> {
    let expected = previous.map_or(1, |previous| previous.version().saturating_add(1));
    if new.version() != expected {
        let found = new.version();
        return Err(PublicationError::Version {
            role: role.clone(),
            expected,
            found,
        });
    }
    let published = |path| previous.and_then(|previous| previous.targets.get(path));
    for (path, target) in &new.targets {
        match published(path) {
            Some(old) => check_change(path, old, target, today)?,
            None => check_new(path, &target.custom, today)?,
        }
    }
    let mut known = previous
        .into_iter()
        .flat_map(|previous| previous.targets.keys());
    match known.find(|path| !new.targets.contains_key(*path)) {
        Some(removed) => Err(PublicationError::Removed(removed.clone())),
        None => Ok(()),
    }
}

fn check_new(path: &TargetPath, custom: &Custom, today: Day) -> Result<(), PublicationError> {
    let published = custom.published;
    if published.days_since(today).abs() > 1 {
        return Err(PublicationError::PublishedDay {
            path: path.clone(),
            published,
            today,
        });
    }
    if custom.status == Status::Yanked {
        return Err(PublicationError::NewAndYanked(path.clone()));
    }
    Ok(())
}

fn check_change(
    path: &TargetPath,
    old: &Target,
    new: &Target,
    today: Day,
) -> Result<(), PublicationError> {
    if (old.length, old.hashes) != (new.length, new.hashes) {
        return Err(PublicationError::Bytes(path.clone()));
    }
    let (before, after) = (&old.custom, &new.custom);
    let refused = || PublicationError::Custom(path.clone());
    if before.status == Status::Yanked && after.status == Status::Active
        || before.channel == Channel::Stable && after.channel == Channel::Canary
    {
        return Err(refused());
    }
    if before.effective.to != after.effective.to {
        let to = after.effective.to.ok_or_else(refused)?;
        if before.effective.to.is_some_and(|earlier| to > earlier) {
            return Err(refused());
        }
        if to < today {
            return Err(PublicationError::EndsInThePast {
                path: path.clone(),
                to,
                today,
            });
        }
    }
    // Everything else must be as it was.
    let mut allowed = before.clone();
    (allowed.status, allowed.channel) = (after.status, after.channel);
    allowed.effective.to = after.effective.to;
    if before.status != after.status {
        allowed.reason.clone_from(&after.reason);
    }
    if allowed == *after {
        Ok(())
    } else {
        Err(refused())
    }
}
