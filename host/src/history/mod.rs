//! What is known of patients and of the institution from earlier imports and earlier requests, for rules that need
//! history.
//!
//! A folder of segments, one an import, never changed: `000001.rows` with `000001.identities`, and so on
//! (`segment.rs`); and beside them the encounters that requests told (`seen`). An encounter that both
//! have counts once, as it was told or imported last (`merge.rs`). All of it is encrypted; whose the rows are stands apart from them, under another secret (T15).
//! Each file is written beside, synced, renamed and the folder synced, so that a kill leaves the old state or
//! the new one. The index by owner is built when the history is opened; rows stay on disk. Where two imports
//! bring the same row, the later one counts.
//!
//! What is damaged stops who reads it, but for the service: it sets the files aside (`aside.rs`), goes on
//! with the others, and says so.
//!
//! Keys of patients are data, never in a log or in an error's text.

mod aside;
mod identity;
mod import;
mod merge;
mod open;
mod recent;
mod review_row;
mod secrets;
pub(crate) mod seen;
mod segment;
mod whole;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::PathBuf;

use rulepack_contract::data::{Coverage, DataBuilder, Presence};
use rulepack_contract::schema::{self, TableId, ids};
use rulepack_contract::units;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;

use crate::data::DataError;
use crate::journal::{HistoryState, RecalledRecord};
use crate::sealed_log::SealedLogError;
use identity::identity;
use secrets::Secrets;
use segment::{Covered, Owner, OwnerRows, Place, Segment};

pub use import::Imported;
pub use open::HistorySurvey;
pub use recent::Recent;
pub use seen::{Seen, View};

/// The history of one host.
#[derive(Debug)]
pub struct History {
    folder: PathBuf,
    segments: Vec<Segment>,
    index: HashMap<Owner, Vec<(usize, Place)>>,
    /// `None` of a history of nothing.
    secrets: Option<Secrets>,
    /// The number of the last import that there ever was.
    last: u32,
    /// Names of files that were set aside.
    set_aside: Vec<String>,
    /// What requests told, where this history does not leave it to whoever looks.
    view: Option<View>,
}

/// What was added to a request.
#[derive(Debug, Default)]
pub struct Recalled {
    /// Of it, what earlier requests had told; `None` where that was nothing.
    pub told: Option<RecalledRecord>,
    /// What could not be read of the patients, and was left out.
    pub faults: Vec<HistoryError>,
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
    /// Another service uses it.
    #[error("the history `{0}` is in use by another process")]
    InUse(PathBuf),
    /// A write or a sync failed, and it was taken back with what was told at the same time.
    #[error("what was told could not be kept in the history `{0}`")]
    NotKept(PathBuf),
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
                "restore it from a backup together with `data.secret` and `identity.secret`; or start the service, \
                 which sets it aside; or move `{}` (both its files) away and import again",
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
            HistoryError::InUse(_) => {
                Some("one `rulepack serve` runs on a host's folder at a time".to_owned())
            }
            HistoryError::Data(error) => error.hint(),
            HistoryError::Io { .. } | HistoryError::NotKept(_) => None,
        }
    }
}

impl From<SealedLogError> for HistoryError {
    fn from(error: SealedLogError) -> Self {
        match error {
            SealedLogError::Io { path, source } => HistoryError::Io { path, source },
            SealedLogError::InUse(path) => HistoryError::InUse(path),
            SealedLogError::Damaged { path, line } => HistoryError::Damaged { path, line },
        }
    }
}

impl History {
    /// Which history this is, as a receipt names it.
    #[must_use]
    pub fn state(&self) -> HistoryState {
        self.state_in(self.view.as_ref())
    }

    /// The same for whoever looks at what requests told with a view of its own.
    #[must_use]
    pub fn state_in(&self, view: Option<&View>) -> HistoryState {
        let mut hasher = Digest::hasher();
        for segment in &self.segments {
            hasher.update(segment.digest.as_bytes());
        }
        HistoryState {
            segments: u64::from(self.last),
            digest: hasher.finish(),
            seen: view.and_then(View::state),
        }
    }

    /// Names of damaged files that were set aside, those of what requests told after the imports.
    #[must_use]
    pub fn set_aside(&self) -> &[String] {
        &self.set_aside
    }

