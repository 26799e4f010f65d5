//! A verified copy of a repository in a folder: behind any static web server, or on a disk that is carried to
//! a host without a network.
//!
//! Everything is verified as a host verifies it before it is written. Packs come first, `timestamp.json`
//! last: a copy that was stopped half-way still shows its earlier state, and the next run completes it.
//! What is there with the right digest is not fetched again; what has another digest is replaced. The
//! folder `.mirror` in it holds what the mirror itself remembers of trust.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::NameSpace;
use rulepack_protocol::trust::{
    Floors, Freshness, Limits, ResolvedTarget, RootChain, TrustError, Verified,
};
use rulepack_protocol::tuf::{RoleName, Root};
use serde::Serialize;

use super::download::{DownloadError, clear_interrupted, download};
use super::failure_point::{FailurePoint, Failures};
use super::refresh::{RefreshError, Refreshed, refresh};
use super::store::{FloorsStore, StoreError};
use super::transport::{Fetched, Transport, TransportError};
use super::walk::{delegated, refresh_all};
use crate::files;

/// What is copied, and whereto.
#[derive(Clone, Copy)]
pub struct Mirror<'a> {
    /// The repository.
    pub transport: &'a dyn Transport,
    /// The folder of the copy.
    pub folder: &'a Path,
    /// The name spaces to copy, with their parents; all where it is empty.
    pub followed: &'a [NameSpace],
    /// The most that the packs of a copy may take, in bytes.
    pub bytes_max: u64,
    /// The time that expiry is judged by.
    pub now: Moment,
    /// Where a test stops it.
    pub failures: &'a dyn Failures,
}

/// What a copy holds, and what was done for it.
#[derive(Debug, Clone, Serialize)]
pub struct MirrorReport {
    /// Version of the root.
    pub root_version: u64,
    /// Version of the timestamp.
    pub timestamp_version: u64,
    /// Until when a host takes the copy without tolerance.
    pub fresh_until: Moment,
    /// The name spaces that it holds.
    pub name_spaces: Vec<NameSpace>,
    /// Name spaces that could not be had or believed, and why; they are not in the copy.
    pub failed: Vec<(NameSpace, String)>,
    /// How many packs it holds.
    pub packs: usize,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them were fetched now.
    pub fetched: usize,
}

/// Why a copy was not made newer; what it held before still stands.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The repository cannot be reached or believed.
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    /// A pack cannot be had, or is not what was signed.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// An earlier root does not lead to the newest one.
    #[error("the earlier roots do not lead to version {version}")]
    Roots {
        /// The newest version.
        version: u64,
        /// Why not.
        #[source]
        source: TrustError,
    },
    /// More than the copy may take.
    #[error("the packs take {bytes} bytes, expected at most {bytes_max}")]
    TooLarge {
        /// What they take.
        bytes: u64,
        /// The bound.
        bytes_max: u64,
    },
    /// Another process writes the same copy.
    #[error("another mirror writes to `{0}`")]
    Busy(PathBuf),
    /// The copy cannot be read or written.
    #[error("`{path}` cannot be read or written")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl MirrorError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Refresh(RefreshError::Store(StoreError::NoRoot { .. })) => Some(
                "give the national root with `--root` when the copy is made for the first time",
            ),
            Self::Refresh(RefreshError::Transport(error)) => error.hint(),
            Self::TooLarge { .. } => {
                Some("name fewer with `--follow`, or allow more with `--max-mib`")
            }
            _ => None,
        }
    }
}

