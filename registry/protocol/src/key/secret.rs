//! Secret keys, and the file that holds one.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{PublicKey, SignError, Signer};
use crate::digest::lower_hex;
use crate::names::PersonId;

/// A secret key in memory: overwritten with zeros when dropped, never shown.
pub struct SecretKey {
    secret: SigningKey,
    public: PublicKey,
}

/// Why a secret key file is refused. Never holds any of its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// Not the JSON of a secret key.
    #[error("not a secret key file, expected JSON with `format`, `person`, `public` and `seed`")]
    Malformed,
    /// A form of a later release.
    #[error("secret key file of format `{0}` is not known, expected `rulepack-secret-key-1`")]
    Format(String),
    /// The seed has another spelling than 64 lower-case hexadecimal digits.
    #[error("the seed of the secret key is not 64 lower-case hexadecimal digits")]
    Seed,
    /// The file was put together from two keys.
    #[error("the public key in the secret key file does not belong to its seed")]
    Mismatch,
}

const FORMAT: &str = "rulepack-secret-key-1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretKeyFile {
    format: String,
    person: PersonId,
    public: String,
    seed: Zeroizing<String>,
}

impl SecretKey {
    /// The key of `person` from 32 random bytes that the caller drew.
    pub fn from_seed(seed: [u8; 32], person: PersonId) -> Self {
        let seed = Zeroizing::new(seed);
        let secret = SigningKey::from_bytes(&seed);
        let public = PublicKey::from_bytes(secret.verifying_key().as_bytes(), person)
            .expect("a clamped secret never gives a point of low order");
        Self { secret, public }
    }

    /// Reads the file that [`SecretKey::to_file`] wrote.
    ///
    /// # Errors
    /// Where the text is no such file; the error repeats none of the secret.
    pub fn from_file(text: &str) -> Result<Self, SecretKeyError> {
        let file: SecretKeyFile =
            serde_json::from_str(text).map_err(|_| SecretKeyError::Malformed)?;
        if file.format != FORMAT {
            return Err(SecretKeyError::Format(file.format));
        }
        let seed = Zeroizing::new(lower_hex(&file.seed).ok_or(SecretKeyError::Seed)?);
        let key = Self::from_seed(*seed, file.person);
        if hex::encode(key.public.as_bytes()) != file.public {
            return Err(SecretKeyError::Mismatch);
        }
        Ok(key)
    }

    /// The text of a secret key file. Whoever writes it keeps it from other users of the machine.
    pub fn to_file(&self) -> Zeroizing<String> {
        let file = SecretKeyFile {
            format: FORMAT.to_owned(),
            person: self.public.person().clone(),
            public: hex::encode(self.public.as_bytes()),
            seed: Zeroizing::new(hex::encode(self.secret.as_bytes())),
        };
        // Room for the whole text, so that growing leaves no copy of the seed behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
        serde_json::to_writer_pretty(&mut *bytes, &file).expect("four texts serialise");
        bytes.push(b'\n');
        Zeroizing::new(String::from_utf8(std::mem::take(&mut *bytes)).expect("JSON is UTF-8"))
    }
}

impl Signer for SecretKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(self.secret.sign(message).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretKey({:?})", self.public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretKey {
        SecretKey::from_seed([0xab; 32], "li.wei".parse().unwrap())
    }

    #[test]
    fn a_file_gives_the_same_key() {
        let again = SecretKey::from_file(&key().to_file()).unwrap();
        assert_eq!(again.public_key(), key().public_key());
        assert_eq!(again.sign(b"x").unwrap(), key().sign(b"x").unwrap());
    }

    #[test]
    fn debug_shows_nothing_of_the_secret() {
        assert!(key().to_file().contains(&"ab".repeat(32)));
        let shown = format!("{:?}", key());
        assert!(!shown.contains("abab"), "{shown}");
    }

    #[test]
    fn bad_files_are_refused_without_repeating_them() {
        let good = key().to_file();
        let refusal = |text: &str| SecretKey::from_file(text).unwrap_err().to_string();
        assert_eq!(
            refusal("{"),
            "not a secret key file, expected JSON with `format`, `person`, `public` and `seed`"
        );
        assert_eq!(
            refusal(&good.replace("key-1", "key-9")),
            "secret key file of format `rulepack-secret-key-9` is not known, expected \
             `rulepack-secret-key-1`"
        );
        assert_eq!(
            refusal(&good.replace("abab", "ABAB")),
            "the seed of the secret key is not 64 lower-case hexadecimal digits"
        );
        assert_eq!(
            refusal(&good.replace("abab", "abba")),
            "the public key in the secret key file does not belong to its seed"
        );
    }
}
