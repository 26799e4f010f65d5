//! A plain client of any TUF repository: the verifier that our own trust stands on, with our policy off.
//!
//! It shows that this verifier follows the specification (the public conformance suite drives it), and
//! lets a reviewer read a foreign repository, or ours without our rules. It believes more than a host
//! does: more algorithms, any lifetime, threshold and name. So it can be made in this package alone, by
//! one command, in a process in which our own verification refuses to run (`tests/structure.rs`).

mod folders;
mod percent;
mod provider;
mod repository;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rulepack_protocol::moment::Moment;
use sigstore_tuf::{Error, TargetFile, TrustedMetadataSet, Updater, UpdaterConfig};

use folders::Folders;
use provider::install_wide_provider;
use repository::HttpRepository;

pub use folders::FolderError;

/// Root rotations that one refresh follows: more than any repository has made, and an end to it.
const ROOT_ROTATIONS_MAX: u32 = 1_024;
/// Bytes of an artifact, which is held in memory until its digest is known.
const ARTIFACT_BYTES_MAX: u64 = 256 << 20;

/// A client that starts from the root in a folder and keeps there what it verified.
pub struct PlainClient {
    updater: Updater,
    folders: Arc<Folders>,
    runtime: tokio::runtime::Runtime,
    now: Moment,
}

/// Where a client keeps files, and where a repository has them.
pub struct Places<'a> {
    /// Folder of the trusted metadata.
    pub metadata: &'a Path,
    /// Address of the repository's metadata.
    pub metadata_url: &'a str,
    /// Folder of the artifacts, and the address of the repository's.
    pub artifacts: Option<(&'a Path, &'a str)>,
}

/// An artifact that is as the repository's metadata says.
#[derive(Debug, serde::Serialize)]
pub struct Artifact {
    /// Its name in the repository.
    pub name: String,
    /// Where it lies.
    pub file: PathBuf,
    /// Its length in bytes.
    pub length: u64,
    /// Whether it had to be fetched; one that is there with the right digest is not.
    pub fetched: bool,
}

/// Why nothing is believed.
#[derive(Debug, thiserror::Error)]
pub enum PlainTufError {
    /// The provider of our own verification was installed first.
    #[error("another cryptographic provider is installed in this process")]
    Provider,
    /// No root to start from.
    #[error("`{0}` holds no `root.json` to start from")]
    NoRoot(PathBuf),
    /// A root that does not carry its own threshold of signatures, or is none.
    #[error("`{0}` is no root that is signed by its own keys")]
    Root(PathBuf, #[source] Error),
    /// The folder starts from another root already.
    #[error("`{0}` already trusts another root")]
    OtherRoot(PathBuf),
    /// What the repository serves is not signed, versioned or dated as it must be, or cannot be had.
    #[error("the repository is not accepted")]
    Repository(#[source] Error),
    /// No role that may list it does.
    #[error("no role that may list `{0}` does")]
    NotListed(String),
    /// Trusted metadata or an artifact cannot be kept.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The system gives no resources to wait with.
    #[error("cannot start to wait for the repository")]
    Runtime(#[source] std::io::Error),
}

/// Starts to trust a root: it becomes `root.json` of the metadata folder. Nothing is fetched.
///
/// # Errors
/// Where it is no root signed by its own keys, or the folder trusts another root.
pub fn init(metadata: &Path, root_file: &Path, root: &[u8]) -> Result<u64, PlainTufError> {
    install_wide_provider()?;
    let trusted = TrustedMetadataSet::from_root(root)
        .map_err(|error| PlainTufError::Root(root_file.to_owned(), error))?;
    let folders = Folders::new(metadata, None);
    match folders.root()? {
        Some(known) if known != root => {
            return Err(PlainTufError::OtherRoot(metadata.to_owned()));
        }
        _ => folders.keep_root(root)?,
    }
    Ok(trusted.root().version)
}

impl PlainTufError {
    /// What to do, where that is clear.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoRoot(_) => Some("start with `init ROOT`, a root that a person vouches for"),
            Self::OtherRoot(_) => Some("take a new folder to start from another root"),
            _ => None,
        }
    }
}

impl PlainClient {
    /// A client at one moment, against which every expiry is held.
    ///
    /// # Errors
    /// Where the folder holds no root signed by its own keys.
    pub fn new(places: &Places, now: Moment) -> Result<Self, PlainTufError> {
        install_wide_provider()?;
        let artifact_folder = places.artifacts.map(|(folder, _)| folder);
        let folders = Arc::new(Folders::new(places.metadata, artifact_folder));
        let root = folders
            .root()?
            .ok_or_else(|| PlainTufError::NoRoot(places.metadata.to_owned()))?;
        let artifact_url = places.artifacts.map(|(_, url)| url);
        let repository = HttpRepository::new(places.metadata_url, artifact_url);
        let updater = Updater::new(repository, &root)
            .map_err(|error| PlainTufError::Root(places.metadata.join("root.json"), error))?
            .with_config(bounds())
            .with_store(Arc::clone(&folders));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(PlainTufError::Runtime)?;
        Ok(Self {
            updater,
            folders,
            runtime,
            now,
        })
    }

    /// Brings root, timestamp, snapshot and targets up to date, and keeps each once it is verified.
    ///
    /// # Errors
    /// Where one of them is not accepted, or cannot be kept.
    pub fn refresh(&mut self) -> Result<(), PlainTufError> {
        let refreshed = self
            .runtime
            .block_on(self.updater.refresh(self.now.to_jiff()));
        self.folders.first_failure()?;
        refreshed.map_err(PlainTufError::Repository)
    }

    /// Fetches an artifact, after a refresh, unless it is there with the right digest.
    ///
    /// # Errors
    /// Where no role that may list it does, where a role on the way is not accepted, where its bytes are
    /// other ones, or where it cannot be kept.
    pub fn download(&mut self, name: &str) -> Result<Artifact, PlainTufError> {
        let file = self.folders.artifact(name)?;
        let found = self
            .runtime
            .block_on(self.updater.get_target_info(name, self.now.to_jiff()));
        self.folders.first_failure()?;
        let target: TargetFile = found
            .map_err(PlainTufError::Repository)?
            .ok_or_else(|| PlainTufError::NotListed(name.to_owned()))?;
        let fetched = self.updater.find_cached_target(&target, name).is_none();
        if fetched {
            let bytes = self
                .runtime
                .block_on(self.updater.download_target(&target, name));
            self.folders.first_failure()?;
            bytes.map_err(PlainTufError::Repository)?;
        }
        Ok(Artifact {
            name: name.to_owned(),
            file,
            length: target.length,
            fetched,
        })
    }

    /// Versions of what is trusted now, by role.
    pub fn versions(&self) -> Vec<(&'static str, u64)> {
        let trusted = self.updater.trusted();
        let timestamp = trusted.timestamp().map(|role| ("timestamp", role.version));
        let snapshot = trusted.snapshot().map(|role| ("snapshot", role.version));
        let targets = trusted.targets_role("targets");
        let targets = targets.map(|role| ("targets", role.version));
        let below = [timestamp, snapshot, targets].into_iter().flatten();
        std::iter::once(("root", trusted.root().version))
            .chain(below)
            .collect()
    }
}

/// The verifier's own bounds on the length of metadata, which are those of the Python reference client,
/// and ours where a repository may ask for more.
fn bounds() -> UpdaterConfig {
    let mut bounds = UpdaterConfig::default();
    bounds.max_root_rotations = ROOT_ROTATIONS_MAX;
    bounds.target_max_length = ARTIFACT_BYTES_MAX;
    bounds
}
