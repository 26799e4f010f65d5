//! A file to which entries are only ever added, each encrypted and authenticated at its place.
//!
//! One sealed line (`sealer.rs`) an entry. What stands after the last line end was never acknowledged: it is what a stop in the middle of
//! writing leaves, and is cut off.
//!
//! [`SealedLog::append`] returns once the entry is on the disk; [`SealedLog::write`] does not wait for it, and
//! [`SealedLog::sync_to`] does. Callers that wait at the same time share one fsync. Where a write or a sync
//! fails, on a full disk say, all that is not known to be on the disk is taken back before anything else is written,
//! so that the log goes on by itself once there is room.

mod lines;
mod walk;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::files;
use crate::sealer::Sealer;
use walk::{ALL, At, Processors};

pub(crate) use walk::Unreadable;

/// An open log. Nobody else writes to it meanwhile.
pub(crate) struct SealedLog {
    path: PathBuf,
    file: File,
    sealer: Sealer,
    written: Mutex<Written>,
    /// So far it is on the disk.
    synced: Mutex<End>,
    /// What becomes of lines that are damaged.
    unreadable: Unreadable,
    /// Where lines were passed over, with their numbers.
    damage: Mutex<BTreeMap<u64, u64>>,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    offset: u64,
    /// From 0.
    pub(crate) line: u64,
}

/// Where the next entry goes.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    bytes: u64,
    lines: u64,
}

/// How far it is written.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    end: End,
    /// How often entries were taken back: whoever waits for one of an earlier turn waits in vain.
    turn: u64,
    /// Whether something may stand behind the end.
    is_torn: bool,
}

/// How far a log was written at some moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    end: End,
    turn: u64,
}

impl Mark {
    /// Whether nothing was taken back between the two.
    pub(crate) fn is_of_turn(&self, other: &Mark) -> bool {
        self.turn == other.turn
    }
}

impl Written {
    fn mark(&self) -> Mark {
        Mark {
            end: self.end,
            turn: self.turn,
        }
    }
}

/// A line that was damaged, as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DamagedLine {
    offset: u64,
    /// From 0.
    pub(crate) number: u64,
    /// With its end.
    pub(crate) bytes: Vec<u8>,
}

/// Why a log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SealedLogError {
    /// The file system refuses.
    #[error("cannot use `{path}`")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process writes to it.
    #[error("`{0}` is in use by another process")]
    InUse(PathBuf),
    /// A line that this host did not write there.
    #[error("`{path}` is damaged at line {line}, or was written under another secret")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: u64,
    },
}

impl SealedLog {
    /// Opens the log at this path, which is made where it is missing, and passes every entry to `each`.
    ///
    /// # Errors
    /// [`SealedLogError`]. What was cut off at the end is no error.
    pub(crate) fn open(
        path: &Path,
        secret: &[u8; 32],
        mut each: impl FnMut(Place, &[u8]),
    ) -> Result<Self, SealedLogError> {
        let log = Self::open_to_write(path, secret)?;
        let walked = log.walk(ALL, Unreadable::Refused, &mut each)?;
        log.begin_at(walked.end)?;
        Ok(log)
    }

    /// The same, past lines that are damaged: they stay where they are, and are passed over from now on. Answers
    /// them too, with their ends. So does what stands behind the last line end and is not the beginning of an entry: it
    /// was one that lost its end. All processors work on it: `make` is called for many entries at once, and `take` with what
    /// it made of each, in their order.
    ///
    /// # Errors
    /// [`SealedLogError::Io`] and [`SealedLogError::InUse`].
    pub(crate) fn open_past_damage<T: Send>(
        path: &Path,
        secret: &[u8; 32],
        make: impl Fn(Vec<u8>) -> T + Sync,
        mut take: impl FnMut(Place, T),
    ) -> Result<(Self, Vec<DamagedLine>), SealedLogError> {
        let mut log = Self::open_to_write(path, secret)?;
        log.unreadable = Unreadable::PassedOver;
        let how = (log.unreadable, Processors::All);
        let mut walked = log.walk_with(ALL, how, &make, &mut take)?;
        log.end_last_line(&mut walked)?;
        log.note(&walked);
        log.begin_at(walked.end)?;
        Ok((log, walked.damaged))
    }

