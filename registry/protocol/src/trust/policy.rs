//! Our rules over verified metadata, beside those of TUF.
//!
//! - who signs: Ed25519 keys under their own ids, distinct keys of distinct persons, thresholds of two
//!   or more for `root`, `targets` and every name space;
//! - name spaces: a role's name is a name space that stands under the delegating role, its patterns are
//!   the fixed ones, every delegation is terminating; `targets` itself lists nothing; a role signs only
//!   paths whose first part is its own name;
//! - what `custom` says agrees with the path, and lies under the name space;
//! - lifetimes and counts are bounded ([`Limits`]).

use std::collections::BTreeSet;

use super::{Lifetimes, Limits};
use crate::key::{KeyId, PublicKey};
use crate::moment::Moment;
use crate::names::{Jurisdiction, NameSpace, NameSpaceClass, PersonId, TargetPath};
use crate::overlay;
use crate::tuf::{DelegatedRole, Delegations, Payload, RoleKeys, RoleName, Root, Targets, TopRole};

/// The rule that a verified file breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Consistent snapshots are off.
    #[error("`consistent_snapshot` is not true")]
    NotConsistent,
    /// A key under another id than its own.
    #[error("key `{found}` is listed under the id `{listed}`")]
    KeyId {
        /// The id under which it stands.
        listed: KeyId,
        /// Its own.
        found: KeyId,
    },
    /// A role names a key that is not there.
    #[error("role `{role}` names the key `{key}`, which is not listed")]
    KeyMissing {
        /// The role.
        role: RoleName,
        /// The key.
        key: KeyId,
    },
    /// A role names a key twice.
    #[error("role `{role}` names the key `{key}` twice")]
    KeyTwice {
        /// The role.
        role: RoleName,
        /// The key.
        key: KeyId,
    },
    /// A person has two keys in one role.
    #[error("role `{role}` has two keys of `{person}`")]
    PersonTwice {
        /// The role.
        role: RoleName,
        /// The person.
        person: PersonId,
    },
    /// Too low, or more than there are keys.
    #[error("role `{role}` asks for {threshold} of {keys} signatures, expected {least} to {keys}")]
    Threshold {
        /// The role.
        role: RoleName,
        /// What it asks for.
        threshold: u32,
        /// Keys of the role.
        keys: usize,
        /// The lowest threshold that is accepted.
        least: u32,
    },
    /// A version that nobody could follow.
    #[error("version {0} is not between 1 and 2147483647")]
    Version(u64),
    /// Valid for longer than the role may be.
    #[error("valid until {expires}, expected at most {days} days from now")]
    Lifetime {
        /// End of validity.
        expires: Moment,
        /// The longest lifetime in days.
        days: i64,
    },
    /// More of something than is accepted.
    #[error("{count} {what}, expected at most {bound}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// The bound.
        bound: usize,
    },
    /// The top role lists packs itself.
    #[error("`targets` lists `{0}` itself, which only a name space may")]
    TopListsTarget(TargetPath),
    /// A pack of another name space.
    #[error("lists `{path}`, which belongs to name space `{name_space}`", name_space = path.name_space())]
    ForeignTarget {
        /// The path.
        path: TargetPath,
    },
    /// A name space that does not stand under this role.
    #[error("delegates `{name_space}`, which stands under `{parent}`", parent = name_space.parent_role())]
    ForeignDelegation {
        /// The name space.
        name_space: NameSpace,
    },
    /// A name space delegated twice.
    #[error("delegates `{0}` twice")]
    DelegatedTwice(NameSpace),
    /// Others would be asked for its paths too.
    #[error("the delegation of `{0}` is not terminating")]
    NotTerminating(NameSpace),
    /// Other patterns than the fixed ones.
    #[error("the delegation of `{name_space}` has the paths {found:?}, expected {expected:?}")]
    Patterns {
        /// The name space.
        name_space: NameSpace,
        /// What it says.
        found: Vec<String>,
        /// What it must say.
        expected: Vec<String>,
    },
    /// `custom` names another pack or version than the path.
    #[error("`{path}` declares itself to be `{declared}`")]
    CustomName {
        /// The path.
        path: TargetPath,
        /// Name and version in `custom`.
        declared: String,
    },
    /// An area beyond the name space.
    #[error(
        "`{path}` declares jurisdiction `{jurisdiction}`, which does not lie under its name space"
    )]
    ForeignJurisdiction {
        /// The path.
        path: TargetPath,
        /// The area.
        jurisdiction: Jurisdiction,
    },
    /// No area at all, where one is needed.
    #[error("`{0}` declares no jurisdiction")]
    NoJurisdiction(TargetPath),
    /// Ends before it begins.
    #[error("`{0}` is in force to a day before the day from which it is")]
    EndsBeforeItBegins(TargetPath),
    /// Empty, or larger than a pack may be.
    #[error("`{path}` is {length} bytes long, expected 1 to {bound}")]
    PackLength {
        /// The path.
        path: TargetPath,
        /// Signed length in bytes.
        length: u64,
        /// The bound in bytes.
        bound: u64,
    },
}

