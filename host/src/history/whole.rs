//! All of the history as data under review: months that were imported, audited afterwards.

use std::collections::{BTreeSet, HashSet};

use rulepack_contract::data::DataBuilder;
use rulepack_contract::schema::{self, ids};
use rulepack_contract::units;

use super::{History, HistoryError, OwnerRow};

/// The columns that tell the day of an encounter, the one that counts first.
const DAYS: [&str; 3] = ["settlement-days", "discharge-days", "admission-days"];

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
            let within = |row: &&OwnerRow| day(row).is_some_and(|day| first <= day && day <= last);
            let encounters = rows.iter().filter(within);
            let under_review: HashSet<&String> = encounters
                .filter_map(|row| row.cells.get("encounter"))
                .collect();
            for row in &rows {
                push(row, &under_review, builder);
            }
        }
        Ok(())
    }
}

/// The day of an encounter.
fn day(row: &OwnerRow) -> Option<i32> {
    if row.table() != Some(ids::ENCOUNTERS) {
        return None;
    }
    let mut days = DAYS.iter().filter_map(|name| row.cells.get(*name));
    days.find_map(|day| units::parse_day(day).ok())
}

fn push(row: &OwnerRow, under_review: &HashSet<&String>, builder: &mut DataBuilder) {
    let Some(table) = row.table() else {
        return;
    };
    let declared = table.table();
    let key = declared.key().and_then(|name| row.cells.get(name));
    let encounter = ["encounter", "encounters"].map(|name| row.cells.get(name));
    let encounter = encounter.into_iter().flatten().next();
    let current = encounter.map(|encounter| match under_review.contains(encounter) {
        true => "1",
        false => "0",
    });
    let told = row.cells.iter().filter(|(name, _)| *name != "current");
    let told = told.map(|(name, text)| (name.as_str(), text.as_str()));
    let cells = told.chain(current.map(|flag| ("current", flag)));
    let cells = cells.filter_map(|(name, text)| Some((declared.column(name)?, text)));
    builder.push(table, 0, key.map_or("", String::as_str), cells);
}
