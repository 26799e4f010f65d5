//! Overlays (本地化参数) on this host: files by digest, and what they come to for a version of a pack on a
//! day. The lock says which are in force; nothing else does, so that an old lock gives the old values.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rulepack_contract::knowledge::{KnowledgeTable, TableDeclaration};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::PackName;
use rulepack_protocol::overlay::{Adjustment, Author, Fit, Layer, Overlay, OverlayError, SetTable};
use rulepack_protocol::pack::Manifest;

use crate::files;
use crate::lock::{ChosenOverlay, Lock};
use crate::packs::PackError;
use crate::settings::HostFolder;

/// Who supplied a table that was imported at the hospital.
pub const IMPORTED: &str = "imported";

/// The overlays of a host. What was read is kept.
#[derive(Debug)]
pub struct Overlays {
    folder: HostFolder,
    read: Mutex<HashMap<Digest, Arc<Overlay>>>,
    fits: Mutex<HashMap<Chosen, Arc<Fit>>>,
    tables: Mutex<HashMap<Imported, Arc<KnowledgeTable>>>,
}

/// A pack, and the overlays that are in force for it.
type Chosen = (Digest, Vec<Digest>);
/// A pack, the rows of a table, and its name.
type Imported = (Digest, Digest, String);

/// Why an overlay that is in force cannot be used: its file is not as it was stored.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// It is not there or cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Other bytes than were stored.
    #[error("`{path}` has the digest `{found}`, expected `{expected}`")]
    Digest {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// Not an overlay.
    #[error("`{path}` is no overlay: {source}")]
    Overlay {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: OverlayError,
    },
}

impl Overlays {
    /// The overlays in the folder of a host.
    #[must_use]
    pub fn new(folder: HostFolder) -> Self {
        Overlays {
            folder,
            read: Mutex::default(),
            fits: Mutex::default(),
            tables: Mutex::default(),
        }
    }

    /// Where the overlay of this digest lies.
    #[must_use]
    pub fn path_of(&self, digest: &Digest) -> PathBuf {
        self.folder.overlays().join(format!("{digest}.toml"))
    }

    /// Where a table of this digest lies that was imported here.
    #[must_use]
    pub fn table_path(&self, digest: &Digest) -> PathBuf {
        self.folder.overlays().join(format!("{digest}.csv"))
    }

    /// The files that were read.
    pub(crate) fn files(&self) -> BTreeSet<PathBuf> {
        let read: Vec<Digest> = guard(&self.read).keys().copied().collect();
        let tables: Vec<Digest> = guard(&self.tables)
            .keys()
            .map(|(_, rows, _)| *rows)
            .collect();
        let overlays = read.iter().map(|digest| self.path_of(digest));
        let imported = tables.iter().map(|digest| self.table_path(digest));
        overlays.chain(imported).collect()
    }

    /// The overlay of this digest, hashed again.
    ///
    /// # Errors
    /// [`StoredError`].
    pub fn get(&self, digest: &Digest) -> Result<Arc<Overlay>, StoredError> {
        if let Some(overlay) = guard(&self.read).get(digest) {
            return Ok(Arc::clone(overlay));
        }
        let path = self.path_of(digest);
        let bytes = stored(&path, digest)?;
        let overlay = Overlay::from_published(&bytes);
        let overlay = Arc::new(overlay.map_err(|source| StoredError::Overlay { path, source })?);
        guard(&self.read).insert(*digest, Arc::clone(&overlay));
        Ok(overlay)
    }

    /// What these overlays come to for a pack, by day.
    ///
    /// # Errors
    /// [`StoredError`]; an overlay that does not fit is told by the [`Fit`].
    pub fn fit(
        &self,
        (pack, manifest): (Digest, &Manifest),
        chosen: &[ChosenOverlay],
    ) -> Result<Arc<Fit>, StoredError> {
        let key = (pack, chosen.iter().map(|chosen| chosen.digest).collect());
        if let Some(fit) = guard(&self.fits).get(&key) {
            return Ok(Arc::clone(fit));
        }
        let mut layers = Vec::new();
        for ChosenOverlay { name, digest, .. } in chosen {
            layers.push(Layer {
                name: name.clone(),
                digest: *digest,
                overlay: self.get(digest)?,
            });
        }
        let fit = Arc::new(Fit::new(manifest, layers));
        guard(&self.fits).insert(key, Arc::clone(&fit));
        Ok(fit)
    }

