//! The status that a person carries from a hospital to its bureau (T15): versions in force, what came of
//! updates, counts by rule, and the head of the journal, signed by the host. And the bureau's side: what
//! several hospitals say, held against what they said before, and summed.
//!
//! # The file
//! One JSON object: `format` (`rulepack-status-1`), `key` (public key of the host), `status`
//! ([`ExportedStatus`]), `signature` (Ed25519 in hexadecimal digits, over the canonical JSON of
//! `{"_type":"rulepack-host-status","key":…,"status":…}`).
//!
//! Nothing of a patient can stand in it: every text is a digest, a name that a bureau signed, a code of an
//! institution, a day, or a word of a list that this crate knows; reading refuses all others. Reasons that
//! persons wrote, messages, rows and keys have no field. A count of 1 to 4 is `"<5"`. Packs of vendors are
//! left out.

mod code;
mod content;
mod count;
mod decided;
mod enrolled;
mod gather;
mod journal_counts;
mod month;
mod seen;
mod sum;

#[cfg(test)]
mod tests;

use rulepack_protocol::canonical::{self, CanonicalError};
use rulepack_protocol::key::{KeyId, PublicKey, SecretKey, Signer as _};
use serde::{Deserialize, Serialize};

use crate::journal::SignedHead;

pub use code::{InstitutionCode, MissingColumn, NoVerdictKind, RuleId, Transaction};
pub use content::{
    AcknowledgedHead, ExportedState, ExportedStatus, ExportedVersion, JournalHead, Knowledge,
    NoVerdictCount, RuleCounts, StepTaken,
};
pub use count::{Count, Range};
pub use enrolled::{Enrolled, EnrolledError};
pub use gather::ExportError;
pub use journal_counts::Events;
pub use month::{Month, MonthError};
pub use seen::{Seen, SeenError, Standing};
pub use sum::{RuleSum, Sums, VersionSpread};

/// A longer file is not read: hundreds of packs stay far below.
pub const STATUS_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The one format there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "rulepack-status-1")]
    One,
}

/// A status with the signature of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedStatus {
    format: Format,
    key: PublicKey,
    status: ExportedStatus,
    signature: String,
}

/// Why a file is refused.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// Too long.
    #[error("the file has {0} bytes, expected at most {STATUS_BYTES_MAX}")]
    TooLong(usize),
    /// Not such a file. What stands in it is not repeated.
    #[error("not the status of a host: {0}")]
    Json(#[from] CanonicalError),
    /// Another form than a status has.
    #[error("not the status of a host: {0}")]
    Form(#[from] serde_json::Error),
    /// The host did not sign it, or it was altered since.
    #[error("the signature is not that of the key `{0}` that the file names: it was altered")]
    Signature(KeyId),
    /// The head of the journal in it is not the host's.
    #[error("the head of the journal is not signed by the key `{0}` that the file names")]
    Head(KeyId),
}

impl SignedStatus {
    /// Signs a status with the key of its host.
    #[must_use]
    pub fn sign(status: ExportedStatus, key: &SecretKey) -> Self {
        let message = message(key.public_key(), &status);
        let signature = key.sign(&message).expect("a key in memory signs");
        SignedStatus {
            format: Format::One,
            key: key.public_key().clone(),
            signature: hex::encode(signature),
            status,
        }
    }

    /// Reads a file, and checks both signatures under the key that it names. Whose key that is, only
    /// [`Enrolled`] says.
    ///
    /// # Errors
    /// [`StatusError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, StatusError> {
        if bytes.len() > STATUS_BYTES_MAX {
            return Err(StatusError::TooLong(bytes.len()));
        }
        let signed: SignedStatus = serde_json::from_value(canonical::parse(bytes)?)?;
        let mut signature = [0; 64];
        let is_hex = hex::decode_to_slice(&signed.signature, &mut signature).is_ok();
        let message = message(&signed.key, &signed.status);
        if !is_hex || !signed.key.verifies(&message, &signature) {
            return Err(StatusError::Signature(signed.key.id()));
        }
        let head = signed.status.journal.as_ref();
        if head.is_some_and(|journal| !journal.head.is_by(&signed.key)) {
            return Err(StatusError::Head(signed.key.id()));
        }
        Ok(signed)
    }

    /// What it says.
    #[must_use]
    pub fn status(&self) -> &ExportedStatus {
        &self.status
    }

    /// The key of the host.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The head of the journal, for the bureau to acknowledge; none where nothing was recorded yet.
    #[must_use]
    pub fn head(&self) -> Option<SignedHead> {
        let journal = self.status.journal.as_ref()?;
        Some(SignedHead {
            institution: self.status.institution.to_string(),
            key: self.key.clone(),
            seal: journal.head.clone(),
        })
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("texts and integers");
        bytes.push(b'\n');
        bytes
    }
}

/// What is signed. The type keeps it apart from all else that keys of this project sign.
fn message(key: &PublicKey, status: &ExportedStatus) -> Vec<u8> {
    let value =
        serde_json::json!({ "_type": "rulepack-host-status", "key": key, "status": status });
    canonical::encode_value(&value).expect("texts and integers have a canonical form")
}
