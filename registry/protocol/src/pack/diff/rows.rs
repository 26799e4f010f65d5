//! Two states of the knowledge tables, row by row.
//!
//! Rows are told apart by the key that both manifests declare. Where they declare none, or another one
//! each, a row is all that it holds: then rows are added and removed, never changed. The rows of both
//! tables are sorted by that key and walked once, so a table of a million rows costs no more than sorting.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rulepack_contract::knowledge::{
    ColumnType, KnowledgeColumn, KnowledgeTable, KnowledgeValue, TableDeclaration,
};
use serde::Serialize;

use super::fields::{self, FieldChange};
use super::json;
use crate::pack::Pack;

/// How a table differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableChange {
    /// Its name.
    pub name: String,
    /// Rows that the earlier pack brings; none where it has no such table, or does not bring its rows.
    pub rows_before: Option<u32>,
    /// Rows that the later pack brings.
    pub rows_after: Option<u32>,
    /// What of its declaration differs: columns, key, who supplies it.
    pub declaration: Vec<FieldChange>,
    /// The columns that tell rows apart; empty where a whole row does.
    pub key: Vec<String>,
    /// How many rows only the later pack has.
    pub added: u64,
    /// How many rows only the earlier pack has.
    pub removed: u64,
    /// How many rows of one key hold other values.
    pub changed: u64,
    /// The first of these rows, in the order of their keys.
    pub rows: Vec<RowChange>,
}

/// A row that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum RowChange {
    /// Only in the later pack.
    Added {
        /// Every cell: column and value.
        cells: Vec<(String, String)>,
    },
    /// Only in the earlier pack.
    Removed {
        /// Every cell: column and value.
        cells: Vec<(String, String)>,
    },
    /// In both, with other values.
    Changed {
        /// The cells of the key.
        key: Vec<(String, String)>,
        /// The cells that differ.
        cells: Vec<CellChange>,
    },
}

/// A cell that differs. An empty text is "not recorded".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CellChange {
    /// Its column.
    pub column: String,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
}

/// The tables of which anything differs, by name.
pub(super) fn compare(before: &Pack, after: &Pack, rows_max: usize) -> Vec<TableChange> {
    let declared = |pack: &Pack| -> BTreeSet<String> {
        let tables = pack.manifest.tables.iter();
        tables.map(|table| table.name.clone()).collect()
    };
    let names: BTreeSet<String> = declared(before).union(&declared(after)).cloned().collect();
    let all = names.iter().map(|name| {
        compare_table(
            name,
            Side::of(before, name),
            Side::of(after, name),
            rows_max,
        )
    });
    all.filter(TableChange::is_any).collect()
}

impl TableChange {
    fn is_any(&self) -> bool {
        let rows = self.added + self.removed + self.changed;
        rows > 0 || !self.declaration.is_empty() || self.rows_before != self.rows_after
    }
}

fn compare_table(name: &str, before: Side<'_>, after: Side<'_>, rows_max: usize) -> TableChange {
    let common = common_key(before, after);
    let columns: BTreeSet<&str> = before.columns().chain(after.columns()).collect();
    let key: Vec<&str> = match common.is_empty() {
        true => columns.iter().copied().collect(),
        false => common.iter().map(String::as_str).collect(),
    };
    let values = columns
        .iter()
        .copied()
        .filter(|column| !key.contains(column));
    let values: Vec<&str> = values.collect();
    let mut change = TableChange {
        name: name.to_owned(),
        rows_before: before.rows.map(|table| table.rows),
        rows_after: after.rows.map(|table| table.rows),
        declaration: declaration_changes(before, after),
        key: common.clone(),
        ..TableChange::default()
    };
    let walk = Walk {
        before: View::of(before, &key, &values),
        after: View::of(after, &key, &values),
        rows_max,
    };
    walk.run(&mut change);
    change
}

/// Field by field; `table` as a whole where only one pack declares it.
fn declaration_changes(before: Side<'_>, after: Side<'_>) -> Vec<FieldChange> {
    let at = match (before.declaration, after.declaration) {
        (Some(_), Some(_)) => "",
        _ => "table",
    };
    fields::changes(at, &json(&before.declaration), &json(&after.declaration))
}

/// The key by which both declare their rows, where it is the same.
fn common_key(before: Side<'_>, after: Side<'_>) -> Vec<String> {
    let key = |side: Side<'_>| side.declaration.map(|table| table.key.clone());
    match (key(before), key(after)) {
        (Some(one), Some(other)) if one == other => one,
        (Some(only), None) | (None, Some(only)) => only,
        _ => Vec::new(),
    }
}

/// A table in one of the packs, as far as it is there.
#[derive(Clone, Copy)]
struct Side<'a> {
    declaration: Option<&'a TableDeclaration>,
    rows: Option<&'a KnowledgeTable>,
}

