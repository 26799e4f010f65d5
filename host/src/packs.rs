//! Packs on this host: sealed files by digest, opened and loaded when a verdict needs them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rulepack_contract::knowledge::{KnowledgeTable, TableError};
use rulepack_engine::{Engine, LoadError, LoadInput, Program};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::PackName;
use rulepack_protocol::pack::{self, OpenError, Pack};

use crate::files;
use crate::lock::LockedVersion;
use crate::review::ActivePack;
use crate::settings::HostFolder;

/// The packs of a host. Loaded ones are kept, so that a request does not compile.
#[derive(Debug)]
pub struct Packs {
    folder: HostFolder,
    engine: Engine,
    loaded: Mutex<HashMap<Digest, Arc<ActivePack>>>,
}

/// Why a pack cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The file is not there or cannot be read.
    #[error("cannot read pack `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The bytes are not those that were verified.
    #[error("pack `{path}` has the digest `{found}`, expected `{expected}`")]
    Digest {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// The bytes are not a pack.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A table that the hospital or city supplies cannot be read.
    #[error(transparent)]
    Supplied(#[from] TableError),
    /// The engine refuses it.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl Packs {
    /// The packs in this folder, to be run by this engine.
    #[must_use]
    pub fn new(folder: HostFolder, engine: Engine) -> Self {
        Packs {
            folder,
            engine,
            loaded: Mutex::new(HashMap::new()),
        }
    }

    /// Where a pack of this digest lies.
    #[must_use]
    pub fn path_of(&self, digest: &Digest) -> PathBuf {
        self.folder.packs().join(format!("{digest}.wasm"))
    }

    /// A version, ready to run. `retroactive` marks a rule day before its publication.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn get(
        &self,
        version: &LockedVersion,
        retroactive: bool,
    ) -> Result<Arc<ActivePack>, PackError> {
        let known = self.cache().get(&version.digest).cloned();
        let pack = match known {
            Some(pack) => pack,
            None => {
                let bytes = self.read(&version.digest)?;
                let pack = Arc::new(self.activate(version, &bytes)?);
                self.cache().insert(version.digest, pack.clone());
                pack
            }
        };
        if pack.retroactive == retroactive {
            return Ok(pack);
        }
        Ok(Arc::new(ActivePack {
            retroactive,
            ..ActivePack::clone(&pack)
        }))
    }

    /// Opens and loads the bytes of a version.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn activate(&self, version: &LockedVersion, bytes: &[u8]) -> Result<ActivePack, PackError> {
        let pack = open(bytes)?;
        let supplied = self.supplied(&pack)?;
        let input = LoadInput {
            supplied,
            ..LoadInput::default()
        };
        let loaded = self.engine.load(Program::of(&pack, bytes), input)?;
        Ok(ActivePack {
            path: version.path.clone(),
            digest: version.digest,
            manifest: Arc::new(pack.manifest),
            loaded: Arc::new(loaded),
            retroactive: false,
        })
    }

    /// Makes a version ready from bytes that need not lie in the host's folder.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn preload(&self, version: &LockedVersion, bytes: &[u8]) -> Result<(), PackError> {
        let pack = Arc::new(self.activate(version, bytes)?);
        self.cache().insert(version.digest, pack);
        Ok(())
    }

    /// The engine that runs them.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Forgets what is loaded, so that a changed supplied table is read.
    pub fn forget(&self) {
        self.cache().clear();
    }

    /// Where a supplied table of a pack lies.
    #[must_use]
    pub fn supplied_path(&self, pack: &PackName, table: &str) -> PathBuf {
        let folder = self.folder.supplied().join(pack.to_string());
        folder.join(format!("{table}.csv"))
    }

    /// The sealed bytes of a digest, hashed again.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn read(&self, digest: &Digest) -> Result<Vec<u8>, PackError> {
        let path = self.path_of(digest);
        let bytes = std::fs::read(&path).map_err(|source| PackError::Io {
            path: path.clone(),
            source,
        })?;
        let found = Digest::of(&bytes);
        if found != *digest {
            return Err(PackError::Digest {
                path,
                expected: *digest,
                found,
            });
        }
        Ok(bytes)
    }

    fn supplied(&self, pack: &Pack) -> Result<BTreeMap<String, KnowledgeTable>, PackError> {
        let mut tables = BTreeMap::new();
        for declaration in &pack.manifest.tables {
            if declaration.supplied_by.setter().is_none() {
                continue;
            }
            let path = self.supplied_path(&pack.manifest.pack.name, &declaration.name);
            if let Some(bytes) = read_optional(&path)? {
                let table = KnowledgeTable::from_csv(declaration, &bytes)?;
                tables.insert(declaration.name.clone(), table);
            }
        }
        Ok(tables)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Arc<ActivePack>>> {
        // A panic elsewhere cannot leave the map half changed: it only ever inserts or clears.
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a pack within the bounds of its profile.
///
/// # Errors
/// Where the bytes are not a pack.
pub fn open(bytes: &[u8]) -> Result<Pack, OpenError> {
    pack::open(bytes, &pack::Bounds::NATIVE)
}

fn read_optional(path: &Path) -> Result<Option<Vec<u8>>, PackError> {
    files::read_if_there(path).map_err(|source| PackError::Io {
        path: path.to_owned(),
        source,
    })
}
