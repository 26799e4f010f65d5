//! Opening what requests told: to go on with it, or to read it. A damaged file is set aside by the service,
//! and what of it can be read is told anew in another one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, RwLock};

use super::Seen;
use super::file::{self, Identity, TellingFile};
use super::index::{Index, Position, Sight};
use super::looking::Looking;
use super::view::View;
use crate::client::{Failures, NoFailures};
use crate::history::HistoryError;
use crate::history::aside;
use crate::history::secrets::Secrets;
use crate::journal::SeenState;
use crate::settings::HistorySettings;

impl Seen {
    /// Opens what was told in this folder to go on with it. Damaged files are set aside; what of them can be read
    /// is kept.
    ///
    /// # Errors
    /// [`HistoryError`] where the folder cannot be used, or another service uses it.
    pub(in crate::history) fn open(
        folder: &Path,
        (secrets, settings): (Secrets, HistorySettings),
        failures: Arc<dyn Failures + Send + Sync>,
    ) -> Result<Arc<Self>, HistoryError> {
        let failed = |source| HistoryError::Io {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let writing = File::create(folder.join("writer.lock")).map_err(failed)?;
        if writing.try_lock().is_err() {
            return Err(HistoryError::InUse(folder.to_owned()));
        }
        let numbers = numbers(folder)?;
        let mut index = Index::default();
        let mut damaged = Vec::new();
        for number in &numbers {
            let is_last = numbers.last() == Some(number);
            let mut found = Vec::new();
            let each = |entries, identity| found.push((entries, identity));
            let opened = match is_last {
                true => TellingFile::open_to_write((folder, *number), &secrets, each),
                false => TellingFile::open_to_read((folder, *number), &secrets, each),
            };
            match opened {
                Ok(file) => take(&mut index, file, found, END),
                Err(error) => {
                    let error = HistoryError::from(error);
                    if !error.is_damage() {
                        return Err(error);
                    }
                    damaged.push((*number, error));
                }
            }
        }
        index.last_number = numbers.last().copied().unwrap_or(0);
        let seen = Seen {
            folder: folder.to_owned(),
            secrets,
            settings,
            index: RwLock::new(index),
            stopped: AtomicBool::new(false),
            looking: Looking::default(),
            failures,
            writing: Some(writing),
        };
        for (number, error) in damaged {
            seen.set_aside(number, &error)?;
        }
        let mut index = seen.index_mut();
        index.visible = index.written;
        drop(index);
        Ok(Arc::new(seen))
    }

    /// Opens what was told in this folder to read it, up to where a receipt says; `None` where nothing was.
    ///
    /// # Errors
    /// [`HistoryError`] where a file is damaged.
    pub(in crate::history) fn read(
        folder: &Path,
        secrets: Secrets,
        until: Option<SeenState>,
    ) -> Result<Option<View>, HistoryError> {
        let numbers = match folder.is_dir() {
            true => numbers(folder)?,
            false => BTreeSet::new(),
        };
        let mut sight = match until {
            Some(state) => Sight {
                position: Position {
                    file: state.file,
                    entries: state.entries,
                },
                since: state.since,
            },
            None => Sight {
                position: END,
                since: i32::MIN,
            },
        };
        let mut index = Index::default();
        for number in numbers {
            let mut found = Vec::new();
            let each = |entries, identity| found.push((entries, identity));
            let file = TellingFile::open_to_read((folder, number), &secrets, each)?;
            take(&mut index, file, found, sight.position);
        }
        if index.files.is_empty() {
            return Ok(None);
        }
        if until.is_none() {
            sight.position = index.written;
        }
        let seen = Seen {
            folder: folder.to_owned(),
            secrets,
            settings: HistorySettings::default(),
            index: RwLock::new(index),
            stopped: AtomicBool::new(true),
            looking: Looking::default(),
            failures: Arc::new(NoFailures),
            writing: None,
        };
        let seen = Arc::new(seen);
        Ok(Some(View {
            seen,
            sight,
            _looks: None,
        }))
    }

    /// Keeps what can be read of a damaged file in another one, and then sets it aside. Where a stop comes
    /// in between, it is kept twice, and replaces itself.
    fn set_aside(&self, number: u32, error: &HistoryError) -> Result<(), HistoryError> {
        let mut index = self.index_mut();
        let file = TellingFile::open_damaged((&self.folder, number), &self.secrets);
        let readable = file
            .as_ref()
            .map(|file| file.readable().unwrap_or_default());
        let readable = readable.unwrap_or_default();
        let kept = readable.len();
        if let Ok(file) = &file
            && kept > 0
        {
            self.tell_anew(&mut index, file, readable)?;
        }
        let identities = file::path_of_identities(&self.folder, number);
        let names = aside::set_aside([&identities, &file::path_of_rows(&self.folder, number)])?;
        tracing::error!(%error, ?names, kept, "a damaged file of the history was set aside");
        Ok(())
    }

    fn tell_anew(
        &self,
        index: &mut Index,
        damaged: &TellingFile,
        readable: Vec<Identity>,
    ) -> Result<(), HistoryError> {
        let file = self.begin_file(index)?;
        for mut identity in readable {
            let last = index.last(&identity.patient, &identity.encounter);
            // What was told later elsewhere replaced it.
            let is_replaced = last.is_some_and(|last| last.place.file > damaged.number);
            if is_replaced && last.is_some_and(|last| last.place.file != file.number) {
                continue;
            }
            identity.at = file.write_rows(&damaged.bytes(identity.at)?)?;
            let entries = file.write_identity(&identity)?;
            let place = Position {
                file: file.number,
                entries,
            };
            index.take(place, identity, END);
        }
        let marks = file.marks();
        file.sync(marks)?;
        file.keep(marks);
        Ok(())
    }
}

/// Behind all that was ever told.
const END: Position = Position {
    file: u32::MAX,
    entries: u64::MAX,
};

/// Takes up a file for whoever looks from `oldest` or later.
fn take(index: &mut Index, file: TellingFile, found: Vec<(u64, Identity)>, oldest: Position) {
    let number = file.number;
    index.files.insert(number, Arc::new(file));
    for (entries, identity) in found {
        let place = Position {
            file: number,
            entries,
        };
        index.take(place, identity, oldest);
    }
}

/// The numbers of the files, in their order.
fn numbers(folder: &Path) -> Result<BTreeSet<u32>, HistoryError> {
    let failed = |source| HistoryError::Io {
        path: folder.to_owned(),
        source,
    };
    let mut numbers = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        numbers.extend(file::number(&entry.map_err(failed)?.path()));
    }
    Ok(numbers)
}

/// Whether anything was ever told in a folder.
pub(in crate::history) fn is_empty(folder: &Path) -> Result<bool, HistoryError> {
    match folder.is_dir() {
        true => Ok(numbers(folder)?.is_empty()),
        false => Ok(true),
    }
}
