//! Overlays (本地化参数): what a province, a city or a hospital sets for a pack of somebody else, within the
//! bounds that the manifest of that pack declares.
//!
//! ```toml
//! [overlay]
//! pack = "37/vbp-quota"                  # for which pack
//! versions = ">=1.2.0, <2.0.0"           # for which versions of it; all where it is left out
//! setter = "3703"                        # who sets it: a province, a city, or `hospital`
//! version = "1.0.0"                      # of this overlay
//! effective = { from = "2026-12-01" }    # for which rule days
//! basis = "淄博市医疗保障局 2026-11-20《……通知》"
//!
//! [[parameter]]
//! name = "non_selected_share_max"
//! value = 4000
//! effective = { from = "2026-12-01", to = "2027-06-30" }   # narrower than the overlay; may be left out
//! fixed = true                           # whoever comes after may not change it
//!
//! [[table]]
//! name = "payment-standards"
//! rows = '''
//! group,standard
//! A01,1200.00
//! '''
//! ```
//!
//! While it is written, a table may name a `file` beside it instead of `rows`; as published it holds the
//! rows themselves. It lies at `<setter>/<name space>.<pack>/<version>.toml`, signed by the role of the
//! setter, with dates, withdrawal and immutability as for packs (T14).
//!
//! [`Fit`] holds overlays against a manifest, [`Adjustment`] is what they come to on one day.

mod adjustment;
mod check;
mod fit;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use rulepack_contract::parameters::{ParameterValue, Setter};
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};

use crate::moment::{Day, Effective};
use crate::names::{
    Jurisdiction, NameSpace, NameSpaceClass, NameSpaceError, PackName, PackNameError, TargetPath,
    TargetPathError,
};
use crate::pack::manifest::Retroactive;
use crate::tuf::{Channel, Custom};

pub use adjustment::{Adjustment, Author, RefusedOverlay, SetTable, SetValue, UsedOverlay};
pub use fit::{Fit, FitError, Layer};

/// The format, as the `contract` of an overlay is signed.
pub const FORMAT: &str = "rulepack:overlay@0.1.0";
/// The longest overlay, in bytes: a few parameters, or the payment standards of a city.
pub const BYTES_MAX: usize = 4 << 20;

/// What is set for a pack, checked in itself but not against the pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlay {
    /// `[overlay]`
    #[serde(rename = "overlay")]
    pub header: Header,
    /// `[[parameter]]`
    #[serde(rename = "parameter", default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<SetParameter>,
    /// `[[table]]`
    #[serde(rename = "table", default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<SuppliedTable>,
}

/// `[overlay]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table `[overlay]`")]
pub struct Header {
    /// The pack that it is for.
    pub pack: PackName,
    /// The versions of that pack that it is for.
    #[serde(default)]
    pub versions: VersionReq,
    /// Who sets it.
    pub setter: OverlaySetter,
    /// Its own version.
    pub version: Version,
    /// The policy behind it.
    pub basis: String,
    /// The rule days that it is made for.
    pub effective: Effective,
    /// Where it applies, under the setter's own name space; all of that where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jurisdictions: Vec<Jurisdiction>,
    /// Set where it shall apply to rule days before its publication, for audits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retroactive: Option<Retroactive>,
}

/// A value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetParameter {
    /// As the manifest names it.
    pub name: String,
    /// The value.
    pub value: ParameterValue,
    /// Whether those who come after may no longer change it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fixed: bool,
    /// The rule days for which it is this value, where these are not all days of the overlay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Effective>,
}

/// The rows of a table that the manifest leaves to the setter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuppliedTable {
    /// As the manifest names it.
    pub name: String,
    /// A CSV or XLSX file that holds the rows, only while the overlay is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The rows as CSV, with a first line of names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rows: String,
}

/// Who sets an overlay: a province, a city, or the hospital itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum OverlaySetter {
    /// A bureau, by its name space: a province or a city.
    Bureau(NameSpace),
    /// The hospital, for itself alone; nobody signs it.
    Hospital,
}

/// Why a text is no setter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverlaySetterError {
    /// Not a name space.
    #[error(transparent)]
    NameSpace(#[from] NameSpaceError),
    /// A name space that sets nothing for others.
    #[error("`{0}` sets no parameters, expected a province, a city or `hospital`")]
    Class(NameSpace),
}

