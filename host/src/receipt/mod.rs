//! Receipts (T10): what one verdict rested on and came to, with the proof that it stands in the journal of
//! the host, and its execution anew.

mod basis;
pub mod export;
mod partial_folder;
pub mod replay;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::KeyId;
use serde::{Deserialize, Serialize};

use crate::journal::{Event, Found, Verdict};

pub use basis::Basis;
pub(crate) use basis::softened;

/// The format that this release writes and reads.
const FORMAT: &str = "rulepack-receipt-1";

/// The receipt of one verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// `rulepack-receipt-1`
    pub format: String,
    /// The salt of the digests of data and findings. It stands in no journal: who has the receipt can try
    /// out whether it is of the data that he has; who has the journal cannot.
    pub salt: Digest,
    /// The entry, and its place in the chain.
    pub journal: Found,
}

/// Why a receipt is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// Not such a file.
    #[error("not a receipt: {0}")]
    Json(#[from] serde_json::Error),
    /// Of another release.
    #[error("the format `{0}` is not known, expected `{FORMAT}`")]
    Format(String),
    /// Of something else.
    #[error("entry `{0}` of the journal is no verdict")]
    NotAVerdict(u64),
    /// Altered, or not the host's.
    #[error("the receipt proves nothing: {0}")]
    Broken(&'static str),
    /// Another host's.
    #[error("the receipt is signed by the key `{found}`, expected `{expected}`")]
    Key {
        /// Of the receipt.
        found: KeyId,
        /// As enrolled.
        expected: KeyId,
    },
}

impl Receipt {
    /// The receipt of an entry.
    #[must_use]
    pub fn new(journal: Found, salt: Digest) -> Self {
        Receipt {
            format: FORMAT.to_owned(),
            salt,
            journal,
        }
    }

    /// Reads a receipt, and checks its place in the chain and the signature of the host; where the enrolled
    /// key is given, that it is this one.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn parse(bytes: &[u8], enrolled: Option<&KeyId>) -> Result<Self, ReceiptError> {
        let receipt: Receipt = serde_json::from_slice(bytes)?;
        if receipt.format != FORMAT {
            return Err(ReceiptError::Format(receipt.format));
        }
        let found = receipt.journal.key.id();
        if let Some(expected) = enrolled.filter(|expected| **expected != found) {
            return Err(ReceiptError::Key {
                found,
                expected: *expected,
            });
        }
        receipt.journal.check().map_err(ReceiptError::Broken)?;
        receipt.verdict()?;
        Ok(receipt)
    }

    /// The verdict.
    ///
    /// # Errors
    /// [`ReceiptError::NotAVerdict`].
    pub fn verdict(&self) -> Result<&Verdict, ReceiptError> {
        match &self.journal.entry.event {
            Event::Verdict(verdict) => Ok(verdict),
            _ => Err(ReceiptError::NotAVerdict(self.journal.entry.number)),
        }
    }
}
