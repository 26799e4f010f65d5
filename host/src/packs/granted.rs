//! What packs are granted: by `grants.toml` as it is now, or as a receipt says.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rulepack_engine::Grants;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::TargetPath;

use crate::grants::{GrantTable, GrantsError};
use crate::settings::HostFolder;

/// Where grants come from, and those that packs were loaded with.
#[derive(Debug)]
pub(super) struct Granted {
    source: Source,
    /// The table that held when it was last compared; `None` where it could not be read.
    compared: Mutex<Option<GrantTable>>,
    loaded_with: Mutex<HashMap<Digest, Grants>>,
}

#[derive(Debug)]
enum Source {
    /// What the hospital grants now.
    Now(HostFolder),
    /// What it granted when a verdict was given; a pack that did not run then reads nothing.
    Then(BTreeMap<TargetPath, Grants>),
}

impl Granted {
    pub(super) fn now(folder: HostFolder) -> Self {
        let table = GrantTable::read(&folder).ok();
        Self::by(Source::Now(folder), table)
    }

    pub(super) fn then(grants: BTreeMap<TargetPath, Grants>) -> Self {
        Self::by(Source::Then(grants), None)
    }

    fn by(source: Source, table: Option<GrantTable>) -> Self {
        Granted {
            source,
            compared: Mutex::new(table),
            loaded_with: Mutex::default(),
        }
    }

    /// What a pack that is loaded may read.
    pub(super) fn to(&self, pack: &TargetPath) -> Result<Grants, GrantsError> {
        let grants = match &self.source {
            Source::Now(folder) => GrantTable::read(folder)?.of(pack.name_space()),
            Source::Then(grants) => grants.get(pack).cloned().unwrap_or_else(nothing),
        };
        let digest = grants.digest();
        guard(&self.loaded_with).insert(digest, grants.clone());
        Ok(grants)
    }

    /// The grants of this digest that some pack was loaded with.
    pub(super) fn loaded_with(&self, digest: &Digest) -> Option<Grants> {
        guard(&self.loaded_with).get(digest).cloned()
    }

    /// Whether they are others than when this was last asked. Grants that cannot be read any more are others too:
    /// nothing goes on with what they once gave.
    pub(super) fn are_others(&self) -> bool {
        let Source::Now(folder) = &self.source else {
            return false;
        };
        let now = GrantTable::read(folder).ok();
        let mut compared = guard(&self.compared);
        let are_others = *compared != now;
        *compared = now;
        are_others
    }
}

fn nothing() -> Grants {
    Grants::Only([].into())
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere cannot leave either half changed: each is replaced or inserted into whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
