//! Paths of packs and overlays in the repository.

use semver::Version;
use serde::{Deserialize, Serialize};

use super::{NameSpace, PackName, PackNameError};
use crate::digest::Digest;

/// The path of one version of a pack, `37/vbp-quota/1.2.0.wasm`, or of an overlay,
/// `3703/37.vbp-quota/1.0.0.toml`: always three parts, and the ending says which of the two it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TargetPath {
    pack: PackName,
    version: Version,
}

/// Why a text is not a [`TargetPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetPathError {
    /// Not three parts that end in `.wasm`, or in `.toml` where they name an overlay.
    #[error("target path `{0}` is not of the form `<name space>/<name>/<version>.wasm`")]
    NotThreeParts(String),
    /// The first two parts are no pack name.
    #[error(transparent)]
    Pack(#[from] PackNameError),
    /// The last part is no semantic version.
    #[error("target path `{0}` has no semantic version before `.wasm`")]
    Version(String),
    /// Build metadata would give two paths to versions of equal rank.
    #[error("target path `{0}` has build metadata (`+…`) in its version")]
    BuildMetadata(String),
    /// Longer than a path may be.
    #[error("target path is {0} bytes long, expected at most 200")]
    TooLong(usize),
}

/// The longest path, in bytes: with a digest before the file name it still fits everywhere.
const LENGTH_MAX: usize = 200;
const PACK_EXTENSION: &str = ".wasm";
const OVERLAY_EXTENSION: &str = ".toml";

impl TargetPath {
    /// The path of `version` of `pack`.
    ///
    /// # Errors
    /// Where the version has build metadata or the path becomes too long.
    pub fn new(pack: PackName, version: Version) -> Result<Self, TargetPathError> {
        let path = Self { pack, version };
        let text = path.to_string();
        if text.len() > LENGTH_MAX {
            return Err(TargetPathError::TooLong(text.len()));
        }
        if !path.version.build.is_empty() {
            return Err(TargetPathError::BuildMetadata(text));
        }
        Ok(path)
    }

    /// The name: that of a pack, or of an overlay.
    pub fn pack(&self) -> &PackName {
        &self.pack
    }

    /// Whether it is the path of an overlay, and of no pack.
    #[must_use]
    pub fn is_overlay(&self) -> bool {
        self.pack.is_overlay()
    }

    /// The name space, the first part.
    pub fn name_space(&self) -> &NameSpace {
        self.pack.name_space()
    }

    /// The version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The file that holds these bytes in a repository with consistent snapshots:
    /// `37/vbp-quota/<sha256>.1.2.0.wasm`.
    pub fn file_of(&self, digest: &Digest) -> String {
        let extension = self.extension();
        format!("{}/{digest}.{}{extension}", self.pack, self.version)
    }

    fn extension(&self) -> &'static str {
        match self.is_overlay() {
            true => OVERLAY_EXTENSION,
            false => PACK_EXTENSION,
        }
    }
}

impl std::str::FromStr for TargetPath {
    type Err = TargetPathError;
    fn from_str(text: &str) -> Result<Self, TargetPathError> {
        if text.len() > LENGTH_MAX {
            return Err(TargetPathError::TooLong(text.len()));
        }
        let malformed = || TargetPathError::NotThreeParts(text.to_owned());
        let (pack, file) = text.rsplit_once('/').ok_or_else(malformed)?;
        if pack.matches('/').count() != 1 {
            return Err(malformed());
        }
        let pack: PackName = pack.parse()?;
        let extension = match pack.is_overlay() {
            true => OVERLAY_EXTENSION,
            false => PACK_EXTENSION,
        };
        let version = file.strip_suffix(extension).ok_or_else(malformed)?;
        let version: Version = version
            .parse()
            .map_err(|_| TargetPathError::Version(text.to_owned()))?;
        Self::new(pack, version)
    }
}

impl TryFrom<String> for TargetPath {
    type Error = TargetPathError;
    fn try_from(text: String) -> Result<Self, TargetPathError> {
        text.parse()
    }
}

impl From<TargetPath> for String {
    fn from(path: TargetPath) -> String {
        path.to_string()
    }
}

impl std::fmt::Display for TargetPath {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let extension = self.extension();
        write!(formatter, "{}/{}{extension}", self.pack, self.version)
    }
}

impl std::fmt::Debug for TargetPath {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{self}`")
    }
}
