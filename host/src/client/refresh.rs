//! One refresh: root walk, timestamp, snapshot, targets, followed name spaces.

use std::collections::{BTreeMap, BTreeSet};

use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::NameSpace;
use rulepack_protocol::trust::{
    CurrentRoot, Freshness, Limits, Resolution, RootChain, TrustError, TrustedTargets,
};
use rulepack_protocol::tuf::{FilePin, RoleName};
use serde::Deserialize;

use super::failure_point::{FailurePoint, Failures};
use super::store::{FloorsStore, StoreError, TrustState};
use super::transport::{Fetched, Transport, TransportError};

/// What a completed refresh found.
#[derive(Debug)]
pub struct Refreshed {
    /// Whether the registry had a newer timestamp than the host.
    pub changed: bool,
    /// Everything verified.
    pub trusted: TrustedTargets,
    /// The packs of the followed name spaces, and why one gave nothing.
    pub resolution: Resolution,
    /// Followed name spaces (or their parents) whose file could not be had.
    pub unreachable: BTreeMap<NameSpace, TransportError>,
}

/// Why a refresh was not completed; the host goes on with what it has.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The registry cannot be reached, or answers oddly.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It serves what is not to be believed.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The host's own state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file that is pinned, or must always be there, is not.
    #[error("`{0}` is not there")]
    Missing(String),
}

/// Refreshes from `transport` and stores the new state. `followed` name spaces are taken with their
/// parents; a bad one disturbs no other.
///
/// # Errors
/// Where root, timestamp, snapshot or `targets` cannot be had or believed; nothing but a newer root is
/// stored then.
pub fn refresh(
    transport: &dyn Transport,
    store: &FloorsStore,
    followed: &[NameSpace],
    freshness: Freshness,
    failures: &dyn Failures,
) -> Result<Refreshed, RefreshError> {
    let limits = Limits::default();
    let client = Client {
        transport,
        store,
        failures,
        limits,
    };
    let mut state = store.read()?;
    let root = client.walk_roots(&mut state, freshness)?;
    let (timestamp, tag, changed) = client.timestamp(&state)?;
    let current = root.timestamp(&timestamp)?;
    let snapshot = client.pinned(&state, &RoleName::SNAPSHOT, current.snapshot_pin())?;
    let current = current.snapshot(&snapshot)?;
    let targets = client.pinned(&state, &RoleName::TARGETS, current.targets_pin()?)?;
    let mut trusted = current.targets(&targets)?;
    let unreachable = client.name_spaces(&state, &mut trusted, followed)?;
    // What could not be had is asked for at the next poll, though nothing changes until then.
    let tag = tag.filter(|_| unreachable.is_empty());
    client.remember(&mut state, &trusted, tag)?;
    let resolution = trusted.resolve(followed);
    Ok(Refreshed {
        changed,
        trusted,
        resolution,
        unreachable,
    })
}

/// Whether the registry still serves the timestamp of the last completed refresh: one conditional request
/// of a few hundred bytes. False where nothing was fetched yet, the registry knows no entity tags, or one
/// of the stored files has expired by `now`: who answers "unchanged" for ever must not keep them in force.
///
/// A steady poll asks this, and refreshes wholly on a change and once a day, so that a next root is noticed
/// although nothing else changes.
///
/// # Errors
/// Where the registry cannot be reached, or the state cannot be read.
pub fn is_unchanged(
    transport: &dyn Transport,
    store: &FloorsStore,
    now: Moment,
) -> Result<bool, RefreshError> {
    let state = store.read()?;
    let now = state.floors.time_of(now);
    let in_force = state.valid_until.is_some_and(|until| now < until);
    if state.timestamp_tag.is_none() || !in_force {
        return Ok(false);
    }
    let path = path_of(&RoleName::TIMESTAMP, 0);
    let bytes_max = Limits::default().timestamp_bytes as u64;
    let fetched = transport.fetch(&path, bytes_max, state.timestamp_tag.as_deref())?;
    Ok(matches!(fetched, Fetched::NotModified))
}

struct Client<'a> {
    transport: &'a dyn Transport,
    store: &'a FloorsStore,
    failures: &'a dyn Failures,
    limits: Limits,
}

