//! Encounters that requests told: what makes rules over several visits work, though a HIS sends the current one alone.
//!
//! Beside the imports, in `history/seen`: numbered files, one a month and more where one was damaged, to which the
//! service alone adds (`file.rs`). An encounter is kept as the last request told it that says anything is
//! charged of it ([`told`]), and replaces what was kept of it; nothing is changed in place, so that an earlier
//! verdict finds what it saw. What was told is on the disk before the request is answered, and seen by every request
//! that begins later.
//!
//! After [`HistorySettings::days`] an encounter counts no more; its file is removed after
//! [`HistorySettings::replay_days`] more, while the service goes on.

mod file;
mod index;
mod open;
mod told;
mod view;

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rulepack_protocol::moment::Day;

use super::HistoryError;
use super::secrets::Secrets;
use crate::client::{FailurePoint, Failures};
use crate::files;
use crate::settings::HistorySettings;
use file::{Identity, TellingFile};
use index::{Index, Position, Sight};

pub(super) use open::is_empty;
pub(crate) use told::{ToldVisit, told};
pub(super) use view::Told;
pub use view::View;

/// What requests told.
pub struct Seen {
    folder: PathBuf,
    secrets: Secrets,
    settings: HistorySettings,
    index: RwLock<Index>,
    /// A write or sync failed: nobody knows what is on the disk until the files are opened anew.
    stopped: AtomicBool,
    failures: Arc<dyn Failures + Send + Sync>,
    /// Held while this may write.
    writing: Option<File>,
}

impl Seen {
    /// Tells encounters on a day, of a history with so many imports. [`Seen::sync`] brings them to the disk and
    /// before the eyes of others.
    ///
    /// # Errors
    /// [`HistoryError`] where they cannot be written; nothing is told any more until the service is started again.
    pub(crate) fn tell(
        &self,
        visits: &[ToldVisit],
        day: Day,
        imports: u64,
    ) -> Result<(), HistoryError> {
        if visits.is_empty() || self.settings.days == 0 {
            return Ok(());
        }
        if self.is_stopped() {
            return Err(HistoryError::Stopped(self.folder.clone()));
        }
        let told = visits
            .iter()
            .try_for_each(|visit| self.tell_one(visit, day, imports));
        told.inspect_err(|_| self.stopped.store(true, Ordering::Release))
    }

    /// Waits until all that was told is on the disk; from then on it is seen.
    ///
    /// # Errors
    /// As [`Seen::tell`].
    pub(crate) fn sync(&self) -> Result<(), HistoryError> {
        let (written, file) = {
            let index = self.index();
            if index.visible >= index.written {
                return Ok(());
            }
            let file = index.files.get(&index.written.file).cloned();
            (index.written, file)
        };
        if self.is_stopped() {
            return Err(HistoryError::Stopped(self.folder.clone()));
        }
        let synced = file.map_or(Ok(()), |file| file.sync());
        synced
            .map_err(HistoryError::from)
            .and_then(|()| self.reach(FailurePoint::SeenSynced))
            .inspect_err(|_| self.stopped.store(true, Ordering::Release))?;
        let mut index = self.index_mut();
        index.visible = index.visible.max(written);
        Ok(())
    }

    /// What a request of a day sees.
    #[must_use]
    pub fn view(self: &Arc<Self>, today: Day) -> View {
        let position = self.index().visible;
        let since = self.settings.since(today).number();
        View {
            seen: Arc::clone(self),
            sight: Sight { position, since },
        }
    }

