//! Where the rows of a run go while they are read: into memory while it holds them all, else into the files of
//! their parts, all of them.

use std::collections::BTreeMap;
use std::mem;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use rulepack_contract::schema::TableId;

use super::held::{Held, HeldRows};
use super::key_check::Suspects;
use super::numbered::{self, Numbered};
use super::parts::{self, PartsWriter};
use crate::error::AuditError;
use crate::input::Layout;

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
    tables: BTreeMap<TableId, Kept>,
    texts: Numbered,
    written: RowsOfParts,
}

/// By table, how many rows lie on disk for each part.
pub(crate) type RowsOfParts = BTreeMap<TableId, Vec<u64>>;

/// The rows of one table.
struct Kept {
    layout: Layout,
    /// Where they go while memory holds all rows.
    held: HeldRows,
    /// Where they go after that.
    files: PartsWriter,
}

const BEGUN: &str = "a table is begun before its rows come";

impl Keeper {
    /// No row yet.
    pub(crate) fn new(room: Room) -> Self {
        Keeper {
            room,
            bytes: 0,
            is_on_disk: false,
            tables: BTreeMap::new(),
            texts: Numbered::default(),
            written: RowsOfParts::new(),
        }
    }

    /// Rows of another table follow, for so many parts, whose files lie in a folder.
    pub(crate) fn begin(&mut self, layout: &Layout, (folder, parts): (&Path, u32)) {
        let kept = Kept {
            layout: layout.clone(),
            held: HeldRows::new(parts),
            files: PartsWriter::new(folder, layout.schema(), parts),
        };
        self.tables.insert(layout.table, kept);
    }

    /// Takes rows of the table that was begun last.
    ///
    /// # Errors
    /// [`AuditError`] where a file cannot be written.
    pub(crate) fn add(&mut self, table: TableId, batch: &RecordBatch) -> Result<(), AuditError> {
        let name = table.table().name.as_ref();
        if !self.is_on_disk {
            let is_held = self.hold(table, batch).map_err(AuditError::rows(name))?;
            let bytes = self.bytes + self.texts.bytes() as u64;
            if is_held && bytes <= self.room.held_bytes {
                return Ok(());
            }
            self.spill(table)?;
            if is_held {
                return Ok(());
            }
        }
        let kept = self.tables.get_mut(&table).expect(BEGUN);
        let rows = numbered::plain(&kept.layout, batch).map_err(AuditError::rows(name))?;
        kept.write(rows, (&mut self.bytes, self.room))
    }

    /// Takes rows into memory; answers whether it did.
    fn hold(&mut self, table: TableId, batch: &RecordBatch) -> Result<bool, ArrowError> {
        let kept = self.tables.get_mut(&table).expect(BEGUN);
        let Some(rows) = self.texts.number(&kept.layout, batch)? else {
            return Ok(false);
        };
        self.bytes += rows.get_array_memory_size() as u64;
        kept.held.add(rows)?;
        Ok(true)
    }

    /// The rows of a table end.
    ///
    /// # Errors
    /// [`AuditError`] where a file cannot be written.
    pub(crate) fn end(&mut self, table: TableId) -> Result<(), AuditError> {
        self.texts.end();
        if self.is_on_disk {
            self.bytes = 0;
            if let Some(kept) = self.tables.remove(&table) {
                self.written.insert(table, kept.files.finish()?);
            }
            return Ok(());
        }
        let scattered = self.tables.get_mut(&table).map(|kept| kept.held.scatter());
        let fault = AuditError::rows(table.table().name.as_ref());
        scattered.unwrap_or(Ok(())).map_err(fault)
    }

    /// Shows all rows of a table that ended, in any order.
    ///
    /// # Errors
    /// [`AuditError`] where a file cannot be read.
    pub(crate) fn look(
        &self,
        table: TableId,
        folder: &Path,
        suspects: &mut Suspects,
    ) -> Result<(), AuditError> {
        if let Some(kept) = self.tables.get(&table) {
            kept.held.batches().for_each(|rows| suspects.look(rows));
        }
        let parts = self.written.get(&table).map_or(0, Vec::len);
        for part in 0..parts {
            let path = parts::path(folder, part);
            for rows in parts::open(&path)?.into_iter().flatten() {
                suspects.look(&rows.map_err(AuditError::rows(&path))?);
            }
        }
        Ok(())
    }

