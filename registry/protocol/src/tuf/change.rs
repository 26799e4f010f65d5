//! What an officer may change of a published role: the steps of a draft.
//!
//! A registry and the hosts hold every draft against what may change at all
//! ([`crate::trust::publication`]). These steps say it before anybody signs.

use semver::Version;

use super::{Authority, Channel, Reason, Root, Status, Targets, TopRole};
use crate::digest::Digest;
use crate::key::PublicKey;
use crate::moment::Day;
use crate::names::{PackName, PersonId, TargetPath};

/// Why a change makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// A path that is not listed.
    #[error("`{0}` is not listed")]
    NotListed(TargetPath),
    /// Withdrawn before.
    #[error("`{0}` is withdrawn already")]
    AlreadyWithdrawn(TargetPath),
    /// In everybody's channel before.
    #[error("`{0}` is in `stable` already")]
    AlreadyStable(TargetPath),
    /// A last day that is not earlier than the present one.
    #[error("`{path}` ends on {present} already, which is not after {asked}")]
    EndsEarlier {
        /// The path.
        path: TargetPath,
        /// The present last day.
        present: Day,
        /// The one that was asked for.
        asked: Day,
    },
    /// A last day that has passed.
    #[error("`{path}` cannot end on {asked}, before today ({today})")]
    EndsInThePast {
        /// The path.
        path: TargetPath,
        /// The one that was asked for.
        asked: Day,
        /// Today.
        today: Day,
    },
    /// A last day before the first.
    #[error("`{path}` cannot end on {asked}, before its first day ({from})")]
    EndsBeforeItBegins {
        /// The path.
        path: TargetPath,
        /// The one that was asked for.
        asked: Day,
        /// Its first day in force.
        from: Day,
    },
    /// Denied before.
    #[error("the digest `{0}` is denied already")]
    AlreadyDenied(Digest),
    /// Hosts only ever raise a minimum.
    #[error(
        "the minimum version of `{pack}` is {present} already, which hosts never lower to {asked}"
    )]
    MinimumLowered {
        /// The pack.
        pack: PackName,
        /// The present minimum.
        present: Version,
        /// The one that was asked for.
        asked: Version,
    },
    /// A person who has a key in the role.
    #[error("`{person}` has a key of role `{role}` already")]
    PersonThere {
        /// The role.
        role: TopRole,
        /// The person.
        person: PersonId,
    },
    /// Nobody to remove.
    #[error("`{person}` has no key of role `{role}`")]
    PersonMissing {
        /// The role.
        role: TopRole,
        /// The person.
        person: PersonId,
    },
    /// Fewer keys than must sign.
    #[error(
        "role `{role}` would ask for {threshold} of {keys} keys, expected a threshold from 1 to {keys}"
    )]
    Threshold {
        /// The role.
        role: TopRole,
        /// How many would have to sign.
        threshold: u32,
        /// How many could.
        keys: usize,
    },
}

impl Targets {
    /// Withdraws a version (撤回): hosts stop it at their next refresh.
    ///
    /// # Errors
    /// Where it is not listed, or withdrawn already.
    pub fn withdraw(&mut self, path: &TargetPath, reason: Reason) -> Result<(), ChangeError> {
        let custom = self.listed(path)?;
        if custom.status == Status::Yanked {
            return Err(ChangeError::AlreadyWithdrawn(path.clone()));
        }
        custom.status = Status::Yanked;
        custom.reason = Some(reason);
        Ok(())
    }

    /// Gives a version of the first wave to everybody.
    ///
    /// # Errors
    /// Where it is not listed, withdrawn, or with everybody already.
    pub fn promote(&mut self, path: &TargetPath) -> Result<(), ChangeError> {
        let custom = self.listed(path)?;
        if custom.status == Status::Yanked {
            return Err(ChangeError::AlreadyWithdrawn(path.clone()));
        }
        if custom.channel == Channel::Stable {
            return Err(ChangeError::AlreadyStable(path.clone()));
        }
        custom.channel = Channel::Stable;
        Ok(())
    }

