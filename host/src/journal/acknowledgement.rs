//! What anchors a journal against its own author (T10): the bureau signs that it has seen a head. From then
//! on the host cannot cut or rewrite what lies before it without contradicting the bureau.

use rulepack_protocol::canonical;
use rulepack_protocol::key::{KeyId, PublicKey, SignError, Signer};
use rulepack_protocol::moment::Moment;
use serde::{Deserialize, Serialize};

use super::chain::{Head, Seal, is_signed};

/// A head as the host sends it to the bureau.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// Of the hospital.
    pub institution: String,
    /// The key of the host; its id is the fingerprint that the bureau enrolled.
    pub key: PublicKey,
    /// The head, signed.
    pub seal: Seal,
}

/// That the bureau has seen a head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// The key of the host.
    pub host: KeyId,
    /// What was seen.
    pub head: Head,
    /// Of the head, milliseconds from 1970-01-01 UTC by the clock of the host.
    pub time: i64,
    /// Seconds from 1970-01-01 UTC, by the clock of the bureau.
    pub seen: i64,
    /// Who signs for the bureau.
    pub by: PublicKey,
    /// Ed25519, 128 hexadecimal digits.
    pub signature: String,
}

/// Why an acknowledgement is refused.
#[derive(Debug, thiserror::Error)]
pub enum AcknowledgementError {
    /// Not such a file.
    #[error("not as expected: {0}")]
    Json(#[from] serde_json::Error),
    /// The host did not sign the head.
    #[error("the head is not signed by the key `{0}` that it names")]
    Head(KeyId),
    /// The enrolled key is another.
    #[error("the head is signed by the key `{found}`, expected `{expected}`")]
    Fingerprint {
        /// Of the head.
        found: KeyId,
        /// As enrolled.
        expected: KeyId,
    },
    /// The bureau did not sign it.
    #[error("the acknowledgement of entry {count} is not signed by the bureau's key `{expected}`")]
    Bureau {
        /// Entries acknowledged.
        count: u64,
        /// The key that should have signed.
        expected: KeyId,
    },
    /// The device did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl SignedHead {
    /// Reads a head, and checks that the host whose key is enrolled signed it.
    ///
    /// # Errors
    /// [`AcknowledgementError`].
    pub fn parse(bytes: &[u8], enrolled: &KeyId) -> Result<Self, AcknowledgementError> {
        let head: SignedHead = serde_json::from_slice(bytes)?;
        if head.key.id() != *enrolled {
            return Err(AcknowledgementError::Fingerprint {
                found: head.key.id(),
                expected: *enrolled,
            });
        }
        if !head.seal.is_by(&head.key) {
            return Err(AcknowledgementError::Head(*enrolled));
        }
        Ok(head)
    }

    /// The bureau's acknowledgement.
    ///
    /// # Errors
    /// Where the device does not sign.
    pub fn acknowledge(
        &self,
        seen: Moment,
        key: &dyn Signer,
    ) -> Result<Acknowledgement, AcknowledgementError> {
        let mut acknowledgement = Acknowledgement {
            host: self.key.id(),
            head: self.seal.head(),
            time: self.seal.time,
            seen: seen.unix(),
            by: key.public_key().clone(),
            signature: String::new(),
        };
        let signature = key.sign(&acknowledgement.message())?;
        acknowledgement.signature = hex::encode(signature);
        Ok(acknowledgement)
    }
}

impl Acknowledgement {
    /// Whether this key of the bureau signed it.
    #[must_use]
    pub fn is_by(&self, bureau: &PublicKey) -> bool {
        is_signed(bureau, &self.message(), &self.signature)
    }

    fn message(&self) -> Vec<u8> {
        let value = serde_json::json!({
            "_type": "rulepack-journal-acknowledgement",
            "count": self.head.count,
            "hash": self.head.hash,
            "host": self.host,
            "seen": self.seen,
            "time": self.time,
        });
        canonical::encode_value(&value).expect("texts and integers have a canonical form")
    }
}

/// Acknowledgements that the bureau kept, of one or more hosts, each signed by it.
#[derive(Debug, Clone, Default)]
pub struct Heads {
    all: Vec<Acknowledgement>,
}

impl Heads {
    /// Reads a file with one acknowledgement, or a list of them. All must be the bureau's.
    ///
    /// # Errors
    /// [`AcknowledgementError`].
    pub fn parse(bytes: &[u8], bureau: &PublicKey) -> Result<Self, AcknowledgementError> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum File {
            One(Box<Acknowledgement>),
            Many(Vec<Acknowledgement>),
        }
        let all = match serde_json::from_slice(bytes)? {
            File::One(one) => vec![*one],
            File::Many(many) => many,
        };
        match all.iter().find(|one| !one.is_by(bureau)) {
            Some(other) => Err(AcknowledgementError::Bureau {
                count: other.head.count,
                expected: bureau.id(),
            }),
            None => Ok(Heads { all }),
        }
    }

    /// Whether any acknowledges so many entries.
    #[must_use]
    pub(super) fn names(&self, count: u64) -> bool {
        self.all.iter().any(|one| one.head.count == count)
    }

    /// Those of one host, in order.
    #[must_use]
    pub fn of(&self, host: &KeyId) -> Vec<&Acknowledgement> {
        let mut of: Vec<_> = self.all.iter().filter(|one| one.host == *host).collect();
        of.sort_by_key(|one| one.head.count);
        of
    }
}
