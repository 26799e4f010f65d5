//! Why something was withdrawn or denied, in words that are signed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A reason of 1 to 200 printable ASCII characters: signed metadata stays ASCII.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reason(String);

/// Why a text is no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no reason, expected 1 to 200 printable ASCII characters", .0.escape_debug())]
pub struct ReasonError(String);

impl std::str::FromStr for Reason {
    type Err = ReasonError;
    fn from_str(text: &str) -> Result<Self, ReasonError> {
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        match printable && !text.trim().is_empty() && text.len() <= 200 {
            true => Ok(Self(text.to_owned())),
            false => Err(ReasonError(text.chars().take(200).collect())),
        }
    }
}

impl TryFrom<String> for Reason {
    type Error = ReasonError;
    fn try_from(text: String) -> Result<Self, ReasonError> {
        text.parse()
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> String {
        reason.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_short_printable_ascii() {
        assert!("counts the dose twice".parse::<Reason>().is_ok());
        for text in ["", "  ", "剂量算了两次", "two\nlines", &"x".repeat(201)] {
            let refusal = text.parse::<Reason>().unwrap_err().to_string();
            assert!(
                refusal.ends_with("is no reason, expected 1 to 200 printable ASCII characters")
            );
        }
    }
}
