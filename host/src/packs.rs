//! Packs on this host: sealed files by digest, opened and loaded when a verdict needs them.
//!
//! What nobody has tried yet is prepared, compiled and tried in bounded processes; what these made is
//! kept in a cache, so that a host that starts does not compile.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rulepack_contract::knowledge::{KnowledgeTable, TableError};
use rulepack_engine::cache::{CompiledCache, Key};
use rulepack_engine::cases;
use rulepack_engine::worker::{CaseOutcome, Worker, WorkerError};
use rulepack_engine::{Engine, LoadError, LoadInput, LoadedPack, Made, Program};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::PackName;
use rulepack_protocol::pack::{self, OpenError, Pack};

use crate::compiled;
use crate::files;
use crate::grants::{GrantTable, GrantsError};
use crate::lock::LockedVersion;
use crate::review::ActivePack;
use crate::settings::HostFolder;

/// The packs of a host. Loaded ones are kept, so that a request does not compile.
#[derive(Debug)]
pub struct Packs {
    folder: HostFolder,
    engine: Engine,
    workshop: Workshop,
    loaded: Mutex<HashMap<Digest, Arc<ActivePack>>>,
    /// What could not be made ready, and why: no request waits for a bounded process to fail again.
    failed: Mutex<HashMap<Digest, String>>,
    /// The grants that held when they were last compared.
    granted: Mutex<Option<GrantTable>>,
}

/// Where packs are prepared, compiled and tried.
#[derive(Debug)]
enum Workshop {
    /// In bounded processes. Without a cache everything is made anew at each start.
    Bounded(Worker, Option<CompiledCache>),
    /// In this process, with the limits of the sandbox and no others.
    ThisProcess,
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
    /// What it may read cannot be told.
    #[error(transparent)]
    Grants(#[from] GrantsError),
    /// The engine refuses it.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A bounded process could not prepare, compile or try it.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// The same, as it was found out before and is not tried again for every request.
    #[error("{0}")]
    Failed(String),
}

impl Packs {
    /// The packs in this folder, prepared and compiled within this process, without a cache: for tests of
    /// libraries, which have no executable to start. A host has [`Packs::with_worker`].
    #[must_use]
    pub fn new(folder: HostFolder, engine: Engine) -> Self {
        Self::made_by(Workshop::ThisProcess, folder, engine)
    }

    /// The packs in this folder, to be run by this engine once bounded processes made them ready. A cache
    /// that cannot be used is told as a warning, and done without.
    #[must_use]
    pub fn with_worker(folder: HostFolder, engine: Engine, worker: Worker) -> Self {
        let cache = compiled::open(&folder);
        if let Err(error) = &cache {
            let hint = error
                .hint()
                .unwrap_or("every start compiles all packs until it can");
            tracing::warn!(%error, hint, "compiled packs are not kept");
        }
        let cache = cache.ok().flatten();
        Self::made_by(Workshop::Bounded(worker, cache), folder, engine)
    }

    fn made_by(workshop: Workshop, folder: HostFolder, engine: Engine) -> Self {
        let granted = GrantTable::read(&folder).ok();
        Packs {
            granted: Mutex::new(granted),
            folder,
            engine,
            workshop,
            loaded: Mutex::default(),
            failed: Mutex::default(),
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
            None => self.first(version)?,
        };
        if pack.retroactive == retroactive {
            return Ok(pack);
        }
        Ok(Arc::new(ActivePack {
            retroactive,
            ..ActivePack::clone(&pack)
        }))
    }

    /// Opens and loads a version that was not used yet.
    fn first(&self, version: &LockedVersion) -> Result<Arc<ActivePack>, PackError> {
        if let Some(reason) = self.failures().get(&version.digest) {
            return Err(PackError::Failed(reason.clone()));
        }
        let bytes = self.read(&version.digest)?;
        let pack = self.activate(version, &bytes).inspect_err(|error| {
            if let PackError::Worker(error) = error {
                let mut failures = self.failures();
                failures.insert(version.digest, error.to_string());
            }
        });
        let pack = Arc::new(pack?);
        self.cache().insert(version.digest, pack.clone());
        Ok(pack)
    }

