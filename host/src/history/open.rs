//! Opening a history: whole, as a receipt names it, or for the service, which sets aside what is damaged.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rulepack_protocol::moment::Day;
use serde::Serialize;

use super::secrets::Secrets;
use super::seen::{self, Seen};
use super::segment::{self, Segment};
use super::{History, HistoryError, View, aside};
use crate::client::Failures;
use crate::journal::{HistoryState, SeenState};
use crate::set_aside;
use crate::settings::HistorySettings;

/// How much history there is, for whoever looks after the host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct HistorySurvey {
    /// Imports in use.
    pub imports: u64,
    /// Encounters that requests told and that count.
    pub encounters: u64,
    /// The first day of which one is kept.
    #[schema(value_type = Option<String>)]
    pub since: Option<Day>,
    /// Damaged files that were set aside: what stood in them is not looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<String>,
    /// Whether what a request told last could not be kept; the next request tries anew.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
}

impl HistorySurvey {
    /// What the files of a history tell, with what requests told since a day.
    ///
    /// # Errors
    /// [`HistoryError`] where one cannot be read.
    pub fn read(folder: &Path, since: Day) -> Result<Self, HistoryError> {
        let seen = seen_folder(folder);
        let is_empty =
            !folder.is_dir() || Numbers::of(folder)?.good.is_empty() && seen::is_empty(&seen)?;
        if is_empty {
            return Ok(HistorySurvey {
                set_aside: set_aside(folder)?,
                ..HistorySurvey::default()
            });
        }
        let history = History::open(folder)?.since(since);
        Ok(history.survey(history.view()))
    }
}

impl History {
    /// Opens the history in a folder, which is made where it is missing, with the secrets that lie beside it.
    ///
    /// # Errors
    /// [`HistoryError`] where the folder cannot be used or a file is not whole.
    pub fn open(folder: &Path) -> Result<Self, HistoryError> {
        let (mut history, secrets) = Self::open_imports(folder, None, Damaged::Refused)?;
        history.view = Seen::read(&seen_folder(folder), secrets, None)?;
        Ok(history)
    }

    /// The history as it was when a receipt named it. Segments are only ever added.
    ///
    /// # Errors
    /// As [`History::open`].
    pub fn open_as_of(folder: &Path, state: &HistoryState) -> Result<Self, HistoryError> {
        if state.segments == 0 && state.seen.is_none() {
            return Ok(Self::nothing(folder));
        }
        let last = Some(u32::try_from(state.segments).unwrap_or(u32::MAX));
        let (mut history, secrets) = Self::open_imports(folder, last, Damaged::Refused)?;
        if state.seen.is_some() {
            history.view = Seen::read(&seen_folder(folder), secrets, state.seen)?;
        }
        Ok(history)
    }

    /// A history of nothing, for whom there was none: nothing is made or read in the folder.
    #[must_use]
    pub fn nothing(folder: &Path) -> Self {
        History {
            folder: folder.to_owned(),
            segments: Vec::new(),
            index: HashMap::new(),
            secrets: None,
            last: 0,
            set_aside: Vec::new(),
            view: None,
        }
    }

    /// The files of what requests told last at some moment, and how many bytes of each had been written by then.
    ///
    /// # Errors
    /// [`HistoryError`] where they cannot be read.
    pub(crate) fn told_until(
        folder: &Path,
        state: &SeenState,
    ) -> Result<[(PathBuf, u64); 2], HistoryError> {
        let secrets = Secrets::of(folder, false)?;
        Ok(seen::lengths_at(&seen_folder(folder), &secrets, state)?)
    }

    /// Opens the history of a service, and what requests told to go on with it. Damaged files are set aside.
    ///
    /// # Errors
    /// [`HistoryError`] where the folder or the secrets cannot be used, or another service uses it.
    pub fn open_to_serve(
        folder: &Path,
        settings: HistorySettings,
        failures: Arc<dyn Failures + Send + Sync>,
    ) -> Result<(Self, Arc<Seen>), HistoryError> {
        let (mut history, secrets) = Self::open_imports(folder, None, Damaged::SetAside)?;
        let seen = Seen::open(&seen_folder(folder), (secrets, settings), failures)?;
        // What was told may have been set aside too.
        history.set_aside = set_aside(folder)?;
        Ok((history, seen))
    }

    /// The imports alone, for a service that runs and has what requests told apart. Nothing is set aside: a
    /// person may be restoring files.
    ///
    /// # Errors
    /// As [`History::open`].
    pub fn imports(folder: &Path) -> Result<Self, HistoryError> {
        Self::open_imports(folder, None, Damaged::Refused).map(|(history, _)| history)
    }

    /// Whether nothing was imported or set aside since this was opened, by any process.
    ///
    /// # Errors
    /// [`HistoryError`] where the folder cannot be listed.
    pub fn is_current(&self) -> Result<bool, HistoryError> {
        let numbers = Numbers::of(&self.folder)?;
        let own = self.segments.iter().map(|segment| segment.number);
        Ok(numbers.good.keys().map(|number| u64::from(*number)).eq(own)
            && set_aside(&self.folder)? == self.set_aside)
    }

