//! From rows in the order of arrival to rows in the order of the contract.

use std::mem;
use std::sync::Arc;

use super::keys::Keys;
use super::{Coverage, Presence, Problem, Rejection, TableData, Texts, Values};
use crate::schema::{Kind, TABLES, TableId};
use crate::units::{
    NOT_RECORDED_ROW, NOT_RECORDED_S32, NOT_RECORDED_S64, NOT_RECORDED_U8, ValueError,
};

/// A table whose rows are still arriving. Columns of row numbers hold numbers of keys.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) rows: u32,
    pub(super) columns: Vec<Option<Values>>,
    /// Keys that rows have or that others point to.
    pub(super) keys: Texts,
    key_rows: Vec<u32>,
    row_keys: Vec<u32>,
    pub(super) lines: Vec<u64>,
    pub(super) rejected: Vec<bool>,
    pub(super) presence: Option<Presence>,
    pub(super) history_start: i32,
}

impl Pending {
    pub(super) fn new(table: TableId) -> Self {
        Pending {
            rows: 0,
            columns: vec![None; table.table().columns.len()],
            keys: Texts::default(),
            key_rows: Vec::new(),
            row_keys: Vec::new(),
            lines: Vec::new(),
            rejected: Vec::new(),
            presence: None,
            history_start: NOT_RECORDED_S32,
        }
    }

    /// A new row without values; `None` where the key is taken or no number is left.
    pub(super) fn start_row(&mut self, line: u64, key: Option<&str>) -> Option<u32> {
        let row = self.rows;
        if row >= u32::MAX - 1 {
            return None;
        }
        if let Some(key) = key {
            let number = self.keys.intern(key)?;
            let index = number as usize;
            if self.key_rows.len() <= index {
                self.key_rows.resize(index + 1, NOT_RECORDED_ROW);
            }
            if self.key_rows[index] != NOT_RECORDED_ROW {
                return None;
            }
            self.key_rows[index] = row;
            self.row_keys.push(number);
        }
        self.rows += 1;
        self.lines.push(line);
        self.rejected.push(false);
        Some(row)
    }

    pub(super) fn has_key(&self, key: &str) -> bool {
        self.keys
            .number(key)
            .and_then(|number| self.row_of_key(number))
            .is_some()
    }

    pub(super) fn row_of_key(&self, number: u32) -> Option<u32> {
        let row = *self.key_rows.get(number as usize)?;
        (row != NOT_RECORDED_ROW).then_some(row)
    }

    /// Makes sure that a column is recorded.
    pub(super) fn column(&mut self, table: TableId, column: usize) -> &mut Values {
        let layout = TABLES[table.index()].columns[column].kind.layout();
        self.columns[column].get_or_insert_with(|| Values::empty(layout))
    }
}

/// Puts a value into a row of a column of a kind; rows before it that have none are not recorded.
#[inline]
pub(super) fn put(
    values: &mut Values,
    (kind, row): (Kind, u32),
    number: i64,
) -> Result<(), ValueError> {
    if kind == Kind::Flag && !matches!(number, 0 | 1) {
        return Err(ValueError::NotAFlag);
    }
    let row = row as usize;
    let beyond = ValueError::OutOfRange;
    match values {
        Values::U8(values) => {
            let value = u8::try_from(number).ok();
            let value = value.filter(|value| *value != NOT_RECORDED_U8);
            fill(values, row, NOT_RECORDED_U8, value.ok_or(beyond)?);
        }
        Values::U32(values) => {
            let value = u32::try_from(number).map_err(|_| beyond)?;
            fill(values, row, nothing_u32(kind), value);
        }
        Values::S32(values) => {
            let value = i32::try_from(number).ok();
            let value = value.filter(|value| *value != NOT_RECORDED_S32);
            fill(values, row, NOT_RECORDED_S32, value.ok_or(beyond)?);
        }
        Values::S64(values) => fill(values, row, NOT_RECORDED_S64, number),
    }
    Ok(())
}

/// Turns the keys in columns of row numbers into numbers of rows before sorting, and rejects rows that
/// point nowhere or to a rejected row, until nothing changes any more.
pub(super) fn resolve(tables: &mut [Pending], rejections: &mut Vec<Rejection>) {
    for table in TableId::all() {
        for (index, column) in table.table().columns.iter().enumerate() {
            if let Kind::Row(target) = column.kind {
                let required = table
                    .table()
                    .owner()
                    .is_some_and(|(owner, _)| owner == index);
                resolve_column(tables, rejections, (table, index, target), required);
            }
        }
    }
    let is_whole = |pending: &Pending| !pending.rejected.contains(&true);
    if tables.iter().all(is_whole) {
        return;
    }
    while reject_orphans(tables, rejections) {}
}

