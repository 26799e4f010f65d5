//! The tables, by item.

use rulepack_sdk::prelude::*;

use crate::SETS;

/// All that the rules judge by.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// By the number of a code, one more than the place in `items`; 0 where no rule knows it. Codes of knowledge are numbered
    /// first and without gaps, so this is small.
    places: Vec<u32>,
    items: Vec<Item>,
    /// Sets with the days after a discharge in which a stay is a readmission.
    pub readmissions: Vec<(usize, i64)>,
}

/// What the rules say of an item, each by its set.
#[derive(Debug, Default)]
pub struct Item {
    /// The diagnoses that it is limited to.
    pub diagnoses: Vec<(usize, Vec<Code>)>,
    /// The most of it in a day.
    pub quantities: Vec<(usize, Quantity)>,
    /// Items that exclude it.
    pub pairs: Vec<(usize, Code)>,
    /// Whether it is itself the second of a pair.
    is_second: bool,
}

impl Item {
    /// Whether some rule looks at what of it there is in a day.
    pub fn is_used_by_day(&self) -> bool {
        self.is_second || !self.quantities.is_empty() || !self.pairs.is_empty()
    }
}

impl Knowledge {
    /// Reads the four tables.
    ///
    /// # Errors
    /// Where a row names a set that there is not.
    pub fn read(setup: &Setup) -> Result<Self, String> {
        let mut knowledge = Knowledge::default();
        let table = setup.table("diagnosis-limits")?;
        let rows = sets(&table)?.into_iter().zip(table.codes("item")?);
        for ((set, item), diagnosis) in rows.zip(table.codes("diagnosis")?) {
            let limits = &mut knowledge.item(item).diagnoses;
            match limits.iter_mut().find(|(of, _)| *of == set) {
                Some((_, diagnoses)) => diagnoses.push(diagnosis),
                None => limits.push((set, vec![diagnosis])),
            }
        }
        let table = setup.table("daily-quantities")?;
        let rows = sets(&table)?.into_iter().zip(table.codes("item")?);
        for ((set, item), maximum) in rows.zip(table.quantities("maximum")?) {
            knowledge.item(item).quantities.push((set, maximum));
        }
        let table = setup.table("exclusive-pairs")?;
        let rows = sets(&table)?.into_iter().zip(table.codes("first")?);
        for ((set, first), second) in rows.zip(table.codes("second")?) {
            knowledge.item(first).pairs.push((set, second));
            knowledge.item(second).is_second = true;
        }
        let table = setup.table("readmissions")?;
        let days = table.integers("days")?;
        knowledge.readmissions = sets(&table)?.into_iter().zip(days).collect();
        Ok(knowledge)
    }

    /// The item, and what the rules say of it; `None` where they say nothing.
    pub fn of(&self, item: Code) -> Option<(Code, &Item)> {
        let place = self.places.get(item.number() as usize)?.checked_sub(1)?;
        Some((item, self.items.get(place as usize)?))
    }

    fn item(&mut self, code: Code) -> &mut Item {
        let number = code.number() as usize;
        if self.places.len() <= number {
            self.places.resize(number + 1, 0);
        }
        if self.places[number] == 0 {
            self.items.push(Item::default());
            self.places[number] = u32::try_from(self.items.len()).unwrap_or(0);
        }
        let place = self.places[number] as usize - 1;
        &mut self.items[place]
    }
}

/// The places of the sets of a table's rows.
fn sets(table: &KnowledgeTable<'_>) -> Result<Vec<usize>, String> {
    let place = |set: i64| {
        let place = usize::try_from(set - 1).ok().filter(|place| *place < SETS);
        place.ok_or_else(|| format!("there is no set {set}"))
    };
    table.integers("set")?.into_iter().map(place).collect()
}