impl<'a> Side<'a> {
    fn of(pack: &'a Pack, name: &str) -> Self {
        Side {
            declaration: pack.manifest.tables.iter().find(|table| table.name == name),
            rows: pack.tables.get(name),
        }
    }

    fn columns(self) -> impl Iterator<Item = &'a str> {
        let columns = self.rows.map(|table| table.columns.keys());
        columns.into_iter().flatten().map(String::as_str)
    }

    fn column(self, name: &'a str) -> Column<'a> {
        let declared = self.declaration.and_then(|table| table.columns.get(name));
        Column {
            name,
            values: self.rows.and_then(|table| table.columns.get(name)),
            column_type: declared.copied(),
        }
    }
}

/// A column of one side; without values where that side has no such column.
#[derive(Clone, Copy)]
struct Column<'a> {
    name: &'a str,
    values: Option<&'a KnowledgeColumn>,
    column_type: Option<ColumnType>,
}

impl<'a> Column<'a> {
    /// What is not recorded and what has no column are alike.
    fn cell(self, row: u32) -> KnowledgeValue<'a> {
        let values = self.values;
        values.map_or(KnowledgeValue::Nothing, |values| values.value(row))
    }

    /// As people write it.
    fn text(self, row: u32) -> String {
        let values = self.values;
        values.map_or_else(String::new, |values| values.cell(self.column_type, row))
    }

    fn named(self, row: u32) -> (String, String) {
        (self.name.to_owned(), self.text(row))
    }
}

/// The rows of one side in the order of their key.
struct View<'a> {
    key: Vec<Column<'a>>,
    values: Vec<Column<'a>>,
    order: Vec<u32>,
}

impl<'a> View<'a> {
    fn of(side: Side<'a>, key: &[&'a str], values: &[&'a str]) -> Self {
        let columns = |names: &[&'a str]| names.iter().map(|name| side.column(name)).collect();
        let mut view = View {
            key: columns(key),
            values: columns(values),
            order: (0..side.rows.map_or(0, |table| table.rows)).collect(),
        };
        let mut order = std::mem::take(&mut view.order);
        // Stable: rows of one key keep their order, and are paired in it.
        order.sort_by(|one, other| view.compare_keys(*one, &view, *other));
        View { order, ..view }
    }

    fn compare_keys(&self, row: u32, others: &View<'_>, other: u32) -> Ordering {
        let pairs = self.key.iter().zip(&others.key);
        let compared = pairs.map(|(mine, theirs)| mine.cell(row).cmp(&theirs.cell(other)));
        compared.fold(Ordering::Equal, Ordering::then)
    }

    fn whole(&self, row: u32) -> Vec<(String, String)> {
        let columns = self.key.iter().chain(&self.values);
        let recorded = columns.filter(|column| column.values.is_some());
        recorded.map(|column| column.named(row)).collect()
    }
}

/// Both sides, walked along.
struct Walk<'a> {
    before: View<'a>,
    after: View<'a>,
    rows_max: usize,
}

impl Walk<'_> {
    fn run(&self, change: &mut TableChange) {
        let mut earlier = self.before.order.iter().copied().peekable();
        let mut later = self.after.order.iter().copied().peekable();
        loop {
            let order = match (earlier.peek(), later.peek()) {
                (None, None) => return,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(one), Some(other)) => self.before.compare_keys(*one, &self.after, *other),
            };
            let found = match order {
                Ordering::Less => earlier.next().map(|row| self.removed(row, change)),
                Ordering::Greater => later.next().map(|row| self.added(row, change)),
                Ordering::Equal => earlier
                    .next()
                    .zip(later.next())
                    .map(|(one, other)| self.changed(one, other, change)),
            };
            change.rows.extend(found.flatten());
        }
    }

    fn removed(&self, row: u32, change: &mut TableChange) -> Option<RowChange> {
        change.removed += 1;
        self.has_room(change).then(|| RowChange::Removed {
            cells: self.before.whole(row),
        })
    }

    fn added(&self, row: u32, change: &mut TableChange) -> Option<RowChange> {
        change.added += 1;
        self.has_room(change).then(|| RowChange::Added {
            cells: self.after.whole(row),
        })
    }

    fn changed(&self, row: u32, other: u32, change: &mut TableChange) -> Option<RowChange> {
        let pairs = self.before.values.iter().zip(&self.after.values);
        let unlike: Vec<_> = pairs
            .filter(|(mine, theirs)| mine.cell(row) != theirs.cell(other))
            .collect();
        if unlike.is_empty() {
            return None;
        }
        change.changed += 1;
        self.has_room(change).then(|| RowChange::Changed {
            key: self.after.key.iter().map(|key| key.named(other)).collect(),
            cells: unlike
                .into_iter()
                .map(|(mine, theirs)| CellChange {
                    column: mine.name.to_owned(),
                    before: mine.text(row),
                    after: theirs.text(other),
                })
                .collect(),
        })
    }

    fn has_room(&self, change: &TableChange) -> bool {
        change.rows.len() < self.rows_max
    }
}