    /// All rows that memory holds: those of all tables, or none; and how many lie on disk.
    pub(crate) fn finish(self) -> (Held, RowsOfParts) {
        let tables = self.tables.into_iter();
        let held = Held {
            tables: tables.map(|(table, kept)| (table, kept.held)).collect(),
            texts: self.texts,
        };
        (held, self.written)
    }

    /// Writes all that memory holds. Only the files of the table that is being read stay open.
    fn spill(&mut self, reading: TableId) -> Result<(), AuditError> {
        self.is_on_disk = true;
        let tables: Vec<TableId> = self.tables.keys().copied().collect();
        for table in tables {
            self.bytes = 0;
            if let Some(kept) = self.tables.get_mut(&table) {
                let held = mem::replace(&mut kept.held, HeldRows::new(0));
                for batch in held.batches() {
                    let rows = self.texts.spell(&kept.layout, batch);
                    let rows = rows.map_err(AuditError::rows(table.table().name.as_ref()))?;
                    kept.write(rows, (&mut self.bytes, self.room))?;
                }
                kept.files.flush()?;
            }
            if table != reading {
                self.end(table)?;
            }
        }
        self.bytes = 0;
        self.texts = Numbered::default();
        Ok(())
    }

    /// Whether rows went on disk.
    pub(crate) fn is_on_disk(&self) -> bool {
        self.is_on_disk
    }
}

