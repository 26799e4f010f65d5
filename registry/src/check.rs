//! A repository verified from disk: as a host would see it, and every file besides.
//!
//! What is looked at: the chain from the first root to every role that is pinned and delegated, by the
//! host's own verifier; length and digest of every pack that they list; every earlier version of a role;
//! and that nothing lies there that does not belong.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::NameSpace;
use rulepack_protocol::trust::{TrustError, TrustedTargets};
use rulepack_protocol::tuf::{FilePin, RoleName, Targets};

use crate::host_view::{self, HostViewError};
use crate::state::{StateError, parse};
use crate::store::{MetadataFile, TargetFile, Tree};

/// What was found.
#[derive(Debug, Default)]
pub struct Inspection {
    /// The roles that a host would believe, and their versions.
    pub roles: BTreeMap<RoleName, u64>,
    /// When each of those that officers sign ends, in the order of the chain.
    pub ends: Vec<(RoleName, Moment)>,
    /// Name spaces that are pinned and no longer delegated: their packs stay, and nobody follows them.
    pub ended: BTreeSet<NameSpace>,
    /// Packs whose bytes are those that are signed.
    pub packs: usize,
    /// Their length, in bytes.
    pub pack_bytes: u64,
    /// What is not as it should be.
    pub faults: Vec<Fault>,
}

