//! The registry: one repository, its signer, and the one writer that brings them from state to state.
//!
//! A publication is stored in this order: packs, roles, then the signer's successor (from which moment
//! it happens), snapshot, timestamp. Before every change `Registry::recover` finishes or removes what
//! a stop left half done, so each state that hosts can see is an old or a new one.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::tuf::{Envelope, Payload, RoleName, Targets};

use crate::failure::{FailurePoint, FailurePoints};
use crate::index::{Index, IndexError};
use crate::publication::Publication;
use crate::publish::{
    CaseRunner, Receipt, Refusal, RootError, already_published, check_fits, check_packs,
    check_uploaded, digests, published_with, verify_roles, verify_root,
};
use crate::signer::{RemoteError, RoleVersion, SignerError, Successor, SuccessorSigner};
use crate::state::{State, StateError, holds_all_of};
use crate::store::{MetadataFile, Store, StoreError, TargetFile, Tree};

/// What a registry is made of.
pub struct Parts {
    /// The folder of the repository, see [`crate::store`].
    pub folder: PathBuf,
    /// Who holds the keys of snapshot and timestamp.
    pub signer: Box<dyn SuccessorSigner>,
    /// What runs the cases of a pack.
    pub cases: Box<dyn CaseRunner>,
    /// The time.
    pub clock: Box<dyn Fn() -> Moment + Send + Sync>,
    /// [`NoFailure`](crate::failure::NoFailure) outside of tests.
    pub failure_points: Arc<dyn FailurePoints>,
}

/// An open registry. All functions block; a server calls them on threads made for that.
pub struct Registry {
    tree: Tree,
    store: Mutex<Store>,
    index: Index,
    signer: Box<dyn SuccessorSigner>,
    cases: Box<dyn CaseRunner>,
    clock: Box<dyn Fn() -> Moment + Send + Sync>,
    failure_points: Arc<dyn FailurePoints>,
    shown: AtomicU64,
}

/// What becomes of an upload, as far as its roles say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// All of it is published already.
    AlreadyPublished(Receipt),
    /// The officers of these roles signed it, and its packs may be read.
    New(BTreeSet<RoleName>),
}

