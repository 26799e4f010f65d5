//! The file that holds a secret key: PKCS#8 in PEM (RFC 5958, RFC 7468), encrypted under a passphrase
//! with PBES2 (RFC 8018): scrypt, then AES-256-CBC. Other tools read it too.
//!
//! Two lines of text stand before the PEM, which readers of PEM pass over. They say whose key it is
//! without the passphrase; that the id is true shows when the key is unlocked. The name is a label for
//! the holder: whose key it is to everybody else, the role that names the key says:
//!
//! ```text
//! rulepack key of li-37
//! id 9249a36cf37091690efa9ea3…
//! -----BEGIN ENCRYPTED PRIVATE KEY-----
//! ```

use std::fmt;

use ed25519_dalek::pkcs8::KeypairBytes;
use pkcs8::SecretDocument;
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, Salt, ScryptParams};
use pkcs8::pkcs5::{self, EncryptionScheme as Scheme};
use pkcs8::{
    EncodePrivateKey as _, EncryptedPrivateKeyInfoRef, LineEnding, ObjectIdentifier,
    PrivateKeyInfoRef,
};
use zeroize::Zeroizing;

use super::{Cost, KeyId, Passphrase, SecretKey, Signer as _};
use crate::names::PersonId;

/// A secret key file that was read and is still locked.
pub struct LockedKey {
    person: PersonId,
    id: KeyId,
    document: SecretDocument,
    is_encrypted: bool,
}

/// Why a secret key file is refused. Never holds any of its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// Does not say whose key it is.
    #[error("not a secret key file, expected the line `rulepack key of PERSON`, then `id KEY`")]
    Head,
    /// The PEM is damaged, cut off, or of another kind.
    #[error(
        "the secret key file is damaged or cut off: no whole PEM block of a PKCS#8 private key"
    )]
    Pem,
    /// The key is of another algorithm than Ed25519.
    #[error("the secret key is of algorithm `{0}`, expected Ed25519 (`{ED25519}`)")]
    Algorithm(ObjectIdentifier),
    /// Encrypted in another way than with PBES2, scrypt and AES.
    #[error(
        "the secret key is encrypted in a way that is not accepted, expected PBES2 with scrypt"
    )]
    Encryption,
    /// Unlocking would take more memory or time than a key of ours ever needs.
    #[error("unlocking the secret key would cost more than is accepted")]
    Cost,
    /// It is encrypted, and nobody gave a passphrase.
    #[error("the secret key is protected by a passphrase")]
    PassphraseNeeded,
    /// It does not open.
    #[error("wrong passphrase")]
    Passphrase,
    /// The key within is another than the file says.
    #[error("the secret key in the file is not the one of its `id` line")]
    Mismatch,
    /// The key could not be encrypted.
    #[error("the secret key could not be encrypted")]
    Encrypt,
}

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const OPEN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const BLOCK_SIZE: u16 = 8;
/// 128 MiB and some seconds: what a file may ask for before anything about it is believed.
const COST_MAX: u64 = 1 << 17;
const PARALLELIZATION_MAX: u16 = 16;

impl LockedKey {
    /// As [`LockedKey::parse`], and overwrites the text with zeros, which may be that of an open key.
    ///
    /// # Errors
    /// As there.
    pub fn read(text: String) -> Result<Self, SecretKeyError> {
        Self::parse(&Zeroizing::new(text))
    }

    /// Reads a secret key file, as far as that goes without its passphrase.
    ///
    /// # Errors
    /// Where the text is no such file; the error repeats none of it.
    pub fn parse(text: &str) -> Result<Self, SecretKeyError> {
        let (person, id) = head(text).ok_or(SecretKeyError::Head)?;
        let (label, document) = SecretDocument::from_pem(text).map_err(|_| SecretKeyError::Pem)?;
        let is_encrypted = match label {
            ENCRYPTED => true,
            OPEN => false,
            _ => return Err(SecretKeyError::Pem),
        };
        Ok(Self {
            person,
            id,
            document,
            is_encrypted,
        })
    }

    /// Whose key it says it is.
    pub fn person(&self) -> &PersonId {
        &self.person
    }

    /// The id of the key that it says it holds.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Whether a passphrase protects it.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// The key itself.
    ///
    /// # Errors
    /// Where the passphrase is missing or wrong, or the file holds another key than it says.
    pub fn unlock(&self, passphrase: Option<&Passphrase>) -> Result<SecretKey, SecretKeyError> {
        let key = match (self.is_encrypted, passphrase) {
            (false, _) => seed_of(&self.document, SecretKeyError::Pem)?,
            (true, None) => return Err(SecretKeyError::PassphraseNeeded),
            (true, Some(passphrase)) => {
                seed_of(&self.decrypt(passphrase)?, SecretKeyError::Passphrase)?
            }
        };
        let key = SecretKey::from_seed(*key, self.person.clone());
        match key.public_key().id() == self.id {
            true => Ok(key),
            false => Err(SecretKeyError::Mismatch),
        }
    }

