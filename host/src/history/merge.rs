//! The rows of one owner, from every import and from what requests told: an encounter counts once.
//!
//! In the order in which they came. An import replaces rows of earlier imports by their identity, and encounters that
//! requests told by their key, whole: it is read from the books. A request that is about an encounter replaces what was
//! imported or told of it before. One that tells it beside another one, for its rules, replaces no import.

use std::collections::HashSet;

use rulepack_contract::schema::{TableId, ids};

use super::seen::Told;
use super::segment::Owner;
use super::{History, HistoryError, OwnerRow, View};

impl History {
    /// The rows of an owner; what cannot be read of it is a fault.
    pub(super) fn merged(
        &self,
        (table, key): (TableId, &str),
        view: Option<&View>,
        faults: &mut Vec<HistoryError>,
    ) -> Vec<OwnerRow> {
        let owner = Owner {
            table: table.table().name.to_owned(),
            key: key.to_owned(),
        };
        let view = view.filter(|_| table == ids::PATIENTS);
        let mut told = view.map_or_else(Vec::new, |view| view.of(key, faults));
        told.sort_by_key(|told| told.imports);
        let mut told = told.into_iter().peekable();
        let mut rows = Vec::new();
        for (place, at) in self.index.get(&owner).into_iter().flatten() {
            let Some(segment) = self.segments.get(*place) else {
                continue;
            };
            while let Some(earlier) = told.next_if(|told| told.imports < segment.number) {
                tell(&mut rows, earlier);
            }
            match segment.read(&owner, *at) {
                Ok(newer) => import(&mut rows, newer),
                Err(error) => faults.push(error),
            }
        }
        told.for_each(|later| tell(&mut rows, later));
        rows
    }
}

fn import(rows: &mut Vec<OwnerRow>, newer: Vec<OwnerRow>) {
    let replaced: HashSet<_> = newer.iter().map(OwnerRow::identity).collect();
    let encounters: HashSet<&String> = newer.iter().filter_map(encounter_itself).collect();
    let is_replaced = |row: &OwnerRow| {
        let of_told = row.encounter().filter(|_| row.is_told);
        of_told.is_some_and(|key| encounters.contains(key)) || replaced.contains(&row.identity())
    };
    rows.retain(|row| !is_replaced(row));
    rows.extend(newer);
}

fn tell(rows: &mut Vec<OwnerRow>, told: Told) {
    let Some(key) = told.rows.iter().find_map(encounter_itself).cloned() else {
        return;
    };
    let is_imported = |row: &OwnerRow| !row.is_told && encounter_itself(row) == Some(&key);
    if !told.is_current && rows.iter().any(is_imported) {
        return;
    }
    rows.retain(|row| row.encounter() != Some(&key));
    // Patient and institution were told with every encounter, and may have been imported.
    let known: HashSet<_> = rows.iter().map(OwnerRow::identity).collect();
    let new = told.rows.into_iter();
    rows.extend(new.filter(|row| row.encounter().is_some() || !known.contains(&row.identity())));
}

/// The key of a row of `encounters`.
fn encounter_itself(row: &OwnerRow) -> Option<&String> {
    row.encounter()
        .filter(|_| row.table() == Some(ids::ENCOUNTERS))
}
