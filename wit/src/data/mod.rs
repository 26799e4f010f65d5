//! Hospital data in memory: the tables of the contract as columns.
//!
//! Texts are numbered over the whole data; the engine numbers them anew for each instance and batch, so
//! that the numbers kept here never reach a pack. Rows are in the order of the contract (encounters by
//! patient, orders by encounter, …), so that the rows of some patients are one range in every table: a
//! [`Batch`].

mod batch;
mod builder;
mod columns;
mod keys;
mod order;
mod texts;

use std::mem;
use std::sync::Arc;

use crate::answer::RowReference;
use crate::schema::{Column, Kind, Layout, TABLES, TableId, ids};
use keys::Keys;

pub use batch::{Batch, Slice};
pub use builder::{Cell, DataBuilder, Problem, Rejection};
pub use texts::Texts;

/// The tables of one or more institutions and patients. Cheap to copy.
#[derive(Debug, Clone)]
pub struct Data {
    codes: Arc<Texts>,
    tokens: Arc<Texts>,
    tables: Vec<Arc<TableData>>,
    reach: Reach,
}

/// One table: its columns, and the keys by which its rows are known outside.
#[derive(Debug)]
struct TableData {
    rows: u32,
    columns: Vec<Option<Values>>,
    keys: Arc<Keys>,
    coverage: Coverage,
}

/// The values of a column, in the layout of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Flags and small numbers.
    U8(Vec<u8>),
    /// Codes, tokens and row numbers.
    U32(Vec<u32>),
    /// Days and whole numbers.
    S32(Vec<i32>),
    /// Instants, money, quantities and counts.
    S64(Vec<i64>),
}

/// Whether a table or column is there. The absence of a row is evidence only where it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// Not recorded.
    Absent,
    /// Some rows are known.
    Partial,
    /// All rows are known.
    Complete,
}

/// How far history reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// This institution only.
    Institution,
    /// 统筹区
    PoolingArea,
    /// 省
    Province,
}

/// What is known of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// Whether its rows are all there.
    pub presence: Presence,
    /// First day of the history held; "not recorded" where nobody said.
    pub history_start: i32,
}

impl Data {
    /// The number of rows of a table.
    #[must_use]
    pub fn rows(&self, table: TableId) -> u32 {
        self.tables[table.index()].rows
    }

    /// The values of a column; `None` where it is not recorded.
    #[must_use]
    #[inline]
    pub fn values(&self, table: TableId, column: usize) -> Option<&Values> {
        self.tables[table.index()].columns.get(column)?.as_ref()
    }

    /// The key by which a row is known where the data came from; its number in the order of arrival
    /// where the table has no key.
    #[must_use]
    pub fn key(&self, table: TableId, row: u32) -> Option<&str> {
        self.tables[table.index()].keys.of(row)
    }

    /// The texts of codes.
    #[must_use]
    pub fn codes(&self) -> &Texts {
        &self.codes
    }

    /// The texts of tokens: never told to a pack.
    #[must_use]
    pub fn tokens(&self) -> &Texts {
        &self.tokens
    }

    /// What is known of a table.
    #[must_use]
    pub fn coverage(&self, table: TableId) -> Coverage {
        self.tables[table.index()].coverage
    }

    /// What is known of a column: that of its table, or absent.
    #[must_use]
    pub fn presence(&self, table: TableId, column: usize) -> Presence {
        match self.values(table, column) {
            None => Presence::Absent,
            Some(_) => self.coverage(table).presence,
        }
    }

    /// The same data with these columns as a table that has no key, in the order of its owner; a code or token in
    /// them is a number of this data. `None` where they are not of the table, of different lengths or out of
    /// order.
    #[must_use]
    pub fn with_table(
        &self,
        table: TableId,
        columns: Vec<Option<Values>>,
        coverage: Coverage,
    ) -> Option<Data> {
        let declared = table.table();
        let rows = columns.iter().flatten().map(Values::len).max()?;
        let fits = |(column, values): (&Column, &Option<Values>)| {
            let is_whole = |values: &Values| {
                let empty = Values::empty(column.kind.layout());
                values.len() == rows && mem::discriminant(values) == mem::discriminant(&empty)
            };
            values.as_ref().is_none_or(is_whole)
        };
        let (owner, _) = declared.owner()?;
        let is_in_order =
            matches!(columns.get(owner)?, Some(Values::U32(owners)) if owners.is_sorted());
        let is_sound = declared.key().is_none()
            && declared.columns.len() == columns.len()
            && declared.columns.iter().zip(&columns).all(fits);
        if !is_sound || !is_in_order {
            return None;
        }
        let mut data = self.clone();
        data.tables[table.index()] = Arc::new(TableData {
            rows: u32::try_from(rows).ok()?,
            keys: Arc::new(Keys::places(1..=rows as u64)),
            columns,
            coverage,
        });
        Some(data)
    }

