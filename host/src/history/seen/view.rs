//! What of the encounters that requests told one look-up sees: the same, however often it looks.

use std::sync::Arc;

use rulepack_contract::schema::ids;
use rulepack_protocol::moment::Day;

use super::Seen;
use super::index::Sight;
use super::looking::Looks;
use crate::history::segment::{OwnerRows, column_of_owner};
use crate::history::{HistoryError, OwnerRow, rows_of};
use crate::journal::SeenState;

/// What was told up to some moment, and not before some day.
#[derive(Debug, Clone)]
pub struct View {
    pub(super) seen: Arc<Seen>,
    pub(super) sight: Sight,
    /// Of a service, which forgets what nobody looks for.
    pub(super) _looks: Option<Arc<Looks>>,
}

/// An encounter as it was told last.
#[derive(Debug)]
pub(in crate::history) struct Told {
    /// How many imports there were then.
    pub(in crate::history) imports: u64,
    /// Whether the request was about it.
    pub(in crate::history) is_current: bool,
    pub(in crate::history) rows: Vec<OwnerRow>,
}

impl View {
    /// The encounters of a patient in the order in which they were told last. Those whose rows cannot be read
    /// are faults.
    pub(in crate::history) fn of(
        &self,
        patient: &str,
        faults: &mut Vec<HistoryError>,
    ) -> Vec<Told> {
        let index = self.seen.index();
        let tellings = index.of(patient, self.sight).into_iter();
        let tellings: Vec<_> = tellings
            .filter_map(|telling| {
                Some((telling, Arc::clone(index.files.get(&telling.place.file)?)))
            })
            .collect();
        drop(index);
        let mut told = Vec::new();
        for (telling, file) in tellings {
            let bytes = file.bytes(telling.at).map_err(HistoryError::from);
            let rows = bytes.and_then(|bytes| {
                let rows = serde_json::from_slice::<OwnerRows>(&bytes);
                rows.map_err(|_| self.seen.damaged(telling.place))
            });
            match rows {
                Ok(rows) => told.push(Told {
                    imports: telling.imports,
                    is_current: telling.is_current,
                    rows: of_patient(rows, patient),
                }),
                Err(error) => faults.push(error),
            }
        }
        told
    }

    /// Everybody of whom something was told.
    pub(in crate::history) fn patients(&self) -> Vec<String> {
        self.seen.index().patients(self.sight)
    }

    /// How many encounters there are, and since which day.
    #[must_use]
    pub fn count(&self) -> (u64, Option<Day>) {
        let (count, first) = self.seen.index().count(self.sight);
        (count, first.and_then(Day::from_number))
    }

    /// Whether the service could not keep what it was told last.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.seen.is_to_write() && self.seen.is_stopped()
    }

    /// As a receipt names it; `None` where nothing was ever told.
    #[must_use]
    pub fn state(&self) -> Option<SeenState> {
        let position = self.sight.position;
        (position.entries > 0).then_some(SeenState {
            file: position.file,
            entries: position.entries,
            since: self.sight.since,
        })
    }

    /// The same, without what was told before a day.
    #[must_use]
    pub(in crate::history) fn since(mut self, day: Day) -> Self {
        self.sight.since = day.number();
        self
    }
}

/// The rows with whose they are.
fn of_patient(rows: OwnerRows, patient: &str) -> Vec<OwnerRow> {
    let mut rows = rows_of(rows);
    for row in &mut rows {
        row.is_told = true;
        let table = row.table().filter(|table| *table != ids::INSTITUTIONS);
        if let Some(name) = table.and_then(column_of_owner) {
            row.cells.insert(name.to_owned(), patient.to_owned());
        }
    }
    rows
}