impl Mirror<'_> {
    /// Sets a new copy up with the national root; an existing one keeps what it has.
    ///
    /// # Errors
    /// Where it is no root, or the folder cannot be written.
    pub fn init(&self, root: &[u8]) -> Result<(), MirrorError> {
        // A copy that began with what is no root could never be refreshed.
        RootChain::start(root, Floors::default(), Limits::default())
            .map_err(|source| MirrorError::Refresh(source.into()))?;
        let stored = self.store().init(root);
        stored.map_err(|source| MirrorError::Refresh(source.into()))
    }

    /// Makes or refreshes the copy.
    ///
    /// # Errors
    /// [`MirrorError`]; `timestamp.json` of the copy is then the one from before.
    pub fn run(&self) -> Result<MirrorReport, MirrorError> {
        let _lock = self.lock()?;
        let refreshed = self.refresh()?;
        let targets = &refreshed.resolution.targets;
        self.clear(targets)?;
        let bytes = targets.iter().map(|target| target.length).sum();
        if bytes > self.bytes_max {
            let bytes_max = self.bytes_max;
            return Err(MirrorError::TooLarge { bytes, bytes_max });
        }
        let roots = self.roots(refreshed.trusted.root())?;
        let mut fetched = 0;
        for target in targets {
            fetched += usize::from(self.pack(target)?);
        }
        self.metadata(&refreshed, &roots)?;
        let trusted = &refreshed.trusted;
        let timestamp = trusted.timestamp().signed();
        let copied = |name: &NameSpace| trusted.role(&RoleName::Space(name.clone())).is_some();
        Ok(MirrorReport {
            root_version: trusted.root().signed().version,
            timestamp_version: timestamp.version,
            fresh_until: timestamp.expires.min(trusted.snapshot().signed().expires),
            name_spaces: delegated(trusted).into_iter().filter(copied).collect(),
            failed: failed(&refreshed),
            packs: targets.len(),
            bytes,
            fetched,
        })
    }

    fn refresh(&self) -> Result<Refreshed, MirrorError> {
        let (store, freshness) = (self.store(), Freshness::at(self.now));
        let refreshed = match self.followed {
            [] => refresh_all(self.transport, &store, freshness, self.failures),
            some => refresh(self.transport, &store, some, freshness, self.failures),
        };
        Ok(refreshed?)
    }

    /// The roots before the newest one, as far back as the repository has them without a gap, each
    /// verified to lead to the next: a host may have been set up with any of them.
    fn roots(&self, newest: &Verified<Root>) -> Result<Vec<(u64, Vec<u8>)>, MirrorError> {
        let limits = Limits::default();
        let last = newest.signed().version;
        let first = last.saturating_sub(limits.root_rotations as u64).max(1);
        let mut roots: Vec<(u64, Vec<u8>)> = Vec::new();
        for version in first..last {
            let path = format!("metadata/{}", RoleName::ROOT.file_of_version(version));
            let fetched = self.transport.fetch(&path, limits.root_bytes as u64, None);
            match fetched.map_err(RefreshError::from)? {
                Fetched::Bytes { bytes, .. } => roots.push((version, bytes)),
                Fetched::NotFound | Fetched::NotModified => roots.clear(),
            }
        }
        let leads = || -> Result<(), TrustError> {
            let mut later = roots.iter().map(|(_, bytes)| bytes.as_slice());
            let Some(earliest) = later.next() else {
                return Ok(());
            };
            let mut chain = RootChain::start(earliest, Floors::default(), limits)?;
            for bytes in later.chain([newest.bytes()]) {
                chain = chain.extend(bytes)?;
            }
            Ok(())
        };
        leads().map_err(|source| MirrorError::Roots {
            version: last,
            source,
        })?;
        Ok(roots)
    }

    /// A pack, fetched unless it is there; tells whether it was.
    fn pack(&self, target: &ResolvedTarget) -> Result<bool, MirrorError> {
        let file = target.path.file_of(&target.digest);
        let path = self.folder.join("targets").join(file);
        let failed = |source| MirrorError::Io {
            path: path.clone(),
            source,
        };
        if is_there(&path, target).map_err(failed)? {
            return Ok(false);
        }
        let downloaded = download(self.transport, target, &self.incoming(), self.failures)?;
        let folder = path.parent().unwrap_or(self.folder);
        fs::create_dir_all(folder).map_err(failed)?;
        let kept = downloaded.persist(&path).map_err(|error| error.error);
        kept.and_then(|_| files::sync_folder(folder))
            .and_then(|()| self.failures.reach(FailurePoint::MirrorPack))
            .map_err(failed)?;
        Ok(true)
    }

    /// All metadata, `timestamp.json` last.
    fn metadata(&self, refreshed: &Refreshed, roots: &[(u64, Vec<u8>)]) -> Result<(), MirrorError> {
        let folder = self.folder.join("metadata");
        let put = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            let written = match files::read_if_there(&path) {
                Ok(Some(there)) if there == bytes => Ok(()),
                _ => files::replace(&path, bytes),
            };
            written.map_err(|source| MirrorError::Io { path, source })
        };
        let reach = |point| {
            let path = folder.clone();
            let reached = self.failures.reach(point);
            reached.map_err(|source| MirrorError::Io { path, source })
        };
        for (version, bytes) in roots {
            put(&RoleName::ROOT.file_of_version(*version), bytes)?;
        }
        let timestamp = RoleName::TIMESTAMP.file();
        for (name, bytes) in refreshed.trusted.files() {
            if name != timestamp {
                put(&name, bytes)?;
            }
        }
        reach(FailurePoint::MirrorMetadata)?;
        put(&timestamp, refreshed.trusted.timestamp().bytes())?;
        reach(FailurePoint::MirrorTimestamp)
    }

    fn store(&self) -> FloorsStore {
        FloorsStore::new(self.own())
    }

    fn own(&self) -> PathBuf {
        self.folder.join(".mirror")
    }

    fn incoming(&self) -> PathBuf {
        self.own().join("incoming")
    }

    /// Clears what a stopped mirror left behind, but for the packs whose download goes on.
    fn clear(&self, wanted: &[ResolvedTarget]) -> Result<(), MirrorError> {
        let wanted: Vec<Digest> = wanted.iter().map(|target| target.digest).collect();
        let path = self.incoming();
        let cleared = clear_interrupted(&path, &wanted);
        cleared.map_err(|source| MirrorError::Io { path, source })
    }

    /// Keeps other mirrors away while it lives.
    fn lock(&self) -> Result<File, MirrorError> {
        let (path, incoming) = (self.own().join("lock"), self.incoming());
        let failed = |source| MirrorError::Io {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(&incoming).map_err(failed)?;
        let lock = File::create(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(MirrorError::Busy(self.folder.to_owned()));
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        Ok(lock)
    }
}

/// Whether a file has the length and the digest of a signed entry.
fn is_there(path: &Path, target: &ResolvedTarget) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(found) if found.len() == target.length => {
            Ok(Digest::of(&fs::read(path)?) == target.digest)
        }
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Why name spaces are not in the copy. One that published nothing yet is no fault.
fn failed(refreshed: &Refreshed) -> Vec<(NameSpace, String)> {
    let unreachable = refreshed.unreachable.iter();
    let unreachable =
        unreachable.map(|(name, error): (_, &TransportError)| (name.clone(), error.to_string()));
    let refused = refreshed.resolution.failed.iter();
    let refused = refused
        .filter(|(name, _)| refreshed.trusted.pin(name).is_ok())
        .filter(|(name, _)| !refreshed.unreachable.contains_key(*name))
        .map(|(name, error)| (name.clone(), error.to_string()));
    unreachable.chain(refused).collect()
}
