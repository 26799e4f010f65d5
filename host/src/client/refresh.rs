//! One refresh: root walk, timestamp, snapshot, targets, followed name spaces.

use std::collections::{BTreeMap, BTreeSet};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::NameSpace;
use rulepack_protocol::trust::{
    CurrentRoot, FloorError, Freshness, Limits, Resolution, RootChain, TrustError, TrustedTargets,
};
use rulepack_protocol::tuf::{FilePin, RoleName};

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
    /// Roles that were accepted under other keys than before (T8).
    pub rekeyed: BTreeSet<RoleName>,
    /// The time of the last completed refresh, where the clock stands before it: that time was used.
    pub clock_behind: Option<Moment>,
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
    /// The root replaced the officers of `targets`, and those in force have signed nothing that can be
    /// had: whatever this host runs is vouched for by nobody, and stops (T3).
    #[error("the officers of `targets` were replaced, and nobody in force has signed it anew")]
    Revoked(#[source] Box<RefreshError>),
}

impl RefreshError {
    /// What a person can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Trust(error) => error.hint(),
            Self::Store(error) => error.hint().map(str::to_owned),
            Self::Revoked(_) => Some(
                "the keepers of `targets` have to sign a new version; the packs start again with it"
                    .to_owned(),
            ),
            Self::Transport(error) => error.hint().map(str::to_owned),
            Self::Missing(_) => None,
        }
    }
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
    let clock_behind = state
        .floors
        .last_good
        .filter(|last| *last > freshness.now());
    let before = state.floors.clone();
    let root = client.walk_roots(&mut state, freshness)?;
    let revokes = root.revokes_targets();
    let (mut trusted, tag, changed) =
        client
            .targets(&state, root)
            .map_err(|error| match revokes {
                true => RefreshError::Revoked(Box::new(error)),
                false => error,
            })?;
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
        rekeyed: state.floors.rekeyed_since(&before),
        clock_behind,
    })
}

/// Whether the registry still serves the timestamp of the last completed refresh, and nothing of it has
/// expired by `now`: one conditional request of a few hundred bytes. False where nothing was fetched yet,
/// or the registry knows no entity tags.
///
/// A steady poll asks this, and refreshes wholly on a change and once a day, so that a next root is
/// noticed although nothing else changes.
///
/// # Errors
/// Where the registry cannot be reached, or the state cannot be read.
pub fn is_unchanged(
    transport: &dyn Transport,
    store: &FloorsStore,
    now: Moment,
) -> Result<bool, RefreshError> {
    let state = store.read()?;
    let expired = state.valid_until.is_none_or(|end| end <= now);
    if expired || state.timestamp_tag.is_none() {
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

    /// Everything from the timestamp to `targets`; with the timestamp's entity tag, and whether it is
    /// another than the stored one.
    fn targets(
        &self,
        state: &TrustState,
        root: CurrentRoot,
    ) -> Result<(TrustedTargets, Option<String>, bool), RefreshError> {
        let (bytes, tag, changed) = self.timestamp(state)?;
        let role = RoleName::TIMESTAMP;
        let current = self.judged(&role, &bytes, root.timestamp(&bytes))?;
        let role = RoleName::SNAPSHOT;
        let bytes = self.pinned(state, &role, current.snapshot_pin())?;
        let current = self.judged(&role, &bytes, current.snapshot(&bytes))?;
        let role = RoleName::TARGETS;
        let bytes = self.pinned(state, &role, current.targets_pin()?)?;
        let trusted = self.judged(&role, &bytes, current.targets(&bytes))?;
        Ok((trusted, tag, changed))
    }

    /// Keeps a file as evidence where it is refused for contradicting what this host has seen: its owner
    /// signed two things under one name, or somebody else holds the keys.
    fn judged<T>(
        &self,
        role: &RoleName,
        bytes: &[u8],
        judgement: Result<T, TrustError>,
    ) -> Result<T, RefreshError> {
        if let Err(TrustError::Floor { source, .. }) = &judgement
            && let FloorError::Equivocation { .. } | FloorError::PathChanged { .. } = source
        {
            self.store.keep_evidence(role, bytes)?;
        }
        Ok(judgement?)
    }

    /// The timestamp, its entity tag, and whether it is another than the stored one.
    fn timestamp(
        &self,
        state: &TrustState,
    ) -> Result<(Vec<u8>, Option<String>, bool), RefreshError> {
        let path = path_of(&RoleName::TIMESTAMP, 0);
        // One that cannot be read any more is fetched again.
        let known = state.files.get(&RoleName::TIMESTAMP.file());
        let stored = known.and_then(|digest| self.store.file(digest).ok());
        let tag = state.timestamp_tag.as_deref().filter(|_| stored.is_some());
        match self
            .transport
            .fetch(&path, self.limits.timestamp_bytes as u64, tag)?
        {
            Fetched::Bytes { bytes, tag } => {
                let changed = known != Some(&Digest::of(&bytes));
                Ok((bytes, tag, changed))
            }
            Fetched::NotModified => match stored {
                Some(bytes) => Ok((bytes, state.timestamp_tag.clone(), false)),
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
            let role = RoleName::Space(name_space.clone());
            match self.pinned(state, &role, &pin) {
                Ok(bytes) => {
                    let judgement = trusted.delegated(&name_space, &bytes);
                    match self.judged(&role, &bytes, judgement) {
                        // A refusal is kept in `trusted`, and told by its resolution.
                        Ok(()) | Err(RefreshError::Trust(_)) => {}
                        Err(other) => return Err(other),
                    }
                }
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
        let mut files = BTreeMap::new();
        for (name, bytes) in trusted.files() {
            let digest = Digest::of(bytes);
            // Missing or damaged on the disk counts as new.
            if self.store.file(&digest).is_err() {
                self.store.keep(bytes)?;
            }
            files.insert(name, digest);
        }
        state.floors = trusted.completed_floors();
        state.root = Some(trusted.root().digest());
        state.timestamp_tag = tag;
        state.files = files;
        let ends = trusted.status().into_iter().map(|role| role.expires);
        state.valid_until = ends.min();
        Ok(self.store.commit(state, self.failures)?)
    }
}

fn path_of(role: &RoleName, version: u64) -> String {
    format!("metadata/{}", role.file_of_version(version))
}
