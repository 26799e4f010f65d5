//! Packs as a registry signed them: from a root, or from what a host knows, down to a verified entry and
//! the bytes behind it. Nothing is stored.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use rulepack_host::client::{
    self, FloorsStore, NoFailures, Refreshed, Transport, refresh, refresh_all,
};
use rulepack_host::settings::HostFolder;
use rulepack_host::update::transport;
use rulepack_protocol::names::{PackName, TargetPath, TargetPathError};
use rulepack_protocol::pack::{self, Bounds};
use rulepack_protocol::trust::{Freshness, ResolvedTarget};
use semver::Version;

use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::packs::SealedPack;

/// Whom to ask, and what to start from.
#[derive(Debug, Args)]
pub struct TrustArgs {
    /// The root to start from; with `--registry`.
    #[arg(long, value_name = "FILE", requires = "registry")]
    pub root: Option<PathBuf>,
    /// A registry's address, or a folder that holds a copy of it (`metadata/`).
    #[arg(long, value_name = "ADDRESS")]
    pub registry: Option<String>,
    /// A host's folder: its root, its floors, and its registry where none is given.
    #[arg(long, value_name = "HOST", conflicts_with = "root")]
    pub dir: Option<PathBuf>,
}

/// A pack as people name it: `37/vbp-quota@1.2.0`, or a file.
#[derive(Debug, Clone)]
pub enum PackReference {
    /// A published version.
    Published(TargetPath),
    /// A sealed file.
    File(PathBuf),
}

impl FromStr for PackReference {
    type Err = TargetPathError;

    fn from_str(text: &str) -> Result<Self, TargetPathError> {
        let Some((name, version)) = text.rsplit_once('@') else {
            return Ok(PackReference::File(text.into()));
        };
        let parts = (name.parse::<PackName>(), version.parse::<Version>());
        match parts {
            (Ok(name), Ok(version)) => {
                Ok(PackReference::Published(TargetPath::new(name, version)?))
            }
            _ => Ok(PackReference::File(text.into())),
        }
    }
}

impl fmt::Display for PackReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PackReference::Published(path) => write!(f, "{}@{}", path.pack(), path.version()),
            PackReference::File(path) => path.display().fmt(f),
        }
    }
}

/// A repository, asked without changing anything that is remembered.
pub struct Published {
    transport: Box<dyn Transport>,
    store: FloorsStore,
    /// Holds the copy of what is remembered, and goes with it.
    folder: tempfile::TempDir,
    freshness: Freshness,
}

impl Published {
    /// The repository that the arguments name.
    pub fn of(trust: &TrustArgs, freshness: Freshness) -> Outcome<Self> {
        // Verification moves floors; those of a host are moved by the host alone.
        let folder = tempfile::tempdir().context(|| "cannot make a temporary folder".into())?;
        let store = FloorsStore::new(folder.path());
        let registry = match (&trust.dir, &trust.root, &trust.registry) {
            (Some(dir), _, registry) => {
                let host = HostFolder::at(dir);
                let settings = host.settings()?;
                files::copy_folder(&host.trust(), folder.path())?;
                registry.clone().unwrap_or(settings.registry)
            }
            (None, Some(root), Some(registry)) => {
                let stored = store.init(&files::read(root)?);
                stored.context(|| format!("`{}`", root.display()))?;
                registry.clone()
            }
            _ => {
                let failure = Failure::new("neither a host nor a root and a registry is given");
                return Err(failure.hint("give `--dir HOST`, or `--root FILE --registry ADDRESS`"));
            }
        };
        Ok(Published {
            transport: transport(&registry),
            store,
            folder,
            freshness,
        })
    }

    /// Lets the last refresh of a host be forgotten in the copy, so that an earlier day may be asked about.
    pub fn forgetting_the_last_refresh(self) -> Outcome<Self> {
        let mut state = self.store.read()?;
        state.floors.last_good = None;
        self.store.commit(&state, &NoFailures)?;
        Ok(self)
    }

    /// The verified entry of a version, with the roles that vouch for it.
    pub fn target(&self, path: &TargetPath) -> Outcome<(ResolvedTarget, Refreshed)> {
        let name_space = path.name_space();
        let followed = [name_space.clone()];
        let store = &self.store;
        let mut refreshed = refresh(
            self.transport.as_ref(),
            store,
            &followed,
            self.freshness,
            &NoFailures,
        )?;
        if let Some(error) = refreshed.unreachable.remove(name_space) {
            return Err(error.into());
        }
        if let Some(error) = refreshed.resolution.failed.remove(name_space) {
            let hint = error.hint();
            let failure = Failure::from(error);
            return Err(match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            });
        }
        let mut targets = refreshed.resolution.targets.iter();
        match targets.find(|target| target.path == *path).cloned() {
            Some(target) => Ok((target, refreshed)),
            None => Err(Failure::new(format!(
                "role `{name_space}` signed no pack `{path}`"
            ))),
        }
    }

    /// Every name space, for bytes whose name is not believed before somebody vouches for it.
    pub fn all(&self) -> Outcome<Refreshed> {
        let transport = self.transport.as_ref();
        let refreshed = refresh_all(transport, &self.store, self.freshness, &NoFailures);
        Ok(refreshed?)
    }

    /// The bytes of a signed entry: length and digest are compared while they arrive.
    pub fn bytes(&self, target: &ResolvedTarget) -> Outcome<Vec<u8>> {
        let transport = self.transport.as_ref();
        let file = client::download(transport, target, self.folder.path(), &NoFailures)?;
        files::read(file.path())
    }

    /// The pack of a signed entry.
    pub fn open(&self, target: &ResolvedTarget) -> Outcome<SealedPack> {
        open(self.bytes(target)?, || target.path.to_string())
    }
}

/// A pack of a host's own store, which is hashed again; no registry is asked.
pub fn of_a_host(dir: &Path, path: &TargetPath) -> Outcome<SealedPack> {
    let host = HostFolder::at(dir);
    host.settings()?;
    let lock = rulepack_host::lock::Lock::read(&host)?;
    let version = lock.version(path);
    let version = version.ok_or_else(|| {
        Failure::new(format!(
            "the host in `{}` has no pack `{path}`",
            dir.display()
        ))
    })?;
    let digest = version.digest;
    let bytes = files::read(&host.packs().join(format!("{digest}.wasm")))?;
    let found = rulepack_protocol::digest::Digest::of(&bytes);
    if found != digest {
        let refusal = format!("pack `{path}` has sha256 {found}, the lock says {digest}");
        return Err(Failure::new(refusal));
    }
    open(bytes, || path.to_string())
}

/// Opens bytes that somebody vouches for.
pub fn open(bytes: Vec<u8>, name: impl Fn() -> String) -> Outcome<SealedPack> {
    let pack = pack::open(&bytes, &Bounds::NATIVE).context(|| format!("`{}`", name()))?;
    Ok(SealedPack { bytes, pack })
}
