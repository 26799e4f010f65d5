//! A payload with its signatures.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Authority, MetadataError, Payload, VERSION_LAST};
use crate::canonical;
use crate::digest::lower_hex;
use crate::key::{KeyId, Signer};

/// A payload with its signatures. The payload cannot be changed: a change is a new, unsigned envelope.
#[derive(Debug, Clone)]
pub struct Envelope<T> {
    signatures: Vec<Signature>,
    signed: T,
    canonical: Vec<u8>,
}

/// A signature over the canonical payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The key that signed.
    pub keyid: KeyId,
    /// Its signature.
    pub sig: SignatureBytes,
}

/// The 64 bytes of an Ed25519 signature, written as 128 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SignatureBytes([u8; 64]);

impl<T: Payload> Envelope<T> {
    /// An envelope without signatures.
    ///
    /// # Errors
    /// Where the payload is not ASCII, holds a float, or is of version 0 or beyond the last one.
    pub fn unsigned(signed: T) -> Result<Self, MetadataError> {
        let value = serde_json::to_value(&signed).map_err(|source| MetadataError::Shape {
            kind: T::TYPE,
            source,
        })?;
        canonical::check_ascii(&value)?;
        if signed.version() == 0 || signed.version() > VERSION_LAST {
            return Err(MetadataError::VersionOutOfRange(signed.version()));
        }
        let canonical = canonical::encode_value(&value)?;
        Ok(Self {
            signatures: Vec::new(),
            signed,
            canonical,
        })
    }

    /// Reads a file. Its signatures are not verified here: that is [`crate::trust`], or
    /// [`Authority::check`].
    ///
    /// # Errors
    /// Where the bytes are not strict JSON, not ASCII, of another type or specification, or hold fields
    /// that would get lost.
    pub fn parse(bytes: &[u8]) -> Result<Self, MetadataError> {
        let mut value = canonical::parse(bytes)?;
        canonical::check_ascii(&value)?;
        let shape = |source| MetadataError::Shape {
            kind: T::TYPE,
            source,
        };
        let signed = value.get_mut("signed").map_or(Value::Null, Value::take);
        let canonical = canonical::encode_value(&signed)?;
        check_header::<T>(&signed)?;
        let file: SignatureList = serde_json::from_value(value).map_err(shape)?;
        let payload: T = serde_json::from_value(signed).map_err(shape)?;
        let unsigned = Self::unsigned(payload)?;
        if unsigned.canonical != canonical {
            return Err(MetadataError::UnknownFields { kind: T::TYPE });
        }
        Ok(Self {
            signatures: file.signatures,
            ..unsigned
        })
    }

    /// The bytes of the file: canonical JSON, the same for the same content and signatures.
    pub fn to_bytes(&self) -> Vec<u8> {
        let signatures =
            canonical::to_bytes(&self.signatures).expect("digests and texts have a canonical form");
        // Canonical JSON of printable ASCII is JSON, so the parts can be joined as they are.
        [
            b"{\"signatures\":".as_slice(),
            &signatures,
            b",\"signed\":",
            &self.canonical,
            b"}",
        ]
        .concat()
    }

    /// Adds the signature of `signer`.
    ///
    /// # Errors
    /// Where its key has signed already, or the device refuses.
    pub fn sign(&mut self, signer: &dyn Signer) -> Result<(), MetadataError> {
        let keyid = signer.public_key().id();
        if self
            .signatures
            .iter()
            .any(|signature| signature.keyid == keyid)
        {
            return Err(MetadataError::SignedTwice(keyid));
        }
        let sig = SignatureBytes(signer.sign(&self.canonical)?);
        self.signatures.push(Signature { keyid, sig });
        Ok(())
    }

    /// What was signed.
    pub fn signed(&self) -> &T {
        &self.signed
    }

    /// The signatures, not verified.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The bytes that signatures are over.
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }
}

/// Joins the signatures of several officers over the same content. A signature that several files carry
/// (one officer signed the other's file) counts once.
///
/// `authorities` are those of the role, for a root the old one's and the new one's. Whether the threshold
/// is reached is [`Authority::check`].
///
/// # Errors
/// Where the files differ in content, or a signature is by an unknown key, wrong, or a person's second.
pub fn merge<T: Payload>(
    envelopes: &[Envelope<T>],
    authorities: &[&Authority],
) -> Result<Envelope<T>, MetadataError> {
    let first = envelopes.first().ok_or(MetadataError::NothingToMerge)?;
    let mut merged = Envelope {
        signatures: Vec::new(),
        ..first.clone()
    };
    for (index, envelope) in envelopes.iter().enumerate() {
        if envelope.canonical != first.canonical {
            return Err(MetadataError::OtherContent(index + 1));
        }
        let mut of_this_file = BTreeSet::new();
        for signature in &envelope.signatures {
            if !authorities
                .iter()
                .any(|authority| authority.has(&signature.keyid))
            {
                return Err(MetadataError::NotAuthorised(signature.keyid));
            }
            if !of_this_file.insert(signature.keyid) {
                return Err(MetadataError::SignedTwice(signature.keyid));
            }
            if !merged.signatures.contains(signature) {
                merged.signatures.push(signature.clone());
            }
        }
    }
    for authority in authorities {
        authority.signatories(&merged)?;
    }
    merged.signatures.sort_by_key(|signature| signature.keyid);
    Ok(merged)
}

/// The file without its payload, which is taken out before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureList {
    signatures: Vec<Signature>,
    #[serde(rename = "signed")]
    _signed: (),
}

fn check_header<T: Payload>(signed: &Value) -> Result<(), MetadataError> {
    let text = |key| {
        signed
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let found = text("_type");
    if found != T::TYPE {
        return Err(MetadataError::Type {
            expected: T::TYPE,
            found,
        });
    }
    let spec = text("spec_version");
    if spec != "1.0" && !spec.starts_with("1.0.") {
        return Err(MetadataError::SpecVersion(spec));
    }
    Ok(())
}

impl SignatureBytes {
    /// The 64 bytes.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl TryFrom<String> for SignatureBytes {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        lower_hex(&text)
            .map(Self)
            .ok_or("a signature is 128 lower-case hexadecimal digits")
    }
}

impl From<SignatureBytes> for String {
    fn from(signature: SignatureBytes) -> String {
        hex::encode(signature.0)
    }
}

impl fmt::Debug for SignatureBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}
