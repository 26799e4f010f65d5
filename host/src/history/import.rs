//! From a folder of CSV files to a segment.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::Path;

use rulepack_contract::data::{DataBuilder, Presence};
use rulepack_contract::schema::TableId;
use rulepack_contract::units;

use super::segment::{self, Covered, Header, Owner, OwnerRows};
use super::{History, HistoryError, open};
use crate::data::{Encoding, FileRejection, Line, Source, TableFile, finish, load};

/// What an import brought.
#[derive(Debug)]
pub struct Imported {
    /// Rows kept, by table.
    pub rows: BTreeMap<&'static str, u64>,
    /// Rows left out, by file and line.
    pub rejected: Vec<FileRejection>,
}

/// The owner of each row that others belong to, by table and key.
type Owners = HashMap<(TableId, String), Owner>;

impl History {
    /// Imports a folder of CSV files as one step: after a kill it is there whole or not at all. The
    /// folder stands for itself: what a row belongs to has to be in it. Rows that are left out are
    /// listed; the rest is kept.
    ///
    /// # Errors
    /// [`HistoryError`] where the files cannot be read or the history cannot be written.
    pub fn import(&mut self, directory: &Path) -> Result<Imported, HistoryError> {
        self.import_in(directory, Encoding::Utf8)
    }

    /// The same of files in an encoding.
    ///
    /// # Errors
    /// As [`History::import`].
    pub fn import_in(
        &mut self,
        directory: &Path,
        encoding: Encoding,
    ) -> Result<Imported, HistoryError> {
        let source = Source::directory(directory, encoding)?;
        let mut builder = DataBuilder::new();
        let rejected = load(&source, &mut builder)?;
        let loaded = finish(&source, builder, rejected);
        let faults: HashSet<(String, u64)> = loaded
            .rejected
            .iter()
            .map(|rejection| (rejection.file.clone(), rejection.line))
            .collect();
        let mut header = Header::default();
        let mut blocks: BTreeMap<Owner, OwnerRows> = BTreeMap::new();
        let mut owners = Owners::new();
        let mut rows = BTreeMap::new();
        for (table, path) in in_order_of_owners(&source) {
            let mut file = TableFile::open(path, table, encoding)?;
            let covered = loaded.data.coverage(table);
            let start = covered.history_start;
            let columns = file
                .columns()
                .map(|column| table.table().columns[column].name.to_owned());
            let told = Covered {
                columns: columns.collect(),
                partial: covered.presence != Presence::Complete,
                history_start: (start != units::NOT_RECORDED_S32).then_some(start),
            };
            header.tables.insert(table.table().name.to_owned(), told);
            let name = file.name();
            while let Some(line) = file.next_line()? {
                if let Line::Row(row) = line
                    && !faults.contains(&(name.clone(), row.line))
                    && let Some(owner) = owner(table, row.key, row.cells(), &mut owners)
                {
                    let of_table = blocks.entry(owner).or_default();
                    let of_table = of_table.entry(table.table().name.to_owned()).or_default();
                    of_table.push(texts(table, row.key, row.cells()));
                    *rows.entry(table.table().name).or_default() += 1;
                }
            }
        }
        self.write(header, blocks)?;
        Ok(Imported {
            rows,
            rejected: loaded.rejected,
        })
    }

    fn write(
        &mut self,
        header: Header,
        blocks: BTreeMap<Owner, OwnerRows>,
    ) -> Result<(), HistoryError> {
        let failed = |source| HistoryError::Io {
            path: self.folder.clone(),
            source,
        };
        // Nobody else imports meanwhile, so that no number is given twice.
        let importing = File::create(self.folder.join("importing")).map_err(failed)?;
        importing.lock().map_err(failed)?;
        let number = open::last_number(&self.folder)?.saturating_add(1);
        let path = segment::write(&self.folder, number, header, blocks, self.secrets()?)?;
        self.add(&path)
    }
}

/// The files, those that others belong to first.
fn in_order_of_owners(source: &Source) -> Vec<(TableId, &Path)> {
    let depth = |mut table: TableId| {
        let mut depth = 0;
        while let Some((_, owner)) = table.table().owner() {
            table = owner;
            depth += 1;
        }
        depth
    };
    let mut files: Vec<_> = source
        .tables()
        .iter()
        .map(|(table, path)| (*table, path.as_path()))
        .collect();
    files.sort_by_key(|(table, _)| depth(*table));
    files
}

/// The patient or institution that a row belongs to in the end; remembered where others may belong to it.
fn owner<'c>(
    table: TableId,
    key: &str,
    mut cells: impl Iterator<Item = (usize, &'c str)>,
    owners: &mut Owners,
) -> Option<Owner> {
    let owner = match table.table().owner() {
        None => Owner {
            table: table.table().name.to_owned(),
            key: key.to_owned(),
        },
        Some((column, of)) => {
            let (_, text) = cells.find(|(place, _)| *place == column)?;
            owners.get(&(of, text.trim().to_owned()))?.clone()
        }
    };
    if table.table().key().is_some() {
        owners.insert((table, key.to_owned()), owner.clone());
    }
    Some(owner)
}

/// The cells that are recorded, by the name of their column. Rows of other tables are named by key, those
/// without a key by nothing: no table points to such a one. Whose the row is stands apart.
fn texts<'c>(
    table: TableId,
    key: &str,
    cells: impl Iterator<Item = (usize, &'c str)>,
) -> BTreeMap<String, String> {
    let columns = table.table().columns;
    let recorded = cells
        .map(|(column, text)| (column, text.trim()))
        .filter(|(_, text)| !text.is_empty());
    let mut texts: BTreeMap<String, String> = recorded
        .map(|(column, text)| (columns[column].name.to_owned(), text.to_owned()))
        .collect();
    if let Some(name) = table.table().key() {
        texts.insert(name.to_owned(), key.to_owned());
    }
    if let Some(name) = segment::column_of_owner(table) {
        texts.remove(name);
    }
    texts
}
