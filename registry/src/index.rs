//! What people search: a list of packs, derived from the files.
//!
//! Kept in `sled`, which is deleted and built again on any doubt: another format, another state than the
//! files show, or an error when it is opened. No question of trust, choice or permission is answered
//! from here.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{PackName, TargetPath};
use rulepack_protocol::overlay::Overlay;
use rulepack_protocol::pack::{self, Bounds};
use rulepack_protocol::tuf::{Channel, RoleName, Status, Target};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::state::{State, StateError};
use crate::store::{TargetFile, Tree};

/// The derived index of a repository.
#[derive(Debug)]
pub struct Index {
    database: sled::Db,
    /// Why an index that was there had to be thrown away.
    thrown_away: Option<String>,
}

/// A version of a pack, as people see it in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Entry {
    /// The pack.
    #[schema(value_type = String)]
    pub name: PackName,
    /// Its version.
    #[schema(value_type = String)]
    pub version: Version,
    /// What people call it; empty where the file could not be opened.
    pub title: String,
    /// The digest of its file.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// The length of its file in bytes.
    pub length: u64,
    /// The first day in force.
    #[schema(value_type = String)]
    pub effective_from: Day,
    /// The last day in force; none is open.
    #[schema(value_type = Option<String>)]
    pub effective_to: Option<Day>,
    /// Who is to run it.
    #[schema(value_type = String)]
    pub channel: Channel,
    /// Whether it is withdrawn.
    #[schema(value_type = String)]
    pub status: Status,
    /// The day of publication.
    #[schema(value_type = String)]
    pub published: Day,
}

