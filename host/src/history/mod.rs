//! What is known of patients and of the institution from earlier imports, for rules that need history.
//!
//! A folder of segments, one an import, never changed: `000001.rows` with `000001.identities`, and so on
//! (`segment.rs`). All of it is encrypted; whose the rows are stands apart from them, under another secret (T15).
//! Each file is written beside, synced, renamed and the folder synced, so that a kill leaves the old state or
//! the new one. The index by owner is built when the history is opened; rows stay on disk. Where two imports
//! bring the same row, the later one counts.
//!
//! Keys of patients are data, never in a log or in an error's text.

mod identity;
mod import;
mod recent;
mod review_row;
mod secrets;
mod segment;
mod whole;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rulepack_contract::data::{Coverage, DataBuilder, Presence};
use rulepack_contract::schema::{self, TableId, ids};
use rulepack_contract::units;
use rulepack_protocol::digest::Digest;

use crate::data::DataError;
use crate::journal::HistoryState;
use identity::identity;
use secrets::Secrets;
use segment::{Covered, Owner, OwnerRows, Place, Segment};

pub use import::Imported;
pub use recent::Recent;

/// The history of one host.
#[derive(Debug)]
pub struct History {
    folder: PathBuf,
    segments: Vec<Segment>,
    index: HashMap<Owner, Vec<(usize, Place)>>,
    secrets: Secrets,
}

/// Why history cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file system refuses.
    #[error("the history `{path}` cannot be used")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A segment that this program did not write so, or that was cut off.
    #[error("the history `{path}` is damaged at line {line}, or was written under another secret")]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// From 1.
        line: u64,
    },
    /// The identities of another import.
    #[error("the history `{0}` does not belong to the rows beside it")]
    Foreign(PathBuf),
    /// A segment of an earlier release.
    #[error("the history `{0}` was written by an earlier release and is not encrypted")]
    Plain(PathBuf),
    /// There is history, and nothing to read it with.
    #[error("`{0}` is missing, and the history of patients cannot be read without it")]
    NoSecret(PathBuf),
    /// What is to be imported cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl HistoryError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            HistoryError::Damaged { path, .. } | HistoryError::Foreign(path) => Some(format!(
                "restore it from a backup together with `data.secret` and `identity.secret`, or move `{}` (both \
                 its files) away and import again",
                path.with_extension("").display()
            )),
            HistoryError::Plain(_) => Some(
                "import the same files again in a new folder, or delete it and import again"
                    .to_owned(),
            ),
            HistoryError::NoSecret(_) => Some(
                "restore it from a backup, or move the folder `history` away and import again"
                    .to_owned(),
            ),
            HistoryError::Data(error) => error.hint(),
            HistoryError::Io { .. } => None,
        }
    }
}

impl History {
    /// Opens the history in a folder, which is made where it is missing, with the secrets that lie beside it.
    ///
    /// # Errors
    /// [`HistoryError`] where the folder cannot be used or a segment is not whole.
    pub fn open(folder: &Path) -> Result<Self, HistoryError> {
        Self::open_first(folder, usize::MAX)
    }

    /// The history as it was when it had so many segments, which are only ever added.
    ///
    /// # Errors
    /// As [`History::open`].
    pub fn open_first(folder: &Path, first: usize) -> Result<Self, HistoryError> {
        let failed = |source| HistoryError::Io {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if segment::is_plain(&path) {
                return Err(HistoryError::Plain(path));
            }
            if segment::number(&path).is_some() {
                paths.push(path);
            }
        }
        let secrets = Secrets::of(folder, paths.is_empty())?;
        paths.sort();
        paths.truncate(first);
        let mut history = History {
            folder: folder.to_owned(),
            segments: Vec::new(),
            index: HashMap::new(),
            secrets,
        };
        for path in paths {
            history.add(&path)?;
        }
        Ok(history)
    }

