//! Cuts tables into parts that hold whole patients.
//!
//! A part is a range of [`Root`]s. Rows go into the part of their root in one pass over the files; each part is
//! then sorted and reviewed for itself. What belongs to institutions is one more part. Rows that memory does not
//! hold lie in files, so that a run which was stopped goes on with the next part; where it holds all of them none
//! is written, and such a run begins anew.

mod held;
mod keeper;
mod key_check;
mod keys;
mod numbered;
mod owners;
pub(crate) mod parts;
pub(crate) mod root;
mod spread;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread;

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use rulepack_contract::schema::{TableId, ids};

use crate::error::AuditError;
use crate::input::{FileRows, Input, Layout, Place, Rows, read};
use crate::review::{Ledger, rejected_line};
pub(crate) use held::{Held, InOrder};
use keeper::Keeper;
pub(crate) use keeper::{Room, RowsOfParts};
pub(crate) use key_check::Repeated;
use keys::Keys;
use owners::{Known, Owners};
pub use root::Root;

/// What was read, before anything is reviewed.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    /// Rows by table, those left out included.
    pub(crate) rows: BTreeMap<TableId, u64>,
    /// By table: keys that stand for rows of several patients.
    pub(crate) repeated: BTreeMap<TableId, Repeated>,
    /// The rows themselves, where they are not on disk.
    pub(crate) held: Held,
    /// Whether they are.
    pub(crate) is_on_disk: bool,
    /// How many there are in each part then.
    pub(crate) rows_of_parts: RowsOfParts,
}

/// Where parts go, and within what.
pub(crate) struct Cutter<'c> {
    pub(crate) input: &'c Input,
    pub(crate) folder: &'c Path,
    pub(crate) parts: u32,
    /// For rows.
    pub(crate) room: Room,
    /// For the keys of one table.
    pub(crate) keys_bytes: u64,
    /// Whether files are read on a thread of their own.
    pub(crate) ahead: bool,
    /// Told the number of rows after some thousands more.
    pub(crate) progress: &'c (dyn Fn(u64) + Sync),
}