impl Kept {
    /// Writes rows as they lie on disk, some thousands at once.
    fn write(
        &mut self,
        rows: RecordBatch,
        (bytes, room): (&mut u64, Room),
    ) -> Result<(), AuditError> {
        *bytes += rows.get_array_memory_size() as u64;
        self.files.add(rows);
        if *bytes > room.waiting_bytes {
            *bytes = 0;
            self.files.flush()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray as _, StringArray, UInt64Array};
    use arrow::compute::cast;
    use arrow::datatypes::{DataType, UInt32Type, UInt64Type};
    use rulepack_contract::data::Texts;
    use rulepack_contract::schema::{Kind, ids};

    use super::super::parts;
    use super::super::root::{self, Root};
    use super::*;
    use crate::input::{Form, Rows};
    use crate::sort::{self, Sorter, Written};

    const PARTS: u32 = 3;
    const BATCHES: u64 = 40;
    const ROWS: u64 = 50;

    /// A code and a token in each row.
    fn layout(table: TableId) -> Layout {
        let names = match table {
            ids::ORDERS => ["items", "doctors"],
            _ => ["departments", "doctors"],
        };
        let place = |name| (table.table().column(name).unwrap(), Form::Text);
        let mut columns = names.map(place).to_vec();
        columns.sort_by_key(|(column, _)| *column);
        Layout { table, columns }
    }

    /// Rows of 97 patients, whose keys and places are in no order; some keys come several times. Every other batch
    /// comes with dictionaries, and some cells say nothing.
    fn batch(layout: &Layout, number: u64) -> RecordBatch {
        let rows = || (number * ROWS..(number + 1) * ROWS).map(|row| row * 7_919 % 2_003);
        let roots: Vec<Root> = rows()
            .map(|row| Root::of(&format!("P{}", row % 97)))
            .collect();
        let keys = rows().map(|row| format!("L{:03}", row % 500));
        let text = |row: u64| (!row.is_multiple_of(5)).then(|| format!(" 码{} ", row % 11));
        let texts: ArrayRef = Arc::new(rows().map(text).collect::<StringArray>());
        let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let column = match number.is_multiple_of(2) {
            true => cast(&texts, &coded).unwrap(),
            false => texts,
        };
        let rows = Rows {
            places: UInt64Array::from_iter_values(rows()),
            keys: StringArray::from_iter_values(keys),
            columns: vec![Arc::clone(&column), column],
        };
        layout.batch(root::column(&roots).unwrap(), rows).unwrap()
    }

    fn keeper(folder: &Path, held_bytes: u64) -> Keeper {
        let mut keeper = Keeper::new(Room {
            held_bytes,
            waiting_bytes: 5_000,
        });
        for table in [ids::ENCOUNTERS, ids::ORDERS] {
            let folder = folder.join(table.table().name);
            let layout = layout(table);
            keeper.begin(&layout, (&folder, PARTS));
            for number in 0..BATCHES {
                keeper.add(table, &batch(&layout, number)).unwrap();
            }
            keeper.end(table).unwrap();
        }
        keeper
    }

    /// Place, key and texts of a row.
    type Told = (u64, String, [String; 2]);

    /// The rows of a part, so many, read back from its file in order.
    fn on_disk(folder: &Path, (part, rows): (usize, u64)) -> Vec<Told> {
        let sorter = Sorter::new(1 << 30, folder).unwrap();
        let path = parts::path(&folder.join("orders"), part);
        let by = (&layout(ids::ORDERS).schema(), &["root", "key", "place"][..]);
        let runtime = sort::runtime().unwrap();
        let mut sorted = sorter
            .sorted([Written { path, rows }], by, &runtime)
            .unwrap();
        let mut all = Vec::new();
        while let Some(batch) = sorted.next().unwrap() {
            let places = batch.column(1).as_primitive::<UInt64Type>();
            let text = |column: usize, row| {
                let texts = batch.column(column).as_string::<i32>();
                texts
                    .iter()
                    .nth(row)
                    .unwrap()
                    .unwrap_or_default()
                    .trim()
                    .to_owned()
            };
            all.extend((0..batch.num_rows()).map(|row| {
                let texts = [3, 4].map(|column| text(column, row));
                (places.value(row), text(2, row), texts)
            }));
        }
        all
    }

    /// The rows of a part that memory holds, in order.
    fn in_memory(held: &Held, part: usize) -> Vec<Told> {
        let in_order = held.tables[&ids::ORDERS].in_order(part).unwrap().unwrap();
        let rows = &in_order.rows;
        let [codes, tokens] = [&held.texts.codes, &held.texts.tokens];
        let (first, _) = layout(ids::ORDERS).columns[0];
        let by_place = match ids::ORDERS.table().columns[first].kind {
            Kind::Code => [codes, tokens],
            _ => [tokens, codes],
        };
        let told = in_order.order.iter().map(|(_, row)| {
            let row = *row as usize;
            let text = |(column, texts): (usize, &Arc<Texts>)| {
                let number = rows.column(column).as_primitive::<UInt32Type>().value(row);
                texts.text(number).unwrap().to_owned()
            };
            let place = rows.column(1).as_primitive::<UInt64Type>().value(row);
            let key = rows.column(2).as_string::<i32>().value(row).to_owned();
            (place, key, [(3, by_place[0]), (4, by_place[1])].map(text))
        });
        told.collect()
    }

    #[test]
    fn rows_come_the_same_and_in_the_same_order_from_memory_and_from_disk() {
        let folder = tempfile::tempdir().unwrap();
        let held = keeper(folder.path(), u64::MAX).finish().0;
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
        // All at once, and after half of the first table and half of the second were held.
        let bytes = keeper(folder.path(), u64::MAX).bytes;
        for held_bytes in [0, bytes / 4, bytes * 3 / 4] {
            let folder = tempfile::tempdir().unwrap();
            let spilled = keeper(folder.path(), held_bytes);
            assert!(spilled.is_on_disk() && spilled.finish().0.tables.is_empty());
            let mut rows = 0;
            for part in 0..PARTS as usize {
                let told = in_memory(&held, part);
                let of_part = told.len() as u64;
                assert_eq!(told, on_disk(folder.path(), (part, of_part)), "part {part}");
                rows += of_part;
            }
            assert_eq!(rows, BATCHES * ROWS);
        }
    }

    #[test]
    fn what_goes_beyond_the_room_takes_all_rows_of_all_tables_to_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let room = keeper(folder.path(), u64::MAX);
        let bytes = room.bytes + room.texts.bytes() as u64;
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
