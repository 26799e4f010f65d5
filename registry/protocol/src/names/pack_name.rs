//! Names of packs.

use serde::{Deserialize, Serialize};

use super::{NameSpace, NameSpaceError, is_slug};

/// The name of a pack: `37/vbp-quota`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackName {
    name_space: NameSpace,
    name: String,
}

/// Why a text is not a [`PackName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackNameError {
    /// Not two parts.
    #[error("pack name `{0}` is not of the form `<name space>/<name>`")]
    NotTwoParts(String),
    /// The first part is no name space.
    #[error(transparent)]
    NameSpace(#[from] NameSpaceError),
    /// The second part is not a word.
    #[error(
        "pack name `{0}` needs a name of lower-case letters, digits and single hyphens, beginning \
         with a letter, at most 64 long"
    )]
    Name(String),
}

/// The longest name within a name space, in bytes.
const NAME_LENGTH_MAX: usize = 64;

impl PackName {
    /// Joins a name space and a name.
    pub fn new(name_space: NameSpace, name: &str) -> Result<Self, PackNameError> {
        if !is_slug(name, NAME_LENGTH_MAX) {
            return Err(PackNameError::Name(format!("{name_space}/{name}")));
        }
        Ok(Self {
            name_space,
            name: name.to_owned(),
        })
    }

    /// Who issues the pack.
    pub fn name_space(&self) -> &NameSpace {
        &self.name_space
    }

    /// The name within the name space.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl std::str::FromStr for PackName {
    type Err = PackNameError;
    fn from_str(text: &str) -> Result<Self, PackNameError> {
        let (name_space, name) = text
            .split_once('/')
            .filter(|(_, name)| !name.contains('/'))
            .ok_or_else(|| PackNameError::NotTwoParts(text.to_owned()))?;
        Self::new(name_space.parse()?, name)
    }
}

impl TryFrom<String> for PackName {
    type Error = PackNameError;
    fn try_from(text: String) -> Result<Self, PackNameError> {
        text.parse()
    }
}

impl From<PackName> for String {
    fn from(name: PackName) -> String {
        name.to_string()
    }
}

impl std::fmt::Display for PackName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.name_space, self.name)
    }
}

impl std::fmt::Debug for PackName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{self}`")
    }
}
