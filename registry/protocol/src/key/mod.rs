//! Ed25519 keys of officers and of the registry's signer.
//!
//! A public key is written as TUF writes it, with its person beside it:
//!
//! ```json
//! {"keytype":"ed25519","keyval":{"public":"<64 lower-case hex>"},"scheme":"ed25519",
//!  "x-rulepack-person":"li.wei"}
//! ```
//!
//! Its id is the SHA-256 of the canonical JSON of `keytype`, `keyval` and `scheme` (as securesystemslib
//! computes it; the person is not part of it). There is one spelling of a key: every other key type,
//! scheme, encoding, further field of `keyval`, or point of low order is refused when it is parsed, so
//! one key cannot pass as several.

mod file;
mod passphrase;
mod secret;

use std::fmt;

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::canonical;
use crate::digest::{Digest, DigestError, lower_hex};
use crate::names::PersonId;

pub use file::{LockedKey, SecretKeyError};
pub use passphrase::{Cost, Passphrase, PassphraseError};
pub use secret::SecretKey;

/// The id of a key: see the module.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(Digest);

/// The public key of a person, checked to be a usable point of the curve.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "KeyFile", into = "KeyFile")]
pub struct PublicKey {
    point: VerifyingKey,
    person: PersonId,
    id: KeyId,
}

/// Why a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Another algorithm than Ed25519.
    #[error("key type `{keytype}` with scheme `{scheme}` is not accepted, expected `ed25519`")]
    Algorithm {
        /// What `keytype` says.
        keytype: String,
        /// What `scheme` says.
        scheme: String,
    },
    /// Another spelling of the 32 bytes.
    #[error("public key `{0}` is not 64 lower-case hexadecimal digits")]
    Spelling(String),
    /// The bytes are no point of the curve, or one that verifies anything.
    #[error("public key `{0}` is not a usable point of the curve")]
    Point(String),
}

/// Something that signs for a person: a key in memory, later a smart card.
pub trait Signer {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs `message`, 64 bytes of Ed25519.
    ///
    /// # Errors
    /// Where a device refuses. A key in memory always signs.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;
}

/// A signer that did not sign.
#[derive(Debug, thiserror::Error)]
#[error("the key of `{person}` did not sign")]
pub struct SignError {
    /// Whose key.
    pub person: PersonId,
    /// What the device said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl PublicKey {
    /// The key of `person` from its 32 bytes.
    ///
    /// # Errors
    /// Where the bytes are not a usable point.
    pub fn from_bytes(bytes: &[u8; 32], person: PersonId) -> Result<Self, KeyError> {
        let refused = || KeyError::Point(hex::encode(bytes));
        let point = VerifyingKey::from_bytes(bytes).map_err(|_| refused())?;
        // A point has more than one encoding near the field's modulus; only the canonical one is ours.
        if point.is_weak() || point.to_edwards().compress().as_bytes() != bytes {
            return Err(refused());
        }
        Ok(Self {
            id: id_of(bytes),
            point,
            person,
        })
    }

    /// The key id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Whose key it is.
    pub fn person(&self) -> &PersonId {
        &self.person
    }

    /// The 32 bytes of the point.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.point.as_bytes()
    }

    /// Whether `signature` is this key's over `message`, by the strict rules of RFC 8032.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.point
            .verify_strict(message, &Signature::from_bytes(signature))
            .is_ok()
    }
}

fn id_of(bytes: &[u8; 32]) -> KeyId {
    let key = json!({
        "keytype": ED25519,
        "keyval": { "public": hex::encode(bytes) },
        "scheme": ED25519,
    });
    let canonical = canonical::encode_value(&key).expect("three texts have a canonical form");
    KeyId(Digest::of(&canonical))
}

const ED25519: &str = "ed25519";

/// A key as a file or a role holds it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    keytype: String,
    keyval: KeyValue,
    scheme: String,
    #[serde(rename = "x-rulepack-person")]
    person: PersonId,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyValue {
    public: String,
}

