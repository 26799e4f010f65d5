//! A file to which entries are only ever added, each encrypted and authenticated at its place.
//!
//! One sealed line (`sealer.rs`) an entry. What stands after the last line end was never acknowledged: it is what a stop in the middle of
//! writing leaves, and is cut off.
//!
//! [`SealedLog::append`] returns once the entry is on the disk; [`SealedLog::write`] does not wait for it, and
//! [`SealedLog::sync_written`] does. Callers that wait at the same time share one fsync.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::files;
use crate::sealer::Sealer;

/// An open log. Nobody else writes to it meanwhile.
pub(crate) struct SealedLog {
    path: PathBuf,
    file: File,
    sealer: Sealer,
    end: Mutex<End>,
    /// So many bytes are on the disk.
    synced: Mutex<u64>,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    offset: u64,
    /// From 0.
    pub(crate) line: u64,
}

/// Where the next entry goes.
#[derive(Debug, Clone, Copy)]
struct End {
    bytes: u64,
    lines: u64,
}

/// What a line means that this host did not write there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The log is damaged.
    Refused,
    /// The others are taken.
    PassedOver,
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
        let end = log.walk(u64::MAX, Unreadable::Refused, &mut each)?;
        log.begin_at(end)?;
        Ok(log)
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
        let mut end = End { bytes: 0, lines: 0 };
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

    fn of(path: &Path, secret: &[u8; 32], file: File) -> Self {
        SealedLog {
            path: path.to_owned(),
            sealer: Sealer::new(path, secret),
            end: Mutex::new(End { bytes: 0, lines: 0 }),
            synced: Mutex::new(0),
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
        *lock(&self.end) = end;
        *lock(&self.synced) = end.bytes;
        Ok(())
    }

    /// Adds an entry, and waits until it is on the disk.
    ///
    /// # Errors
    /// [`SealedLogError::Io`]; the entry is then not there.
    pub(crate) fn append(&self, entry: &[u8]) -> Result<Place, SealedLogError> {
        let place = self.write(entry)?;
        self.sync_written()?;
        Ok(place)
    }

    /// Adds an entry, which [`SealedLog::sync_written`] brings to the disk.
    ///
    /// # Errors
    /// [`SealedLogError::Io`]; the entry is then not there.
    pub(crate) fn write(&self, entry: &[u8]) -> Result<Place, SealedLogError> {
        let failed = |source| SealedLogError::Io {
            path: self.path.clone(),
            source,
        };
        let mut end = lock(&self.end);
        let line = self.sealer.seal(entry, end.lines).map_err(failed)?;
        if let Err(error) = self.file.write_all_at(&line, end.bytes) {
            // What was begun is overwritten by the next entry, or cut off by the next start.
            let _ = self.file.set_len(end.bytes);
            return Err(failed(error));
        }
        let place = Place {
            offset: end.bytes,
            line: end.lines,
        };
        end.bytes += line.len() as u64;
        end.lines += 1;
        Ok(place)
    }

    /// Waits until all that was written so far is on the disk.
    ///
    /// # Errors
    /// [`SealedLogError::Io`].
    pub(crate) fn sync_written(&self) -> Result<(), SealedLogError> {
        let written = lock(&self.end).bytes;
        self.sync(written).map_err(|source| SealedLogError::Io {
            path: self.path.clone(),
            source,
        })
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

    /// Passes every entry to `each`, the oldest first.
    ///
    /// # Errors
    /// [`SealedLogError`].
    pub(crate) fn entries(&self, mut each: impl FnMut(Place, &[u8])) -> Result<(), SealedLogError> {
        let lines = lock(&self.end).lines;
        self.walk(lines, Unreadable::Refused, &mut each).map(drop)
    }

    /// Passes every entry of a log that is only read, as far as it is written.
    ///
    /// # Errors
    /// [`SealedLogError`].
    pub(crate) fn entries_written(
        &self,
        unreadable: Unreadable,
        mut each: impl FnMut(Place, &[u8]),
    ) -> Result<(), SealedLogError> {
        self.walk(u64::MAX, unreadable, &mut each).map(drop)
    }

    fn walk(
        &self,
        lines_max: u64,
        unreadable: Unreadable,
        each: &mut impl FnMut(Place, &[u8]),
    ) -> Result<End, SealedLogError> {
        let mut reader = BufReader::new(At {
            file: &self.file,
            offset: 0,
        });
        let (mut line, mut end) = (Vec::new(), End { bytes: 0, lines: 0 });
        while end.lines < lines_max {
            line.clear();
            let read = reader.read_until(b'\n', &mut line);
            read.map_err(|source| SealedLogError::Io {
                path: self.path.clone(),
                source,
            })?;
            if line.last() != Some(&b'\n') {
                break;
            }
            let place = Place {
                offset: end.bytes,
                line: end.lines,
            };
            match self.sealer.unseal(&line, end.lines) {
                Some(entry) => each(place, &entry),
                None if unreadable == Unreadable::PassedOver => {}
                None => return Err(self.damaged(end.lines)),
            }
            end.bytes += line.len() as u64;
            end.lines += 1;
        }
        Ok(end)
    }

    /// Waits until so many bytes are on the disk. Who finds them there already need not sync again.
    fn sync(&self, bytes: u64) -> io::Result<()> {
        let mut synced = lock(&self.synced);
        if *synced < bytes {
            let written = lock(&self.end).bytes;
            self.file.sync_data()?;
            *synced = written;
        }
        Ok(())
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

/// Reads a file from a place, whoever else reads it from another.
struct At<'f> {
    file: &'f File,
    offset: u64,
}

impl io::Read for At<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing in here panics while it holds one.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    fn entries(path: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let each = |_: Place, entry: &[u8]| found.push(String::from_utf8(entry.to_vec()).unwrap());
        SealedLog::open(path, &SECRET, each).unwrap();
        found
    }

    fn with_two(path: &Path) {
        let log = SealedLog::open(path, &SECRET, |_, _| {}).unwrap();
        let first = log.append("张三".as_bytes()).unwrap();
        log.append(b"second").unwrap();
        assert_eq!(log.read(first).unwrap(), "张三".as_bytes());
    }

    #[test]
    fn entries_come_back_and_cannot_be_read_without_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("2026-11.log");
        with_two(&path);
        assert_eq!(entries(&path), ["张三", "second"]);
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(6).any(|at| at == "张三".as_bytes()));
        let error = SealedLog::open(&path, &[8; 32], |_, _| {}).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "`{}` is damaged at line 1, or was written under another secret",
                path.display()
            )
        );
    }

    #[test]
    fn a_stop_at_any_byte_of_an_entry_leaves_those_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("2026-11.log");
        with_two(&path);
        let whole = std::fs::read(&path).unwrap();
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for length in first..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(entries(&path), ["张三"], "{length}");
            assert_eq!(std::fs::metadata(&path).unwrap().len(), first as u64);
        }
    }

    #[test]
    fn lines_that_change_places_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("2026-11.log");
        with_two(&path);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        std::fs::write(&path, format!("{}\n{}\n", lines[1], lines[0])).unwrap();
        let error = SealedLog::open(&path, &SECRET, |_, _| {}).unwrap_err();
        assert!(matches!(error, SealedLogError::Damaged { line: 1, .. }));
        let other = folder.path().join("2026-12.log");
        std::fs::write(&other, text).unwrap();
        assert!(SealedLog::open(&other, &SECRET, |_, _| {}).is_err());
    }

    #[test]
    fn a_log_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("2026-11.log");
        let _first = SealedLog::open(&path, &SECRET, |_, _| {}).unwrap();
        let error = SealedLog::open(&path, &SECRET, |_, _| {}).unwrap_err();
        let expected = format!("`{}` is in use by another process", path.display());
        assert_eq!(error.to_string(), expected);
    }
}