    /// Leaves out what requests told before a day.
    #[must_use]
    pub fn since(mut self, day: Day) -> Self {
        self.view = self.view.map(|view| view.since(day));
        self
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
        let recalled = self.recall(self.view.as_ref(), patients, known, builder);
        recalled.faults.into_iter().next().map_or(Ok(()), Err)
    }

    /// The same with a view of what requests told, and without what cannot be read.
    pub fn recall(
        &self,
        view: Option<&View>,
        patients: &[&str],
        known: &mut HashSet<(TableId, String)>,
        builder: &mut DataBuilder,
    ) -> Recalled {
        for (table, covered) in self.covered() {
            if !segment::is_of(table, ids::PATIENTS) {
                continue;
            }
            builder.declare(table, covered.columns(table));
            builder.cover(table, covered.coverage());
        }
        let mut recalled = Recalled::default();
        let mut added = Added::default();
        for patient in patients {
            let rows = self.merged((ids::PATIENTS, patient), view, &mut recalled.faults);
            for institution in institutions(&rows) {
                if !known.contains(&(ids::INSTITUTIONS, institution.clone())) {
                    let of = (ids::INSTITUTIONS, institution.as_str());
                    let of = self.merged(of, view, &mut recalled.faults);
                    let own = of
                        .into_iter()
                        .filter(|row| row.table() == Some(ids::INSTITUTIONS));
                    add(own.collect(), known, builder, &mut added);
                }
            }
            add(rows, known, builder, &mut added);
        }
        recalled.told = added.record();
        recalled
    }

    /// The rows of one owner, the later import's or request's where two brought the same.
    fn rows(&self, table: TableId, key: &str) -> Result<Vec<OwnerRow>, HistoryError> {
        let mut faults = Vec::new();
        let rows = self.merged((table, key), self.view.as_ref(), &mut faults);
        faults.into_iter().next().map_or(Ok(rows), Err)
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
        let told = self.view.as_ref().map(View::count);
        if let Some((1.., since)) = told {
            for table in TOLD {
                // Where there are imports, they say since when all is held.
                all.entry(table).or_insert_with(|| Covered {
                    history_start: since.map(Day::number),
                    ..Covered::default()
                });
            }
        }
        if !self.set_aside.is_empty() {
            all.values_mut().for_each(|covered| covered.partial = true);
        }
        all
    }
}

/// The tables that requests tell.
const TOLD: [TableId; 6] = [
    ids::INSTITUTIONS,
    ids::PATIENTS,
    ids::ENCOUNTERS,
    ids::DIAGNOSES,
    ids::PROCEDURES,
    ids::ORDERS,
];

/// A row as texts by column, its key under the name of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OwnerRow {
    table: String,
    cells: BTreeMap<String, String>,
    /// By a request, not by an import.
    is_told: bool,
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
            is_told: false,
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

/// What was added of what requests told.
#[derive(Default)]
struct Added {
    rows: u64,
    hasher: Option<rulepack_protocol::digest::Hasher>,
}

impl Added {
    fn row(&mut self, row: &OwnerRow) {
        self.rows += 1;
        let hasher = self.hasher.get_or_insert_with(Digest::hasher);
        let bytes = serde_json::to_vec(&(&row.table, &row.cells)).expect("rows are texts");
        hasher.update(&bytes);
    }

    fn record(self) -> Option<RecalledRecord> {
        self.hasher.map(|hasher| RecalledRecord {
            rows: self.rows,
            digest: hasher.finish(),
        })
    }
}

fn add(
    rows: Vec<OwnerRow>,
    known: &mut HashSet<(TableId, String)>,
    builder: &mut DataBuilder,
    added: &mut Added,
) {
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
        let encounter = row.cells.get("encounters").cloned();
        let is_of_known =
            |encounter: &String| replaced.contains(&(ids::ENCOUNTERS, encounter.clone()));
        let is_new = table.table().key().is_none() || known.insert((table, key.clone()));
        // A line of an encounter that is told here alone, under the id of another one: the builder leaves it out,
        // and the answer says so.
        let is_ambiguous = row.is_told && encounter.is_some();
        if encounter.as_ref().is_some_and(is_of_known) || !(is_new || is_ambiguous) {
            continue;
        }
        if row.is_told {
            added.row(&row);
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
