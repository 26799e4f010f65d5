//! A row of the history as data to review: of an encounter under review, or history beside it.

use rulepack_contract::data::DataBuilder;
use rulepack_contract::schema::ids;
use rulepack_protocol::moment::Day;

use super::OwnerRow;

/// The columns that tell the day of an encounter, the one that counts first.
const DAYS: [&str; 3] = ["settlement-days", "discharge-days", "admission-days"];

impl OwnerRow {
    /// The day of an encounter: settled, else discharged, else begun. `None` of a row of another table.
    pub(super) fn day(&self) -> Option<Day> {
        if self.table() != Some(ids::ENCOUNTERS) {
            return None;
        }
        let days = DAYS.iter().filter_map(|name| self.cells.get(*name));
        days.filter_map(|day| day.parse().ok()).next()
    }

    /// The encounter that it is, or belongs to.
    pub(super) fn encounter(&self) -> Option<&String> {
        let names = ["encounter", "encounters"];
        names.into_iter().find_map(|name| self.cells.get(name))
    }

    /// The institution that a request told, which others may have told too.
    pub(super) fn told_institution(&self) -> Option<&String> {
        let is_one = self.is_told && self.table() == Some(ids::INSTITUTIONS);
        self.cells.get("institution").filter(|_| is_one)
    }

    /// Adds it to a builder, under review or not where its table tells that, whatever it told when it was
    /// imported.
    pub(super) fn add(&self, under_review: Option<bool>, builder: &mut DataBuilder) {
        let Some(table) = self.table() else {
            return;
        };
        let declared = table.table();
        let key = declared.key().and_then(|name| self.cells.get(name));
        let current = under_review.map(|is| ("current", if is { "1" } else { "0" }));
        let told = self.cells.iter().filter(|(name, _)| *name != "current");
        let told = told.map(|(name, text)| (name.as_str(), text.as_str()));
        let cells = told.chain(current);
        let cells = cells.filter_map(|(name, text)| Some((declared.column(name)?, text)));
        builder.push(table, 0, key.map_or("", String::as_str), cells);
    }
}