    /// Opens the log at this path to go on behind an entry that is known, or behind the beginning, and behind
    /// whatever lines follow: none of them is read or lost.
    ///
    /// # Errors
    /// [`SealedLogError`]; [`SealedLogError::Damaged`] where the last entry is not there as it was written.
    pub(crate) fn open_after(
        path: &Path,
        secret: &[u8; 32],
        last: Option<Place>,
    ) -> Result<Self, SealedLogError> {
        let log = Self::open_to_write(path, secret)?;
        let mut end = End::default();
        if let Some(last) = last {
            let line = log.line(last)?;
            if log.sealer.unseal(&line, last.line).is_none() {
                return Err(log.damaged(last.line));
            }
            end.bytes = last.offset + line.len() as u64;
            end.lines = last.line + 1;
        }
        let end = log.behind(end)?;
        log.begin_at(end)?;
        Ok(log)
    }

    /// Behind the whole lines that follow.
    fn behind(&self, mut end: End) -> Result<End, SealedLogError> {
        loop {
            let place = Place {
                offset: end.bytes,
                line: end.lines,
            };
            let line = self.line(place)?;
            if line.last() != Some(&b'\n') {
                return Ok(end);
            }
            end.bytes += line.len() as u64;
            end.lines += 1;
        }
    }

