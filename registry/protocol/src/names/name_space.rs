//! Name spaces: who issues a pack.

use serde::{Deserialize, Serialize};

use super::{Jurisdiction, is_digits, is_slug, text_newtype};

/// Who issues a pack: `cn`, a province's two digits, a city's four, or `vendor-<id>`. Also the name of
/// the TUF role that signs its packs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NameSpace(String);

/// The kinds of issuers, from which default grants and the place in the delegation tree follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameSpaceClass {
    /// The national administration (国家医疗保障局), `cn`.
    National,
    /// A province (省), two digits.
    Province,
    /// A city (市), four digits.
    City,
    /// A company, `vendor-<id>`.
    Vendor,
}

/// Why a text is not a [`NameSpace`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameSpaceError {
    /// None of the four forms.
    #[error(
        "name space `{0}` is neither `cn`, a province's 2 digits, a city's 4 digits nor `vendor-<id>`"
    )]
    Malformed(String),
    /// No province begins with zero.
    #[error("name space `{0}` begins with zero")]
    LeadingZero(String),
    /// A city's last two digits are zero, which would be a second spelling of its province.
    #[error("name space `{0}` is a province written as a city")]
    ProvinceAsCity(String),
    /// The part after `vendor-` is not a word.
    #[error(
        "name space `{0}` needs an id of lower-case letters, digits and single hyphens, beginning \
         with a letter, at most 32 long"
    )]
    VendorId(String),
}

/// The longest id of a vendor, in bytes: a role name becomes a file name.
const VENDOR_ID_LENGTH_MAX: usize = 32;
const VENDOR_PREFIX: &str = "vendor-";

text_newtype!(NameSpace, NameSpaceError, check);

fn check(text: &str) -> Result<(), NameSpaceError> {
    if text == "cn" {
        return Ok(());
    }
    if let Some(id) = text.strip_prefix(VENDOR_PREFIX) {
        return if is_slug(id, VENDOR_ID_LENGTH_MAX) {
            Ok(())
        } else {
            Err(NameSpaceError::VendorId(text.to_owned()))
        };
    }
    if !matches!(text.len(), 2 | 4) || !is_digits(text) {
        return Err(NameSpaceError::Malformed(text.to_owned()));
    }
    if text.starts_with('0') {
        return Err(NameSpaceError::LeadingZero(text.to_owned()));
    }
    if text.len() == 4 && text.ends_with("00") {
        return Err(NameSpaceError::ProvinceAsCity(text.to_owned()));
    }
    Ok(())
}

impl NameSpace {
    /// The national name space, `cn`.
    pub fn national() -> Self {
        Self("cn".to_owned())
    }

    /// Which kind of issuer this is.
    pub fn class(&self) -> NameSpaceClass {
        match self.0.len() {
            _ if self.0.starts_with(VENDOR_PREFIX) => NameSpaceClass::Vendor,
            2 if self.0 == "cn" => NameSpaceClass::National,
            2 => NameSpaceClass::Province,
            _ => NameSpaceClass::City,
        }
    }

    /// The name space whose role delegates this one; `None` where the top `targets` role does. A city
    /// stands under its province, everything else under `targets`.
    pub fn parent(&self) -> Option<Self> {
        match self.class() {
            NameSpaceClass::City => self.0.get(..2).map(|digits| Self(digits.to_owned())),
            _ => None,
        }
    }

    /// The name of the role that delegates this one: the province's, or `targets`.
    pub fn parent_role(&self) -> String {
        self.parent()
            .map_or_else(|| "targets".to_owned(), |parent| parent.0)
    }

    /// The path patterns of the delegation of this name space, byte for byte as they must stand in the
    /// delegating role: `NS/*/*`, and for a province its cities beside it.
    pub fn patterns(&self) -> Vec<String> {
        let mut patterns = vec![format!("{self}/*/*")];
        if self.class() == NameSpaceClass::Province {
            patterns.push(format!("{self}[0-9][0-9]/*/*"));
        }
        patterns
    }

    /// Whether a pack of this name space may declare `jurisdiction`.
    pub fn may_declare(&self, jurisdiction: &Jurisdiction) -> bool {
        jurisdiction.lies_under(self)
    }
}