impl Client<'_> {
    /// Follows roots until the next one is certainly not there, and stores the newest.
    fn walk_roots(
        &self,
        state: &mut TrustState,
        freshness: Freshness,
    ) -> Result<CurrentRoot, RefreshError> {
        let stored = self.store.root(state)?;
        let mut chain = RootChain::start(&stored, state.floors.clone(), self.limits)?;
        let first = chain.root().signed().version;
        loop {
            let next = chain.root().signed().version.saturating_add(1);
            let path = path_of(&RoleName::ROOT, next);
            match self
                .transport
                .fetch(&path, self.limits.root_bytes as u64, None)?
            {
                Fetched::Bytes { bytes, .. } => chain = chain.extend(&bytes)?,
                Fetched::NotFound | Fetched::NotModified => break,
            }
        }
        if chain.root().signed().version != first {
            let stopped = |source| StoreError::Io {
                path: path_of(&RoleName::ROOT, first).into(),
                source,
            };
            self.failures
                .reach(FailurePoint::BeforeRoot)
                .map_err(stopped)?;
            state.root = Some(self.store.keep(chain.root().bytes())?);
            state.floors = chain.floors().clone();
            // New keys: what was fetched under the old ones is fetched again.
            state.timestamp_tag = None;
            self.store.commit(state, self.failures)?;
        }
        Ok(chain.finish(freshness)?)
    }

    /// The timestamp, its entity tag, and whether it is another than the stored one.
    fn timestamp(
        &self,
        state: &TrustState,
    ) -> Result<(Vec<u8>, Option<String>, bool), RefreshError> {
        let path = path_of(&RoleName::TIMESTAMP, 0);
        let stored = state.files.get(&RoleName::TIMESTAMP.file());
        let tag = state.timestamp_tag.as_deref().filter(|_| stored.is_some());
        match self
            .transport
            .fetch(&path, self.limits.timestamp_bytes as u64, tag)?
        {
            Fetched::Bytes { bytes, tag } => {
                let digest = rulepack_protocol::digest::Digest::of(&bytes);
                let changed = stored != Some(&digest);
                Ok((bytes, tag, changed))
            }
            Fetched::NotModified => match stored {
                Some(digest) => Ok((self.store.file(digest)?, state.timestamp_tag.clone(), false)),
                None => Err(RefreshError::Missing(path)),
            },
            Fetched::NotFound => Err(RefreshError::Missing(path)),
        }
    }

    /// A pinned file: the stored one where it is the same, else fetched up to its pinned length.
    fn pinned(
        &self,
        state: &TrustState,
        role: &RoleName,
        pin: &FilePin,
    ) -> Result<Vec<u8>, RefreshError> {
        let path = path_of(role, pin.version);
        let stored = state.files.get(&role.file_of_version(pin.version));
        if stored == Some(&pin.hashes.sha256)
            && let Ok(bytes) = self.store.file(&pin.hashes.sha256)
        {
            return Ok(bytes);
        }
        match self.transport.fetch(&path, pin.length, None)? {
            Fetched::Bytes { bytes, .. } => Ok(bytes),
            Fetched::NotFound | Fetched::NotModified => Err(RefreshError::Missing(path)),
        }
    }

    /// Takes every followed name space and its parents; what fails is told, not fatal.
    fn name_spaces(
        &self,
        state: &TrustState,
        trusted: &mut TrustedTargets,
        followed: &[NameSpace],
    ) -> Result<BTreeMap<NameSpace, TransportError>, RefreshError> {
        let mut unreachable = BTreeMap::new();
        let parents = followed.iter().filter_map(NameSpace::parent);
        // In this order a province comes before its cities.
        let wanted: BTreeSet<_> = followed.iter().cloned().chain(parents).collect();
        for name_space in wanted {
            let Ok(pin) = trusted.pin(&name_space).cloned() else {
                continue;
            };
            match self.pinned(state, &RoleName::Space(name_space.clone()), &pin) {
                // A refusal is kept in `trusted`, and told by its resolution.
                Ok(bytes) => drop(trusted.delegated(&name_space, &bytes)),
                Err(RefreshError::Transport(error)) => drop(unreachable.insert(name_space, error)),
                Err(RefreshError::Missing(_)) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(unreachable)
    }

    /// Stores what was verified, files first.
    fn remember(
        &self,
        state: &mut TrustState,
        trusted: &TrustedTargets,
        tag: Option<String>,
    ) -> Result<(), RefreshError> {
        let known: BTreeSet<_> = state.files.values().copied().collect();
        let mut files = BTreeMap::new();
        for (name, bytes) in trusted.files() {
            let digest = rulepack_protocol::digest::Digest::of(bytes);
            if !known.contains(&digest) {
                self.store.keep(bytes)?;
            }
            files.insert(name, digest);
        }
        state.floors = trusted.completed_floors();
        state.root = Some(trusted.root().digest());
        state.timestamp_tag = tag;
        state.valid_until = trusted.files().values().copied().filter_map(expiry).min();
        state.files = files;
        Ok(self.store.commit(state, self.failures)?)
    }
}

/// When a verified file expires.
fn expiry(bytes: &[u8]) -> Option<Moment> {
    #[derive(Deserialize)]
    struct File {
        signed: Signed,
    }
    #[derive(Deserialize)]
    struct Signed {
        expires: Moment,
    }
    let file: File = serde_json::from_slice(bytes).ok()?;
    Some(file.signed.expires)
}

fn path_of(role: &RoleName, version: u64) -> String {
    format!("metadata/{}", role.file_of_version(version))
}