    /// Opens a log that another process may be writing to, to read it. What stands after the last line end is
    /// not an entry yet.
    ///
    /// # Errors
    /// [`SealedLogError`].
    pub(crate) fn open_to_read(path: &Path, secret: &[u8; 32]) -> Result<Self, SealedLogError> {
        let file = File::open(path).map_err(|source| SealedLogError::Io {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::of(path, secret, file))
    }

    /// Passes every whole entry of the log at this path to `each`, while another process may write to it.
    ///
    /// # Errors
    /// [`SealedLogError`].
    pub(crate) fn look(
        path: &Path,
        secret: &[u8; 32],
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), SealedLogError> {
        let log = Self::open_to_read(path, secret)?;
        log.entries_written(Unreadable::Refused, |_, entry| each(entry))
    }

    fn of(path: &Path, secret: &[u8; 32], file: File) -> Self {
        SealedLog {
            path: path.to_owned(),
            sealer: Sealer::new(path, secret),
            written: Mutex::default(),
            synced: Mutex::default(),
            unreadable: Unreadable::Refused,
            damage: Mutex::default(),
            file,
        }
    }

    fn open_to_write(path: &Path, secret: &[u8; 32]) -> Result<Self, SealedLogError> {
        let failed = |source| SealedLogError::Io {
            path: path.to_owned(),
            source,
        };
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        let file = options.open(path).map_err(failed)?;
        if is_new && let Some(folder) = path.parent() {
            files::sync_folder(folder).map_err(failed)?;
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(SealedLogError::InUse(path.to_owned()));
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(failed(source)),
        }
        Ok(Self::of(path, secret, file))
    }

    /// Goes on from here; what stands behind it is cut off.
    fn begin_at(&self, end: End) -> Result<(), SealedLogError> {
        let failed = |source| SealedLogError::Io {
            path: self.path.clone(),
            source,
        };
        let length = self.file.metadata().map_err(failed)?.len();
        if length > end.bytes {
            let (path, cut) = (self.path.display(), length - end.bytes);
            tracing::warn!(%path, bytes = cut, "an entry that was never finished is cut off");
            self.file.set_len(end.bytes).map_err(failed)?;
            self.file.sync_all().map_err(failed)?;
        }
        lock(&self.written).end = end;
        *lock(&self.synced) = end;
        Ok(())
    }

    /// Adds an entry, and waits until it is on the disk.
    ///
    /// # Errors
    /// [`SealedLogError::Io`]; the entry is then not there.
    pub(crate) fn append(&self, entry: &[u8]) -> Result<Place, SealedLogError> {
        let written = self.put(entry);
        let kept = written.and_then(|(place, after)| self.sync(after).map(|()| place));
        kept.map_err(|source| self.failed(source))
    }

    /// Adds an entry, which [`SealedLog::sync_to`] brings to the disk.
    ///
    /// # Errors
    /// [`SealedLogError::Io`]; the entry is then not there.
    pub(crate) fn write(&self, entry: &[u8]) -> Result<Place, SealedLogError> {
        let written = self.put(entry);
        let (place, _) = written.map_err(|source| self.failed(source))?;
        Ok(place)
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How far it is written now.
    pub(crate) fn mark(&self) -> Mark {
        lock(&self.written).mark()
    }

    /// Waits until it is on the disk so far.
    ///
    /// # Errors
    /// [`SealedLogError::Io`]; some of what was written up to there is then taken back.
    pub(crate) fn sync_to(&self, mark: Mark) -> Result<(), SealedLogError> {
        self.sync(mark).map_err(|source| self.failed(source))
    }

    /// Takes back all that was written behind a mark up to which it is on the disk; whoever waits for any of it is
    /// told so.
    ///
    /// # Errors
    /// [`SealedLogError::Io`]; what stands behind the mark has to be taken back again then.
    pub(crate) fn cut_to(&self, mark: Mark) -> Result<(), SealedLogError> {
        let mut synced = lock(&self.synced);
        let mut written = lock(&self.written);
        let cut = self.file.set_len(mark.end.bytes);
        let cut = cut.and_then(|()| self.file.sync_all());
        written.turn += 1;
        written.is_torn = cut.is_err();
        (written.end, *synced) = (mark.end, mark.end);
        cut.map_err(|source| self.failed(source))
    }

    /// Writes an entry; answers its place and how far the log then goes.
    fn put(&self, entry: &[u8]) -> io::Result<(Place, Mark)> {
        let mut written = lock(&self.written);
        if written.is_torn {
            self.file.set_len(written.end.bytes)?;
            written.is_torn = false;
        }
        let End { bytes, lines } = written.end;
        let line = self.sealer.seal(entry, lines)?;
        if let Err(error) = self.file.write_all_at(&line, bytes) {
            written.is_torn = self.file.set_len(bytes).is_err();
            return Err(error);
        }
        written.end = End {
            bytes: bytes + line.len() as u64,
            lines: lines + 1,
        };
        let place = Place {
            offset: bytes,
            line: lines,
        };
        Ok((place, written.mark()))
    }

    /// The entry at a place that [`SealedLog::append`] or [`SealedLog::open`] gave.
    ///
    /// # Errors
    /// [`SealedLogError`] where it cannot be read any more.
    pub(crate) fn read(&self, place: Place) -> Result<Vec<u8>, SealedLogError> {
        let line = self.line(place)?;
        self.sealer
            .unseal(&line, place.line)
            .ok_or_else(|| self.damaged(place.line))
    }

    /// How many bytes there are up to the end of the entry at a place.
    ///
    /// # Errors
    /// [`SealedLogError::Io`].
    pub(crate) fn end_of(&self, place: Place) -> Result<u64, SealedLogError> {
        Ok(place.offset + self.line(place)?.len() as u64)
    }

    /// The bytes of the line at a place, with its end where it has one.
    fn line(&self, place: Place) -> Result<Vec<u8>, SealedLogError> {
        let mut line = Vec::new();
        let mut reader = BufReader::new(At {
            file: &self.file,
            offset: place.offset,
        });
        let read = reader.read_until(b'\n', &mut line);
        read.map_err(|source| SealedLogError::Io {
            path: self.path.clone(),
            source,
        })?;
        Ok(line)
    }

    /// Waits until the log is on the disk so far. Who finds it there already need not sync again.
    fn sync(&self, after: Mark) -> io::Result<()> {
        let mut synced = lock(&self.synced);
        let written = *lock(&self.written);
        if written.turn != after.turn {
            return Err(io::Error::other(
                "what was written before it could not be synced",
            ));
        }
        if synced.bytes >= after.end.bytes {
            return Ok(());
        }
        if let Err(error) = self.file.sync_data() {
            self.take_back(*synced);
            return Err(error);
        }
        *synced = written.end;
        Ok(())
    }

    /// After a failed sync nobody knows which of the entries that were not synced are on the disk, and another
    /// sync would not say: none of them counts.
    fn take_back(&self, synced: End) {
        let mut written = lock(&self.written);
        written.is_torn = self.file.set_len(synced.bytes).is_err();
        written.end = synced;
        written.turn += 1;
    }

    fn failed(&self, source: io::Error) -> SealedLogError {
        SealedLogError::Io {
            path: self.path.clone(),
            source,
        }
    }

    fn damaged(&self, line: u64) -> SealedLogError {
        SealedLogError::Damaged {
            path: self.path.clone(),
            line: line + 1,
        }
    }
}

impl std::fmt::Debug for SealedLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("SealedLog");
        shown.field("path", &self.path).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing in here panics while it holds one.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