    /// Adds the tables that were imported here and that no overlay supplies.
    ///
    /// # Errors
    /// [`PackError`] where one cannot be read, or is not as the pack declares it.
    pub fn add_imported(
        &self,
        (pack, manifest): (Digest, &Manifest),
        lock: &Lock,
        adjustment: &mut Adjustment,
    ) -> Result<(), PackError> {
        let name: &PackName = &manifest.pack.name;
        for (table, digest) in lock.supplied.get(name).into_iter().flatten() {
            let mut declared = manifest.tables.iter();
            let is_left =
                |it: &&TableDeclaration| it.name == *table && it.supplied_by.setter().is_some();
            let Some(declaration) = declared.find(is_left) else {
                continue;
            };
            if adjustment.tables.contains_key(table) {
                continue;
            }
            let rows = self.imported_rows((pack, declaration), digest)?;
            let by = Arc::new(Author {
                setter: IMPORTED.to_owned(),
                overlay: IMPORTED.to_owned(),
                basis: String::new(),
            });
            let set = SetTable {
                digest: *digest,
                rows,
                by,
            };
            adjustment.tables.insert(table.clone(), set);
        }
        Ok(())
    }

    /// The rows of a table that was imported here, read once for each pack that declares it.
    fn imported_rows(
        &self,
        (pack, declaration): (Digest, &TableDeclaration),
        digest: &Digest,
    ) -> Result<Arc<KnowledgeTable>, PackError> {
        let key = (pack, *digest, declaration.name.clone());
        if let Some(rows) = guard(&self.tables).get(&key) {
            return Ok(Arc::clone(rows));
        }
        let bytes = stored(&self.table_path(digest), digest)?;
        let rows = Arc::new(KnowledgeTable::from_csv(declaration, &bytes)?);
        guard(&self.tables).insert(key, Arc::clone(&rows));
        Ok(rows)
    }
}

fn stored(path: &Path, digest: &Digest) -> Result<Vec<u8>, StoredError> {
    let bytes = std::fs::read(path).map_err(|source| StoredError::Io {
        path: path.to_owned(),
        source,
    })?;
    let found = Digest::of(&bytes);
    if found != *digest {
        return Err(StoredError::Digest {
            path: path.to_owned(),
            expected: *digest,
            found,
        });
    }
    Ok(bytes)
}

/// Keeps bytes by their digest.
///
/// # Errors
/// Where they cannot be written.
pub fn keep(path: &Path, bytes: &[u8]) -> Result<(), StoredError> {
    files::replace(path, bytes).map_err(|source| StoredError::Io {
        path: path.to_owned(),
        source,
    })
}

/// A panic elsewhere cannot leave a map half changed: it only ever inserts.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlay_is_read_as_it_was_stored_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let overlays = Overlays::new(HostFolder::at(folder.path()));
        let text = b"[overlay]\n";
        let digest = Digest::of(text);
        let path = overlays.path_of(&digest);
        let refusal = || overlays.get(&digest).unwrap_err().to_string();
        let shown = path.display();
        assert_eq!(
            refusal(),
            format!("cannot read `{shown}`: No such file or directory (os error 2)")
        );
        keep(&path, b"[overlay]\n# altered\n").unwrap();
        let found = Digest::of(b"[overlay]\n# altered\n");
        assert_eq!(
            refusal(),
            format!("`{shown}` has the digest `{found}`, expected `{digest}`")
        );
        keep(&path, text).unwrap();
        assert_eq!(
            refusal(),
            format!("`{shown}` is no overlay: line 1: missing field `pack`")
        );
    }
}
