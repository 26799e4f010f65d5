//! The hash chain of a journal, and the signed heads of it.

use rulepack_protocol::canonical;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::{PublicKey, SecretKey, Signer as _};
use serde::{Deserialize, Serialize};

/// How far a chain goes: its entries are counted from 1, and each one's hash covers all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// How many entries.
    pub count: u64,
    /// Of all of them.
    pub hash: Digest,
}

impl Head {
    /// The head of a journal without entries.
    #[must_use]
    pub fn start() -> Self {
        Head {
            count: 0,
            hash: Digest::of(b"rulepack journal 1"),
        }
    }

    /// The head after one more entry, given by the digest of its line without the line end:
    /// SHA-256 over the 32 bytes of the hash before and the 32 bytes of that digest.
    #[must_use]
    pub fn then(self, line: &Digest) -> Self {
        let mut hasher = Digest::hasher();
        hasher.update(self.hash.as_bytes());
        hasher.update(line.as_bytes());
        Head {
            count: self.count.saturating_add(1),
            hash: hasher.finish(),
        }
    }
}

/// A head that the host signed, which it does once for each group of entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// How many entries.
    pub count: u64,
    /// Of all of them.
    pub hash: Digest,
    /// Milliseconds from 1970-01-01 UTC, by the clock of the host.
    pub time: i64,
    /// Ed25519, 128 hexadecimal digits.
    pub signature: String,
}

impl Seal {
    /// Signs a head.
    #[must_use]
    pub fn new(head: Head, time: i64, key: &SecretKey) -> Self {
        let signature = key
            .sign(&message(head, time))
            .expect("a key in memory signs");
        Seal {
            count: head.count,
            hash: head.hash,
            time,
            signature: hex::encode(signature),
        }
    }

    /// What is signed.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            count: self.count,
            hash: self.hash,
        }
    }

    /// Whether this key signed it.
    #[must_use]
    pub fn is_by(&self, key: &PublicKey) -> bool {
        is_signed(key, &message(self.head(), self.time), &self.signature)
    }
}

/// Whether `signature`, in hexadecimal digits, is this key's over a message.
pub(super) fn is_signed(key: &PublicKey, message: &[u8], signature: &str) -> bool {
    let mut bytes = [0; 64];
    hex::decode_to_slice(signature, &mut bytes).is_ok() && key.verifies(message, &bytes)
}

/// What a seal signs. The type keeps it apart from all else that keys of this project sign.
fn message(head: Head, time: i64) -> Vec<u8> {
    let value = serde_json::json!({
        "_type": "rulepack-journal-seal",
        "count": head.count,
        "hash": head.hash,
        "time": time,
    });
    canonical::encode_value(&value).expect("texts and integers have a canonical form")
}
