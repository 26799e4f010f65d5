//! Rows that memory holds: nothing of them goes on disk, and a part is sorted when it is reviewed.

use std::collections::BTreeMap;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::UInt64Type;
use arrow::error::ArrowError;
use rulepack_contract::schema::TableId;

use super::root::{self, Root};

/// The number of a batch, and of a row in it.
pub(crate) type RowAt = (usize, usize);
/// The rows of all tables; of none where they lie on disk.
pub(crate) type Held = BTreeMap<TableId, HeldRows>;

/// The rows of one table, in the order of arrival.
#[derive(Debug)]
pub(crate) struct HeldRows {
    batches: Vec<RecordBatch>,
    parts: Vec<Vec<RowAt>>,
}

/// The rows of a part in the order of root, key and place: that of rows which were sorted on disk.
pub(crate) struct InOrder<'h> {
    batches: Vec<&'h RecordBatch>,
    order: Vec<RowAt>,
    next: usize,
}

/// Rows that are handed on at once.
const ROWS: usize = 8_192;

impl HeldRows {
    pub(crate) fn new(parts: Vec<Vec<RowAt>>, batches: Vec<RecordBatch>) -> Self {
        HeldRows { batches, parts }
    }

    /// All rows, as they arrived.
    pub(crate) fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// The rows of a part in order; `None` where it has none.
    pub(crate) fn in_order(&self, part: usize) -> Option<InOrder<'_>> {
        let rows = self.parts.get(part).filter(|rows| !rows.is_empty())?;
        let batches = || self.batches.iter();
        let roots: Vec<_> = batches()
            .map(|batch| batch.column(0).as_fixed_size_binary())
            .collect();
        let places: Vec<_> = batches()
            .map(|batch| batch.column(1).as_primitive::<UInt64Type>())
            .collect();
        let keys: Vec<_> = batches()
            .map(|batch| batch.column(2).as_string::<i32>())
            .collect();
        let mut order: Vec<(Root, RowAt)> = rows
            .iter()
            .map(|(batch, row)| (root::at(roots[*batch], *row), (*batch, *row)))
            .collect();
        let key = |(batch, row): RowAt| keys[batch].value(row);
        let place = |(batch, row): RowAt| places[batch].value(row);
        order.sort_unstable_by(|(root, row), (other_root, other)| {
            let by_root = root.cmp(other_root);
            let by_key = by_root.then_with(|| key(*row).cmp(key(*other)));
            by_key.then_with(|| place(*row).cmp(&place(*other)))
        });
        Some(InOrder {
            batches: batches().collect(),
            order: order.into_iter().map(|(_, row)| row).collect(),
            next: 0,
        })
    }
}

impl InOrder<'_> {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// [`ArrowError`] where one column holds more bytes than 32 bits count.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        let rest = self.order.get(self.next..).unwrap_or_default();
        let some = rest.get(..ROWS).unwrap_or(rest);
        if some.is_empty() {
            return Ok(None);
        }
        self.next += some.len();
        interleave_record_batch(&self.batches, some).map(Some)
    }
}
