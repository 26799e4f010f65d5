//! A batch: whole patients, or a whole institution, as one range of rows in every table.

use std::ops::Range;
use std::sync::Arc;

use super::{Data, Values};
use crate::schema::{TABLES, TableId, ids};

/// The rows of some patients or of one institution. Cheap to copy.
#[derive(Debug, Clone)]
pub struct Batch {
    data: Arc<Data>,
    ranges: Vec<Range<u32>>,
}

/// The values of a column in a batch, with the numbers of the whole data: see [`Batch::start`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slice<'a> {
    /// Flags and small numbers.
    U8(&'a [u8]),
    /// Codes, tokens and row numbers.
    U32(&'a [u32]),
    /// Days and whole numbers.
    S32(&'a [i32]),
    /// Instants, money, quantities and counts.
    S64(&'a [i64]),
}

impl Batch {
    /// These patients with all that belongs to them, and every institution. Rows beyond the data are
    /// left out.
    #[must_use]
    pub fn patients(data: Arc<Data>, patients: Range<u32>) -> Self {
        let all = data.rows(ids::PATIENTS);
        let patients = patients.start.min(all)..patients.end.min(all);
        Self::owned_by(data, ids::PATIENTS, patients, ids::INSTITUTIONS)
    }

    /// This institution with all that belongs to it, and no patients.
    #[must_use]
    pub fn institution(data: Arc<Data>, institution: u32) -> Self {
        let all = data.rows(ids::INSTITUTIONS);
        let end = institution.saturating_add(1).min(all);
        Self::owned_by(
            data,
            ids::INSTITUTIONS,
            institution.min(all)..end,
            ids::INSTITUTIONS,
        )
    }

    /// `root` has these rows, the tables below it theirs; `whole` is there with every row.
    fn owned_by(data: Arc<Data>, root: TableId, rows: Range<u32>, whole: TableId) -> Self {
        let mut ranges: Vec<Range<u32>> = Vec::with_capacity(TABLES.len());
        for table in TableId::all() {
            let range = match table.table().owner() {
                _ if table == root => rows.clone(),
                _ if table == whole => 0..data.rows(table),
                None => 0..0,
                Some((column, owner)) => match root_of(owner) == root {
                    true => rows_of(&data, table, column, &ranges[owner.index()]),
                    false => 0..0,
                },
            };
            ranges.push(range);
        }
        Batch { data, ranges }
    }

    /// The data that this is a part of.
    #[must_use]
    pub fn data(&self) -> &Arc<Data> {
        &self.data
    }

    /// The rows of a table, as numbered in the whole data.
    #[must_use]
    pub fn range(&self, table: TableId) -> Range<u32> {
        self.ranges[table.index()].clone()
    }

    /// The number in the whole data of row 0 of a table: what must be subtracted from row numbers.
    #[must_use]
    #[inline]
    pub fn start(&self, table: TableId) -> u32 {
        self.ranges[table.index()].start
    }

    /// How many rows of a table the batch has.
    #[must_use]
    pub fn rows(&self, table: TableId) -> u32 {
        let range = &self.ranges[table.index()];
        range.end - range.start
    }

    /// How many rows the batch has in all tables.
    #[must_use]
    pub fn all_rows(&self) -> u64 {
        self.ranges
            .iter()
            .map(|range| u64::from(range.end - range.start))
            .sum()
    }

    /// The values of a column; `None` where it is not recorded.
    #[must_use]
    #[inline]
    pub fn slice(&self, table: TableId, column: usize) -> Option<Slice<'_>> {
        let range = &self.ranges[table.index()];
        let range = range.start as usize..range.end as usize;
        Some(match self.data.values(table, column)? {
            Values::U8(values) => Slice::U8(values.get(range)?),
            Values::U32(values) => Slice::U32(values.get(range)?),
            Values::S32(values) => Slice::S32(values.get(range)?),
            Values::S64(values) => Slice::S64(values.get(range)?),
        })
    }

    /// Two halves by patients; `None` for a batch of fewer than two.
    #[must_use]
    pub fn halves(&self) -> Option<(Batch, Batch)> {
        let patients = self.range(ids::PATIENTS);
        if patients.len() < 2 {
            return None;
        }
        let middle = patients.start + (patients.end - patients.start) / 2;
        Some((
            Batch::patients(self.data.clone(), patients.start..middle),
            Batch::patients(self.data.clone(), middle..patients.end),
        ))
    }
}

/// The table at the end of the chain of owners.
fn root_of(mut table: TableId) -> TableId {
    while let Some((_, owner)) = table.table().owner() {
        table = owner;
    }
    table
}

/// The rows that belong to a range of owners: one range, for rows are in the order of their owners.
fn rows_of(data: &Data, table: TableId, column: usize, owners: &Range<u32>) -> Range<u32> {
    let Some(Values::U32(owner)) = data.values(table, column) else {
        return 0..0;
    };
    let first_from = |owner_row: u32| owner.partition_point(|row| *row < owner_row);
    let clamp = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
    clamp(first_from(owners.start))..clamp(first_from(owners.end))
}
