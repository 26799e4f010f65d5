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
use crate::sort::{Sorted, Sorter, Written};

/// The rows of one table in the order of patients.
pub(super) struct Cursor<'p> {
    layout: &'p Layout,
    rows: Rows,
    next: usize,
}

/// Rows in order.
enum Rows {
    Held(InOrder),
    /// Some at a time.
    OnDisk(OnDisk),
}

/// Rows that are sorted on the disk.
struct OnDisk {
    sorted: Sorted,
    batch: Option<RecordBatch>,
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
        let rows = match plan.held.tables.get(&layout.table) {
            Some(held) => {
                let in_order = held.in_order(part);
                let table = layout.table.table().name;
                in_order
                    .map_err(AuditError::rows(table.as_ref()))?
                    .map(Rows::Held)
            }
            None => {
                let sorted = on_disk(plan, (layout, part), sorter, runtime)?;
                sorted.map(Rows::OnDisk)
            }
        };
        let Some(rows) = rows else {
            continue;
        };
        let mut cursor = Cursor {
            layout,
            rows,
            next: 0,
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
) -> Result<Option<OnDisk>, AuditError> {
    let rows = plan.rows_of_parts.get(&layout.table);
    let rows = rows.and_then(|rows| rows.get(part)).copied().unwrap_or(0);
    if rows == 0 {
        return Ok(None);
    }
    let path = parts::path(&folder_of(&plan.folder, layout.table), part);
    let by: &[&str] = match layout.table.table().key() {
        Some(_) => &["root", "key", "place"],
        None => &["root", "place"],
    };
    let sorted = sorter.sorted([Written { path, rows }], (&layout.schema(), by), runtime)?;
    Ok(Some(OnDisk {
        sorted,
        batch: None,
    }))
}

impl OnDisk {
    /// The next rows; none at the end.
    fn fill(&mut self) -> Result<(), AuditError> {
        loop {
            self.batch = self.sorted.next()?;
            if self.batch.as_ref().is_none_or(|batch| batch.num_rows() > 0) {
                return Ok(());
            }
        }
    }
}

impl<'p> Cursor<'p> {
    /// Whose the next row is; `None` at the end.
    pub(super) fn root(&self) -> Option<Root> {
        match &self.rows {
            Rows::Held(held) => Some(held.order.get(self.next)?.0),
            Rows::OnDisk(OnDisk { batch, .. }) => {
                let roots = batch.as_ref()?.column(0).as_fixed_size_binary();
                Some(root::at(roots, self.next))
            }
        }
    }

    /// Hands on the rows of a root that are in memory.
    pub(super) fn take(
        &mut self,
        of: Root,
        assembly: &mut Assembly<'p>,
        output: &mut Output,
    ) -> Result<(), AuditError> {
        match &self.rows {
            Rows::Held(held) => {
                let rest = held.order.get(self.next..).unwrap_or_default();
                let rows = rest.iter().take_while(|(root, _)| *root == of);
                let rows: Vec<u32> = rows.map(|(_, row)| *row).collect();
                self.next += rows.len();
                assembly.push(self.layout, &held.rows, &rows, &mut output.rejected)
            }
            Rows::OnDisk(OnDisk {
                batch: Some(batch), ..
            }) => {
                let roots = batch.column(0).as_fixed_size_binary();
                let rest = self.next..batch.num_rows();
                let mut beyond = rest.clone();
                let end = beyond.find(|row| root::at(roots, *row) != of);
                let end = end.unwrap_or(rest.end);
                let rows = (self.next..end).filter_map(|row| u32::try_from(row).ok());
                let rows: Vec<u32> = rows.collect();
                assembly.push(self.layout, batch, &rows, &mut output.rejected)?;
                self.next = end;
                match end == batch.num_rows() {
                    true => self.fill(),
                    false => Ok(()),
                }
            }
            Rows::OnDisk(OnDisk { batch: None, .. }) => Ok(()),
        }
    }

    /// Reads on, where rows lie on disk.
    fn fill(&mut self) -> Result<(), AuditError> {
        let Rows::OnDisk(rows) = &mut self.rows else {
            return Ok(());
        };
        self.next = 0;
        rows.fill()
    }
}
