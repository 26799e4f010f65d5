//! Names of packs, and of what provinces and cities set for them.

use serde::{Deserialize, Serialize};

use super::{NameSpace, NameSpaceClass, NameSpaceError, is_slug};

/// The name under which a name space publishes: a pack, `37/vbp-quota`, or an overlay, `3703/37.vbp-quota`,
/// which is what the city `3703` sets for that pack. Versions, withdrawals and minimum versions are by name.
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
    /// An overlay of nobody who may set anything, or of no pack.
    #[error(
        "overlay name `{0}` is not of the form `<province or city>/<name space>.<name of the pack>`"
    )]
    Overlay(String),
}

/// The longest name within a name space, in bytes.
const NAME_LENGTH_MAX: usize = 64;

impl PackName {
    /// Joins a name space and a name.
    ///
    /// # Errors
    /// Where the name is neither that of a pack nor of an overlay.
    pub fn new(name_space: NameSpace, name: &str) -> Result<Self, PackNameError> {
        if let Some((of, pack)) = name.split_once('.') {
            let malformed = || PackNameError::Overlay(format!("{name_space}/{name}"));
            let pack = Self::new(of.parse().map_err(|_| malformed())?, pack);
            let pack = pack.map_err(|_| malformed())?;
            return Self::overlay(name_space, &pack);
        }
        if !is_slug(name, NAME_LENGTH_MAX) {
            return Err(PackNameError::Name(format!("{name_space}/{name}")));
        }
        Ok(Self {
            name_space,
            name: name.to_owned(),
        })
    }

    /// The name of what `setter` sets for a pack.
    ///
    /// # Errors
    /// Where the setter is neither a province nor a city, or `pack` is an overlay itself.
    pub fn overlay(setter: NameSpace, pack: &Self) -> Result<Self, PackNameError> {
        let name = format!("{}.{}", pack.name_space, pack.name);
        let class = setter.class();
        let may_set = matches!(class, NameSpaceClass::Province | NameSpaceClass::City);
        if !may_set || pack.is_overlay() {
            return Err(PackNameError::Overlay(format!("{setter}/{name}")));
        }
        Ok(Self {
            name_space: setter,
            name,
        })
    }

    /// Whether this names an overlay, and no pack.
    #[must_use]
    pub fn is_overlay(&self) -> bool {
        self.name.contains('.')
    }

    /// The pack that an overlay sets something for; `None` of a pack.
    #[must_use]
    pub fn overlaid(&self) -> Option<Self> {
        let (name_space, name) = self.name.split_once('.')?;
        Self::new(name_space.parse().ok()?, name).ok()
    }

    /// Whether this names an overlay of that pack.
    #[must_use]
    pub fn is_overlay_of(&self, pack: &Self) -> bool {
        let parts = self.name.split_once('.');
        parts.is_some_and(|parts| parts == (pack.name_space.as_str(), pack.name()))
    }

    /// Who issues it.
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
