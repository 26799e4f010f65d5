//! The rows of one table of a part, one patient or institution after the other.

use std::sync::Arc;

use arrow::array::{AsArray as _, RecordBatch};
use rulepack_contract::review::Scope;
use tokio::runtime::Runtime;

use super::assembly::Assembly;
use super::{Output, Plan};
use crate::cut::{InOrder, Root, folder_of, is_of_institution, parts, root};
use crate::error::AuditError;
use crate::input::Layout;
use crate::sort::{Sorted, Sorter};

/// The rows of one table in the order of patients.
pub(super) struct Cursor<'p> {
    layout: &'p Layout,
    rows: Rows<'p>,
    batch: Option<RecordBatch>,
    row: usize,
}

/// Rows in order, some at a time.
enum Rows<'p> {
    Held(InOrder<'p>),
    OnDisk(Sorted),
}

/// A cursor for each table of a part that has rows.
pub(super) fn all<'p>(
    plan: &'p Plan<'_>,
    (part, scope): (usize, Scope),
    sorter: &Sorter,
    runtime: &Arc<Runtime>,
) -> Result<Vec<Cursor<'p>>, AuditError> {
    let of_scope = plan
        .layouts
        .iter()
        .filter(|layout| is_of_institution(layout.table) == (scope == Scope::Institution));
    let mut cursors = Vec::new();
    for layout in of_scope {
        let held = plan.held.get(&layout.table);
        let rows = match held {
            Some(held) => held.in_order(part).map(Rows::Held),
            None => on_disk(plan, (layout, part), sorter, runtime)?.map(Rows::OnDisk),
        };
        let Some(rows) = rows else {
            continue;
        };
        let mut cursor = Cursor {
            layout,
            rows,
            batch: None,
            row: 0,
        };
        cursor.fill()?;
        cursors.push(cursor);
    }
    Ok(cursors)
}

fn on_disk(
    plan: &Plan<'_>,
    (layout, part): (&Layout, usize),
    sorter: &Sorter,
    runtime: &Arc<Runtime>,
) -> Result<Option<Sorted>, AuditError> {
    let path = parts::path(&folder_of(&plan.folder, layout.table), part);
    if !path.exists() {
        return Ok(None);
    }
    let by: &[&str] = match layout.table.table().key() {
        Some(_) => &["root", "key", "place"],
        None => &["root", "place"],
    };
    let sorted = sorter.sorted(vec![path], (&layout.schema(), by), runtime)?;
    Ok(Some(sorted))
}

impl<'p> Cursor<'p> {
    /// Whose the next row is; `None` at the end.
    pub(super) fn root(&self) -> Option<Root> {
        let batch = self.batch.as_ref()?;
        Some(root::at(batch.column(0).as_fixed_size_binary(), self.row))
    }

    /// Hands on the rows of a root that are in memory.
    pub(super) fn take(
        &mut self,
        of: Root,
        assembly: &mut Assembly<'p>,
        output: &mut Output,
    ) -> Result<(), AuditError> {
        let Some(batch) = &self.batch else {
            return Ok(());
        };
        let roots = batch.column(0).as_fixed_size_binary();
        let rest = self.row..batch.num_rows();
        let end = rest
            .clone()
            .find(|row| root::at(roots, *row) != of)
            .unwrap_or(rest.end);
        assembly.push(self.layout, batch, self.row..end, &mut output.rejected)?;
        self.row = end;
        if self.row == batch.num_rows() {
            self.fill()?;
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<(), AuditError> {
        self.row = 0;
        loop {
            self.batch = match &mut self.rows {
                Rows::OnDisk(sorted) => sorted.next()?,
                Rows::Held(rows) => {
                    let table = self.layout.table.table().name;
                    rows.next().map_err(AuditError::rows(table.as_ref()))?
                }
            };
            if self.batch.as_ref().is_none_or(|batch| batch.num_rows() > 0) {
                return Ok(());
            }
        }
    }
}
