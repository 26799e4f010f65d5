//! Rows that memory holds: nothing of them goes on disk, and a part is sorted when it is reviewed.

use std::collections::BTreeMap;
use std::mem;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::compute::{concat_batches, interleave_record_batch};
use arrow::datatypes::UInt64Type;
use arrow::error::ArrowError;
use rulepack_contract::schema::TableId;

use super::numbered::Numbered;
use super::parts::by_part;
use super::root::{self, Root};

/// The rows of all tables; of none where they lie on disk.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) tables: BTreeMap<TableId, HeldRows>,
    /// What stands in their columns of codes and tokens.
    pub(crate) texts: Numbered,
}

/// The rows of one table. Those of a part lie together: they are read in the order of their patients, which would
/// be all over the memory otherwise.
#[derive(Debug)]
pub(crate) struct HeldRows {
    parts: Vec<Vec<RecordBatch>>,
    /// Rows that are not in their parts yet.
    waiting: Vec<RecordBatch>,
    rows_waiting: usize,
}

/// The rows of a part, and their order by root, key and place: that of rows which were sorted on disk.
pub(crate) struct InOrder {
    pub(crate) rows: RecordBatch,
    pub(crate) order: Vec<(Root, u32)>,
}

/// Rows for each part that wait for more: so many are worth a batch of their own.
const ROWS_OF_PART: usize = 512;

impl HeldRows {
    /// No row yet.
    pub(crate) fn new(parts: u32) -> Self {
        HeldRows {
            parts: vec![Vec::new(); parts as usize],
            waiting: Vec::new(),
            rows_waiting: 0,
        }
    }

    /// Takes rows, the first column of which is their root.
    ///
    /// # Errors
    /// [`ArrowError`] where one column holds more bytes than 32 bits count.
    pub(crate) fn add(&mut self, batch: RecordBatch) -> Result<(), ArrowError> {
        self.rows_waiting += batch.num_rows();
        self.waiting.push(batch);
        match self.rows_waiting < self.parts.len() * ROWS_OF_PART {
            true => Ok(()),
            false => self.scatter(),
        }
    }

    /// Puts the rows that wait into their parts.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(crate) fn scatter(&mut self) -> Result<(), ArrowError> {
        self.rows_waiting = 0;
        let waiting = mem::take(&mut self.waiting);
        let batches: Vec<&RecordBatch> = waiting.iter().collect();
        let by_part = by_part(&waiting, self.parts.len());
        for (part, rows) in self.parts.iter_mut().zip(by_part) {
            if !rows.is_empty() {
                part.push(interleave_record_batch(&batches, &rows)?);
            }
        }
        Ok(())
    }

    /// All rows, a part after the other, in the order of arrival within each.
    pub(crate) fn batches(&self) -> impl Iterator<Item = &RecordBatch> {
        self.parts.iter().flatten().chain(&self.waiting)
    }

    /// The rows of a part; `None` where it has none.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(crate) fn in_order(&self, part: usize) -> Result<Option<InOrder>, ArrowError> {
        let batches = self.parts.get(part).map(Vec::as_slice).unwrap_or_default();
        let Some(first) = batches.first() else {
            return Ok(None);
        };
        let rows = concat_batches(first.schema_ref(), batches)?;
        let roots = rows.column(0).as_fixed_size_binary();
        let numbered = (0..).zip(0..rows.num_rows());
        let mut order: Vec<(Root, u32)> = numbered
            .map(|(number, row)| (root::at(roots, row), number))
            .collect();
        order.sort_by_key(|(root, _)| *root);
        let places = rows.column(1).as_primitive::<UInt64Type>();
        let keys = rows.column(2).as_string::<i32>();
        // Of one root there are few, and mostly in order already.
        for of_root in order.chunk_by_mut(|(one, _), (other, _)| one == other) {
            of_root.sort_by(|(_, one), (_, other)| {
                let (one, other) = (*one as usize, *other as usize);
                let by_key = keys.value(one).cmp(keys.value(other));
                by_key.then_with(|| places.value(one).cmp(&places.value(other)))
            });
        }
        Ok(Some(InOrder { rows, order }))
    }
}
