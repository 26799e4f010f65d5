//! Packs on this host: sealed files by digest, opened and loaded when a verdict needs them.
//!
//! What nobody has tried yet is prepared, compiled and tried in bounded processes; what these made is
//! kept in a cache, so that a host that starts does not compile.

mod adjusted;
mod granted;
mod ready;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rulepack_contract::knowledge::TableError;
use rulepack_contract::review::Scope;
use rulepack_engine::cache::{CompiledCache, Key};
use rulepack_engine::cases;
use rulepack_engine::worker::{CaseOutcome, Worker, WorkerError};
use rulepack_engine::{Engine, Grants, LoadError, LoadInput, LoadedPack, Made, Program};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::pack::{self, Manifest, OpenError, Pack};

use crate::compiled;
use crate::grants::GrantsError;
use crate::lock::{Lock, LockedVersion, Purpose};
use crate::overlays::{Overlays, StoredError};
use crate::review::ActivePack;
use crate::settings::HostFolder;
use adjusted::input;
use granted::Granted;
use ready::Ready;

pub use adjusted::Adjusted;

/// The packs of a host. Loaded ones are kept, so that a request does not compile.
#[derive(Debug)]
pub struct Packs {
    folder: HostFolder,
    engine: Engine,
    workshop: Workshop,
    overlays: Overlays,
    ready: Ready<ActivePack>,
    /// What could not be made ready, and why: no request waits for a bounded process to fail again.
    failed: Mutex<HashMap<Variant, String>>,
    /// Manifests of packs for which something is set, by digest.
    manifests: Mutex<HashMap<Digest, Arc<Manifest>>>,
    /// Sealed files that do not lie in the folder.
    held: Mutex<HashMap<Digest, Arc<[u8]>>>,
    granted: Granted,
}

/// A sealed pack, and the digest of what is set for it.
type Variant = (Digest, Digest);

/// Where packs are prepared, compiled and tried.
#[derive(Debug, Clone)]
enum Workshop {
    /// In bounded processes. Without a cache everything is made anew at each start.
    Bounded(Worker, Option<Arc<CompiledCache>>),
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
    /// What is set for it cannot be read.
    #[error(transparent)]
    Overlay(#[from] StoredError),
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
        let cache = cache.ok().flatten().map(Arc::new);
        Self::made_by(Workshop::Bounded(worker, cache), folder, engine)
    }

    fn made_by(workshop: Workshop, folder: HostFolder, engine: Engine) -> Self {
        Packs {
            granted: Granted::now(folder.clone()),
            overlays: Overlays::new(folder.clone()),
            folder,
            engine,
            workshop,
            ready: Ready::default(),
            failed: Mutex::default(),
            manifests: Mutex::default(),
            held: Mutex::default(),
        }
    }

    /// The packs in another folder, made ready as these are and run by the same engine.
    #[must_use]
    pub fn at(&self, folder: HostFolder) -> Self {
        Self::made_by(self.workshop.clone(), folder, self.engine.clone())
    }

    /// The same packs under the grants of a verdict, each as it then was; nothing of what is loaded is shared.
    #[must_use]
    pub fn granting(&self, grants: BTreeMap<TargetPath, Grants>) -> Self {
        let (engine, workshop) = (self.engine.clone(), self.workshop.clone());
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        Packs {
            granted: Granted::then(grants),
            held: Mutex::new(held.clone()),
            ..Self::made_by(workshop, self.folder.clone(), engine)
        }
    }

    /// The grants of this digest, where a pack was loaded with them.
    #[must_use]
    pub fn granted(&self, digest: &Digest) -> Option<Grants> {
        self.granted.loaded_with(digest)
    }

    /// Whether a pack that is loaded was given the grants of this digest.
    #[must_use]
    pub fn is_any_loaded_with(&self, grants: &Digest) -> bool {
        let packs = self.ready.packs();
        packs
            .iter()
            .any(|pack| pack.loaded.given().grants == *grants)
    }

    /// The digests of the packs that are loaded.
    #[must_use]
    pub fn loaded(&self) -> BTreeSet<Digest> {
        let variants = self.ready.variants().into_iter();
        variants.map(|(pack, _)| pack).collect()
    }

    /// Where a pack of this digest lies.
    #[must_use]
    pub fn path_of(&self, digest: &Digest) -> PathBuf {
        self.folder.packs().join(format!("{digest}.wasm"))
    }

    /// What is set for a version on a rule day by the overlays that a lock puts in force, and the tables that
    /// were imported here.
    ///
    /// # Errors
    /// [`PackError`] where something that is in force cannot be read. What does not fit is part of the
    /// answer: the level below it stays in force.
    pub fn adjusted(
        &self,
        lock: &Lock,
        version: &LockedVersion,
        (rule_day, purpose): (Day, Purpose),
    ) -> Result<Adjusted, PackError> {
        let chosen = lock.overlays(version, rule_day, purpose);
        if chosen.is_empty() && !lock.supplied.contains_key(version.path.pack()) {
            return Ok(Adjusted::default());
        }
        let manifest = self.manifest(&version.digest)?;
        let pack = (version.digest, &*manifest);
        let mut adjustment = self.overlays.fit(pack, &chosen)?.on(rule_day);
        self.overlays.add_imported(pack, lock, &mut adjustment)?;
        let retroactive = chosen.iter().any(|overlay| overlay.retroactive);
        Ok(Adjusted {
            digest: adjustment.digest(),
            adjustment: Arc::new(adjustment),
            retroactive,
        })
    }