/// Why a registry does not open.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What a stop left behind could not be finished or removed.
    #[error("the repository cannot be brought to a valid state")]
    Recovery(#[source] Refusal),
    /// The derived index could not be built, even from nothing.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl Registry {
    /// Opens the repository, finishes or removes what a stop left half done, and brings the index up
    /// to date. An empty folder is a registry that waits for [`Registry::install_root`]. Where the signer
    /// does not answer, what is there is served all the same; nothing is published until it does.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn open(parts: Parts) -> Result<Self, RegistryError> {
        let store = Store::open(&parts.folder)?.stopping_at(Arc::clone(&parts.failure_points));
        let tree = store.tree().clone();
        let index = Index::open(&parts.folder.join("index"))?;
        let registry = Self {
            tree,
            store: Mutex::new(store),
            index,
            signer: parts.signer,
            cases: parts.cases,
            clock: parts.clock,
            failure_points: parts.failure_points,
            shown: AtomicU64::new(0),
        };
        match registry.recover(&registry.writer()) {
            Err(Refusal::Signer(SignerError::Remote(error @ RemoteError::Unreachable { .. }))) => {
                tracing::warn!(error = %error, "nothing can be published until the signer answers");
            }
            recovered => recovered.map_err(RegistryError::Recovery)?,
        }
        registry.bring_index_up_to_date()?;
        Ok(registry)
    }

    /// Accepts the first root, which nothing vouches for but the person who calls this: it is never
    /// taken from the network. Installing the same one again changes nothing.
    ///
    /// # Errors
    /// Where there is another first root, or this one is not acceptable.
    pub fn install_root(&self, bytes: &[u8]) -> Result<(), Refusal> {
        let store = self.writer();
        let first = MetadataFile::Version(RoleName::ROOT, 1);
        match self.tree.metadata(&first)? {
            Some(present) if present == bytes => return Ok(()),
            Some(_) => {
                return Err(Refusal::Conflict {
                    role: RoleName::ROOT,
                    version: 1,
                });
            }
            None => {}
        }
        let root = verify_root(None, bytes, self.now())?;
        self.signer.check_keys(&root)?;
        store.put_metadata(&first, bytes)?;
        Ok(())
    }

    /// Judges the roles of an upload before its packs are read (T11). What is admitted is judged again by
    /// [`Registry::publish`]: by then another publication may have come.
    ///
    /// # Errors
    /// [`Refusal`], as of a whole upload with these roles.
    pub fn admit(&self, roles: &Publication) -> Result<Admission, Refusal> {
        let state = State::read(&self.tree)?;
        if let Some(receipt) = self.receipt_of_retry(&state, roles)? {
            return Ok(Admission::AlreadyPublished(receipt));
        }
        match roles.metadata.get(&RoleName::ROOT) {
            Some(root) => {
                let verified = verify_root(Some(&state.root), root, self.now());
                verified.map_err(|error| root_conflict_or(error, &state))?;
            }
            None => drop(verify_roles(&state, &self.tree, roles, self.now())?),
        }
        Ok(Admission::New(roles.metadata.keys().cloned().collect()))
    }

    /// Publishes the body of an upload ([`Publication`]): checks everything, stores it, has it signed.
    ///
    /// Publishing the same bytes again gives the same receipt with `already_published`. Two bureaus may
    /// publish at once; of two changes of one role, the second is told of the conflict.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn publish(&self, body: &[u8]) -> Result<Receipt, Refusal> {
        let publication = Publication::from_bytes(body)?;
        let state = State::read(&self.tree)?;
        if let Some(receipt) = self.receipt_of_retry(&state, &publication)? {
            return Ok(receipt);
        }
        if publication.metadata.contains_key(&RoleName::ROOT) {
            return self.publish_root(&publication);
        }
        // All that takes time happens before the writer's lock is taken.
        let now = self.now();
        let (_, listed) = verify_roles(&state, &self.tree, &publication, now)?;
        check_uploaded(&listed, &publication.targets)?;
        let mut warnings = check_packs(&listed, &publication.targets, self.cases.as_ref())?;
        warnings.extend(check_fits(&state, &self.tree, &publication)?);

        let store = self.writer();
        self.recover(&store)?;
        let state = State::read(&self.tree)?;
        if let Some(receipt) = self.receipt_of_retry(&state, &publication)? {
            return Ok(receipt);
        }
        // Another bureau, or this one from another machine, may have published meanwhile.
        let (versions, listed_now) = verify_roles(&state, &self.tree, &publication, now)?;
        check_uploaded(&listed_now, &publication.targets)?;
        self.store_publication(&store, body, &publication)?;
        self.sign_and_release(&store, &versions, now)?;
        self.remove_staged(&store)?;
        self.reached(FailurePoint::StagingCleared)?;
        self.note_in_index(FailurePoint::IndexUpdated)?;
        let versions = versions.into_iter().map(|new| (new.role, new.version));
        let state = State::read(&self.tree)?;
        let packs = digests(&listed_now);
        Ok(Receipt {
            warnings,
            ..receipt(packs, versions.collect(), &state, false)
        })
    }

    /// Has timestamp (and snapshot) signed anew where it is time ([`SuccessorSigner::renew`]), and shows
    /// what the signer renewed by its own schedule. Says whether something was due now.
    ///
    /// # Errors
    /// [`Refusal`]; what is in force stays in force.
    pub fn prolong(&self) -> Result<bool, Refusal> {
        let store = self.writer();
        self.recover(&store)?;
        let renewed = self.signer.renew(&self.tree, self.now())?;
        self.release_signed(&store)?;
        if renewed {
            self.note_in_index(FailurePoint::IndexUpdated)?;
        }
        Ok(renewed)
    }

    /// The files, read only.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// How often another timestamp was put in place since the registry was opened. A copy in memory that
    /// was read under the present number is still what the files show.
    pub fn times_shown(&self) -> u64 {
        self.shown.load(Ordering::Acquire)
    }

    /// The derived index: for people who look around, never for a decision.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// What the operator should know: about the signer, and what was found when it was opened.
    pub fn notices(&self) -> Vec<String> {
        let index = self.index.thrown_away().map(|reason| {
            format!("the index was thrown away and built again from the files: {reason}")
        });
        self.signer.notice().into_iter().chain(index).collect()
    }

    /// A root is published alone: its file is the whole change, put in place by one rename.
    fn publish_root(&self, publication: &Publication) -> Result<Receipt, Refusal> {
        let (Some(bytes), 1, 0) = (
            publication.metadata.get(&RoleName::ROOT),
            publication.metadata.len(),
            publication.targets.len(),
        ) else {
            return Err(Refusal::RootAlone);
        };
        let store = self.writer();
        self.recover(&store)?;
        let state = State::read(&self.tree)?;
        let root = verify_root(Some(&state.root), bytes, self.now())
            .map_err(|error| root_conflict_or(error, &state))?;
        self.signer.check_keys(&root)?;
        let version = root.signed().version();
        store.put_metadata(&MetadataFile::Version(RoleName::ROOT, version), bytes)?;
        self.reached(FailurePoint::RoleStored)?;
        if state.pins.is_some() {
            self.sign_anew(&store)?;
        }
        let versions = [(RoleName::ROOT, version)].into();
        let state = State::read(&self.tree)?;
        Ok(receipt(BTreeMap::new(), versions, &state, false))
    }

    fn sign_anew(&self, store: &Store) -> Result<(), Refusal> {
        self.sign_and_release(store, &[], self.now())?;
        self.note_in_index(FailurePoint::IndexUpdated)
    }

    /// Has the successor signed and shows it. A signer that renewed by its own schedule since the last
    /// look has its renewal shown first.
    fn sign_and_release(
        &self,
        store: &Store,
        changed: &[RoleVersion],
        now: Moment,
    ) -> Result<(), Refusal> {
        let successor = match self.signer.sign(&self.tree, changed, now) {
            Err(SignerError::Unreleased) => {
                self.release_signed(store)?;
                self.signer.sign(&self.tree, changed, now)?
            }
            signed => signed?,
        };
        self.reached(FailurePoint::SuccessorReceived)?;
        self.release(store, &successor)
    }

    fn store_publication(
        &self,
        store: &Store,
        body: &[u8],
        publication: &Publication,
    ) -> Result<(), Refusal> {
        store.stage(body)?;
        self.reached(FailurePoint::UploadStaged)?;
        for (path, bytes) in &publication.targets {
            store.put_target(&target_file(path.clone(), bytes), bytes)?;
            self.reached(FailurePoint::TargetStored)?;
        }
        for (file, bytes) in role_files(publication) {
            store.put_metadata(&file, bytes)?;
            self.reached(FailurePoint::RoleStored)?;
        }
        Ok(())
    }

    /// Shows hosts what the signer signed, the timestamp last.
    fn release(&self, store: &Store, successor: &Successor) -> Result<(), Refusal> {
        let snapshot = MetadataFile::Version(RoleName::SNAPSHOT, successor.snapshot_version);
        store.put_metadata(&snapshot, successor.snapshot.as_bytes())?;
        self.reached(FailurePoint::SnapshotStored)?;
        let put = store.put_metadata(&MetadataFile::Timestamp, successor.timestamp.as_bytes());
        // Even where it failed: whoever holds a copy of what is shown looks again.
        self.shown.fetch_add(1, Ordering::Release);
        put?;
        self.reached(FailurePoint::TimestampStored)?;
        Ok(())
    }

    /// Finishes what the signer has recorded, and removes what it has not.
    fn recover(&self, store: &Store) -> Result<(), Refusal> {
        self.release_signed(store)?;
        self.remove_staged(store)
    }

    /// Shows what the signer signed last, where that has not happened yet.
    fn release_signed(&self, store: &Store) -> Result<(), Refusal> {
        let shown = self.tree.metadata(&MetadataFile::Timestamp)?;
        let shown = shown.map(|bytes| Digest::of(&bytes));
        let Some(successor) = self.signer.unreleased(shown)? else {
            return Ok(());
        };
        // A disk restored from a copy may lack what the successor pins.
        if !holds_all_of(&self.tree, &successor.snapshot)? {
            return Err(SignerError::Disagrees.into());
        }
        self.release(store, &successor)
    }

    /// Removes the files of uploads that did not become part of the state, then the uploads.
    fn remove_staged(&self, store: &Store) -> Result<(), Refusal> {
        for (staged, body) in store.staged()? {
            let publication = body.and_then(|body| Publication::from_bytes(&body).ok());
            if let Some(publication) = publication {
                self.remove_unpublished(store, &publication)?;
            }
            staged.remove()?;
        }
        Ok(())
    }

    fn remove_unpublished(&self, store: &Store, publication: &Publication) -> Result<(), Refusal> {
        let state = State::read(&self.tree)?;
        for (file, _) in role_files(publication) {
            if let MetadataFile::Version(role, version) = &file
                && *version > state.version(role)
            {
                store.remove_metadata(&file)?;
            }
        }
        for (path, bytes) in &publication.targets {
            let file = target_file(path.clone(), bytes);
            let role = RoleName::Space(path.name_space().clone());
            let published = state.role(&self.tree, &role)?.is_some_and(|envelope| {
                let target = envelope.signed().targets.get(path);
                target.is_some_and(|target| target.hashes.sha256 == file.digest)
            });
            if !published {
                store.remove_target(&file)?;
            }
        }
        Ok(())
    }

    fn receipt_of_retry(
        &self,
        state: &State,
        publication: &Publication,
    ) -> Result<Option<Receipt>, Refusal> {
        let Some(versions) = already_published(state, &self.tree, publication)? else {
            return Ok(None);
        };
        // What was published, not what the retry brings: its packs are not looked at.
        let packs = published_with(&self.tree, &versions)?;
        Ok(Some(receipt(packs, versions, state, true)))
    }

    /// The index is derived: where it cannot be written the publication stands all the same.
    fn note_in_index(&self, point: FailurePoint) -> Result<(), Refusal> {
        if let Err(error) = self.bring_index_up_to_date() {
            tracing::warn!(error = %error, "the index could not be brought up to date");
        }
        Ok(self.reached(point)?)
    }

    fn bring_index_up_to_date(&self) -> Result<(), IndexError> {
        match State::read(&self.tree) {
            Ok(state) => self.index.follow(&self.tree, &state),
            Err(StateError::NoRoot) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn reached(&self, point: FailurePoint) -> io::Result<()> {
        self.failure_points.reached(point)
    }

    fn now(&self) -> Moment {
        (self.clock)()
    }

    /// The one writer. A panic of another one cannot have broken anything that is not on the disk.
    fn writer(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Throws the index of a repository away and builds it again from the files. Says how many versions of
/// packs it lists. No registry may have the repository open; no signer is needed.
///
/// # Errors
/// [`RegistryError`].
pub fn reindex(folder: &Path) -> Result<usize, RegistryError> {
    let store = Store::open(folder)?;
    let index = Index::anew(&folder.join("index"))?;
    match State::read(store.tree()) {
        Ok(state) => index.follow(store.tree(), &state)?,
        Err(StateError::NoRoot) => {}
        Err(error) => return Err(IndexError::from(error).into()),
    }
    Ok(index.search("")?.len())
}

/// The files that the roles of a publication are stored in. One whose version cannot be read is left
/// out: it was never stored.
fn role_files(publication: &Publication) -> Vec<(MetadataFile, &[u8])> {
    let file = |(role, bytes): (&RoleName, &'_ Vec<u8>)| {
        let version = Envelope::<Targets>::parse(bytes).ok()?.signed().version();
        Some(MetadataFile::Version(role.clone(), version))
    };
    let roles = publication.metadata.iter();
    roles
        .filter_map(|role| Some((file(role)?, role.1.as_slice())))
        .collect()
}

fn target_file(path: TargetPath, bytes: &[u8]) -> TargetFile {
    TargetFile {
        path,
        digest: Digest::of(bytes),
    }
}

fn receipt(
    packs: BTreeMap<TargetPath, Digest>,
    roles: BTreeMap<RoleName, u64>,
    state: &State,
    already_published: bool,
) -> Receipt {
    let pins = state.pins.as_ref();
    Receipt {
        already_published,
        roles,
        packs,
        warnings: BTreeMap::new(),
        timestamp: pins.map_or(0, |pins| pins.timestamp.signed().version()),
    }
}

fn root_conflict_or(error: RootError, state: &State) -> Refusal {
    match error {
        RootError::Version { found, .. } if found <= state.root.signed().version() => {
            Refusal::Conflict {
                role: RoleName::ROOT,
                version: found,
            }
        }
        other => other.into(),
    }
}