/// Every rule on a root, but for its lifetime.
///
/// # Errors
/// With the first rule that it breaks.
pub fn check_root(root: &Root, limits: &Limits) -> Result<(), PolicyError> {
    check_version(root)?;
    if !root.consistent_snapshot {
        return Err(PolicyError::NotConsistent);
    }
    check_key_ids(root.keys.iter())?;
    let find = |id: &KeyId| root.keys.get(id);
    for role in [
        TopRole::Root,
        TopRole::Targets,
        TopRole::Snapshot,
        TopRole::Timestamp,
    ] {
        // Snapshot and timestamp are held by one process: a second key there proves nothing.
        let least = if matches!(role, TopRole::Root | TopRole::Targets) {
            2
        } else {
            1
        };
        check_role_keys(&RoleName::Top(role), root.role(role), find, least, limits)?;
    }
    Ok(())
}

/// Every rule on the file of `targets` or of a name space, but for its lifetime.
///
/// # Errors
/// With the first rule that it breaks.
pub fn check_targets(
    role: &RoleName,
    targets: &Targets,
    limits: &Limits,
) -> Result<(), PolicyError> {
    check_version(targets)?;
    at_most("packs", targets.targets.len(), limits.targets)?;
    if let Some(denials) = &targets.denials {
        at_most(
            "denials",
            denials.denied.len() + denials.minimum.len(),
            limits.denials,
        )?;
    }
    for path in targets.targets.keys() {
        match role {
            RoleName::Top(_) => return Err(PolicyError::TopListsTarget(path.clone())),
            RoleName::Space(name_space) if path.name_space() != name_space => {
                return Err(PolicyError::ForeignTarget { path: path.clone() });
            }
            RoleName::Space(_) => check_target(path, targets, limits)?,
        }
    }
    match &targets.delegations {
        Some(delegations) => check_delegations(role, delegations, limits),
        None => Ok(()),
    }
}

/// Checks that a role is not valid for longer than its kind may be.
///
/// # Errors
/// Where it is.
pub fn check_lifetime<T: Payload>(
    role: &RoleName,
    payload: &T,
    now: Moment,
    lifetimes: &Lifetimes,
) -> Result<(), PolicyError> {
    let days = match role {
        RoleName::Top(TopRole::Root | TopRole::Targets) => lifetimes.root_and_targets_days,
        RoleName::Top(TopRole::Snapshot) => lifetimes.snapshot_days,
        RoleName::Top(TopRole::Timestamp) => lifetimes.timestamp_days,
        RoleName::Space(_) => lifetimes.name_space_days,
    };
    let expires = payload.expires();
    if expires > now.plus_days(days) {
        return Err(PolicyError::Lifetime { expires, days });
    }
    Ok(())
}

/// Checks that a version can be followed by another.
///
/// # Errors
/// Where it is 0, or 2³¹ and more.
pub fn check_version<T: Payload>(payload: &T) -> Result<(), PolicyError> {
    let version = payload.version();
    if version == 0 || version > crate::tuf::VERSION_LAST {
        return Err(PolicyError::Version(version));
    }
    Ok(())
}

