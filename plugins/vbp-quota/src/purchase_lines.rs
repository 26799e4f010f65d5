//! Lines of the procurement platform (招采平台订单), found by their variety.

use rulepack_sdk::prelude::*;

/// All lines of the institution.
pub struct PurchaseLines<'a> {
    /// The batch that they are of.
    pub(crate) batch: &'a Batch,
    by_variety: Map<Code, Vec<Row<Purchases>>>,
    /// The first day of which orders or deliveries are held; `None` where there is none.
    history_start: Option<Day>,
}

impl<'a> PurchaseLines<'a> {
    pub(crate) fn read(batch: &'a Batch) -> Self {
        let table = batch.purchases();
        let mut by_variety: Map<Code, Vec<Row<Purchases>>> = Map::default();
        for (row, variety) in table.varieties().recorded() {
            by_variety.entry(variety).or_default().push(row);
        }
        PurchaseLines {
            batch,
            by_variety,
            history_start: history_start(batch),
        }
    }

    /// The table that the lines are rows of.
    #[must_use]
    pub fn table(&self) -> &'a Purchases {
        self.batch.purchases()
    }

    /// The lines of a variety, in the order of their rows.
    #[must_use]
    pub fn of(&self, variety: Code) -> &[Row<Purchases>] {
        self.by_variety.get(&variety).map_or(&[], Vec::as_slice)
    }

    /// The varieties, each with its lines, in the order of their first lines.
    #[must_use]
    pub fn varieties(&self) -> Vec<(Code, &[Row<Purchases>])> {
        let varieties = self.by_variety.iter();
        let mut varieties: Vec<(Code, &[Row<Purchases>])> = varieties
            .map(|(variety, lines)| (*variety, lines.as_slice()))
            .collect();
        varieties.sort_by_key(|(_, lines)| lines.first().copied());
        varieties
    }

    /// Whether every line is known.
    #[must_use]
    pub fn are_complete(&self) -> bool {
        self.batch.presence::<Purchases>() == Presence::Complete
    }

    /// Whether lines of this day and later are held.
    #[must_use]
    pub fn reach_back_to(&self, day: Day) -> bool {
        self.history_start.is_some_and(|start| start <= day)
    }
}

/// As the host tells it; where nobody said, the first day that stands in the data.
fn history_start(batch: &Batch) -> Option<Day> {
    let told = batch.history_start::<Purchases>();
    told.or_else(|| {
        let stocked = batch.purchases().stocked_days().recorded();
        stocked.map(|(_, day)| day).min()
    })
}