    /// How much history there is, with a view of what requests told.
    #[must_use]
    pub fn survey(&self, view: Option<&View>) -> HistorySurvey {
        let (encounters, since) = view.map_or((0, None), View::count);
        HistorySurvey {
            imports: self.segments.len() as u64,
            encounters,
            since,
            set_aside: self.set_aside.clone(),
            stopped: view.is_some_and(View::is_stopped),
        }
    }

    /// What requests told, where this history does not leave it to whoever looks.
    #[must_use]
    pub fn view(&self) -> Option<&View> {
        self.view.as_ref()
    }

    /// The number of the last import, made by whichever process: what a request tells now is told after it.
    pub(crate) fn imports_now(&self) -> u64 {
        u64::from(last_number(&self.folder).unwrap_or(self.last))
    }

    fn open_imports(
        folder: &Path,
        last: Option<u32>,
        damaged: Damaged,
    ) -> Result<(Self, Secrets), HistoryError> {
        fs::create_dir_all(folder).map_err(|source| HistoryError::Io {
            path: folder.to_owned(),
            source,
        })?;
        let mut numbers = Numbers::of(folder)?;
        let is_empty = numbers.good.is_empty() && seen::is_empty(&seen_folder(folder))?;
        let secrets = Secrets::of(folder, is_empty)?;
        if let Some(last) = last {
            numbers.good.retain(|number, _| *number <= last);
            numbers.last = numbers.last.min(last);
        }
        let mut history = History {
            folder: folder.to_owned(),
            segments: Vec::new(),
            index: HashMap::new(),
            secrets: Some(secrets.clone()),
            last: numbers.last,
            set_aside: Vec::new(),
            view: None,
        };
        for path in numbers.good.values() {
            match history.add(path) {
                Ok(()) => {}
                Err(error) if damaged == Damaged::SetAside && error.is_damage() => {
                    let identities = path.with_extension("identities");
                    // The rows first: an import without rows is none.
                    let names = aside::set_aside([path, &identities])?;
                    tracing::error!(%error, ?names, "a damaged import was set aside");
                }
                Err(error) => return Err(error),
            }
        }
        history.set_aside = set_aside(folder)?;
        Ok((history, secrets))
    }

    pub(super) fn secrets(&self) -> Result<&Secrets, HistoryError> {
        let secrets = self.secrets.as_ref();
        secrets.ok_or_else(|| HistoryError::NoSecret(self.folder.clone()))
    }

    pub(super) fn add(&mut self, path: &Path) -> Result<(), HistoryError> {
        let place = self.segments.len();
        let (segment, owners) = Segment::open(path, self.secrets()?)?;
        self.last = self
            .last
            .max(u32::try_from(segment.number).unwrap_or(u32::MAX));
        for (owner, at) in owners {
            self.index.entry(owner).or_default().push((place, at));
        }
        self.segments.push(segment);
        Ok(())
    }
}

impl HistoryError {
    pub(super) fn is_damage(&self) -> bool {
        match self {
            HistoryError::Damaged { .. } | HistoryError::Foreign(_) => true,
            // One of the two files is gone.
            HistoryError::Io { source, .. } => source.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        }
    }
}

/// What becomes of a damaged import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damaged {
    Refused,
    SetAside,
}

/// The imports of a folder.
struct Numbers {
    good: BTreeMap<u32, PathBuf>,
    /// The highest number that any has or had.
    last: u32,
}

impl Numbers {
    fn of(folder: &Path) -> Result<Self, HistoryError> {
        let failed = |source| HistoryError::Io {
            path: folder.to_owned(),
            source,
        };
        let mut numbers = Numbers {
            good: BTreeMap::new(),
            last: 0,
        };
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if segment::is_plain(&path) {
                return Err(HistoryError::Plain(path));
            }
            let set_aside = set_aside::original(&path);
            let number = segment::number(set_aside.as_deref().unwrap_or(&path));
            numbers.last = numbers.last.max(number.unwrap_or(0));
            if let Some(number) = number.filter(|_| set_aside.is_none()) {
                numbers.good.insert(number, path);
            }
        }
        Ok(numbers)
    }
}

/// The number of the last import of a folder, whether it is still in use or not.
pub(super) fn last_number(folder: &Path) -> Result<u32, HistoryError> {
    Numbers::of(folder).map(|numbers| numbers.last)
}

/// Names of the files that were set aside.
fn set_aside(folder: &Path) -> Result<Vec<String>, HistoryError> {
    let mut names = aside::names(folder)?;
    let told = aside::names(&seen_folder(folder))?;
    names.extend(told.into_iter().map(|name| format!("seen/{name}")));
    Ok(names)
}

/// Where what requests told lies.
fn seen_folder(folder: &Path) -> PathBuf {
    folder.join("seen")
}