    /// Sets an earlier last day in force.
    ///
    /// # Errors
    /// Where it is not listed, or the day is not earlier, in the past, or before its first.
    pub fn end(&mut self, path: &TargetPath, asked: Day, today: Day) -> Result<(), ChangeError> {
        let custom = self.listed(path)?;
        let path = || path.clone();
        if let Some(present) = custom.effective.to.filter(|present| *present <= asked) {
            return Err(ChangeError::EndsEarlier {
                path: path(),
                present,
                asked,
            });
        }
        if asked < today {
            return Err(ChangeError::EndsInThePast {
                path: path(),
                asked,
                today,
            });
        }
        let from = custom.effective.from;
        if asked < from {
            return Err(ChangeError::EndsBeforeItBegins {
                path: path(),
                asked,
                from,
            });
        }
        custom.effective.to = Some(asked);
        Ok(())
    }

    /// Denies a pack by its digest, here and in every name space below.
    ///
    /// # Errors
    /// Where it is denied already.
    pub fn deny(&mut self, digest: Digest, reason: Reason) -> Result<(), ChangeError> {
        let denials = self.denials.get_or_insert_default();
        if !denials.denied.insert(digest) {
            return Err(ChangeError::AlreadyDenied(digest));
        }
        denials.reasons.insert(digest, reason);
        Ok(())
    }

    /// Forbids the versions of a pack below this one.
    ///
    /// # Errors
    /// Where the minimum is this high already.
    pub fn require(&mut self, pack: &PackName, asked: Version) -> Result<(), ChangeError> {
        let denials = self.denials.get_or_insert_default();
        if let Some(present) = denials
            .minimum
            .get(pack)
            .filter(|present| **present >= asked)
        {
            let present = present.clone();
            return Err(ChangeError::MinimumLowered {
                pack: pack.clone(),
                present,
                asked,
            });
        }
        denials.minimum.insert(pack.clone(), asked);
        Ok(())
    }

    fn listed(&mut self, path: &TargetPath) -> Result<&mut super::Custom, ChangeError> {
        self.custom_mut(path)
            .map_err(|_| ChangeError::NotListed(path.clone()))
    }
}

impl Root {
    /// Gives a person a key of a role.
    ///
    /// # Errors
    /// Where the person has one.
    pub fn add_key(&mut self, role: TopRole, key: PublicKey) -> Result<(), ChangeError> {
        let before = self.authority(role);
        if before.keys().any(|known| known.person() == key.person()) {
            let person = key.person().clone();
            return Err(ChangeError::PersonThere { role, person });
        }
        let keys = before.keys().cloned().chain([key]);
        self.set_authority(role, &Authority::new(keys, before.threshold()));
        Ok(())
    }

    /// Takes a person's key of a role away.
    ///
    /// # Errors
    /// Where the person has none, or too few would be left.
    pub fn remove_key(&mut self, role: TopRole, person: &PersonId) -> Result<(), ChangeError> {
        let before = self.authority(role);
        let left: Vec<PublicKey> = before
            .keys()
            .filter(|key| key.person() != person)
            .cloned()
            .collect();
        if left.len() == before.keys().count() {
            let person = person.clone();
            return Err(ChangeError::PersonMissing { role, person });
        }
        self.set_authority(role, &Authority::new(left, before.threshold()));
        Ok(())
    }

    /// Sets how many must sign for a role.
    pub fn set_threshold(&mut self, role: TopRole, threshold: u32) {
        let keys = self.authority(role);
        self.set_authority(role, &Authority::new(keys.keys().cloned(), threshold));
    }

    /// Checks that enough persons could sign for each role: after the last step of a draft.
    ///
    /// # Errors
    /// With the first role that nobody could sign for.
    pub fn check_thresholds(&self) -> Result<(), ChangeError> {
        use TopRole::{Root, Snapshot, Targets, Timestamp};
        for role in [Root, Targets, Snapshot, Timestamp] {
            let authority = self.authority(role);
            let (threshold, keys) = (authority.threshold(), authority.keys().count());
            if threshold == 0 || usize::try_from(threshold).map_or(true, |due| due > keys) {
                return Err(ChangeError::Threshold {
                    role,
                    threshold,
                    keys,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