/// Why the index cannot be used or built.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The folder of the index could not be removed to build it again.
    #[error("the index `{folder}` cannot be removed")]
    Remove {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The database.
    #[error("the index cannot be read or written")]
    Database(#[from] sled::Error),
    /// Nothing that this release wrote.
    #[error("it holds no index of this release")]
    Format,
    /// The database gave up on its files.
    #[error("the files of the index are damaged")]
    Damaged,
    /// A record that is not ours.
    #[error("a record of the index is damaged")]
    Record(#[from] serde_json::Error),
    /// The files that it is derived from.
    #[error("the index cannot be derived from the files")]
    Files(#[from] StateError),
}

/// Raised whenever the records change, so that an older index is built again.
const FORMAT: &str = "1";
const FORMAT_KEY: &str = "format";
/// Path of a target to its [`Entry`].
const PACKS: &str = "packs";
/// Name of a role to the digest of the file that its packs were read from.
const PINS: &str = "pins";

impl Index {
    /// Opens the index below `folder`. One that does not open, or holds what cannot be read, is thrown
    /// away and begun again ([`Index::thrown_away`]).
    ///
    /// # Errors
    /// Where even a new one cannot be made.
    pub fn open(folder: &Path) -> Result<Self, IndexError> {
        if !folder.try_exists().unwrap_or(true) {
            return Self::anew(folder);
        }
        match Self::open_sound(folder) {
            Ok(index) => Ok(index),
            Err(error) => {
                tracing::warn!(error = %error, "the index does not open and is built again");
                let thrown_away = Some(error.to_string());
                Ok(Self {
                    thrown_away,
                    ..Self::anew(folder)?
                })
            }
        }
    }

    /// Begins a new index below `folder`, whatever was there.
    ///
    /// # Errors
    /// Where what was there cannot be removed, or a new one not be made.
    pub fn anew(folder: &Path) -> Result<Self, IndexError> {
        remove(folder)?;
        let database = sled::open(folder)?;
        database.insert(FORMAT_KEY, FORMAT.as_bytes())?;
        Ok(Self {
            database,
            thrown_away: None,
        })
    }

    /// Why the index that was found was thrown away, where it was.
    pub fn thrown_away(&self) -> Option<&str> {
        self.thrown_away.as_deref()
    }

    /// Puts a record among the packs that is none of ours, as damage while the server runs would.
    #[cfg(test)]
    pub(crate) fn spoil(&self) {
        let packs = self.database.open_tree(PACKS).unwrap();
        packs.insert("37/limits/9.9.9.wasm", b"{").unwrap();
    }

    /// Opens a database and reads all of it once.
    fn open_sound(folder: &Path) -> Result<Self, IndexError> {
        // On damaged files the database may panic instead of giving an error.
        let opened = std::panic::catch_unwind(|| {
            let index = Self {
                database: sled::open(folder)?,
                thrown_away: None,
            };
            // Over damaged files the database may also begin an empty one without a word.
            if index.database.get(FORMAT_KEY)?.as_deref() != Some(FORMAT.as_bytes()) {
                return Err(IndexError::Format);
            }
            index.entries("")?;
            for record in &index.database.open_tree(PINS)? {
                record?;
            }
            Ok(index)
        });
        opened.unwrap_or(Err(IndexError::Damaged))
    }

    /// Brings the index to `state`. Only roles whose pin changed are read, and of their packs only new
    /// ones are opened.
    ///
    /// # Errors
    /// Where the files are damaged or the database fails.
    pub fn follow(&self, tree: &Tree, state: &State) -> Result<(), IndexError> {
        for name_space in state.name_spaces() {
            let role = RoleName::Space(name_space);
            self.follow_role(tree, state, &role)?;
        }
        self.database.flush()?;
        Ok(())
    }

    fn follow_role(&self, tree: &Tree, state: &State, role: &RoleName) -> Result<(), IndexError> {
        let pins = self.database.open_tree(PINS)?;
        let Some(pin) = state.pin(role) else {
            return Ok(());
        };
        let pin = pin.hashes.sha256.to_string();
        let key = role.to_string();
        if pins.get(&key)?.as_deref() == Some(pin.as_bytes()) {
            return Ok(());
        }
        let packs = self.database.open_tree(PACKS)?;
        let Some(envelope) = state.role(tree, role)? else {
            return Ok(());
        };
        for (path, target) in &envelope.signed().targets {
            let known = packs.get(path.to_string())?;
            let entry = entry(tree, path, target, known.as_deref())?;
            packs.insert(path.to_string(), serde_json::to_vec(&entry)?)?;
        }
        // Last, so that a stop in between has the role read again.
        pins.insert(key, pin.as_bytes())?;
        Ok(())
    }

    /// All versions whose name or title contains `text`, by name, newest version first. An empty text
    /// gives all.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn search(&self, text: &str) -> Result<Vec<Entry>, IndexError> {
        let text = text.to_lowercase();
        let matches = |entry: &Entry| {
            entry.name.to_string().contains(&text) || entry.title.to_lowercase().contains(&text)
        };
        let mut found = self.entries("")?;
        found.retain(matches);
        Ok(found)
    }

    /// The versions of one pack, newest first.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn versions(&self, name: &PackName) -> Result<Vec<Entry>, IndexError> {
        self.entries(&format!("{name}/"))
    }

    fn entries(&self, prefix: &str) -> Result<Vec<Entry>, IndexError> {
        let packs = self.database.open_tree(PACKS)?;
        let mut entries = Vec::new();
        for record in packs.scan_prefix(prefix) {
            let (_, bytes) = record?;
            entries.push(serde_json::from_slice::<Entry>(&bytes)?);
        }
        entries.sort_by(|one, other| (&one.name, &other.version).cmp(&(&other.name, &one.version)));
        Ok(entries)
    }
}

/// The record of a target. The file is opened for its title alone.
fn entry(
    tree: &Tree,
    path: &TargetPath,
    target: &Target,
    known: Option<&[u8]>,
) -> Result<Entry, IndexError> {
    let digest = target.hashes.sha256;
    let known = known.and_then(|bytes| serde_json::from_slice::<Entry>(bytes).ok());
    let title = match known {
        Some(entry) if entry.digest == digest && !entry.title.is_empty() => entry.title,
        _ => title(tree, path, digest)?,
    };
    let custom = &target.custom;
    Ok(Entry {
        name: path.pack().clone(),
        version: path.version().clone(),
        title,
        digest,
        length: target.length,
        effective_from: custom.effective.from,
        effective_to: custom.effective.to,
        channel: custom.channel,
        status: custom.status,
        published: custom.published,
    })
}

fn title(tree: &Tree, path: &TargetPath, digest: Digest) -> Result<String, IndexError> {
    let file = TargetFile {
        path: path.clone(),
        digest,
    };
    let bytes = tree.target(&file).map_err(StateError::Io)?;
    // A missing or damaged file is the verifier's affair; the list shows the pack without a title.
    let Some(bytes) = bytes.filter(|bytes| Digest::of(bytes) == digest) else {
        return Ok(String::new());
    };
    let title = match path.is_overlay() {
        true => Overlay::from_published(&bytes)
            .map(|overlay| overlay.header.basis)
            .ok(),
        false => pack::open(&bytes, &Bounds::NATIVE)
            .map(|pack| pack.manifest.pack.title)
            .ok(),
    };
    Ok(title.unwrap_or_default())
}

fn remove(folder: &Path) -> Result<(), IndexError> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() == io::ErrorKind::NotADirectory => fs::remove_file(folder),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
    .map_err(|source| IndexError::Remove {
        folder: folder.to_owned(),
        source,
    })
}
