//! All of the history as data under review: months that were imported, audited afterwards.

use std::collections::{BTreeSet, HashSet};

use rulepack_contract::data::DataBuilder;
use rulepack_contract::schema;

use super::{History, HistoryError, OwnerRow};

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
        // In an order that does not depend on how they are indexed.
        let owners: BTreeSet<_> = self.index.keys().collect();
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
                let encounter = row.encounter();
                row.add(encounter.map(|key| under_review.contains(key)), builder);
            }
        }
        Ok(())
    }
}