fn resolve_column(
    tables: &mut [Pending],
    rejections: &mut Vec<Rejection>,
    (table, index, target): (TableId, usize, TableId),
    required: bool,
) {
    let column = table.table().columns[index].name;
    let rows = tables[table.index()].rows as usize;
    let taken = tables[table.index()].columns[index].take();
    let mut keys = match taken {
        Some(Values::U32(keys)) => keys,
        _ if required && rows > 0 => Vec::new(),
        other => {
            tables[table.index()].columns[index] = other;
            return;
        }
    };
    keys.resize(rows, NOT_RECORDED_ROW);
    for (row, key) in keys.iter_mut().enumerate() {
        let problem = match *key {
            NOT_RECORDED_ROW if required => Problem::Missing,
            NOT_RECORDED_ROW => continue,
            number => match tables[target.index()].row_of_key(number) {
                Some(found) => {
                    *key = found;
                    continue;
                }
                None => Problem::UnknownRow(target),
            },
        };
        let value = tables[target.index()].keys.text(*key).unwrap_or_default();
        let value = value.to_owned();
        *key = NOT_RECORDED_ROW;
        let pending = &mut tables[table.index()];
        if !std::mem::replace(&mut pending.rejected[row], true) {
            rejections.push(Rejection {
                table,
                line: pending.lines[row],
                column,
                value,
                problem,
            });
        }
    }
    tables[table.index()].columns[index] = Some(Values::U32(keys));
}

fn reject_orphans(tables: &mut [Pending], rejections: &mut Vec<Rejection>) -> bool {
    let mut changed = false;
    for table in TableId::all() {
        for (index, column) in table.table().columns.iter().enumerate() {
            let Kind::Row(target) = column.kind else {
                continue;
            };
            let Some(Values::U32(rows)) = tables[table.index()].columns[index].clone() else {
                continue;
            };
            for (row, owner) in rows.iter().enumerate() {
                let orphaned = *owner != NOT_RECORDED_ROW
                    && tables[target.index()].rejected[*owner as usize]
                    && !tables[table.index()].rejected[row];
                if orphaned {
                    tables[table.index()].rejected[row] = true;
                    changed = true;
                    rejections.push(Rejection {
                        table,
                        line: tables[table.index()].lines[row],
                        column: column.name,
                        value: key_text(&tables[target.index()], *owner),
                        problem: Problem::OwnerRejected(target),
                    });
                }
            }
        }
    }
    changed
}

/// For each table, the old numbers of its rows in the new order, and the new numbers by old number.
pub(super) struct Permutation {
    old: Vec<u32>,
    new: Vec<u32>,
    /// Every row stays where it is.
    is_same: bool,
}

/// The order of the contract: rows by their owner, then by the table's own order, then as they arrived.
pub(super) fn permutations(tables: &[Pending]) -> Vec<Permutation> {
    let mut permutations: Vec<Permutation> = Vec::with_capacity(tables.len());
    for table in TableId::all() {
        let pending = &tables[table.index()];
        let mut old: Vec<u32> = (0..pending.rows)
            .filter(|row| !pending.rejected[*row as usize])
            .collect();
        if let Some((column, owner)) = table.table().owner() {
            let owners = match &pending.columns[column] {
                Some(Values::U32(rows)) => rows.as_slice(),
                _ => &[],
            };
            let place = |row: u32| {
                let owner_row = owners
                    .get(row as usize)
                    .copied()
                    .unwrap_or(NOT_RECORDED_ROW);
                permutations[owner.index()]
                    .new
                    .get(owner_row as usize)
                    .copied()
            };
            let own = own_order(table, pending);
            let key = |row: &u32| (place(*row), own.as_ref().map_or(0, |own| own.of(*row)));
            // Who reads rows in order brings them so.
            if !old.is_sorted_by_key(key) {
                old.sort_by_cached_key(key);
            }
        }
        let mut new = vec![NOT_RECORDED_ROW; pending.rows as usize];
        for (number, row) in (0_u32..).zip(&old) {
            new[*row as usize] = number;
        }
        let is_same = old.len() == new.len() && old.is_sorted();
        permutations.push(Permutation { old, new, is_same });
    }
    permutations
}

