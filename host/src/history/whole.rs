//! All of the history as data under review: months that were imported, audited afterwards.

use std::collections::{BTreeSet, HashSet};

use rulepack_contract::data::DataBuilder;
use rulepack_contract::schema::{self, ids};

use super::segment::Owner;
use super::{History, HistoryError, OwnerRow, View};

impl History {
    /// Adds every row of every patient and institution to a builder that is still empty. Encounters that were
    /// settled (else discharged, else begun) within these days are under review with all that belongs to them,
    /// the others are history, whatever they were when they were imported.
    ///
    /// # Errors
    /// [`HistoryError`] where a segment cannot be read any more.
    pub fn add_all(
        &self,
        (first, last): (i32, i32),
        builder: &mut DataBuilder,
    ) -> Result<(), HistoryError> {
        for (table, covered) in self.covered() {
            builder.declare(table, covered.columns(table));
            builder.cover(table, covered.coverage());
        }
        // In an order that does not depend on how they are indexed; institutions come before patients.
        let mut owners: BTreeSet<Owner> = self.index.keys().cloned().collect();
        let told = self.view.as_ref().map(View::patients).unwrap_or_default();
        owners.extend(told.into_iter().map(|key| Owner {
            table: ids::PATIENTS.table().name.to_owned(),
            key,
        }));
        let imported = owners.iter().filter(|owner| owner.table == "institutions");
        let mut institutions: HashSet<String> = imported.map(|owner| owner.key.clone()).collect();
        for owner in owners {
            let Some(table) = schema::table(&owner.table) else {
                continue;
            };
            let rows = self.rows(table, &owner.key)?;
            let days = first..=last;
            let within =
                |row: &&OwnerRow| row.day().is_some_and(|day| days.contains(&day.number()));
            let encounters = rows.iter().filter(within);
            let under_review: HashSet<&String> =
                encounters.filter_map(OwnerRow::encounter).collect();
            for row in &rows {
                let is_known = |institution: &String| !institutions.insert(institution.clone());
                if row.told_institution().is_some_and(is_known) {
                    continue;
                }
                let encounter = row.encounter();
                row.add(encounter.map(|key| under_review.contains(key)), builder);
            }
        }
        Ok(())
    }
}
