//! The state that a repository's files show, verified from the root down to each role that is asked for.
//!
//! Everything that decides (publishing, the signer) reads the state through here, never through the
//! index. Expiry is not looked at: a registry that stood still for a week starts and signs anew.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::NameSpace;
use rulepack_protocol::tuf::{
    Authority, Envelope, FilePin, MetadataError, Payload, RoleName, Root, Snapshot, Targets,
    Timestamp, TopRole,
};

use crate::store::{Kept, MetadataFile, TargetFile, Tree};

/// What timestamp and snapshot pin, under the newest root.
#[derive(Debug, Clone)]
pub struct State {
    /// The newest root.
    pub root: Arc<Envelope<Root>>,
    /// Timestamp and snapshot; none before the first publication.
    pub pins: Option<Pins>,
}

/// The two files of the registry's signer.
#[derive(Debug, Clone)]
pub struct Pins {
    /// The timestamp.
    pub timestamp: Envelope<Timestamp>,
    /// The digest of the timestamp's file.
    pub timestamp_digest: Digest,
    /// The snapshot.
    pub snapshot: Arc<Envelope<Snapshot>>,
}

/// Why the files of a repository are not a valid state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// No `1.root.json`.
    #[error("the repository has no root metadata")]
    NoRoot,
    /// A file that another one pins is not there.
    #[error("`{0}` is missing in the repository")]
    Missing(String),
    /// A file is not the one that is pinned.
    #[error("`{0}` is not the file that the repository pins")]
    Pin(String),
    /// A file says another version than its name.
    #[error("`{file}` says that it is version {found}")]
    Version {
        /// The file.
        file: String,
        /// The version within.
        found: u64,
    },
    /// A file that is malformed or not signed as it must be.
    #[error("`{file}` is refused")]
    Metadata {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: MetadataError,
    },
    /// The file system failed.
    #[error("the files of the repository cannot be read")]
    Io(#[from] io::Error),
}

impl State {
    /// Reads the newest root and what timestamp and snapshot pin, each verified by the one above.
    ///
    /// # Errors
    /// [`StateError`], where the files are not a valid state.
    pub fn read(tree: &Tree) -> Result<Self, StateError> {
        let (before, root) = read_root(tree)?;
        let pins = match (read_pins(tree, root.signed()), before) {
            // The newest root may have changed the signer's keys, which it has still to use.
            (Err(StateError::Metadata { .. }), Some(before)) => read_pins(tree, before.signed()),
            (read, _) => read,
        }?;
        Ok(Self { root, pins })
    }

    /// The pin of a role; none where the role has never been published.
    pub fn pin(&self, role: &RoleName) -> Option<&FilePin> {
        self.pins.as_ref()?.snapshot.signed().pin_of(role)
    }

    /// The version of a role; 0 where it has never been published.
    pub fn version(&self, role: &RoleName) -> u64 {
        match role {
            RoleName::Top(TopRole::Root) => self.root.signed().version(),
            _ => self.pin(role).map_or(0, |pin| pin.version),
        }
    }

    /// The file of a role, by its pin, signatures not verified; none where it was never published.
    ///
    /// # Errors
    /// Where the file is missing, not the pinned one, or malformed.
    pub fn role(
        &self,
        tree: &Tree,
        role: &RoleName,
    ) -> Result<Option<Arc<Envelope<Targets>>>, StateError> {
        let Some(pin) = self.pin(role) else {
            return Ok(None);
        };
        let file = MetadataFile::Version(role.clone(), pin.version);
        let bytes = read_pinned(tree, &file, pin)?;
        parse(tree, &file, &bytes).map(Some)
    }

    /// The name spaces that have been published.
    pub fn name_spaces(&self) -> Vec<NameSpace> {
        let Some(pins) = &self.pins else {
            return Vec::new();
        };
        let names = pins.snapshot.signed().meta.keys();
        names
            .filter_map(|name| name.strip_suffix(".json")?.parse().ok())
            .collect()
    }
}

