//! The root: which keys stand for which of the four roles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Authority, RoleKeys, SPEC_VERSION, TopRole, payload};
use crate::key::{KeyId, PublicKey};
use crate::moment::Moment;

/// Root metadata, the anchor of all trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    #[serde(rename = "_type")]
    kind: String,
    /// The specification.
    pub spec_version: String,
    /// Version, from 1; each is the predecessor's plus one.
    pub version: u64,
    /// End of validity.
    pub expires: Moment,
    /// Always true here: every file but `timestamp.json` has its version or digest in its name.
    pub consistent_snapshot: bool,
    /// All keys that a role names.
    pub keys: BTreeMap<KeyId, PublicKey>,
    /// The keys of each role.
    pub roles: TopRoles,
}

/// The keys of the four roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopRoles {
    /// Who may change the root.
    pub root: RoleKeys,
    /// Who pins the snapshot.
    pub timestamp: RoleKeys,
    /// Who pins the targets files.
    pub snapshot: RoleKeys,
    /// Who delegates name spaces.
    pub targets: RoleKeys,
}

payload!(Root, "root");

impl Root {
    /// Version 1 of a root with the four authorities.
    pub fn new(
        expires: Moment,
        root: &Authority,
        targets: &Authority,
        snapshot: &Authority,
        timestamp: &Authority,
    ) -> Self {
        let none = || RoleKeys {
            keyids: Vec::new(),
            threshold: 0,
        };
        let roles = TopRoles {
            root: none(),
            timestamp: none(),
            snapshot: none(),
            targets: none(),
        };
        let mut new = Self {
            kind: "root".to_owned(),
            spec_version: SPEC_VERSION.to_owned(),
            version: 1,
            expires,
            consistent_snapshot: true,
            keys: BTreeMap::new(),
            roles,
        };
        new.set_authority(TopRole::Root, root);
        new.set_authority(TopRole::Targets, targets);
        new.set_authority(TopRole::Snapshot, snapshot);
        new.set_authority(TopRole::Timestamp, timestamp);
        new
    }

    /// Replaces the keys of a role; keys that no role names any more are dropped.
    pub fn set_authority(&mut self, role: TopRole, authority: &Authority) {
        for key in authority.keys() {
            self.keys.insert(key.id(), key.clone());
        }
        *self.role_mut(role) = RoleKeys {
            keyids: authority.keys().map(PublicKey::id).collect(),
            threshold: authority.threshold(),
        };
        let roles = self.roles.clone();
        self.keys
            .retain(|id, _| roles.all().iter().any(|role| role.keyids.contains(id)));
    }

    /// The keys and threshold of a role.
    pub fn authority(&self, role: TopRole) -> Authority {
        Authority::from_role(&self.keys, self.role(role))
    }

    /// A role as it is written.
    pub fn role(&self, role: TopRole) -> &RoleKeys {
        match role {
            TopRole::Root => &self.roles.root,
            TopRole::Timestamp => &self.roles.timestamp,
            TopRole::Snapshot => &self.roles.snapshot,
            TopRole::Targets => &self.roles.targets,
        }
    }

    fn role_mut(&mut self, role: TopRole) -> &mut RoleKeys {
        match role {
            TopRole::Root => &mut self.roles.root,
            TopRole::Timestamp => &mut self.roles.timestamp,
            TopRole::Snapshot => &mut self.roles.snapshot,
            TopRole::Targets => &mut self.roles.targets,
        }
    }
}

impl TopRoles {
    /// All four.
    pub fn all(&self) -> [&RoleKeys; 4] {
        [&self.root, &self.timestamp, &self.snapshot, &self.targets]
    }
}