/// Why bytes are not an overlay.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// Larger than it may be.
    #[error("the overlay is {bytes} bytes long, expected at most {BYTES_MAX}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not text.
    #[error("the overlay is not UTF-8")]
    NotUtf8,
    /// Not the shape of an overlay.
    #[error("line {line}: {message}")]
    Toml {
        /// The line.
        line: usize,
        /// What the reader said.
        message: String,
    },
    /// A field has a value that it cannot have.
    #[error("{field} is `{value}`, expected {expected}")]
    Field {
        /// Where: `parameter[days_max].effective`.
        field: String,
        /// The refused value.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// It cannot be written.
    #[error("the overlay has no written form: {0}")]
    Write(#[from] toml::ser::Error),
    /// Its name.
    #[error(transparent)]
    Name(#[from] PackNameError),
    /// Its path.
    #[error(transparent)]
    Path(#[from] TargetPathError),
}

impl Overlay {
    /// Reads an overlay as people write it: its tables may name files.
    ///
    /// # Errors
    /// [`OverlayError`], which names line or field, the value, and what was expected.
    pub fn from_source(bytes: &[u8]) -> Result<Self, OverlayError> {
        let text = text(bytes)?;
        let overlay: Overlay = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or(text);
            OverlayError::Toml {
                line: before.matches('\n').count() + 1,
                message: error.message().to_owned(),
            }
        })?;
        overlay.check()?;
        Ok(overlay)
    }

    /// Reads an overlay as it is published: whole in one file.
    ///
    /// # Errors
    /// [`OverlayError`].
    pub fn from_published(bytes: &[u8]) -> Result<Self, OverlayError> {
        let overlay = Self::from_source(bytes)?;
        overlay.check_whole()?;
        Ok(overlay)
    }

    /// The bytes to publish.
    ///
    /// # Errors
    /// [`OverlayError`] where it is too large, or names a file still.
    pub fn to_published(&self) -> Result<Vec<u8>, OverlayError> {
        self.check()?;
        self.check_whole()?;
        let bytes = toml::to_string_pretty(self)?.into_bytes();
        text(&bytes)?;
        Ok(bytes)
    }

    /// Where it lies in a repository; `None` for what a hospital sets for itself.
    ///
    /// # Errors
    /// [`OverlayError`] where the version has build metadata or the path is too long.
    pub fn path(&self) -> Result<Option<TargetPath>, OverlayError> {
        let OverlaySetter::Bureau(name_space) = &self.header.setter else {
            return Ok(None);
        };
        let name = PackName::overlay(name_space.clone(), &self.header.pack)?;
        Ok(Some(TargetPath::new(name, self.header.version.clone())?))
    }

    /// What is to be signed of it: the bureau's tool signs it, the registry and every host expect it. `None`
    /// for what a hospital sets for itself.
    ///
    /// # Errors
    /// As [`Overlay::path`].
    pub fn custom(&self, channel: Channel, published: Day) -> Result<Option<Custom>, OverlayError> {
        let (Some(path), Some(jurisdictions)) = (self.path()?, self.jurisdictions()) else {
            return Ok(None);
        };
        let effective = self.header.effective;
        Ok(Some(Custom {
            jurisdictions,
            ..Custom::of_overlay(&path, effective, (channel, published))
        }))
    }

    /// Where it applies.
    fn jurisdictions(&self) -> Option<Vec<Jurisdiction>> {
        let OverlaySetter::Bureau(name_space) = &self.header.setter else {
            return None;
        };
        match self.header.jurisdictions.is_empty() {
            true => Some(vec![name_space.as_str().parse().ok()?]),
            false => Some(self.header.jurisdictions.clone()),
        }
    }
}

impl OverlaySetter {
    /// Its place in the order province, city, hospital.
    #[must_use]
    pub fn level(&self) -> Setter {
        match self {
            OverlaySetter::Hospital => Setter::Hospital,
            OverlaySetter::Bureau(name_space) => match name_space.class() {
                NameSpaceClass::City => Setter::City,
                _ => Setter::Province,
            },
        }
    }
}

const HOSPITAL: &str = "hospital";

impl FromStr for OverlaySetter {
    type Err = OverlaySetterError;

    fn from_str(text: &str) -> Result<Self, OverlaySetterError> {
        if text == HOSPITAL {
            return Ok(OverlaySetter::Hospital);
        }
        let name_space: NameSpace = text.parse()?;
        match name_space.class() {
            NameSpaceClass::Province | NameSpaceClass::City => {
                Ok(OverlaySetter::Bureau(name_space))
            }
            NameSpaceClass::National | NameSpaceClass::Vendor => {
                Err(OverlaySetterError::Class(name_space))
            }
        }
    }
}

impl TryFrom<String> for OverlaySetter {
    type Error = OverlaySetterError;

    fn try_from(text: String) -> Result<Self, OverlaySetterError> {
        text.parse()
    }
}

impl From<OverlaySetter> for String {
    fn from(setter: OverlaySetter) -> String {
        setter.to_string()
    }
}

impl fmt::Display for OverlaySetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OverlaySetter::Bureau(name_space) => name_space.fmt(f),
            OverlaySetter::Hospital => f.write_str(HOSPITAL),
        }
    }
}

fn text(bytes: &[u8]) -> Result<&str, OverlayError> {
    if bytes.len() > BYTES_MAX {
        return Err(OverlayError::TooLarge { bytes: bytes.len() });
    }
    std::str::from_utf8(bytes).map_err(|_| OverlayError::NotUtf8)
}
