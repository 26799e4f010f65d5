//! The latest part of the history as data under review: what a new version is tried on before it is used.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rulepack_contract::data::DataBuilder;
use rulepack_contract::schema::{TableId, ids};
use rulepack_protocol::moment::Day;

use super::{Covered, History, HistoryError, OwnerRow, segment};

/// Patients with an encounter in the latest days that the history has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// The first of these days.
    pub from: Day,
    /// The last one: the last day with an encounter, today at the latest.
    pub to: Day,
    /// Keys of patients, those with the latest encounter first. Patient data.
    pub patients: Vec<String>,
}

impl History {
    /// Who had an encounter in the last so many days of the history; `None` where nobody had any.
    ///
    /// # Errors
    /// [`HistoryError`] where a segment cannot be read any more.
    pub fn recent(&self, days: u16, today: Day) -> Result<Option<Recent>, HistoryError> {
        let mut latest: Vec<(Day, String)> = Vec::new();
        for key in self.owners(ids::PATIENTS) {
            let rows = self.rows(ids::PATIENTS, &key)?;
            let of_patient = rows
                .iter()
                .filter_map(OwnerRow::day)
                .filter(|day| *day <= today);
            latest.extend(of_patient.max().map(|day| (day, key)));
        }
        // The latest first; patients of one day by their keys.
        latest.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let Some(to) = latest.first().map(|(day, _)| *day) else {
            return Ok(None);
        };
        let back = i32::from(days.saturating_sub(1));
        let first = to.number().saturating_sub(back).max(0);
        let from = Day::from_number(first).unwrap_or(to);
        latest.retain(|(day, _)| *day >= from && days > 0);
        let patients: Vec<String> = latest.into_iter().map(|(_, key)| key).collect();
        let recent = Recent { from, to, patients };
        Ok((!recent.patients.is_empty()).then_some(recent))
    }

    /// Adds all that is known of these patients, with their encounters in these days under review
    /// (`current` is 1), and with all others as history. Answers how many encounters are under review.
    ///
    /// # Errors
    /// [`HistoryError`] where a segment cannot be read any more.
    pub fn add_for_review(
        &self,
        patients: &[String],
        (from, to): (Day, Day),
        builder: &mut DataBuilder,
    ) -> Result<u64, HistoryError> {
        self.declare(ids::PATIENTS, builder);
        let mut under_review = 0;
        let mut institutions = HashSet::new();
        for patient in patients {
            let rows = self.rows(ids::PATIENTS, patient)?;
            let within = rows
                .iter()
                .filter(|row| row.day().is_some_and(|day| from <= day && day <= to));
            let current: HashSet<&String> = within.filter_map(OwnerRow::encounter).collect();
            under_review += current.len() as u64;
            for institution in super::institutions(&rows) {
                if institutions.contains(&institution) {
                    continue;
                }
                let of = self.rows(ids::INSTITUTIONS, &institution)?;
                let own = |row: &&OwnerRow| row.table() == Some(ids::INSTITUTIONS);
                for row in of.iter().filter(own) {
                    institutions.insert(institution.clone());
                    row.add(None, builder);
                }
            }
            for row in &rows {
                let is_known = |institution: &String| !institutions.insert(institution.clone());
                if row.told_institution().is_some_and(is_known) {
                    continue;
                }
                let encounter = row.encounter();
                row.add(encounter.map(|key| current.contains(key)), builder);
            }
        }
        Ok(under_review)
    }

    /// Adds all that is known of the institutions. Answers how many there are.
    ///
    /// # Errors
    /// [`HistoryError`] where a segment cannot be read any more.
    pub fn add_institutions(&self, builder: &mut DataBuilder) -> Result<u64, HistoryError> {
        self.declare(ids::INSTITUTIONS, builder);
        let mut count = 0;
        for key in self.owners(ids::INSTITUTIONS) {
            count += 1;
            for row in &self.rows(ids::INSTITUTIONS, &key)? {
                row.add(None, builder);
            }
        }
        Ok(count)
    }

    /// The keys of a table of owners, in order.
    fn owners(&self, table: TableId) -> Vec<String> {
        let of_table = self
            .index
            .keys()
            .filter(|owner| owner.table == table.table().name);
        let mut keys: BTreeSet<String> = of_table.map(|owner| owner.key.clone()).collect();
        if let Some(view) = self.view.as_ref().filter(|_| table == ids::PATIENTS) {
            keys.extend(view.patients());
        }
        keys.into_iter().collect()
    }

    /// Tells a builder which tables of these owners were imported, though no row may come.
    fn declare(&self, root: TableId, builder: &mut DataBuilder) {
        let covered: BTreeMap<TableId, Covered> = self.covered();
        for (table, covered) in covered
            .iter()
            .filter(|(table, _)| segment::is_of(**table, root))
        {
            builder.declare(*table, covered.columns(*table));
            builder.cover(*table, covered.coverage());
        }
    }
}