    /// Whether nothing more is kept until the service is started again.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn is_to_write(&self) -> bool {
        self.writing.is_some()
    }

    fn tell_one(&self, visit: &ToldVisit, day: Day, imports: u64) -> Result<(), HistoryError> {
        let (rows, digest) = file::to_bytes(&visit.rows);
        let mut index = self.index_mut();
        let last = index.last(&visit.patient, &visit.encounter);
        let is_known = last.is_some_and(|last| {
            (last.digest, last.imports, last.is_current) == (digest, imports, visit.is_current)
                && day.number().saturating_sub(last.day) < RETOLD_AFTER_DAYS
        });
        if is_known {
            return Ok(());
        }
        let file = self.file_of(&mut index, day)?;
        let at = file.write_rows(&rows)?;
        self.reach(FailurePoint::SeenRows)?;
        let identity = Identity {
            patient: visit.patient.clone(),
            encounter: visit.encounter.clone(),
            current: visit.is_current,
            day: day.number(),
            imports,
            digest,
            at,
        };
        let entries = file.write_identity(&identity)?;
        self.reach(FailurePoint::SeenWritten)?;
        let place = Position {
            file: file.number,
            entries,
        };
        index.take(place, identity);
        Ok(())
    }

    /// The file for what is told on a day: the last one, unless it is of an earlier month.
    fn file_of(&self, index: &mut Index, day: Day) -> Result<Arc<TellingFile>, HistoryError> {
        if let Some((number, file)) = index.files.last_key_value() {
            let last = index.days.get(number).copied().and_then(Day::from_number);
            let is_over = last.is_some_and(|last| month(last) < month(day));
            if !is_over {
                return Ok(Arc::clone(file));
            }
            // Whatever is told later is on the disk later.
            file.sync()?;
        }
        let file = self.begin_file(index)?;
        self.reach(FailurePoint::SeenFile)?;
        self.expire(index, day);
        Ok(file)
    }

    fn begin_file(&self, index: &mut Index) -> Result<Arc<TellingFile>, HistoryError> {
        let last = index
            .files
            .last_key_value()
            .map_or(0, |(number, _)| *number);
        let number = last.max(index.written.file).saturating_add(1);
        let opened = TellingFile::open_to_write((&self.folder, number), &self.secrets, |_, _| {});
        let file = Arc::new(opened?);
        index.files.insert(number, Arc::clone(&file));
        Ok(file)
    }

    /// Removes the files of which nothing counts any more, for so long that no receipt is executed anew with them.
    /// One that cannot be removed is tried again after the next start.
    fn expire(&self, index: &mut Index, today: Day) {
        let kept = self.settings.days.saturating_add(self.settings.replay_days);
        let first = today.number().saturating_sub(i32::from(kept));
        let is_over = |(_, last): &(&u32, &i32)| **last < first;
        let over: Vec<u32> = index.days.iter().filter(is_over).map(|it| *it.0).collect();
        for number in over {
            let removed = self.remove(number);
            if let Err(error) = removed {
                tracing::warn!(file = number, %error, "a file of the history that is over cannot be removed");
            }
            tracing::info!(
                file = number,
                "a file of the history is over and was forgotten"
            );
            index.forget(number);
        }
    }

    fn remove(&self, number: u32) -> std::io::Result<()> {
        // Where a stop comes in between, the next start sets the other one aside: a person looks at it.
        fs::remove_file(file::path_of_identities(&self.folder, number))?;
        fs::remove_file(file::path_of_rows(&self.folder, number))?;
        files::sync_folder(&self.folder)
    }

    fn damaged(&self, place: Position) -> HistoryError {
        HistoryError::Damaged {
            path: file::path_of_rows(&self.folder, place.file),
            line: place.entries.saturating_add(1),
        }
    }

    fn reach(&self, point: FailurePoint) -> Result<(), HistoryError> {
        let reached = self.failures.reach(point);
        reached.map_err(|source| HistoryError::Io {
            path: self.folder.clone(),
            source,
        })
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        // Its parts change together, without anything in between that could panic.
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An encounter that is told again as it was is written again after so many days, so that it does not end while it
/// is still told.
const RETOLD_AFTER_DAYS: i32 = 30;

/// Calendar months from year 0.
fn month(day: Day) -> i32 {
    let date = day.date();
    date.year() * 12 + i32::from(u8::from(date.month()))
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Seen");
        shown.field("folder", &self.folder).finish_non_exhaustive()
    }
}