fn check_target(path: &TargetPath, targets: &Targets, limits: &Limits) -> Result<(), PolicyError> {
    let Some(target) = targets.targets.get(path) else {
        return Ok(());
    };
    let custom = &target.custom;
    let bound = match path.is_overlay() {
        true => overlay::BYTES_MAX as u64,
        false => limits.pack_bytes,
    };
    if target.length == 0 || target.length > bound {
        return Err(PolicyError::PackLength {
            path: path.clone(),
            length: target.length,
            bound,
        });
    }
    if custom.name != *path.pack() || custom.version != *path.version() {
        let declared = format!("{} {}", custom.name, custom.version);
        return Err(PolicyError::CustomName {
            path: path.clone(),
            declared,
        });
    }
    at_most("imports", custom.imports.len(), limits.imports)?;
    let name_space = path.name_space();
    for jurisdiction in &custom.jurisdictions {
        if !name_space.may_declare(jurisdiction) {
            let jurisdiction = jurisdiction.clone();
            return Err(PolicyError::ForeignJurisdiction {
                path: path.clone(),
                jurisdiction,
            });
        }
    }
    if custom.jurisdictions.is_empty() && name_space.class() != NameSpaceClass::Vendor {
        return Err(PolicyError::NoJurisdiction(path.clone()));
    }
    if custom
        .effective
        .to
        .is_some_and(|to| to < custom.effective.from)
    {
        return Err(PolicyError::EndsBeforeItBegins(path.clone()));
    }
    Ok(())
}

fn check_delegations(
    role: &RoleName,
    delegations: &Delegations,
    limits: &Limits,
) -> Result<(), PolicyError> {
    at_most("delegations", delegations.roles.len(), limits.delegations)?;
    check_key_ids(delegations.keys.iter())?;
    let mut names = BTreeSet::new();
    for delegated in &delegations.roles {
        if !names.insert(&delegated.name) {
            return Err(PolicyError::DelegatedTwice(delegated.name.clone()));
        }
        check_delegation(role, delegated)?;
        let keys = RoleKeys {
            keyids: delegated.keyids.clone(),
            threshold: delegated.threshold,
        };
        let name = RoleName::Space(delegated.name.clone());
        check_role_keys(&name, &keys, |id| delegations.keys.get(id), 2, limits)?;
    }
    Ok(())
}

fn check_delegation(role: &RoleName, delegated: &DelegatedRole) -> Result<(), PolicyError> {
    let name_space = delegated.name.clone();
    if RoleName::parent_of(&name_space) != *role {
        return Err(PolicyError::ForeignDelegation { name_space });
    }
    if !delegated.terminating {
        return Err(PolicyError::NotTerminating(name_space));
    }
    let expected = name_space.patterns();
    if delegated.paths != expected {
        let found = delegated.paths.clone();
        return Err(PolicyError::Patterns {
            name_space,
            found,
            expected,
        });
    }
    Ok(())
}

fn check_key_ids<'a>(
    keys: impl Iterator<Item = (&'a KeyId, &'a PublicKey)>,
) -> Result<(), PolicyError> {
    for (listed, key) in keys {
        if key.id() != *listed {
            return Err(PolicyError::KeyId {
                listed: *listed,
                found: key.id(),
            });
        }
    }
    Ok(())
}

/// Distinct keys of distinct persons, and a threshold that they can reach. A key has one id and one
/// spelling ([`crate::key`]), so distinct ids are distinct keys.
fn check_role_keys<'a>(
    role: &RoleName,
    keys: &RoleKeys,
    find: impl Fn(&KeyId) -> Option<&'a PublicKey>,
    least: u32,
    limits: &Limits,
) -> Result<(), PolicyError> {
    at_most("keys of one role", keys.keyids.len(), limits.keys_of_role)?;
    let (mut ids, mut persons) = (BTreeSet::new(), BTreeSet::new());
    for id in &keys.keyids {
        let key = find(id).ok_or_else(|| PolicyError::KeyMissing {
            role: role.clone(),
            key: *id,
        })?;
        if !ids.insert(*id) {
            return Err(PolicyError::KeyTwice {
                role: role.clone(),
                key: *id,
            });
        }
        if !persons.insert(key.person()) {
            let person = key.person().clone();
            return Err(PolicyError::PersonTwice {
                role: role.clone(),
                person,
            });
        }
    }
    let (threshold, count) = (keys.threshold, ids.len());
    if threshold < least || usize::try_from(threshold).map_or(true, |needed| needed > count) {
        return Err(PolicyError::Threshold {
            role: role.clone(),
            threshold,
            keys: count,
            least,
        });
    }
    Ok(())
}

pub(super) fn at_most(what: &'static str, count: usize, bound: usize) -> Result<(), PolicyError> {
    if count > bound {
        return Err(PolicyError::TooMany { what, count, bound });
    }
    Ok(())
}
