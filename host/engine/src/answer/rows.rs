//! Rows that an answer refers to.

use rulepack_contract::answer::RowReference;
use rulepack_contract::data::Batch;
use rulepack_contract::schema::TableId;

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
