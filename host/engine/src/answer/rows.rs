//! Rows that an answer refers to.

use rulepack_contract::answer::RowReference;
use rulepack_contract::data::{Batch, Values};
use rulepack_contract::schema::{TableId, ids};

use super::lifted;

/// A row of the batch as a row of the whole data; `None` where the batch does not have it.
pub(super) fn whole(batch: &Batch, at: lifted::RowReference) -> Option<RowReference> {
    let table = TableId::from_number(at.table)?;
    let range = batch.range(table);
    let row = range.start.checked_add(at.row)?;
    range.contains(&row).then_some(RowReference {
        table: at.table,
        row,
    })
}

/// Whether a row of the whole data belongs to an encounter under review.
pub(super) fn under_review(batch: &Batch, at: RowReference) -> bool {
    let data = batch.data();
    let Some(mut table) = TableId::from_number(at.table) else {
        return false;
    };
    let mut row = at.row;
    while table != ids::ENCOUNTERS {
        let Some((column, owner)) = table.table().owner() else {
            return false;
        };
        let Some(Values::U32(owners)) = data.values(table, column) else {
            return false;
        };
        let Some(owner_row) = owners.get(row as usize) else {
            return false;
        };
        (table, row) = (owner, *owner_row);
    }
    data.number(ids::ENCOUNTERS, "current", row) == Some(1)
}
