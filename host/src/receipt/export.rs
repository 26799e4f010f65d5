//! All that a verdict rests on, gathered into a folder of its own: enough to execute it anew on another machine.
//!
//! The verdict is executed anew first, and what that took is what is gathered. It is executed once more from what was
//! gathered alone, before the folder gets its name: it is there whole, and enough, or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::partial_folder::PartialFolder;
use super::replay::{Executed, Ground, ReplayError, Replayed, execute};
use super::{Receipt, ReceiptError};
use crate::client::NoFailures;
use crate::data::national::Region;
use crate::files;
use crate::history::History;
use crate::journal::Verdict;
use crate::kept::{KeptError, KeptSettings, Setting, digest_of};
use crate::lock::{Lock, LockError};
use crate::packs::Packs;
use crate::set_aside;
use crate::settings::HostFolder;

pub use super::partial_folder::partial;

/// What a folder is named within the one that is exported.
const HOST: &str = "host";
/// How the region wrote requests, where the receipt does not say: `replay` is told so again.
const REGION: &str = "region.toml";
/// The first file that is written: by it a folder that a stop left is known.
pub(super) const RECEIPT: &str = "receipt.json";

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
    /// Whether `region.toml` is among them, which a replay must be told: the receipt does not name the region.
    pub has_region: bool,
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
    /// Another export gathers for the same place.
    #[error("another export gathers in `{0}` at this time")]
    InUse(PathBuf),
    /// The history of all patients would have to be carried.
    #[error("the verdict looked at the history of the hospital, which names other patients")]
    NeedsHistory,
    /// What was gathered is not enough.
    #[error("the verdict cannot be executed anew from what was gathered")]
    Unsound(#[source] ReplayError),
    /// The same.
    #[error("the verdict comes out otherwise from what was gathered: {0}")]
    Different(String),
    /// Grants or region cannot be written.
    #[error(transparent)]
    Kept(#[from] KeptError),
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
            ExportError::InUse(_) => Some("wait until it is done, or choose another folder"),
            ExportError::Unsound(_) | ExportError::Different(_) => Some(
                "nothing was handed out; a file that the verdict rests on is not kept any more",
            ),
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
/// [`ExportError`]; nothing is at `to` then, but where the folder around it cannot be synced: it is whole then, and
/// may be lost with the power.
pub fn export(
    receipt: &Receipt,
    body: &[u8],
    ground: Ground<'_>,
    (to, carried): (&Path, Carried),
) -> Result<Exported, ExportError> {
    if to.exists() {
        return Err(ExportError::Exists(to.to_owned()));
    }
    let executed = execute(receipt, body, ground)?;
    if executed.looked_at_history && carried == Carried::WithoutHistory {
        return Err(ExportError::NeedsHistory);
    }
    let mut folder = PartialFolder::begin(to)?;
    let gathering = Gathering {
        from: ground.folder,
        to: HostFolder::at(folder.path().join(HOST)),
    };
    let receipt_bytes = serde_json::to_vec(receipt).map_err(ReceiptError::from)?;
    gathering.write(&folder.path().join(RECEIPT), &receipt_bytes)?;
    gathering.write(&folder.path().join("request"), body)?;
    let verdict = receipt.verdict()?;
    let unnamed = ground.region.filter(|_| verdict.region.is_none());
    if let Some(region) = unnamed {
        gathering.unnamed_region(&folder.path().join(REGION), region)?;
    }
    gathering.host(verdict, &executed, ground.region)?;
    try_out((receipt, body), ground, (folder.path(), &executed))?;
    let (files, bytes) =
        measure(folder.path()).map_err(|source| io_error(folder.path(), source))?;
    folder.put_in_place(to)?;
    Ok(Exported {
        has_history: executed.looked_at_history,
        has_region: unnamed.is_some(),
        replayed: executed.replayed,
        files,
        bytes,
    })
}

/// Executes the verdict from what was gathered alone: it comes out there as it did here.
fn try_out(
    (receipt, body): (&Receipt, &[u8]),
    ground: Ground<'_>,
    (gathered, executed): (&Path, &Executed),
) -> Result<(), ExportError> {
    let folder = HostFolder::at(gathered.join(HOST));
    let packs = ground.packs.at(folder.clone());
    let region = read_region(&gathered.join(REGION))?;
    let there = Ground {
        folder: &folder,
        packs: &packs,
        region: region.as_ref(),
        threads: ground.threads,
    };
    let again = execute(receipt, body, there).map_err(ExportError::Unsound)?;
    let here = &executed.replayed.differences;
    let mut there = again.replayed.differences.iter();
    match there.find(|difference| !here.contains(difference)) {
        Some(difference) => Err(ExportError::Different(difference.clone())),
        None => Ok(()),
    }
}

/// How requests were written, as a replay is told; `None` where the receipt says it.
fn read_region(path: &Path) -> Result<Option<Region>, ExportError> {
    let failed = |source| io_error(path, source);
    let bytes = files::read_if_there(path).map_err(failed)?;
    let parse = |bytes| {
        let text = String::from_utf8(bytes).map_err(io::Error::other)?;
        Region::parse(&text).map_err(io::Error::other)
    };
    bytes.map(parse).transpose().map_err(failed)
}

/// A copy of a host in the making.
struct Gathering<'a> {
    from: &'a HostFolder,
    to: HostFolder,
}

impl Gathering<'_> {
    /// What of the host the verdict rests on.
    fn host(
        &self,
        verdict: &Verdict,
        executed: &Executed,
        region: Option<&Region>,
    ) -> Result<(), ExportError> {
        self.locks(verdict)?;
        self.packs(verdict, &executed.packs)?;
        self.settings(verdict)?;
        self.settings_used(verdict, (&executed.packs, region))?;
        let trust = self.from.trust();
        self.folder(&trust, &|_| true)?;
        match executed.looked_at_history {
            true => self.history(verdict),
            false => Ok(()),
        }
    }

    /// The lock of the verdict, and that of today, which says what was withdrawn since.
    fn locks(&self, verdict: &Verdict) -> Result<(), ExportError> {
        let then = Lock::with_digest(self.from, &verdict.lock)?;
        let then = then.ok_or(ReplayError::NoLock(verdict.lock))?;
        for lock in [then, Lock::read(self.from)?] {
            lock.write(&self.to, &NoFailures)?;
        }
        Ok(())
    }

    /// The packs that ran or could not, and what was set for them.
    fn packs(&self, verdict: &Verdict, packs: &Packs) -> Result<(), ExportError> {
        let mut wanted: BTreeSet<PathBuf> = packs.overlays().files();
        wanted.extend(packs.loaded().iter().map(|digest| packs.path_of(digest)));
        let then = Lock::with_digest(self.from, &verdict.lock)?.unwrap_or_default();
        let broken = verdict.broken.iter();
        let broken = broken.filter_map(|broken| then.version(&broken.pack));
        wanted.extend(broken.map(|version| packs.path_of(&version.digest)));
        wanted.iter().try_for_each(|path| self.copy_if_there(path))
    }

    /// Grants, policy and region.
    fn settings(&self, verdict: &Verdict) -> Result<(), ExportError> {
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

    /// Grants and region that the host of an earlier release did not keep, as they were used now.
    fn settings_used(
        &self,
        verdict: &Verdict,
        (packs, region): (&Packs, Option<&Region>),
    ) -> Result<(), ExportError> {
        let kept = KeptSettings::of(&self.to);
        let runs = verdict.packs.iter();
        for grants in runs.filter_map(|run| packs.granted(&run.grants)) {
            kept.keep_grants(&grants)?;
        }
        match region.map(|region| (digest_of(region), region)) {
            Some(named) if verdict.region == Some(named.0) => Ok(kept.keep_region(named)?),
            _ => Ok(()),
        }
    }

    /// How requests were written, where the receipt does not say.
    fn unnamed_region(&self, path: &Path, region: &Region) -> Result<(), ExportError> {
        let text = toml::to_string(region);
        let text = text.map_err(|error| io_error(path, io::Error::other(error)))?;
        self.write(path, text.as_bytes())
    }

    /// The imports and what requests had told up to then, and no later, with what reads them.
    fn history(&self, verdict: &Verdict) -> Result<(), ExportError> {
        let state = verdict.history;
        let history = self.from.history();
        self.folder(&history, &|number| number <= state.segments)?;
        if let Some(seen) = state.seen {
            self.folder(&history.join("seen"), &|number| number < seen.file.into())?;
            // The service may be telling more in this one.
            let parts = History::told_until(&history, &seen).map_err(ReplayError::from)?;
            for (path, length) in parts {
                self.copy_part(&path, length)?;
            }
        }
        self.copy_if_there(&self.from.data_secret())?;
        self.copy_if_there(&self.from.identity_secret())
    }

    /// The files of a folder; of the history only those whose number is wanted. Locks of writers are none.
    fn folder(&self, folder: &Path, wanted: &dyn Fn(u64) -> bool) -> Result<(), ExportError> {
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
            let is_wanted = number.map_or(!is_history && !name.ends_with(".lock"), wanted)
                && set_aside::original(&path).is_none();
            if path.is_file() && is_wanted {
                self.copy_if_there(&path)?;
            } else if path.is_dir() && !is_history {
                self.folder(&path, wanted)?;
            }
        }
        Ok(())
    }

    /// Copies a file of the host to the same place; what is not there was not there for the verdict either.
    fn copy_if_there(&self, path: &Path) -> Result<(), ExportError> {
        self.copy_part(path, u64::MAX)
    }

    /// The same for the first bytes of a file.
    fn copy_part(&self, path: &Path, length: u64) -> Result<(), ExportError> {
        let bytes = files::read_if_there(path).map_err(|source| io_error(path, source))?;
        let (Some(mut bytes), Ok(place)) = (bytes, path.strip_prefix(self.from.root())) else {
            return Ok(());
        };
        bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        self.write(&self.to.root().join(place), &bytes)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
        files::replace(path, bytes).map_err(|source| io_error(path, source))
    }
}

/// How many files there are in a folder, and the bytes of all of them.
fn measure(folder: &Path) -> io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (more, of_them) = match entry.file_type()?.is_dir() {
            true => measure(&entry.path())?,
            false => (1, entry.metadata()?.len()),
        };
        files += more;
        bytes += of_them;
    }
    Ok((files, bytes))
}

pub(super) fn io_error(path: &Path, source: io::Error) -> ExportError {
    ExportError::Io {
        path: path.to_owned(),
        source,
    }
}
