//! Targets: the packs of a name space, and the name spaces below it.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Authority, Custom, Hashes, MetadataError, Reason, RoleKeys, SPEC_VERSION, payload};
use crate::digest::Digest;
use crate::key::{KeyId, PublicKey};
use crate::moment::Moment;
use crate::names::{NameSpace, PackName, TargetPath};

/// The file of the role `targets`, or of a name space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    #[serde(rename = "_type")]
    kind: String,
    /// The specification.
    pub spec_version: String,
    /// Version, from 1.
    pub version: u64,
    /// End of validity.
    pub expires: Moment,
    /// The packs.
    pub targets: BTreeMap<TargetPath, Target>,
    /// The name spaces below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegations: Option<Delegations>,
    /// What must no longer run in this name space and below.
    #[serde(
        rename = "x-rulepack",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub denials: Option<Denials>,
    /// Fields of later releases, kept as they are.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

/// A pack file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Length in bytes.
    pub length: u64,
    /// Digest.
    pub hashes: Hashes,
    /// What a resolver needs.
    pub custom: Custom,
}

/// The name spaces that a role delegates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegations {
    /// All keys that a delegated role names.
    pub keys: BTreeMap<KeyId, PublicKey>,
    /// The delegated roles, sorted by name.
    pub roles: Vec<DelegatedRole>,
}

/// A name space as its parent delegates it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegatedRole {
    /// The name space, which is the role's name.
    pub name: NameSpace,
    /// Ids of the keys that may sign.
    pub keyids: Vec<KeyId>,
    /// How many of their persons must.
    pub threshold: u32,
    /// Always true here: nobody else is asked for these paths.
    pub terminating: bool,
    /// The patterns of [`NameSpace::patterns`], byte for byte.
    pub paths: Vec<String>,
}

/// What must no longer run, whoever signed it. Hosts only ever add to these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denials {
    /// Digests of packs.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub denied: BTreeSet<Digest>,
    /// The lowest version of a pack that may run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub minimum: BTreeMap<PackName, Version>,
    /// Why a digest is denied.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<Digest, Reason>,
}

payload!(Targets, "targets");

impl Targets {
    /// Version 1 of an empty file.
    pub fn new(expires: Moment) -> Self {
        Self {
            kind: "targets".to_owned(),
            spec_version: SPEC_VERSION.to_owned(),
            version: 1,
            expires,
            targets: BTreeMap::new(),
            delegations: None,
            denials: None,
            extra: BTreeMap::new(),
        }
    }

    /// Lists a pack.
    ///
    /// # Errors
    /// Where its path is listed already: a published path never changes its bytes.
    pub fn add_target(&mut self, path: TargetPath, target: Target) -> Result<(), MetadataError> {
        if self.targets.contains_key(&path) {
            return Err(MetadataError::TargetExists(path));
        }
        self.targets.insert(path, target);
        Ok(())
    }

    /// The custom of a listed pack, to be changed (withdrawn, promoted, ended).
    ///
    /// # Errors
    /// Where the path is not listed.
    pub fn custom_mut(&mut self, path: &TargetPath) -> Result<&mut Custom, MetadataError> {
        let target = self.targets.get_mut(path);
        target
            .map(|target| &mut target.custom)
            .ok_or_else(|| MetadataError::TargetMissing(path.clone()))
    }

    /// Delegates a name space, or replaces its keys.
    pub fn delegate(&mut self, name_space: &NameSpace, authority: &Authority) {
        let delegations = self.delegations.get_or_insert_default();
        delegations.roles.retain(|role| role.name != *name_space);
        delegations.roles.push(DelegatedRole {
            name: name_space.clone(),
            keyids: authority.keys().map(PublicKey::id).collect(),
            threshold: authority.threshold(),
            terminating: true,
            paths: name_space.patterns(),
        });
        delegations
            .roles
            .sort_by(|one, other| one.name.cmp(&other.name));
        for key in authority.keys() {
            delegations.keys.insert(key.id(), key.clone());
        }
        delegations.drop_unused_keys();
    }

    /// Ends a delegation: the packs of the name space stop at the next refresh of every host.
    ///
    /// # Errors
    /// Where the name space is not delegated here.
    pub fn revoke(&mut self, name_space: &NameSpace) -> Result<(), MetadataError> {
        let missing = || MetadataError::NotDelegated(name_space.clone());
        self.delegation(name_space).ok_or_else(missing)?;
        let delegations = self.delegations.as_mut().ok_or_else(missing)?;
        delegations.roles.retain(|role| role.name != *name_space);
        delegations.drop_unused_keys();
        Ok(())
    }

    /// The delegation of a name space.
    pub fn delegation(&self, name_space: &NameSpace) -> Option<&DelegatedRole> {
        self.delegations
            .as_ref()?
            .roles
            .iter()
            .find(|role| role.name == *name_space)
    }

    /// The keys and threshold of a delegated name space.
    pub fn authority(&self, name_space: &NameSpace) -> Option<Authority> {
        let role = self.delegation(name_space)?;
        let keys = RoleKeys {
            keyids: role.keyids.clone(),
            threshold: role.threshold,
        };
        Some(Authority::from_role(
            &self.delegations.as_ref()?.keys,
            &keys,
        ))
    }
}

impl Delegations {
    fn drop_unused_keys(&mut self) {
        let roles = &self.roles;
        self.keys
            .retain(|id, _| roles.iter().any(|role| role.keyids.contains(id)));
    }
}
