//! Names that two parties must spell alike, parsed once at the edge.
//!
//! | type | example | form |
//! |---|---|---|
//! | [`Division`] | `370303` | six digits, the code of an administrative division (医保区划, admdvs) |
//! | [`Jurisdiction`] | `37` | `cn`, or the first 2, 4 or 6 digits of a division |
//! | [`NameSpace`] | `37`, `vendor-acme` | `cn`, a province's 2 digits, a city's 4, or `vendor-<id>` |
//! | [`PackName`] | `37/vbp-quota` | name space, slash, name |
//! | [`PackName`] | `3703/37.vbp-quota` | setter, slash, pack with a dot: an overlay (本地化参数) |
//! | [`TargetPath`] | `37/vbp-quota/1.2.0.wasm` | pack name, slash, version, `.wasm` |
//! | [`PersonId`] | `li.wei` | an officer who signs |
//!
//! Every name is ASCII and has exactly one spelling, so equality of names is equality of bytes.

mod division;
mod name_space;
mod pack_name;
mod person;
mod target_path;

pub use division::{Division, DivisionError, Jurisdiction, JurisdictionError};
pub use name_space::{NameSpace, NameSpaceClass, NameSpaceError};
pub use pack_name::{PackName, PackNameError};
pub use person::{PersonId, PersonIdError};
pub use target_path::{TargetPath, TargetPathError};

/// Gives a newtype over text its `TryFrom<String>`, `FromStr`, `Display`, `Debug`, `as_str` and serde
/// forms, all through `$check`, which looks at the text and returns the error.
macro_rules! text_newtype {
    ($name:ident, $error:ident, $check:path) => {
        impl $name {
            /// The name as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::convert::TryFrom<String> for $name {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, $error> {
                $check(&text)?;
                Ok(Self(text))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;
            fn from_str(text: &str) -> Result<Self, $error> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "`{}`", self.0)
            }
        }
    };
}
pub(crate) use text_newtype;

/// Whether `text` is a word of lower-case letters, digits and single inner hyphens that begins with a
/// letter and has at most `longest` bytes.
fn is_slug(text: &str, longest: usize) -> bool {
    text.len() <= longest
        && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && !text.ends_with('-')
        && !text.contains("--")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
