//! Cuts tables that memory does not hold into parts that hold whole patients.
//!
//! A part is a range of [`Root`]s. Rows go into the part of their root in one pass over the files; each part is
//! then sorted and reviewed for itself, so that a run which was stopped goes on with the next part. What belongs
//! to institutions is one more part.

mod owners;
pub(crate) mod parts;
pub(crate) mod root;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::{Array as _, StringArray};
use rulepack_contract::schema::{TableId, ids};

use crate::error::AuditError;
use crate::input::{Input, Layout, Place, Rows};
use crate::review::{Ledger, rejected_line};
pub(crate) use owners::Repeated;
use owners::{Known, Owners, OwnersWriter};
use parts::PartsWriter;
pub use root::Root;

/// What was read, before anything is reviewed.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    /// Rows by table, those left out included.
    pub(crate) rows: BTreeMap<TableId, u64>,
    /// By table: keys that stand for rows of several patients.
    pub(crate) repeated: BTreeMap<TableId, Repeated>,
}

/// Where parts go, and within what.
pub(crate) struct Cutter<'c> {
    pub(crate) input: &'c Input,
    pub(crate) folder: &'c Path,
    pub(crate) parts: u32,
    pub(crate) memory_bytes: u64,
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
        let mut owners: BTreeMap<TableId, Owners> = BTreeMap::new();
        for layout in layouts {
            let table = layout.table;
            let owner = table
                .table()
                .owner()
                .and_then(|(_, owner)| owners.get(&owner));
            let written = self.cut_table(layout, owner, (&mut cut, &mut *rejected))?;
            if let Some(written) = written {
                let of_table = written.finish(self.memory_bytes / 4)?;
                cut.repeated.insert(table, of_table.repeated.clone());
                owners.insert(table, of_table);
            }
        }
        Ok(cut)
    }

    /// Reads the files of one table, as often as there are passes over its owners.
    fn cut_table(
        &self,
        layout: &Layout,
        owners: Option<&Owners>,
        (cut, rejected): (&mut Cut, &mut Ledger),
    ) -> Result<Option<OwnersWriter>, AuditError> {
        let table = layout.table;
        let bytes = usize::try_from(self.memory_bytes / 8).unwrap_or(usize::MAX);
        let parts = if is_of_institution(table) {
            1
        } else {
            self.parts
        };
        let folder = folder_of(self.folder, table);
        let mut writer = PartsWriter::create(&folder, layout.schema(), (parts, bytes))?;
        let mut keys = match is_looked_up(table) {
            true => Some(OwnersWriter::create(
                table,
                &self.folder.join("keys").join(table.table().name),
            )?),
            false => None,
        };
        let passes = owners.map_or_else(|| std::iter::once(0..1).collect(), Owners::passes);
        for (pass, buckets) in passes.into_iter().enumerate() {
            let known = owners.map(|owners| owners.known(buckets)).transpose()?;
            for file in self.input.of(table) {
                let mut source = layout.open(file)?;
                let mut told = Vec::new();
                while let Some(rows) = source.next(&mut told)? {
                    // What is no row is told in the first pass.
                    if pass == 0 {
                        let read = (rows.keys.len() + told.len()) as u64;
                        *cut.rows.entry(table).or_default() += read;
                        (self.progress)(read);
                        for line in &told {
                            let line_number = Place {
                                file: file.0,
                                line: line.line,
                            };
                            rejected_line(line_number.number(), line, rejected)?;
                        }
                    }
                    told.clear();
                    self.add(layout, known.as_ref(), rows, (&mut writer, &mut keys))?;
                }
            }
        }
        writer.finish()?;
        Ok(keys)
    }

    /// Finds whose rows are, and hands them on; those of another pass are left out.
    fn add(
        &self,
        layout: &Layout,
        known: Option<&Known>,
        rows: Rows,
        (writer, keys): (&mut PartsWriter, &mut Option<OwnersWriter>),
    ) -> Result<(), AuditError> {
        let found = roots(layout, known, &rows);
        if let Some(keys) = keys {
            for (row, root) in found.iter().enumerate() {
                if let Some(root) = root {
                    keys.add(Root::of(rows.keys.value(row).trim()), *root)?;
                }
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
        writer.add(batch.map_err(AuditError::rows(folder))?)
    }
}

/// Whose each row is; `None` where another pass looks for it.
fn roots(layout: &Layout, known: Option<&Known>, rows: &Rows) -> Vec<Option<Root>> {
    let owner = layout.owner().and_then(|place| rows.columns.get(place));
    let owner = owner.and_then(|column| column.as_any().downcast_ref::<StringArray>());
    let Some(owner) = owner else {
        let keys = rows.keys.iter().flatten();
        return keys.map(|key| Some(Root::of(key.trim()))).collect();
    };
    let mut last: Option<(&str, Root)> = None;
    let found = owner.iter().zip(rows.places.values()).map(|(text, place)| {
        let text = text.unwrap_or_default().trim();
        // Lines of one encounter follow each other mostly.
        let key = match last {
            Some((before, key)) if before == text => key,
            _ => last.insert((text, Root::of(text))).1,
        };
        match known {
            Some(known) if !known.looks_for(key) => None,
            _ if text.is_empty() => Some(Root::nobody("", *place)),
            None => Some(key),
            Some(known) => {
                let root = known.root(key);
                Some(root.unwrap_or_else(|| Root::nobody(text, *place)))
            }
        }
    });
    found.collect()
}

/// Whether its rows belong to institutions, or are such.
pub(crate) fn is_of_institution(mut table: TableId) -> bool {
    while let Some((_, owner)) = table.table().owner() {
        table = owner;
    }
    table == ids::INSTITUTIONS
}

/// Whether rows of other tables name rows of it, of whom only it says whose they are.
fn is_looked_up(table: TableId) -> bool {
    table.table().key().is_some() && table.table().owner().is_some()
}

/// The folder of the parts of a table.
pub(crate) fn folder_of(folder: &Path, table: TableId) -> PathBuf {
    folder.join(table.table().name)
}
