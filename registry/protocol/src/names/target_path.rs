//! Paths of packs in the repository.

use semver::Version;
use serde::{Deserialize, Serialize};

use super::{NameSpace, PackName, PackNameError};
use crate::digest::Digest;

/// The path of one version of a pack: `37/vbp-quota/1.2.0.wasm`, always three parts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TargetPath {
    pack: PackName,
    version: Version,
}

/// Why a text is not a [`TargetPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetPathError {
    /// Not three parts that end in `.wasm`.
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
const EXTENSION: &str = ".wasm";

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

    /// The pack.
    pub fn pack(&self) -> &PackName {
        &self.pack
    }

    /// The name space of the pack, the first part.
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
        format!("{}/{digest}.{}{EXTENSION}", self.pack, self.version)
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
        let version = file.strip_suffix(EXTENSION).ok_or_else(malformed)?;
        let version: Version = version
            .parse()
            .map_err(|_| TargetPathError::Version(text.to_owned()))?;
        Self::new(pack.parse()?, version)
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
        write!(formatter, "{}/{}{EXTENSION}", self.pack, self.version)
    }
}

impl std::fmt::Debug for TargetPath {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{self}`")
    }
}
