//! Administrative divisions (医保区划, admdvs) and the areas that packs declare.

use serde::{Deserialize, Serialize};

use super::{NameSpace, NameSpaceClass, is_digits, text_newtype};

/// The six-digit code of an administrative division: two digits province, two city, two county.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Division(String);

/// Why a text is not a [`Division`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DivisionError {
    /// Not exactly six digits.
    #[error("division `{0}` is not six digits")]
    NotSixDigits(String),
    /// No province begins with zero.
    #[error("division `{0}` begins with zero")]
    LeadingZero(String),
}

text_newtype!(Division, DivisionError, check_division);

fn check_division(text: &str) -> Result<(), DivisionError> {
    if text.len() != 6 || !is_digits(text) {
        return Err(DivisionError::NotSixDigits(text.to_owned()));
    }
    if text.starts_with('0') {
        return Err(DivisionError::LeadingZero(text.to_owned()));
    }
    Ok(())
}

impl Division {
    /// Whether `other` is this division or lies within it: `370000` covers `370303`, `370300` covers
    /// `370303`, and `370303` covers only itself. Trailing pairs of zeros stand for "all of it".
    pub fn covers(&self, other: &Self) -> bool {
        other.0.starts_with(self.significant())
    }

    /// The name spaces that a host of this division follows unless told otherwise: `cn`, its province
    /// and, where the division lies in one, its city.
    pub fn name_spaces(&self) -> Vec<NameSpace> {
        let mut found = vec![NameSpace::national()];
        for prefix in [self.0.get(..2), self.0.get(..4)].into_iter().flatten() {
            if let Ok(name_space) = prefix.parse::<NameSpace>() {
                found.push(name_space);
            }
        }
        found
    }

    fn significant(&self) -> &str {
        let mut text = self.0.as_str();
        while text.len() > 2
            && let Some(shorter) = text.strip_suffix("00")
        {
            text = shorter;
        }
        text
    }
}

/// An area in which a pack applies: `cn`, or the first 2, 4 or 6 digits of a division.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Jurisdiction(String);

/// Why a text is not a [`Jurisdiction`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JurisdictionError {
    /// Neither `cn` nor 2, 4 or 6 digits.
    #[error("jurisdiction `{0}` is neither `cn` nor the first 2, 4 or 6 digits of a division")]
    Malformed(String),
}

text_newtype!(Jurisdiction, JurisdictionError, check_jurisdiction);

fn check_jurisdiction(text: &str) -> Result<(), JurisdictionError> {
    let digits = matches!(text.len(), 2 | 4 | 6) && is_digits(text) && !text.starts_with('0');
    if text == "cn" || digits {
        return Ok(());
    }
    Err(JurisdictionError::Malformed(text.to_owned()))
}

impl Jurisdiction {
    /// Whether `division` lies in this area, by prefix.
    pub fn covers(&self, division: &Division) -> bool {
        self.0 == "cn" || division.0.starts_with(&self.0)
    }

    /// Whether some place lies in both: one of them lies in the other.
    pub fn meets(&self, other: &Jurisdiction) -> bool {
        let covers = |one: &str, other: &str| one == "cn" || other.starts_with(one);
        covers(&self.0, &other.0) || covers(&other.0, &self.0)
    }

    /// Whether a pack of `name_space` may declare this area: the area lies under the name space, and a
    /// vendor declares none.
    pub fn lies_under(&self, name_space: &NameSpace) -> bool {
        match name_space.class() {
            NameSpaceClass::National => true,
            NameSpaceClass::Province | NameSpaceClass::City => {
                self.0.starts_with(name_space.as_str())
            }
            NameSpaceClass::Vendor => false,
        }
    }
}
