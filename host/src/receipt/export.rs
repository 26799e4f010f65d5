//! All that a verdict rests on, gathered into a folder of its own: enough to execute it anew on another machine.
//!
//! The verdict is executed anew first, and what that took is what is gathered. The folder is there whole or not at all.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::replay::{Ground, ReplayError, Replayed, execute};
use super::{Receipt, ReceiptError};
use crate::client::NoFailures;
use crate::files;
use crate::journal::Verdict;
use crate::kept::{KeptSettings, Setting};
use crate::lock::{Lock, LockError};
use crate::packs::Packs;
use crate::settings::HostFolder;

/// What a folder is named within the one that is exported.
const HOST: &str = "host";
/// It holds a request, which is about patients.
const PRIVATE: u32 = 0o700;

/// Whether the history of the hospital may be carried where the verdict looked at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// All of it up to then with the secrets to read it, of every patient.
    WithHistory,
    /// None.
    WithoutHistory,
}

/// What was gathered.
#[derive(Debug, Serialize)]
pub struct Exported {
    /// The verdict, executed anew here.
    pub replayed: Replayed,
    /// So many files.
    pub files: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Whether the history of the hospital is among them.
    pub has_history: bool,
}

/// Why nothing is gathered.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The verdict cannot be executed anew here.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The receipt is of something else.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// Something is there already.
    #[error("`{0}` is there already")]
    Exists(PathBuf),
    /// The history of all patients would have to be carried.
    #[error("the verdict looked at the history of the hospital, which names other patients")]
    NeedsHistory,
    /// A lock cannot be read or written.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file cannot be read or written.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl ExportError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ExportError::Exists(_) => Some("choose another folder"),
            ExportError::NeedsHistory => Some(
                "where the other machine may have it, `--with-history` carries the history up to then and the \
                 secrets that open it",
            ),
            _ => None,
        }
    }
}

/// Gathers all that the verdict of a receipt rests on in `to`, which must not be there: `receipt.json`, `request`, and
/// under `host` lock, packs, overlays, grants, policy, region, and the signed metadata that vouches for them.
///
/// # Errors
/// [`ExportError`]; nothing is at `to` then.
pub fn export(
    receipt: &Receipt,
    body: &[u8],
    ground: Ground<'_>,
    (to, carried): (&Path, Carried),
) -> Result<Exported, ExportError> {
    let verdict = receipt.verdict()?;
    let has_history = verdict.history.segments > 0 || verdict.history.seen.is_some();
    if has_history && carried == Carried::WithoutHistory {
        return Err(ExportError::NeedsHistory);
    }
    if to.exists() {
        return Err(ExportError::Exists(to.to_owned()));
    }
    let (replayed, packs) = execute(receipt, body, ground)?;
    let beside = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    let beside = beside.unwrap_or(Path::new("."));
    let folder = tempfile::Builder::new()
        .prefix(".export-")
        .tempdir_in(beside);
    let folder = folder.map_err(|source| io_error(beside, source))?;
    let mut gathering = Gathering {
        from: ground.folder,
        to: HostFolder::at(folder.path().join(HOST)),
        files: 0,
        bytes: 0,
    };
    let receipt_bytes = serde_json::to_vec(receipt).map_err(ReceiptError::from)?;
    gathering.write(&folder.path().join("receipt.json"), &receipt_bytes)?;
    gathering.write(&folder.path().join("request"), body)?;
    gathering.locks(verdict)?;
    gathering.packs(verdict, &packs)?;
    gathering.settings(verdict)?;
    gathering.folder(&ground.folder.trust(), &|_| true)?;
    if has_history {
        gathering.history(verdict)?;
    }
    let (files, bytes) = (gathering.files, gathering.bytes);
    put_in_place((folder.path(), beside), to)?;
    // It has its name now: nothing is left to be cleared away.
    let _ = folder.keep();
    Ok(Exported {
        replayed,
        files,
        bytes,
        has_history,
    })
}

fn put_in_place((folder, beside): (&Path, &Path), to: &Path) -> Result<(), ExportError> {
    let put = || {
        fs::set_permissions(folder, Permissions::from_mode(PRIVATE))?;
        fs::rename(folder, to)?;
        files::sync_folder(beside)
    };
    put().map_err(|source| io_error(to, source))
}