impl Cutter<'_> {
    /// Reads all files of all tables.
    ///
    /// # Errors
    /// [`AuditError`] where one cannot be read, or a part cannot be written.
    pub(crate) fn cut(&self, layouts: &[Layout], rejected: &mut Ledger) -> Result<Cut, AuditError> {
        let mut cut = Cut::default();
        let mut keeper = Keeper::new(self.room);
        let mut owners: BTreeMap<TableId, Owners> = BTreeMap::new();
        for (number, layout) in layouts.iter().enumerate() {
            let table = layout.table;
            let later = layouts.get(number + 1..).unwrap_or_default();
            let is_owner = |table| later.iter().any(|of| owner_of(of.table) == Some(table));
            let folder = self.folder.join("keys").join(table.table().name);
            let mut keys = Keys::new(table, is_owner(table), (&folder, self.keys_bytes));
            let owner = owner_of(table).and_then(|owner| owners.get(&owner));
            self.cut_table(
                layout,
                owner,
                (&mut cut, &mut *rejected),
                (&mut keys, &mut keeper),
            )?;
            keeper.end(table)?;
            let look =
                |suspects: &mut _| keeper.look(table, &folder_of(self.folder, table), suspects);
            let (repeated, of_table) = keys.finish(look)?;
            cut.repeated.insert(table, repeated);
            owners.extend(of_table.map(|of_table| (table, of_table)));
            owners.retain(|table, _| is_owner(*table));
        }
        cut.is_on_disk = keeper.is_on_disk();
        (cut.held, cut.rows_of_parts) = keeper.finish();
        Ok(cut)
    }

    /// Reads the files of one table, as often as there are passes over its owners.
    fn cut_table(
        &self,
        layout: &Layout,
        owners: Option<&Owners>,
        (cut, rejected): (&mut Cut, &mut Ledger),
        (keys, keeper): (&mut Keys, &mut Keeper),
    ) -> Result<(), AuditError> {
        let table = layout.table;
        let parts = if is_of_institution(table) {
            1
        } else {
            self.parts
        };
        let folder = folder_of(self.folder, table);
        keeper.begin(layout, (&folder, parts));
        let passes = owners.map_or_else(|| std::iter::once(0..1).collect(), Owners::passes);
        for (pass, buckets) in passes.into_iter().enumerate() {
            let known = owners.map(|owners| owners.known(buckets)).transpose()?;
            thread::scope(|scope| -> Result<(), AuditError> {
                for some in read((self.input, layout), scope, self.ahead) {
                    let FileRows {
                        file,
                        rows,
                        rejected: lines,
                    } = some?;
                    // What is no row is told in the first pass.
                    if pass == 0 {
                        let read = (rows.keys.len() + lines.len()) as u64;
                        *cut.rows.entry(table).or_default() += read;
                        (self.progress)(read);
                        for told in &lines {
                            let line = told.line;
                            rejected_line(Place { file, line }.number(), told, rejected)?;
                        }
                    }
                    let rows = self.owned(layout, known.as_deref(), rows, keys)?;
                    keeper.add(table, &rows)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Rows with whose they are; those of another pass are left out.
    fn owned(
        &self,
        layout: &Layout,
        known: Option<&Known>,
        rows: Rows,
        keys: &mut Keys,
    ) -> Result<RecordBatch, AuditError> {
        let found = roots(layout, known, &rows).map_err(AuditError::rows(self.folder))?;
        for (row, root) in found.iter().enumerate() {
            if let Some(root) = root {
                keys.add(rows.keys.value(row).trim(), *root, rows.places.value(row))?;
            }
        }
        let folder = self.folder;
        let is_of_pass: Option<Vec<Root>> = found.iter().copied().collect();
        let batch = match is_of_pass {
            Some(roots) => {
                let column = root::column(&roots).map_err(AuditError::rows(folder))?;
                layout.batch(column, rows)
            }
            None => {
                let taken: arrow::array::BooleanArray =
                    found.iter().map(|root| Some(root.is_some())).collect();
                let roots: Vec<Root> = found.iter().map(|root| root.unwrap_or(Root(0))).collect();
                let column = root::column(&roots).map_err(AuditError::rows(folder))?;
                let all = layout
                    .batch(column, rows)
                    .map_err(AuditError::rows(folder))?;
                arrow::compute::filter_record_batch(&all, &taken)
            }
        };
        batch.map_err(AuditError::rows(folder))
    }
}

/// Whose each row is; `None` where another pass looks for it.
fn roots(
    layout: &Layout,
    known: Option<&Known>,
    rows: &Rows,
) -> Result<Vec<Option<Root>>, ArrowError> {
    let Some(owner) = layout.owner().and_then(|place| rows.columns.get(place)) else {
        let keys = rows.keys.iter().flatten();
        return Ok(keys.map(|key| Some(Root::of(key.trim()))).collect());
    };
    let owner = cast(owner, &DataType::Utf8)?;
    let owner = owner.as_string::<i32>();
    let mut last: Option<(&str, Option<Root>)> = None;
    let found = owner.iter().zip(rows.places.values()).map(|(text, place)| {
        let text = text.unwrap_or_default().trim();
        match last {
            // Lines of one encounter follow each other mostly.
            Some((before, found)) if before == text && !text.is_empty() => found,
            _ => last.insert((text, root_of(known, text, *place))).1,
        }
    });
    Ok(found.collect())
}

/// Whose a row is that names this owner; `None` where another pass looks for it.
fn root_of(known: Option<&Known>, owner: &str, place: u64) -> Option<Root> {
    let key = Root::of(owner);
    match known {
        Some(known) if !known.looks_for(key) => None,
        _ if owner.is_empty() => Some(Root::nobody("", place)),
        None => Some(key),
        Some(known) => {
            let root = known.root(key);
            Some(root.unwrap_or_else(|| Root::nobody(owner, place)))
        }
    }
}

/// The table that says whose rows of a table are.
fn owner_of(table: TableId) -> Option<TableId> {
    table.table().owner().map(|(_, owner)| owner)
}

/// Whether its rows belong to institutions, or are such.
pub(crate) fn is_of_institution(mut table: TableId) -> bool {
    while let Some(owner) = owner_of(table) {
        table = owner;
    }
    table == ids::INSTITUTIONS
}

/// The folder of the parts of a table.
pub(crate) fn folder_of(folder: &Path, table: TableId) -> PathBuf {
    folder.join(table.table().name)
}