    /// A version as its manifest says and nothing else, ready to run. `retroactive` marks a rule day before
    /// its publication.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn get(
        &self,
        version: &LockedVersion,
        retroactive: bool,
    ) -> Result<Arc<ActivePack>, PackError> {
        self.get_adjusted(version, &Adjusted::default(), retroactive)
    }

    /// A version with what is set for it on a day, ready to run while care goes on.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn get_on(
        &self,
        lock: &Lock,
        version: &LockedVersion,
        day: Day,
    ) -> Result<Arc<ActivePack>, PackError> {
        let adjusted = self.adjusted(lock, version, (day, Purpose::Service))?;
        self.get_adjusted(version, &adjusted, false)
    }

    /// The same with what is set for it.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn get_adjusted(
        &self,
        version: &LockedVersion,
        adjusted: &Adjusted,
        retroactive: bool,
    ) -> Result<Arc<ActivePack>, PackError> {
        let variant = (version.digest, adjusted.digest);
        let make = || self.first(version, adjusted);
        let pack = self.ready.get_or_make(variant, make)?;
        let is_same = pack.adjustment == adjusted.adjustment;
        if pack.retroactive == retroactive && is_same {
            return Ok(pack);
        }
        // What was refused may be told anew although nothing else is set.
        Ok(Arc::new(ActivePack {
            retroactive,
            adjustment: Arc::clone(&adjusted.adjustment),
            ..ActivePack::clone(&pack)
        }))
    }

    /// Opens and loads a version that was not used yet.
    fn first(&self, version: &LockedVersion, adjusted: &Adjusted) -> Result<ActivePack, PackError> {
        let variant = (version.digest, adjusted.digest);
        if let Some(reason) = self.failures().get(&variant) {
            return Err(PackError::Failed(reason.clone()));
        }
        let bytes = self.read(&version.digest)?;
        self.activate(version, &bytes, adjusted)
            .inspect_err(|error| {
                if let PackError::Worker(error) = error {
                    let mut failures = self.failures();
                    failures.insert(variant, error.to_string());
                }
            })
    }

    /// Opens and loads the bytes of a version.
    fn activate(
        &self,
        version: &LockedVersion,
        bytes: &[u8],
        adjusted: &Adjusted,
    ) -> Result<ActivePack, PackError> {
        let pack = open(bytes)?;
        let adjustment = Arc::clone(&adjusted.adjustment);
        let input = LoadInput {
            grants: self.granted.to(&version.path)?,
            ..input(&pack.manifest, &adjustment)
        };
        let loaded = self.load(&pack, bytes, input)?;
        Ok(ActivePack {
            path: version.path.clone(),
            digest: version.digest,
            manifest: Arc::new(pack.manifest),
            loaded: Arc::new(loaded),
            adjustment,
            retroactive: false,
        })
    }

    /// The manifest of a stored pack.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn manifest(&self, digest: &Digest) -> Result<Arc<Manifest>, PackError> {
        let known = self.manifests().get(digest).cloned();
        if let Some(manifest) = known {
            return Ok(manifest);
        }
        let manifest = Arc::new(open(&self.read(digest)?)?.manifest);
        self.manifests().insert(*digest, Arc::clone(&manifest));
        Ok(manifest)
    }

    /// The overlays of this host.
    #[must_use]
    pub fn overlays(&self) -> &Overlays {
        &self.overlays
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
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(version.digest, bytes.into());
        drop(held);
        self.get(version, false).map(|_| ())
    }

    /// The engine that runs them.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Forgets what is loaded, so that changed grants are read.
    pub fn forget(&self) {
        self.ready.clear();
        self.try_again();
    }

    /// Forgets what is loaded where the grants are others than it was loaded with; whether they were.
    pub fn forget_other_grants(&self) -> bool {
        let are_others = self.granted.are_others();
        if are_others {
            self.forget();
        }
        are_others
    }

    /// From now on instances of these packs are made ahead of requests, and of no others that are loaded. Those without rules
    /// for patients are asked too seldom for that.
    pub fn keep_ready(&self, in_force: &[Arc<ActivePack>]) {
        let is_asked = |pack: &ActivePack| {
            let mut rules = pack.manifest.rules.iter();
            let is_same = |other: &Arc<ActivePack>| Arc::ptr_eq(&other.loaded, &pack.loaded);
            rules.any(|rule| rule.scope == Scope::Patient) && in_force.iter().any(is_same)
        };
        for pack in self.ready.packs() {
            match is_asked(&pack) {
                true => pack.loaded.keep_ready(),
                false => pack.loaded.keep_none_ready(),
            }
        }
    }

    /// Throws away the instances that were used, and makes others for the next request: after an answer.
    pub fn renew_ready(&self) {
        for pack in self.ready.packs() {
            pack.loaded.renew_ready();
        }
    }

    /// Lets what could not be made ready be tried again.
    pub fn try_again(&self) {
        self.failures().clear();
    }

    /// The sealed bytes of a digest, hashed again.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn read(&self, digest: &Digest) -> Result<Vec<u8>, PackError> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = held.get(digest) {
            return Ok(bytes.to_vec());
        }
        drop(held);
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

    fn failures(&self) -> std::sync::MutexGuard<'_, HashMap<Variant, String>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn manifests(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Arc<Manifest>>> {
        self.manifests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