/// A copy of a host in the making.
struct Gathering<'a> {
    from: &'a HostFolder,
    to: HostFolder,
    files: u64,
    bytes: u64,
}

impl Gathering<'_> {
    /// The lock of the verdict, and that of today, which says what was withdrawn since.
    fn locks(&mut self, verdict: &Verdict) -> Result<(), ExportError> {
        let then = Lock::with_digest(self.from, &verdict.lock)?;
        let then = then.ok_or(ReplayError::NoLock(verdict.lock))?;
        for lock in [then, Lock::read(self.from)?] {
            lock.write(&self.to, &NoFailures)?;
            self.files += 1;
        }
        Ok(())
    }

    /// The packs that ran or could not, and what was set for them.
    fn packs(&mut self, verdict: &Verdict, packs: &Packs) -> Result<(), ExportError> {
        let mut wanted: BTreeSet<PathBuf> = packs.overlays().files();
        wanted.extend(packs.loaded().iter().map(|digest| packs.path_of(digest)));
        let then = Lock::with_digest(self.from, &verdict.lock)?.unwrap_or_default();
        let broken = verdict.broken.iter();
        let broken = broken.filter_map(|broken| then.version(&broken.pack));
        wanted.extend(broken.map(|version| packs.path_of(&version.digest)));
        wanted.iter().try_for_each(|path| self.copy_if_there(path))
    }

    /// Grants, policy and region.
    fn settings(&mut self, verdict: &Verdict) -> Result<(), ExportError> {
        let kept = KeptSettings::of(self.from);
        let grants = verdict
            .packs
            .iter()
            .map(|run| (Setting::Grants, run.grants));
        let mut named: BTreeSet<_> = grants.collect();
        named.extend(verdict.policy.map(|digest| (Setting::Policy, digest)));
        named.extend(verdict.region.map(|digest| (Setting::Region, digest)));
        let mut paths = named
            .iter()
            .map(|(setting, digest)| kept.path(*setting, digest));
        paths.try_for_each(|path| self.copy_if_there(&path))
    }

    /// The imports and what requests had told up to then, with what reads them.
    fn history(&mut self, verdict: &Verdict) -> Result<(), ExportError> {
        let state = verdict.history;
        let history = self.from.history();
        self.folder(&history, &|number| number <= state.segments)?;
        if let Some(seen) = state.seen {
            self.folder(&history.join("seen"), &|number| number <= seen.file.into())?;
        }
        self.copy_if_there(&self.from.data_secret())?;
        self.copy_if_there(&self.from.identity_secret())
    }

    /// The files of a folder; of the history only those whose number is wanted. Locks of writers are none.
    fn folder(&mut self, folder: &Path, wanted: &dyn Fn(u64) -> bool) -> Result<(), ExportError> {
        if !folder.is_dir() {
            return Ok(());
        }
        let is_history = folder.starts_with(self.from.history());
        for entry in fs::read_dir(folder).map_err(|source| io_error(folder, source))? {
            let path = entry.map_err(|source| io_error(folder, source))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let number = name
                .split('.')
                .next()
                .and_then(|number| number.parse().ok());
            let is_wanted = number.map_or(!is_history && !name.ends_with(".lock"), wanted);
            if path.is_file() && is_wanted {
                self.copy_if_there(&path)?;
            } else if path.is_dir() && !is_history {
                self.folder(&path, wanted)?;
            }
        }
        Ok(())
    }

    /// Copies a file of the host to the same place; what is not there was not there for the verdict either.
    fn copy_if_there(&mut self, path: &Path) -> Result<(), ExportError> {
        let bytes = files::read_if_there(path).map_err(|source| io_error(path, source))?;
        let (Some(bytes), Ok(place)) = (bytes, path.strip_prefix(self.from.root())) else {
            return Ok(());
        };
        self.write(&self.to.root().join(place), &bytes)
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
        files::replace(path, bytes).map_err(|source| io_error(path, source))?;
        self.files += 1;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

fn io_error(path: &Path, source: io::Error) -> ExportError {
    ExportError::Io {
        path: path.to_owned(),
        source,
    }
}