/// Something that is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A host would refuse the repository, or a role.
    #[error("a host would refuse it: {}", chain(.0))]
    Refused(#[from] HostViewError),
    /// A file that does not parse, or is of another version than its name says.
    #[error("`metadata/{file}` is damaged: {source}")]
    Metadata {
        /// The file.
        file: MetadataFile,
        /// What is wrong.
        source: StateError,
    },
    /// A pack that is listed and not there.
    #[error("`targets/{0}` is missing")]
    PackMissing(TargetFile),
    /// A pack with other bytes than those that were signed.
    #[error("`targets/{0}` does not have the length and sha256 that are signed")]
    PackBytes(TargetFile),
    /// A file that nothing refers to.
    #[error("`{0}` does not belong to the repository")]
    Stray(PathBuf),
    /// An upload that was being stored when the process stopped.
    #[error("`{0}` is left of a publication that was not finished")]
    Unfinished(PathBuf),
    /// A folder or file that cannot be read.
    #[error("`{path}` cannot be read: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Verifies the repository in `tree` as of `now`. The tree is only read; where a registry publishes into
/// it meanwhile, files of that publication may be reported.
pub fn check(tree: &Tree, now: Moment) -> Inspection {
    let mut inspection = Inspection::default();
    let mut listed = BTreeSet::new();
    match verify(tree, now, &mut inspection, &mut listed) {
        Ok(pinned) => {
            inspection.look_at_metadata(tree, &pinned);
            inspection.look_at_targets(tree, &listed);
        }
        // Without pins nothing says what belongs there.
        Err(error) => inspection.faults.push(error.into()),
    }
    inspection.look_around(tree);
    inspection
}

/// The newest version of each role.
type Pinned = BTreeMap<RoleName, u64>;

/// Goes the way of a host, to every role. Gives what the newest versions are.
fn verify(
    tree: &Tree,
    now: Moment,
    inspection: &mut Inspection,
    listed: &mut BTreeSet<String>,
) -> Result<Pinned, HostViewError> {
    let root = host_view::root(tree, now)?;
    let root_version = root.root().signed().version;
    let mut pinned = Pinned::from([(RoleName::ROOT, root_version)]);
    inspection.roles.insert(RoleName::ROOT, root_version);
    let root_ends = root.root().signed().expires;
    inspection.ends.push((RoleName::ROOT, root_ends));
    let bytes = tree
        .metadata(&MetadataFile::Timestamp)
        .map_err(StateError::Io)?;
    // A registry before its first publication has a root alone.
    let Some(bytes) = bytes else {
        return Ok(pinned);
    };
    let timestamp = root.timestamp(&bytes)?;
    let timestamp_version = timestamp.timestamp().signed().version;
    let version = timestamp.snapshot_pin().version;
    let snapshot = timestamp.snapshot(&host_view::read(tree, &RoleName::SNAPSHOT, version)?)?;
    inspection.roles.extend([
        (RoleName::TIMESTAMP, timestamp_version),
        (RoleName::SNAPSHOT, version),
    ]);
    pinned.insert(RoleName::SNAPSHOT, version);
    let meta = snapshot.snapshot().signed().meta.clone();
    let mut trusted = host_view::targets(tree, snapshot)?;
    for (file, pin) in &meta {
        let role = file.strip_suffix(".json").map(str::parse::<RoleName>);
        let Some(Ok(role)) = role else {
            // The verifier refuses a snapshot with names that are no roles.
            continue;
        };
        pinned.insert(role.clone(), pin.version);
        inspection.look_at_role(tree, &mut trusted, (&role, pin), listed);
    }
    Ok(pinned)
}

impl Inspection {
    /// Whether everything is as it should be.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty()
    }

    fn look_at_role(
        &mut self,
        tree: &Tree,
        trusted: &mut TrustedTargets,
        (role, pin): (&RoleName, &FilePin),
        listed: &mut BTreeSet<String>,
    ) {
        if let RoleName::Space(name_space) = role {
            match host_view::delegated(tree, trusted, name_space) {
                Ok(()) => {}
                Err(HostViewError::Trust(TrustError::NotDelegated(_))) => {
                    self.ended.insert(name_space.clone());
                    return self.look_at_ended(tree, role, pin, listed);
                }
                Err(error) => return self.faults.push(error.into()),
            }
        }
        if let Some(verified) = trusted.role(role) {
            self.roles.insert(role.clone(), pin.version);
            self.ends.push((role.clone(), verified.signed().expires));
            self.look_at_packs(tree, verified.signed(), listed);
        }
    }

    /// Of a role that ended only the pin is left to hold it against.
    fn look_at_ended(
        &mut self,
        tree: &Tree,
        role: &RoleName,
        pin: &FilePin,
        listed: &mut BTreeSet<String>,
    ) {
        let file = MetadataFile::Version(role.clone(), pin.version);
        let read = host_view::read(tree, role, pin.version).and_then(|bytes| {
            if FilePin::of(pin.version, &bytes) != *pin {
                return Err(StateError::Pin(file.to_string()));
            }
            parse::<Targets>(tree, &file, &bytes)
        });
        match read {
            Ok(envelope) => self.look_at_packs(tree, envelope.signed(), listed),
            Err(source) => self.faults.push(Fault::Metadata { file, source }),
        }
    }

    fn look_at_packs(&mut self, tree: &Tree, role: &Targets, listed: &mut BTreeSet<String>) {
        for (path, target) in &role.targets {
            let file = TargetFile {
                path: path.clone(),
                digest: target.hashes.sha256,
            };
            listed.insert(file.to_string());
            match tree.target(&file) {
                Ok(Some(bytes))
                    if bytes.len() as u64 == target.length
                        && Digest::of(&bytes) == target.hashes.sha256 =>
                {
                    self.packs += 1;
                    self.pack_bytes = self.pack_bytes.saturating_add(target.length);
                }
                Ok(Some(_)) => self.faults.push(Fault::PackBytes(file)),
                Ok(None) => self.faults.push(Fault::PackMissing(file)),
                Err(source) => self.faults.push(Fault::Io {
                    path: tree.target_path(&file),
                    source,
                }),
            }
        }
    }

    /// Every file is a known version of a known role, and says so itself.
    fn look_at_metadata(&mut self, tree: &Tree, pinned: &Pinned) {
        let folder = tree.folder().join("metadata");
        for path in self.files(&folder) {
            let name = path.strip_prefix(&folder).ok().and_then(Path::to_str);
            match name.and_then(|name| name.parse::<MetadataFile>().ok()) {
                Some(MetadataFile::Timestamp) => {}
                Some(MetadataFile::Version(role, version))
                    if pinned.get(&role).is_some_and(|newest| version <= *newest) =>
                {
                    self.look_at_version(tree, role, version);
                }
                _ => self.faults.push(Fault::Stray(path)),
            }
        }
    }

    /// A version of a targets role, which a retry may be compared with.
    fn look_at_version(&mut self, tree: &Tree, role: RoleName, version: u64) {
        if matches!(role, RoleName::ROOT | RoleName::SNAPSHOT) {
            return;
        }
        let read = host_view::read(tree, &role, version);
        let file = MetadataFile::Version(role, version);
        if let Err(source) = read.and_then(|bytes| parse::<Targets>(tree, &file, &bytes)) {
            self.faults.push(Fault::Metadata { file, source });
        }
    }

    fn look_at_targets(&mut self, tree: &Tree, listed: &BTreeSet<String>) {
        let folder = tree.folder().join("targets");
        for path in self.files(&folder) {
            let name = path.strip_prefix(&folder).ok().and_then(Path::to_str);
            if !name.is_some_and(|name| listed.contains(name)) {
                self.faults.push(Fault::Stray(path));
            }
        }
    }

    /// Beside metadata and targets there is only what [`crate::store`] names.
    fn look_around(&mut self, tree: &Tree) {
        // The last one is what `rulepack mirror` remembers of a copy.
        const KNOWN: [&str; 6] = ["metadata", "targets", "staging", "index", "lock", ".mirror"];
        for path in self.entries(tree.folder()) {
            let name = path.file_name().and_then(|name| name.to_str());
            if !name.is_some_and(|name| KNOWN.contains(&name)) {
                self.faults.push(Fault::Stray(path));
            }
        }
        for path in self.entries(&tree.folder().join("staging")) {
            self.faults.push(Fault::Unfinished(path));
        }
    }

    /// The files below a folder, sorted.
    fn files(&mut self, folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for path in self.entries(folder) {
            if path.is_dir() {
                found.extend(self.files(&path));
            } else {
                found.push(path);
            }
        }
        found
    }

    /// What a folder holds, sorted; nothing where it does not exist, as in a copy of a repository.
    fn entries(&mut self, folder: &Path) -> Vec<PathBuf> {
        let listed = fs::read_dir(folder).and_then(|entries| {
            let paths = entries.map(|entry| entry.map(|entry| entry.path()));
            paths.collect::<io::Result<Vec<_>>>()
        });
        match listed {
            Ok(mut paths) => {
                paths.sort();
                paths
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => {
                let path = folder.to_owned();
                self.faults.push(Fault::Io { path, source });
                Vec::new()
            }
        }
    }
}

fn chain(error: &HostViewError) -> String {
    let mut texts = vec![error.to_string()];
    texts.extend(crate::http::problem::causes(error));
    texts.join(": ")
}