    /// The same data with some rows of a table to which no other row points, by row, and with what is known of it
    /// then; without its columns where that is nothing. `None` where rows have keys that others name.
    #[must_use]
    pub fn with_rows(
        &self,
        table: TableId,
        coverage: Coverage,
        is: impl Fn(u32) -> bool,
    ) -> Option<Data> {
        if table.table().key().is_some() {
            return None;
        }
        let old = &self.tables[table.index()];
        let is_there = coverage.presence != Presence::Absent;
        let rows: Vec<u32> = (0..old.rows).filter(|row| is_there && is(*row)).collect();
        let some = |values: &Values| values.some(&rows);
        let columns = old.columns.iter().map(|values| match is_there {
            true => values.as_ref().map(some),
            false => None,
        });
        let mut data = self.clone();
        data.tables[table.index()] = Arc::new(TableData {
            rows: u32::try_from(rows.len()).ok()?,
            columns: columns.collect(),
            keys: Arc::new(old.keys.some(&rows)),
            coverage,
        });
        Some(data)
    }

    /// The same data with these encounters under review, by row, and no others: for claims of many months, of which
    /// each meets the rules of its own day. Lines stay as they are.
    #[must_use]
    pub fn with_under_review(&self, is: impl Fn(u32) -> bool) -> Data {
        let mut data = self.clone();
        let old = &self.tables[ids::ENCOUNTERS.index()];
        let mut columns = old.columns.clone();
        if let Some(column) = ids::ENCOUNTERS.table().column("current") {
            let flags = (0..old.rows).map(|row| u8::from(is(row)));
            columns[column] = Some(Values::U8(flags.collect()));
        }
        data.tables[ids::ENCOUNTERS.index()] = Arc::new(TableData {
            rows: old.rows,
            columns,
            keys: Arc::clone(&old.keys),
            coverage: old.coverage,
        });
        data
    }

    /// Whether a row belongs to an encounter under review, by the rows that own it.
    #[must_use]
    pub fn is_under_review(&self, at: RowReference) -> bool {
        let encounter = self.owner(at, ids::ENCOUNTERS);
        encounter.and_then(|row| self.number(ids::ENCOUNTERS, "current", row)) == Some(1)
    }

    /// The row of a table to which a row belongs, along the chain of owners; the row itself where it is of that table.
    #[must_use]
    pub fn owner(&self, at: RowReference, wanted: TableId) -> Option<u32> {
        let (mut table, mut row) = (TableId::from_number(at.table)?, at.row);
        while table != wanted {
            let (column, owner) = table.table().owner()?;
            let Some(Values::U32(owners)) = self.values(table, column) else {
                return None;
            };
            (table, row) = (owner, *owners.get(row as usize)?);
        }
        Some(row)
    }

    /// How far history reaches.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// The text of a code or token in a row; `None` where it is not recorded.
    #[must_use]
    pub fn text(&self, table: TableId, column: &str, row: u32) -> Option<&str> {
        let column = table.table().column(column)?;
        let texts = match table.table().columns[column].kind {
            Kind::Code => &self.codes,
            Kind::Token => &self.tokens,
            _ => return None,
        };
        match self.values(table, column)? {
            Values::U32(values) => match *values.get(row as usize)? {
                0 => None,
                number => texts.text(number),
            },
            _ => None,
        }
    }

    /// A number of 32 or 64 bits in a row; `None` where it is not recorded.
    #[must_use]
    pub fn number(&self, table: TableId, column: &str, row: u32) -> Option<i64> {
        use crate::units::{NOT_RECORDED_ROW, NOT_RECORDED_S32, NOT_RECORDED_S64, NOT_RECORDED_U8};
        let column = table.table().column(column)?;
        let row = row as usize;
        match self.values(table, column)? {
            Values::U8(values) => values
                .get(row)
                .filter(|value| **value != NOT_RECORDED_U8)
                .map(|value| i64::from(*value)),
            Values::U32(values) => values
                .get(row)
                .filter(|value| **value != NOT_RECORDED_ROW)
                .map(|value| i64::from(*value)),
            Values::S32(values) => values
                .get(row)
                .filter(|value| **value != NOT_RECORDED_S32)
                .map(|value| i64::from(*value)),
            Values::S64(values) => values
                .get(row)
                .filter(|value| **value != NOT_RECORDED_S64)
                .copied(),
        }
    }
}

impl TableData {
    fn empty(table: TableId) -> Self {
        TableData {
            rows: 0,
            columns: vec![None; TABLES[table.index()].columns.len()],
            keys: Arc::default(),
            coverage: Coverage {
                presence: Presence::Absent,
                history_start: crate::units::NOT_RECORDED_S32,
            },
        }
    }
}

impl Values {
    /// No values, in this layout.
    #[must_use]
    pub fn empty(layout: Layout) -> Self {
        match layout {
            Layout::U8 => Values::U8(Vec::new()),
            Layout::U32 => Values::U32(Vec::new()),
            Layout::S32 => Values::S32(Vec::new()),
            Layout::S64 => Values::S64(Vec::new()),
        }
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Values::U8(values) => values.len(),
            Values::U32(values) => values.len(),
            Values::S32(values) => values.len(),
            Values::S64(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those of some rows; rows beyond the values are left out.
    fn some(&self, rows: &[u32]) -> Self {
        fn of<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
            let found = rows.iter().map(|row| values.get(*row as usize).copied());
            found.flatten().collect()
        }
        match self {
            Values::U8(values) => Values::U8(of(values, rows)),
            Values::U32(values) => Values::U32(of(values, rows)),
            Values::S32(values) => Values::S32(of(values, rows)),
            Values::S64(values) => Values::S64(of(values, rows)),
        }
    }
}