/// Whether the tree holds every role and pack that `snapshot` pins beyond the present state.
///
/// # Errors
/// Where the present state is not valid, the snapshot malformed, or the file system fails.
pub(crate) fn holds_all_of(tree: &Tree, snapshot: &str) -> Result<bool, StateError> {
    let state = State::read(tree)?;
    let snapshot = tree
        .parse::<Snapshot>(snapshot.as_bytes())
        .map_err(|source| refused_role(&RoleName::SNAPSHOT, source))?;
    for (file, pin) in &snapshot.signed().meta {
        let Some(Ok(role)) = file.strip_suffix(".json").map(str::parse::<RoleName>) else {
            continue;
        };
        if state.pin(&role) != Some(pin) && !holds_role(tree, &state, &role, pin)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the tree holds the pinned version of a role, and the packs that are new in it.
fn holds_role(
    tree: &Tree,
    state: &State,
    role: &RoleName,
    pin: &FilePin,
) -> Result<bool, StateError> {
    let file = MetadataFile::Version(role.clone(), pin.version);
    let bytes = tree.metadata(&file)?;
    let Some(bytes) = bytes.filter(|bytes| FilePin::of(pin.version, bytes) == *pin) else {
        return Ok(false);
    };
    let new = parse::<Targets>(tree, &file, &bytes)?;
    let before = state.role(tree, role)?;
    for (path, target) in &new.signed().targets {
        let known = before
            .as_ref()
            .is_some_and(|before| before.signed().targets.contains_key(path));
        let file = TargetFile {
            path: path.clone(),
            digest: target.hashes.sha256,
        };
        if !known && !tree.target_path(&file).try_exists()? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn refused_role(role: &RoleName, source: MetadataError) -> StateError {
    StateError::Metadata {
        file: role.file(),
        source,
    }
}

/// A state with roles laid over it that are not pinned yet.
#[derive(Debug, Clone)]
pub struct Proposal<'a> {
    state: &'a State,
    tree: &'a Tree,
    roles: BTreeMap<RoleName, Arc<Envelope<Targets>>>,
}

impl<'a> Proposal<'a> {
    /// Lays `roles` over `state`.
    pub fn new(
        state: &'a State,
        tree: &'a Tree,
        roles: BTreeMap<RoleName, Arc<Envelope<Targets>>>,
    ) -> Self {
        Self { state, tree, roles }
    }

    /// Lays one more role over it.
    ///
    /// # Errors
    /// Where the bytes are malformed.
    pub fn add(&mut self, role: RoleName, bytes: &[u8]) -> Result<(), StateError> {
        let parsed = self.tree.parse(bytes);
        let envelope = parsed.map_err(|source| refused_role(&role, source))?;
        self.roles.insert(role, envelope);
        Ok(())
    }

    /// Who may sign `role`, after what is proposed; none where nobody delegates it. Every link from the
    /// root down is verified.
    ///
    /// # Errors
    /// Where a file on the way is missing, malformed or not signed as it must be.
    pub fn authority(&self, role: &RoleName) -> Result<Option<Authority>, StateError> {
        let name_space = match role {
            RoleName::Top(top) => return Ok(Some(self.state.root.signed().authority(*top))),
            RoleName::Space(name_space) => name_space,
        };
        let parent = RoleName::parent_of(name_space);
        let Some(parent_authority) = self.authority(&parent)? else {
            return Ok(None);
        };
        let Some(envelope) = self.role(&parent)? else {
            return Ok(None);
        };
        check(&parent_authority, &parent.file(), &envelope)?;
        Ok(envelope.signed().authority(name_space))
    }

    fn role(&self, role: &RoleName) -> Result<Option<Arc<Envelope<Targets>>>, StateError> {
        match self.roles.get(role) {
            Some(envelope) => Ok(Some(Arc::clone(envelope))),
            None => self.state.role(self.tree, role),
        }
    }
}

type SharedRoot = Arc<Envelope<Root>>;

/// The newest root and the one before it, each version verified by the one before it and by itself.
fn read_root(tree: &Tree) -> Result<(Option<SharedRoot>, SharedRoot), StateError> {
    let mut before = None;
    let mut newest: Option<SharedRoot> = None;
    for version in 1..=tree.newest_root()? {
        let file = MetadataFile::Version(RoleName::ROOT, version);
        let bytes = read(tree, &file)?;
        let root = parse(tree, &file, &bytes)?;
        check_root(newest.as_deref(), &root).map_err(|source| refused(&file, source))?;
        before = newest.replace(root);
    }
    Ok((before, newest.ok_or(StateError::NoRoot)?))
}

/// Checks that a root is signed by its own officers and by those of the root before it.
pub(crate) fn check_root(
    before: Option<&Envelope<Root>>,
    root: &Envelope<Root>,
) -> Result<(), MetadataError> {
    if let Some(before) = before {
        before.signed().authority(TopRole::Root).check(root)?;
    }
    root.signed().authority(TopRole::Root).check(root)
}

fn read_pins(tree: &Tree, root: &Root) -> Result<Option<Pins>, StateError> {
    let file = MetadataFile::Timestamp;
    let Some(bytes) = tree.metadata(&file)? else {
        return Ok(None);
    };
    let timestamp: Envelope<Timestamp> =
        Envelope::parse(&bytes).map_err(|source| refused(&file, source))?;
    check_pinner(root, TopRole::Timestamp, &file, &timestamp)?;
    let pin = &timestamp.signed().meta.snapshot;
    let file = MetadataFile::Version(RoleName::SNAPSHOT, pin.version);
    let snapshot = parse::<Snapshot>(tree, &file, &read_pinned(tree, &file, pin)?)?;
    check_pinner(root, TopRole::Snapshot, &file, &snapshot)?;
    Ok(Some(Pins {
        timestamp_digest: Digest::of(&bytes),
        timestamp,
        snapshot,
    }))
}

fn check_pinner<T: Payload>(
    root: &Root,
    role: TopRole,
    file: &MetadataFile,
    envelope: &Envelope<T>,
) -> Result<(), StateError> {
    check(&root.authority(role), &file.to_string(), envelope)
}

fn check<T: Payload>(
    authority: &Authority,
    file: &str,
    envelope: &Envelope<T>,
) -> Result<(), StateError> {
    authority
        .check(envelope)
        .map_err(|source| StateError::Metadata {
            file: file.to_owned(),
            source,
        })
}

fn read(tree: &Tree, file: &MetadataFile) -> Result<Vec<u8>, StateError> {
    tree.metadata(file)?
        .ok_or_else(|| StateError::Missing(file.to_string()))
}

fn read_pinned(tree: &Tree, file: &MetadataFile, pin: &FilePin) -> Result<Vec<u8>, StateError> {
    let bytes = read(tree, file)?;
    if FilePin::of(pin.version, &bytes) != *pin {
        return Err(StateError::Pin(file.to_string()));
    }
    Ok(bytes)
}

/// Parses a file and checks that it is of the version that its name says.
pub(crate) fn parse<T: Kept>(
    tree: &Tree,
    file: &MetadataFile,
    bytes: &[u8],
) -> Result<Arc<Envelope<T>>, StateError> {
    let parsed = tree.parse::<T>(bytes);
    let envelope = parsed.map_err(|source| refused(file, source))?;
    let found = envelope.signed().version();
    match file {
        MetadataFile::Version(_, version) if *version != found => Err(StateError::Version {
            file: file.to_string(),
            found,
        }),
        _ => Ok(envelope),
    }
}

fn refused(file: &MetadataFile, source: MetadataError) -> StateError {
    StateError::Metadata {
        file: file.to_string(),
        source,
    }
}
