//! What is noted of the keys of a table while its rows are read.

use std::path::Path;

use rulepack_contract::schema::TableId;

use super::key_check::{KeyCheck, Repeated, Suspects};
use super::owner_of;
use super::owners::{Owners, OwnersWriter};
use super::root::Root;
use crate::error::AuditError;

/// What is to be known of the keys of one table.
#[derive(Debug)]
pub(super) enum Keys {
    /// Nothing: it has none, or a key is itself whose the row is.
    Unasked,
    /// Whose each is, for rows of other tables name them.
    Named(OwnersWriter),
    /// Whether any stands for rows of several patients.
    Unnamed(KeyCheck),
}

impl Keys {
    /// Of a table no row of which was read. What memory does not hold goes into files of a folder.
    pub(super) fn new(
        table: TableId,
        is_named: bool,
        (folder, memory_bytes): (&Path, u64),
    ) -> Self {
        let has_key = table.table().key().is_some() && owner_of(table).is_some();
        match (has_key, is_named) {
            (false, _) => Keys::Unasked,
            (true, true) => Keys::Named(OwnersWriter::new(table, folder, memory_bytes)),
            (true, false) => Keys::Unnamed(KeyCheck::new(table, folder, memory_bytes)),
        }
    }

    /// # Errors
    /// [`AuditError::Io`].
    pub(super) fn add(&mut self, key: &str, root: Root, place: u64) -> Result<(), AuditError> {
        match self {
            Keys::Unasked => Ok(()),
            Keys::Named(owners) => owners.add(Root::of(key), root, place),
            Keys::Unnamed(check) => check.add(key, root),
        }
    }

    /// The keys that stand for rows of several patients, and whose each is where others name them. `look` shows all
    /// rows of the table again, where that is needed.
    ///
    /// # Errors
    /// [`AuditError`] where files cannot be written or read, or there are too many such keys.
    pub(super) fn finish(
        self,
        look: impl FnOnce(&mut Suspects) -> Result<(), AuditError>,
    ) -> Result<(Repeated, Option<Owners>), AuditError> {
        match self {
            Keys::Unasked => Ok((Repeated::new(), None)),
            Keys::Named(owners) => {
                let owners = owners.finish()?;
                Ok((owners.repeated.clone(), Some(owners)))
            }
            Keys::Unnamed(check) => {
                let mut suspects = check.finish()?;
                if !suspects.is_empty() {
                    look(&mut suspects)?;
                }
                Ok((suspects.finish()?, None))
            }
        }
    }
}
