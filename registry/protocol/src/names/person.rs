//! Officers who sign.

use serde::{Deserialize, Serialize};

use super::text_newtype;

/// An officer who signs, by an ASCII id that is unique in every role: `li.wei`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonId(String);

/// Why a text is not a [`PersonId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersonIdError {
    /// Other characters, empty, or too long.
    #[error(
        "person `{0}` is not an id of lower-case letters, digits, `.`, `-` and `_`, beginning with a \
         letter, at most 64 long"
    )]
    Malformed(String),
}

text_newtype!(PersonId, PersonIdError, check);

fn check(text: &str) -> Result<(), PersonIdError> {
    let begins_well = text.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
    let plain = text.bytes().all(|byte| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_')
    });
    if begins_well && plain && text.len() <= 64 {
        return Ok(());
    }
    Err(PersonIdError::Malformed(text.to_owned()))
}
