//! The generic evaluators. Each is a sentence; the rules that it judges are bound to it in
//! [`crate::binding`]. Their functions are not inlined: a pack may not hold a function body of more than
//! 64 KiB, and inlined into one another they are one.

pub mod attribute;
mod chronic_catalogue;
mod consistency;
mod evidence;
mod inventory;
mod line_limit;
mod operation;
mod pair;
mod prescription;
mod records;
mod statistic;
mod visits;
mod windowed_sum;

use rulepack_sdk::prelude::*;

pub use chronic_catalogue::Catalogue;

use crate::findings::Hits;
use crate::knowledge::Knowledge;
use crate::lines::Lines;
use crate::settings::Settings;

/// What every evaluator looks at.
pub struct Context<'a> {
    /// The data.
    pub batch: &'a Batch,
    /// Its lines, refunds netted out.
    pub lines: Lines,
    /// The knowledge tables.
    pub knowledge: &'a Knowledge,
    /// The parameters.
    pub settings: &'a Settings,
    /// Diagnoses with their categories (I63, I63.9).
    pub diagnoses: Families,
    /// Procedures with their categories (51.2, 51.23).
    pub procedures: Families,
}

/// The codes of a column, each with those of its first characters.
pub struct Families {
    codes: [Vec<Option<Code>>; 3],
}

impl Families {
    fn read<T>(batch: &Batch, column: &Column<'_, T, Code>, characters: [u8; 2]) -> Self {
        let [short, long] = characters;
        let codes = [
            column.iter().collect(),
            batch.column_prefixes(column, short),
            batch.column_prefixes(column, long),
        ];
        Families { codes }
    }

    /// The code of a row, then its categories. A code that is a category itself comes again.
    pub fn of<T>(&self, row: Row<T>) -> impl Iterator<Item = Code> {
        let [full, short, long] = self
            .codes
            .each_ref()
            .map(|codes| codes.get(row.index()).copied().flatten());
        [full, long, short].into_iter().flatten()
    }
}

impl<'a> Context<'a> {
    /// Reads what all evaluators share.
    ///
    /// # Errors
    /// Where a sum exceeds 64 bits.
    pub fn read(
        batch: &'a Batch,
        knowledge: &'a Knowledge,
        settings: &'a Settings,
    ) -> Result<Self, Overflow> {
        Ok(Context {
            batch,
            lines: Lines::collect(settings, batch)?,
            knowledge,
            settings,
            diagnoses: Families::read(batch, &batch.diagnoses().codes(), [3, 5]),
            procedures: Families::read(batch, &batch.procedures().codes(), [4, 5]),
        })
    }

    /// The day whose knowledge judges an encounter: settlement, else discharge, else today.
    #[must_use]
    pub fn day(&self, encounter: Row<Encounters>) -> Day {
        let encounters = self.batch.encounters();
        let settled = encounters.settlement_days().get(encounter);
        settled
            .or_else(|| encounters.discharge_days().get(encounter))
            .unwrap_or_else(|| self.batch.today())
    }

    /// The encounters under review.
    pub fn reviewed(&self) -> impl Iterator<Item = Row<Encounters>> {
        let current = self.batch.encounters().current().recorded();
        current
            .filter(|(_, is)| *is)
            .map(|(encounter, _)| encounter)
    }

    /// Whether an encounter is of one of these visit types; `None` where its type is not recorded.
    #[must_use]
    pub fn is_visit(&self, encounter: Row<Encounters>, types: &[Code]) -> Option<bool> {
        let visit = self.batch.encounters().visit_types().get(encounter)?;
        Some(types.contains(&visit))
    }
}

/// How many days of the calendar apart two instants may lie that are less than so many hours apart.
const fn days_apart_within(hours: i64) -> i64 {
    (hours + 23) / 24
}

/// Judges a batch of patients.
///
/// # Errors
/// Where a sum exceeds 64 bits.
pub fn judge_patients(context: &Context<'_>, answer: &mut Answer) -> Result<(), Overflow> {
    let mut hits = Hits::default();
    attribute::attribute(context, &mut hits, answer);
    evidence::evidence(context, &mut hits, answer);
    line_limit::line_limit(context, &mut hits, answer)?;
    windowed_sum::windowed_sum(context, &mut hits, answer)?;
    pair::pair(context, &mut hits, answer);
    pair::same_class(context, &mut hits, answer);
    prescription::prescription(context, &mut hits, answer)?;
    operation::operation(context, &mut hits, answer)?;
    chronic_catalogue::chronic_catalogue(context, &mut hits, answer);
    visits::visits(context, &mut hits, answer)?;
    records::records(context, &mut hits, answer);
    consistency::consistency(context, &mut hits, answer)?;
    statistic::rates(context, answer);
    hits.tell(answer)
}

/// Judges an institution and period.
///
/// # Errors
/// Where a sum exceeds 64 bits.
pub fn judge_institution(
    batch: &Batch,
    settings: &Settings,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    inventory::inventory(batch, settings, answer)?;
    statistic::shares(batch, settings, answer)
}
