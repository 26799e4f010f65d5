//! Where the rows of a run go while they are read: into memory while it holds them all, else into the files of
//! their parts, all of them.

use std::collections::BTreeMap;
use std::mem;

use arrow::array::RecordBatch;
use rulepack_contract::schema::TableId;

use super::held::{Held, RowAt};
use super::parts::PartsWriter;
use crate::error::AuditError;

/// Bytes of memory for rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// For all rows of a run that needs no disk. Beyond them everything goes there.
    pub(crate) held_bytes: u64,
    /// For rows that wait for their files.
    pub(crate) waiting_bytes: u64,
}

/// The rows that were read so far.
pub(crate) struct Keeper {
    room: Room,
    bytes: u64,
    is_on_disk: bool,
    tables: BTreeMap<TableId, PartsWriter>,
}

impl Keeper {
    /// No row yet.
    pub(crate) fn new(room: Room) -> Self {
        Keeper {
            room,
            bytes: 0,
            is_on_disk: false,
            tables: BTreeMap::new(),
        }
    }

    /// Rows of another table follow.
    pub(crate) fn begin(&mut self, table: TableId, writer: PartsWriter) {
        self.tables.insert(table, writer);
    }

    /// Takes rows of the table that was begun last.
    ///
    /// # Errors
    /// [`AuditError`] where a file cannot be written.
    pub(crate) fn add(&mut self, table: TableId, batch: RecordBatch) -> Result<(), AuditError> {
        let places = batch.num_rows() * mem::size_of::<RowAt>();
        self.bytes += (batch.get_array_memory_size() + places) as u64;
        if let Some(writer) = self.tables.get_mut(&table) {
            writer.add(batch);
        }
        let room = match self.is_on_disk {
            true => self.room.waiting_bytes,
            false => self.room.held_bytes,
        };
        match self.bytes > room {
            true => self.spill(table),
            false => Ok(()),
        }
    }

    /// The rows of a table end.
    ///
    /// # Errors
    /// [`AuditError`] where a file cannot be written.
    pub(crate) fn end(&mut self, table: TableId) -> Result<(), AuditError> {
        if !self.is_on_disk {
            return Ok(());
        }
        self.bytes = 0;
        self.tables
            .remove(&table)
            .map_or(Ok(()), PartsWriter::finish)
    }

    /// All rows that memory holds: those of all tables, or none.
    pub(crate) fn finish(self) -> Held {
        let tables = self.tables.into_iter();
        tables.map(|(table, rows)| (table, rows.hold())).collect()
    }

    /// Writes all that memory holds. Only the files of the table that is being read stay open.
    fn spill(&mut self, reading: TableId) -> Result<(), AuditError> {
        self.is_on_disk = true;
        self.bytes = 0;
        for (table, mut writer) in mem::take(&mut self.tables) {
            if table == reading {
                writer.flush()?;
                self.tables.insert(table, writer);
            } else {
                writer.finish()?;
            }
        }
        Ok(())
    }

    /// Whether rows went on disk.
    pub(crate) fn is_on_disk(&self) -> bool {
        self.is_on_disk
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use arrow::array::{AsArray as _, StringArray, UInt64Array};
    use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};
    use rulepack_contract::schema::ids;

    use super::super::parts;
    use super::super::root::{self, Root};
    use super::*;
    use crate::sort::{self, Sorter};

    const PARTS: u32 = 3;
    const BATCHES: u64 = 40;
    const ROWS: u64 = 50;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("root", DataType::FixedSizeBinary(16), false),
            Field::new("place", DataType::UInt64, false),
            Field::new("key", DataType::Utf8, false),
        ]))
    }

    /// Rows of 97 patients, whose keys and places are in no order; some keys come several times.
    fn batch(number: u64) -> RecordBatch {
        let rows = || (number * ROWS..(number + 1) * ROWS).map(|row| row * 7_919 % 2_003);
        let roots: Vec<Root> = rows()
            .map(|row| Root::of(&format!("P{}", row % 97)))
            .collect();
        let places = UInt64Array::from_iter_values(rows());
        let keys = rows().map(|row| format!("L{:03}", row % 500));
        let keys = StringArray::from_iter_values(keys);
        let columns = vec![
            root::column(&roots).unwrap(),
            Arc::new(places) as _,
            Arc::new(keys) as _,
        ];
        RecordBatch::try_new(schema(), columns).unwrap()
    }

    fn keeper(folder: &Path, held_bytes: u64) -> Keeper {
        let mut keeper = Keeper::new(Room {
            held_bytes,
            waiting_bytes: 5_000,
        });
        for table in [ids::ENCOUNTERS, ids::ORDERS] {
            let folder = folder.join(table.table().name);
            keeper.begin(table, PartsWriter::new(&folder, schema(), PARTS));
            for number in 0..BATCHES {
                keeper.add(table, batch(number)).unwrap();
            }
            keeper.end(table).unwrap();
        }
        keeper
    }

    fn places(batch: &RecordBatch) -> Vec<u64> {
        let places = batch.column(1).as_primitive::<UInt64Type>();
        places.values().to_vec()
    }

    /// The rows of a part, read back from its file in order.
    fn on_disk(folder: &Path, part: usize) -> Vec<u64> {
        let sorter = Sorter::new(1 << 30, folder).unwrap();
        let path = parts::path(&folder.join("orders"), part);
        let by = (&schema(), &["root", "key", "place"][..]);
        let runtime = sort::runtime().unwrap();
        let mut sorted = sorter.sorted(vec![path], by, &runtime).unwrap();
        let mut all = Vec::new();
        while let Some(batch) = sorted.next().unwrap() {
            all.extend(places(&batch));
        }
        all
    }

    #[test]
    fn rows_come_in_the_same_order_from_memory_and_from_disk() {
        let folder = tempfile::tempdir().unwrap();
        let held = keeper(folder.path(), u64::MAX).finish();
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
        let spilled = keeper(folder.path(), 0);
        assert!(spilled.is_on_disk() && spilled.finish().is_empty());
        let mut rows = 0;
        for part in 0..PARTS as usize {
            let mut in_order = held[&ids::ORDERS].in_order(part).unwrap();
            let mut all = Vec::new();
            while let Some(batch) = in_order.next().unwrap() {
                all.extend(places(&batch));
            }
            assert_eq!(all, on_disk(folder.path(), part), "part {part}");
            rows += all.len() as u64;
        }
        assert_eq!(rows, BATCHES * ROWS);
    }

    #[test]
    fn what_goes_beyond_the_room_takes_all_rows_of_all_tables_to_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let mut room = keeper(folder.path(), u64::MAX);
        let bytes = std::mem::take(&mut room.bytes);
        // The second table goes beyond it, after the first was read whole.
        let spilled = keeper(folder.path(), bytes - 1);
        assert!(spilled.is_on_disk() && spilled.tables.is_empty());
        for table in ["encounters", "orders"] {
            let parts = (0..PARTS as usize).map(|part| {
                let path = parts::path(&folder.path().join(table), part);
                let batches = parts::open(&path).unwrap().unwrap();
                batches
                    .map(|batch| batch.unwrap().num_rows())
                    .sum::<usize>()
            });
            let rows: usize = parts.sum();
            assert_eq!(rows as u64, BATCHES * ROWS, "{table}");
        }
        assert!(!keeper(folder.path(), bytes).is_on_disk());
    }
}