/// What orders the rows of one owner.
enum Own<'v> {
    Days(&'v [i32]),
    /// Rows that are marked come first.
    Marks(&'v [u8]),
}

/// What the contract orders the rows of one owner by: encounters by admission, orders by day, the
/// principal diagnosis and procedure first.
fn own_order(table: TableId, pending: &Pending) -> Option<Own<'_>> {
    let name = match table.table().name {
        "encounters" => "admission-days",
        "orders" => "days",
        "diagnoses" | "procedures" => "principal",
        _ => return None,
    };
    let column = table.table().column(name)?;
    match pending.columns[column].as_ref()? {
        Values::S32(values) => Some(Own::Days(values)),
        Values::U8(flags) => Some(Own::Marks(flags)),
        _ => None,
    }
}

impl Own<'_> {
    fn of(&self, row: u32) -> i64 {
        let row = row as usize;
        match self {
            Own::Days(days) => days.get(row).map_or(0, |day| i64::from(*day)),
            Own::Marks(marks) => i64::from(marks.get(row) != Some(&1)),
        }
    }
}

/// The finished table: columns in the new order, row numbers renumbered.
pub(super) fn sorted(
    tables: &mut [Pending],
    orders: &[Permutation],
    table: TableId,
    known_by_line: bool,
) -> TableData {
    let order = &orders[table.index()];
    let pending = &mut tables[table.index()];
    let Some(presence) = pending.presence else {
        return TableData::empty(table);
    };
    let mut columns = Vec::with_capacity(pending.columns.len());
    for (index, column) in table.table().columns.iter().enumerate() {
        let values = pending.columns[index].take();
        columns.push(values.map(|values| permuted(values, column.kind, order, orders)));
    }
    let keys = keys(pending, order, known_by_line);
    TableData {
        rows: u32::try_from(order.old.len()).unwrap_or(u32::MAX),
        columns,
        keys: Arc::new(keys),
        coverage: Coverage {
            presence,
            history_start: pending.history_start,
        },
    }
}

fn permuted(values: Values, kind: Kind, order: &Permutation, orders: &[Permutation]) -> Values {
    match values {
        Values::U8(values) => Values::U8(gather(values, order, NOT_RECORDED_U8)),
        Values::S32(values) => Values::S32(gather(values, order, NOT_RECORDED_S32)),
        Values::S64(values) => Values::S64(gather(values, order, NOT_RECORDED_S64)),
        Values::U32(values) => {
            let mut rows = gather(values, order, nothing_u32(kind));
            if let Kind::Row(target) = kind
                && let target = &orders[target.index()]
                && !target.is_same
            {
                for row in &mut rows {
                    *row = target
                        .new
                        .get(*row as usize)
                        .copied()
                        .unwrap_or(NOT_RECORDED_ROW);
                }
            }
            Values::U32(rows)
        }
    }
}

/// Rows without a key of their own are known by their line, or by their place in the order of arrival, from 1.
fn keys(pending: &mut Pending, order: &Permutation, known_by_line: bool) -> Keys {
    let rows = order.old.iter().copied();
    if !pending.row_keys.is_empty() {
        let numbers = &pending.row_keys;
        let of_rows = rows.filter_map(|row| numbers.get(row as usize).copied());
        return Keys::named(mem::take(&mut pending.keys), of_rows.collect());
    }
    match known_by_line {
        true => Keys::places(rows.filter_map(|row| pending.lines.get(row as usize).copied())),
        false => Keys::places(rows.map(|row| u64::from(row) + 1)),
    }
}

/// The key of a row that is not in order yet.
fn key_text(pending: &Pending, row: u32) -> String {
    let number = pending.row_keys.get(row as usize);
    match number.and_then(|number| pending.keys.text(*number)) {
        Some(key) => key.to_owned(),
        None => (u64::from(row) + 1).to_string(),
    }
}

fn gather<T: Copy>(mut values: Vec<T>, order: &Permutation, nothing: T) -> Vec<T> {
    if order.is_same {
        values.resize(order.old.len(), nothing);
        return values;
    }
    let value = |row: &u32| values.get(*row as usize).copied().unwrap_or(nothing);
    order.old.iter().map(value).collect()
}

#[inline]
fn fill<T: Copy>(values: &mut Vec<T>, row: usize, nothing: T, value: T) {
    match values.get_mut(row) {
        Some(place) => *place = value,
        None => {
            if values.len() < row {
                values.resize(row, nothing);
            }
            values.push(value);
        }
    }
}

/// "Not recorded" in a column of 32 bits without sign.
fn nothing_u32(kind: Kind) -> u32 {
    match kind {
        Kind::Row(_) => NOT_RECORDED_ROW,
        _ => 0,
    }
}