    /// Whether nothing was imported since this was opened, by any process.
    ///
    /// # Errors
    /// [`HistoryError`] where the folder cannot be listed.
    pub fn is_current(&self) -> Result<bool, HistoryError> {
        let failed = |source| HistoryError::Io {
            path: self.folder.clone(),
            source,
        };
        let mut segments = 0;
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            // Segments are only ever added.
            segments += usize::from(segment::number(&entry.map_err(failed)?.path()).is_some());
        }
        Ok(segments == self.segments.len())
    }

    /// Which history this is, as a receipt names it.
    #[must_use]
    pub fn state(&self) -> HistoryState {
        let mut hasher = Digest::hasher();
        for segment in &self.segments {
            hasher.update(segment.digest.as_bytes());
        }
        HistoryState {
            segments: self.segments.len() as u64,
            digest: hasher.finish(),
        }
    }

    /// Adds what is known of these patients to the rows of a request, which go first: a row or an
    /// encounter that the request has itself (`known`) is not added again. Everything added is history
    /// (`current` is 0). Tables that were imported count as recorded even where a patient has no row.
    ///
    /// # Errors
    /// [`HistoryError`] where a segment cannot be read any more.
    pub fn add_patients(
        &self,
        patients: &[&str],
        known: &mut HashSet<(TableId, String)>,
        builder: &mut DataBuilder,
    ) -> Result<(), HistoryError> {
        for (table, covered) in self.covered() {
            if !segment::is_of(table, ids::PATIENTS) {
                continue;
            }
            builder.declare(table, covered.columns(table));
            builder.cover(table, covered.coverage());
        }
        for patient in patients {
            let rows = self.rows(ids::PATIENTS, patient)?;
            for institution in institutions(&rows) {
                if !known.contains(&(ids::INSTITUTIONS, institution.clone())) {
                    let of = self.rows(ids::INSTITUTIONS, &institution)?;
                    let own = of
                        .into_iter()
                        .filter(|row| row.table() == Some(ids::INSTITUTIONS));
                    add(own.collect(), known, builder);
                }
            }
            add(rows, known, builder);
        }
        Ok(())
    }

    /// The rows of one owner, the later import's where two brought the same.
    fn rows(&self, table: TableId, key: &str) -> Result<Vec<OwnerRow>, HistoryError> {
        let owner = Owner {
            table: table.table().name.to_owned(),
            key: key.to_owned(),
        };
        let mut rows: Vec<OwnerRow> = Vec::new();
        for (segment, place) in self.index.get(&owner).into_iter().flatten() {
            let newer = self.segments[*segment].read(&owner, *place)?;
            let replaced: HashSet<_> = newer.iter().map(OwnerRow::identity).collect();
            rows.retain(|row| !replaced.contains(&row.identity()));
            rows.extend(newer);
        }
        Ok(rows)
    }

    fn covered(&self) -> BTreeMap<TableId, Covered> {
        let mut all: BTreeMap<TableId, Covered> = BTreeMap::new();
        for segment in &self.segments {
            for (name, covered) in &segment.header.tables {
                if let Some(table) = schema::table(name) {
                    all.entry(table).or_default().merge(covered);
                }
            }
        }
        all
    }

    fn add(&mut self, path: &Path) -> Result<(), HistoryError> {
        let place = self.segments.len();
        let (segment, owners) = Segment::open(path, &self.secrets)?;
        for (owner, at) in owners {
            self.index.entry(owner).or_default().push((place, at));
        }
        self.segments.push(segment);
        Ok(())
    }
}

/// A row as texts by column, its key under the name of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OwnerRow {
    table: String,
    cells: BTreeMap<String, String>,
}

impl OwnerRow {
    fn table(&self) -> Option<TableId> {
        schema::table(&self.table)
    }

    fn identity(&self) -> Vec<String> {
        let columns = self.table().map(identity).unwrap_or_default();
        let cell = |column: &&str| self.cells.get(*column).cloned().unwrap_or_default();
        std::iter::once(self.table.clone())
            .chain(columns.iter().map(cell))
            .collect()
    }
}

fn rows_of(rows: OwnerRows) -> Vec<OwnerRow> {
    let of_table = |(table, rows): (String, Vec<BTreeMap<String, String>>)| {
        rows.into_iter().map(move |cells| OwnerRow {
            table: table.clone(),
            cells,
        })
    };
    rows.into_iter().flat_map(of_table).collect()
}

/// The institutions that the encounters name.
fn institutions(rows: &[OwnerRow]) -> Vec<String> {
    let of = rows
        .iter()
        .filter(|row| row.table() == Some(ids::ENCOUNTERS));
    let mut keys: Vec<String> = of
        .filter_map(|row| row.cells.get("institutions").cloned())
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

fn add(rows: Vec<OwnerRow>, known: &mut HashSet<(TableId, String)>, builder: &mut DataBuilder) {
    let replaced = known.clone();
    for row in rows {
        let Some(table) = row.table() else {
            continue;
        };
        let key = table
            .table()
            .key()
            .and_then(|name| row.cells.get(name))
            .cloned()
            .unwrap_or_default();
        let encounter = row.cells.get("encounters").cloned().unwrap_or_default();
        let brought = replaced.contains(&(ids::ENCOUNTERS, encounter))
            || (table.table().key().is_some() && !known.insert((table, key.clone())));
        if brought {
            continue;
        }
        let cells = row.cells.iter().filter_map(|(name, text)| {
            let text = if name == "current" {
                "0"
            } else {
                text.as_str()
            };
            Some((table.table().column(name)?, text))
        });
        builder.push(table, 0, &key, cells);
    }
}

impl Covered {
    fn coverage(&self) -> Coverage {
        let history_start = self.history_start.unwrap_or(units::NOT_RECORDED_S32);
        let presence = if self.partial {
            Presence::Partial
        } else {
            Presence::Complete
        };
        Coverage {
            presence,
            history_start,
        }
    }

    fn columns(&self, table: TableId) -> Vec<usize> {
        self.columns
            .iter()
            .filter_map(|name| table.table().column(name))
            .collect()
    }
}