    fn decrypt(&self, passphrase: &Passphrase) -> Result<SecretDocument, SecretKeyError> {
        let info = EncryptedPrivateKeyInfoRef::try_from(self.document.as_bytes())
            .map_err(|_| SecretKeyError::Pem)?;
        check_encryption(&info.encryption_algorithm)?;
        info.decrypt(passphrase.as_bytes()).map_err(|error| {
            use pkcs5::Error::{AlgorithmParametersInvalid, UnsupportedAlgorithm};
            match error {
                pkcs8::Error::EncryptedPrivateKey(
                    UnsupportedAlgorithm { .. } | AlgorithmParametersInvalid { .. },
                ) => SecretKeyError::Encryption,
                // One wrong passphrase in 256 decrypts to bytes without sense.
                _ => SecretKeyError::Passphrase,
            }
        })
    }
}

impl SecretKey {
    /// The text of a file in which `passphrase` protects the key. `random` is fresh for each file.
    ///
    /// # Errors
    /// Where the cost is beyond what scrypt can do.
    pub fn to_encrypted_file(
        &self,
        passphrase: &Passphrase,
        random: [u8; 32],
        cost: Cost,
    ) -> Result<Zeroizing<String>, SecretKeyError> {
        let failed = |_| SecretKeyError::Encrypt;
        let (salt, iv) = random.split_at(16);
        let parameters = Parameters {
            kdf: Kdf::Scrypt(ScryptParams {
                salt: Salt::new(salt).map_err(|_| SecretKeyError::Encrypt)?,
                cost_parameter: 1 << cost.cost_log2,
                block_size: BLOCK_SIZE,
                parallelization: cost.parallelization,
                key_length: None,
            }),
            encryption: EncryptionScheme::Aes256Cbc {
                iv: iv.try_into().map_err(|_| SecretKeyError::Encrypt)?,
            },
        };
        let document = self.document()?;
        let info = PrivateKeyInfoRef::try_from(document.as_bytes()).map_err(failed)?;
        let document = info
            .encrypt_with_params(parameters, passphrase.as_bytes())
            .map_err(failed)?;
        self.file(&document, ENCRYPTED)
    }

    /// The text of a file that anybody can use who reads it: for tests and demonstrations, and for a
    /// service that starts by itself.
    pub fn to_open_file(&self) -> Zeroizing<String> {
        let file = self
            .document()
            .and_then(|document| self.file(&document, OPEN));
        file.expect("32 bytes have a PKCS#8 form")
    }

    fn document(&self) -> Result<SecretDocument, SecretKeyError> {
        // Without the public half, which older tools do not expect there.
        let bytes = KeypairBytes {
            secret_key: *self.seed(),
            public_key: None,
        };
        bytes.to_pkcs8_der().map_err(|_| SecretKeyError::Encrypt)
    }

    fn file(
        &self,
        document: &SecretDocument,
        label: &'static str,
    ) -> Result<Zeroizing<String>, SecretKeyError> {
        let pem = document
            .to_pem(label, LineEnding::LF)
            .map_err(|_| SecretKeyError::Encrypt)?;
        let (person, id) = (self.public_key().person(), self.public_key().id());
        // Room for the whole text, so that growing leaves no copy of the secret behind.
        let mut text = Zeroizing::new(String::with_capacity(pem.len() + 512));
        text.push_str(&format!("{HEAD}{person}\nid {id}\n"));
        text.push_str(&pem);
        Ok(text)
    }
}

/// Accepts only what a file of ours asks for: the library that decrypts panics on some other parameters.
fn check_encryption(scheme: &Scheme) -> Result<(), SecretKeyError> {
    let Scheme::Pbes2(Parameters {
        kdf: Kdf::Scrypt(scrypt),
        encryption: EncryptionScheme::Aes256Cbc { .. },
    }) = scheme
    else {
        return Err(SecretKeyError::Encryption);
    };
    let cost = scrypt.cost_parameter;
    let is_usual =
        cost.is_power_of_two() && cost > 1 && matches!(scrypt.key_length, None | Some(32));
    if !is_usual || scrypt.block_size == 0 || scrypt.parallelization == 0 {
        return Err(SecretKeyError::Encryption);
    }
    if cost > COST_MAX
        || scrypt.block_size > BLOCK_SIZE
        || scrypt.parallelization > PARALLELIZATION_MAX
    {
        return Err(SecretKeyError::Cost);
    }
    Ok(())
}

const HEAD: &str = "rulepack key of ";

fn head(text: &str) -> Option<(PersonId, KeyId)> {
    let mut lines = text.lines();
    let person = lines.next()?.strip_prefix(HEAD)?;
    let id = lines.next()?.strip_prefix("id ")?;
    Some((person.parse().ok()?, id.parse().ok()?))
}

/// The 32 bytes in an open PKCS#8 document; `malformed` where it is none.
fn seed_of(
    document: &SecretDocument,
    malformed: SecretKeyError,
) -> Result<Zeroizing<[u8; 32]>, SecretKeyError> {
    let Ok(info) = PrivateKeyInfoRef::try_from(document.as_bytes()) else {
        return Err(malformed);
    };
    if info.algorithm.oid != ED25519 {
        return Err(SecretKeyError::Algorithm(info.algorithm.oid));
    }
    let bytes = KeypairBytes::try_from(info).map_err(|_| malformed)?;
    Ok(Zeroizing::new(bytes.secret_key))
}

impl fmt::Debug for LockedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LockedKey({} of {})", self.id, self.person)
    }
}

#[cfg(test)]
mod tests;
