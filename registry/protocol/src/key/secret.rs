//! Secret keys in memory.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use super::{PublicKey, SignError, Signer};
use crate::names::PersonId;

/// A secret key in memory: overwritten with zeros when dropped, never shown.
pub struct SecretKey {
    secret: SigningKey,
    public: PublicKey,
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

    pub(super) fn seed(&self) -> &[u8; 32] {
        self.secret.as_bytes()
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
    fn debug_shows_nothing_of_the_secret() {
        let shown = format!("{:?}", key());
        assert!(!shown.contains("abab"), "{shown}");
    }
}