impl TryFrom<KeyFile> for PublicKey {
    type Error = KeyError;
    fn try_from(file: KeyFile) -> Result<Self, KeyError> {
        if file.keytype != ED25519 || file.scheme != ED25519 {
            return Err(KeyError::Algorithm {
                keytype: file.keytype,
                scheme: file.scheme,
            });
        }
        let bytes = lower_hex(&file.keyval.public)
            .ok_or_else(|| KeyError::Spelling(file.keyval.public.escape_default().to_string()))?;
        Self::from_bytes(&bytes, file.person)
    }
}

impl From<PublicKey> for KeyFile {
    fn from(key: PublicKey) -> Self {
        Self {
            keytype: ED25519.to_owned(),
            keyval: KeyValue {
                public: hex::encode(key.as_bytes()),
            },
            scheme: ED25519.to_owned(),
            person: key.person,
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({} of {})", self.id, self.person)
    }
}

impl std::str::FromStr for KeyId {
    type Err = DigestError;
    fn from_str(text: &str) -> Result<Self, DigestError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(seed: u8) -> PublicKey {
        SecretKey::from_seed([seed; 32], "li.wei".parse().unwrap())
            .public_key()
            .clone()
    }

    fn refusal(value: serde_json::Value) -> String {
        serde_json::from_value::<PublicKey>(value)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_key_is_written_as_tuf_writes_it_and_read_back() {
        let key = public(1);
        let value = serde_json::to_value(&key).unwrap();
        assert_eq!(value["keytype"], "ed25519");
        assert_eq!(value["keyval"]["public"].as_str().unwrap().len(), 64);
        assert_eq!(value["x-rulepack-person"], "li.wei");
        assert_eq!(serde_json::from_value::<PublicKey>(value).unwrap(), key);
    }

    #[test]
    fn the_id_is_the_one_that_the_verifier_computes() {
        let key = public(1);
        let value = serde_json::to_value(&key).unwrap();
        let theirs: sigstore_tuf::Key = serde_json::from_value(value).unwrap();
        crate::trust::install_provider().unwrap();
        assert_eq!(key.id().to_string(), theirs.key_id().unwrap());
    }

    #[test]
    fn every_other_spelling_of_a_key_is_refused() {
        let good = serde_json::to_value(public(1)).unwrap();
        let hex = good["keyval"]["public"].as_str().unwrap().to_owned();
        let with = |path: &str, text: &str| {
            let mut value = good.clone();
            *value.pointer_mut(path).unwrap() = text.into();
            refusal(value)
        };
        let upper = hex.to_uppercase();
        assert_eq!(
            with("/keyval/public", &upper),
            format!("public key `{upper}` is not 64 lower-case hexadecimal digits")
        );
        assert_eq!(
            with("/keyval/public", &format!("{hex}\n")),
            format!("public key `{hex}\\n` is not 64 lower-case hexadecimal digits")
        );
        assert_eq!(
            with("/scheme", "rsassa-pss-sha256"),
            "key type `ed25519` with scheme `rsassa-pss-sha256` is not accepted, expected `ed25519`"
        );
        assert_eq!(
            with("/keytype", "Ed25519"),
            "key type `Ed25519` with scheme `ed25519` is not accepted, expected `ed25519`"
        );
        let mut value = good.clone();
        value["keyval"]["note"] = "x".into();
        assert_eq!(refusal(value), "unknown field `note`, expected `public`");
    }

    #[test]
    fn points_that_verify_anything_are_refused() {
        for bytes in [[0; 32], {
            let mut one = [0; 32];
            one[0] = 1;
            one
        }] {
            let error = PublicKey::from_bytes(&bytes, "a".parse().unwrap()).unwrap_err();
            let text = format!(
                "public key `{}` is not a usable point of the curve",
                hex::encode(bytes)
            );
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn a_signature_verifies_only_its_own_message() {
        let secret = SecretKey::from_seed([7; 32], "li.wei".parse().unwrap());
        let signature = secret.sign(b"a").unwrap();
        assert!(secret.public_key().verifies(b"a", &signature));
        assert!(!secret.public_key().verifies(b"b", &signature));
        assert!(!public(1).verifies(b"a", &signature));
    }

    #[test]
    fn a_refusing_device_is_named_by_its_person() {
        let error = SignError {
            person: "li.wei".parse().unwrap(),
            source: "removed".into(),
        };
        assert_eq!(error.to_string(), "the key of `li.wei` did not sign");
    }
}