    /// Opens and loads the bytes of a version.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn activate(&self, version: &LockedVersion, bytes: &[u8]) -> Result<ActivePack, PackError> {
        let pack = open(bytes)?;
        let supplied = self.supplied(&pack)?;
        let grants = GrantTable::read(&self.folder)?;
        let input = LoadInput {
            supplied,
            grants: grants.of(version.path.name_space()),
            ..LoadInput::default()
        };
        let loaded = self.load(&pack, bytes, input)?;
        Ok(ActivePack {
            path: version.path.clone(),
            digest: version.digest,
            manifest: Arc::new(pack.manifest),
            loaded: Arc::new(loaded),
            retroactive: false,
        })
    }

    /// Runs the cases that are sealed in a pack.
    ///
    /// # Errors
    /// [`PackError`]; a case that fails is an answer.
    pub fn run_cases(&self, pack: &Pack, bytes: &[u8]) -> Result<Vec<CaseOutcome>, PackError> {
        if let Workshop::Bounded(worker, _) = &self.workshop {
            return Ok(worker.cases(self.engine.limits(), bytes)?);
        }
        let program = Program::of(pack, bytes);
        let results = cases::run_within(&self.engine, program, &pack.cases, cases::FUEL_OF_ALL);
        Ok(results.into_iter().map(CaseOutcome::from).collect())
    }

    fn load(&self, pack: &Pack, bytes: &[u8], input: LoadInput) -> Result<LoadedPack, PackError> {
        let program = Program::of(pack, bytes);
        let Workshop::Bounded(worker, cache) = &self.workshop else {
            return Ok(self.engine.load(program, input)?);
        };
        let key = Key::new(&self.engine, pack, &input);
        if let Some(made) = cache
            .as_ref()
            .and_then(|cache| self.kept(cache, &key, pack))
        {
            match self.engine.load_made(program, input.clone(), made) {
                Ok(loaded) => return Ok(loaded),
                Err(error) => tell(
                    pack,
                    &error,
                    "a compiled pack does not load and is made anew",
                ),
            }
        }
        let made = worker.make(self.engine.limits(), (pack, bytes), &input)?;
        if let Some(cache) = cache
            && let Err(error) = cache.put(&key, &made)
        {
            tell(
                pack,
                &error,
                "a compiled pack cannot be kept; it is used all the same",
            );
        }
        Ok(self.engine.load_made(program, input, made)?)
    }

    /// What the cache has, and vouches for.
    fn kept(&self, cache: &CompiledCache, key: &Key, pack: &Pack) -> Option<Made> {
        cache.get(&self.engine, key).unwrap_or_else(|error| {
            tell(pack, &error, "a compiled pack is not used and is made anew");
            None
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
        self.try_again();
    }

    /// Forgets what is loaded where the grants are others than it was loaded with; whether they were.
    /// Grants that cannot be read any more are others too: nothing goes on with what they once gave.
    pub fn forget_other_grants(&self) -> bool {
        let now = GrantTable::read(&self.folder).ok();
        let mut loaded_with = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        let are_others = *loaded_with != now;
        if are_others {
            *loaded_with = now;
            self.forget();
        }
        are_others
    }

    /// Lets what could not be made ready be tried again.
    pub fn try_again(&self) {
        self.failures().clear();
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

    fn failures(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, String>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
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

/// A fault of the cache stops nothing.
fn tell(pack: &Pack, error: &dyn std::error::Error, what: &'static str) {
    let header = &pack.manifest.pack;
    tracing::warn!(pack = %header.name, version = %header.version, error = %error, "{what}");
}

fn read_optional(path: &Path) -> Result<Option<Vec<u8>>, PackError> {
    files::read_if_there(path).map_err(|source| PackError::Io {
        path: path.to_owned(),
        source,
    })
}
