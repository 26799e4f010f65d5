//! 支付标准: what the fund pays for a group, as a city supplies it.

use rulepack_sdk::prelude::*;

/// Place of `payment-standards` among the tables of the manifest.
pub(crate) const TABLE: u8 = 7;

/// The payment standards of the city; none where nobody supplied them.
#[derive(Debug, Default)]
pub struct Standards {
    by_group: Map<Code, Vec<Standard>>,
}

/// The payment standard of a group for some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standard {
    /// What is paid for a stay.
    pub amount: Money,
    /// Its row in the table.
    pub row: usize,
    validity: Validity,
}

impl Standards {
    /// # Errors
    /// Where a row has no group or no amount.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("payment-standards")?;
        let mut by_group: Map<Code, Vec<Standard>> = Map::default();
        let rows = table
            .codes("group")?
            .into_iter()
            .zip(table.money("standard")?);
        for (row, ((group, amount), validity)) in rows.zip(table.validity()?).enumerate() {
            by_group.entry(group).or_default().push(Standard {
                amount,
                row,
                validity,
            });
        }
        Ok(Standards { by_group })
    }

    /// The standard of a group on a day, the first of the table where several are in force.
    #[must_use]
    pub fn on(&self, group: Code, day: Day) -> Option<Standard> {
        let standards = self.by_group.get(&group)?;
        standards
            .iter()
            .find(|standard| standard.validity.includes(day))
            .copied()
    }
}
