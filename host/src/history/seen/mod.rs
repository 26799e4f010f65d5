//! Encounters that requests told: what makes rules over several visits work, though a HIS sends the current one alone.
//!
//! Beside the imports, in `history/seen`: numbered files, one a month and more where one was damaged, to which the
//! service alone adds (`file.rs`). An encounter is kept as the last request told it that says anything is
//! charged of it ([`told`]), and replaces what was kept of it; nothing is changed in place, so that an earlier
//! verdict finds what it saw. What was told is on the disk before the request is answered, and seen by every request
//! that begins later.
//!
//! Where a write or a sync fails, on a full disk say, all that no request saw yet is taken back before anything else is
//! told, and whoever told it learns that it is not kept; each request tries anew.
//!
//! After [`HistorySettings::days`] an encounter counts no more; its file is removed after
//! [`HistorySettings::replay_days`] more, while the service goes on.

mod file;
mod index;
mod looking;
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
use looking::Looking;

pub(super) use file::lengths_at;
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
    /// A write or sync failed, and what was not on the disk is not taken back yet. Changes with the index alone.
    stopped: AtomicBool,
    /// From where requests look that are being answered.
    looking: Looking,
    failures: Arc<dyn Failures + Send + Sync>,
    /// Held while this may write.
    writing: Option<File>,
}

/// Between what turns of taking back something was told.
#[derive(Debug, Clone, Copy)]
#[must_use = "nothing is kept before it is synced"]
pub(crate) struct Turn(u64);

impl Seen {
    /// Tells encounters on a day, of a history with so many imports. [`Seen::sync`] brings them to the disk and
    /// before the eyes of others.
    ///
    /// # Errors
    /// [`HistoryError`] where they cannot be written; none of them is then kept.
    pub(crate) fn tell(
        &self,
        visits: &[ToldVisit],
        day: Day,
        imports: u64,
    ) -> Result<Turn, HistoryError> {
        if visits.is_empty() || self.settings.days == 0 {
            return Ok(Turn(self.index().turn));
        }
        let mut index = self.index_mut();
        if self.is_stopped() {
            self.take_back(&mut index)?;
        }
        let mut visits = visits.iter();
        let told = visits.try_for_each(|visit| self.tell_one(&mut index, visit, (day, imports)));
        told.inspect_err(|_| self.stopped.store(true, Ordering::Release))?;
        Ok(Turn(index.turn))
    }

    /// Waits until all that was told so far is on the disk; from then on it is seen.
    ///
    /// # Errors
    /// [`HistoryError`] where that fails, or something of this turn was taken back; what was told is then not kept.
    pub(crate) fn sync(&self, Turn(turn): Turn) -> Result<(), HistoryError> {
        let (written, file, marks) = {
            let index = self.index();
            self.is_still(turn, &index)?;
            if index.visible >= index.written {
                return Ok(());
            }
            let file = index.files.get(&index.written.file);
            let file = file.ok_or_else(|| HistoryError::NotKept(self.folder.clone()))?;
            (index.written, Arc::clone(file), file.marks())
        };
        let synced = file.sync(marks).map_err(HistoryError::from);
        let synced = synced.and_then(|()| self.reach(FailurePoint::SeenSynced));
        let mut index = self.index_mut();
        self.is_still(turn, &index)?;
        synced.inspect_err(|_| self.stopped.store(true, Ordering::Release))?;
        if index.visible < written {
            index.visible = written;
            file.keep(marks);
        }
        Ok(())
    }

    /// What a request of a day sees.
    #[must_use]
    pub fn view(self: &Arc<Self>, today: Day) -> View {
        let since = self.settings.since(today).number();
        let index = self.index();
        let position = index.visible;
        // While the index is held: what is seen from there is not forgotten meanwhile.
        let looks = self.looking.begin(position);
        drop(index);
        View {
            seen: Arc::clone(self),
            sight: Sight { position, since },
            _looks: Some(looks),
        }
    }

    /// Whether what was told last could not be kept. The next request tries anew.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Whether nothing was taken back since a turn.
    fn is_still(&self, turn: u64, index: &Index) -> Result<(), HistoryError> {
        match index.turn == turn {
            true => Ok(()),
            false => Err(HistoryError::NotKept(self.folder.clone())),
        }
    }

    /// Takes back what no request saw yet, in the files and in the index, so that telling can go on.
    fn take_back(&self, index: &mut Index) -> Result<(), HistoryError> {
        index.turn += 1;
        let unseen = index.files.range(index.visible.file..);
        for (_, file) in unseen {
            file.take_back()?;
        }
        index.take_back();
        self.stopped.store(false, Ordering::Release);
        tracing::warn!("what could not be kept of the history was taken back");
        Ok(())
    }

    fn is_to_write(&self) -> bool {
        self.writing.is_some()
    }

    fn tell_one(
        &self,
        index: &mut Index,
        visit: &ToldVisit,
        (day, imports): (Day, u64),
    ) -> Result<(), HistoryError> {
        let (rows, digest) = file::to_bytes(&visit.rows);
        let last = index.last(&visit.patient, &visit.encounter);
        let is_known = last.is_some_and(|last| {
            (last.digest, last.imports, last.is_current) == (digest, imports, visit.is_current)
                && day.number().saturating_sub(last.day) < RETOLD_AFTER_DAYS
        });
        if is_known {
            return Ok(());
        }
        let file = self.file_of(index, day)?;
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
        let oldest = self.looking.oldest().unwrap_or(index.visible);
        index.take(place, identity, oldest);
        Ok(())
    }

    /// The file for what is told on a day: the last one, unless it is of an earlier month.
    fn file_of(&self, index: &mut Index, day: Day) -> Result<Arc<TellingFile>, HistoryError> {
        let last = index.files.last_key_value();
        if let Some((number, file)) = last.filter(|(_, file)| file.is_to_write()) {
            let last = index.days.get(number).copied().and_then(Day::from_number);
            let is_over = last.is_some_and(|last| month(last) < month(day));
            if !is_over {
                return Ok(Arc::clone(file));
            }
            // Whatever is told later is on the disk later.
            let marks = file.marks();
            file.sync(marks)?;
            file.keep(marks);
            index.visible = index.written;
        }
        let file = self.begin_file(index)?;
        self.reach(FailurePoint::SeenFile)?;
        self.expire(index, day);
        Ok(file)
    }

    fn begin_file(&self, index: &mut Index) -> Result<Arc<TellingFile>, HistoryError> {
        let number = index.last_number.saturating_add(1);
        let opened = TellingFile::open_to_write((&self.folder, number), &self.secrets, |_, _| {});
        let file = Arc::new(opened?);
        index.files.insert(number, Arc::clone(&file));
        index.last_number = number;
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
