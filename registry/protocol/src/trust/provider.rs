//! Ed25519 and SHA-256 for the TUF verifier, and nothing else.

use std::sync::OnceLock;

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::Digest as _;
use sigstore_crypto::provider::{CryptoProvider, HashContext, install_default_provider};
use sigstore_crypto::{Error, Result, SigningScheme};
use sigstore_types::HashAlgorithm;

/// Somebody else's provider is installed in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another cryptographic provider is installed in this process, so nothing can be verified")]
pub struct ProviderError;

/// Installs the provider, once a process; every verification calls it first.
///
/// The verifier asks one global provider. Another one could accept what we refuse (weak points, other
/// algorithms), so one that is there already is an error.
///
/// # Errors
/// Where another provider was installed before.
pub fn install_provider() -> std::result::Result<(), ProviderError> {
    static OURS: OnceLock<bool> = OnceLock::new();
    let ours = OURS.get_or_init(|| install_default_provider(&StrictEd25519).is_ok());
    if *ours { Ok(()) } else { Err(ProviderError) }
}

/// Strict Ed25519 and the SHA-2 family: all that our own verification accepts.
///
/// A client of foreign repositories may build a wider provider on it. In the process where that one is
/// installed, [`install_provider`] fails, and with it every verification of ours.
#[derive(Debug, Clone, Copy)]
pub struct StrictEd25519;

impl CryptoProvider for StrictEd25519 {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>> {
        Ok(match algorithm {
            HashAlgorithm::Sha2256 => Box::new(Sha2(sha2::Sha256::new())),
            HashAlgorithm::Sha2384 => Box::new(Sha2(sha2::Sha384::new())),
            HashAlgorithm::Sha2512 => Box::new(Sha2(sha2::Sha512::new())),
            other => return Err(Error::UnsupportedAlgorithm(format!("{other:?}"))),
        })
    }

    fn verify_raw(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        data: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        if scheme != SigningScheme::Ed25519 {
            return Err(only_ed25519(scheme));
        }
        let invalid = |_| Error::Verification("not a valid Ed25519 signature".to_owned());
        let key: &[u8; 32] = key
            .try_into()
            .map_err(|_| Error::InvalidKey("not 32 bytes".to_owned()))?;
        let key = VerifyingKey::from_bytes(key)
            .map_err(|_| Error::InvalidKey("not a point of the curve".to_owned()))?;
        let signature = Signature::from_slice(signature).map_err(invalid)?;
        key.verify_strict(data, &signature).map_err(invalid)
    }

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        _key: &[u8],
        _digest: &[u8],
        _signature: &[u8],
    ) -> Result<()> {
        Err(only_ed25519(scheme))
    }
}

fn only_ed25519(scheme: SigningScheme) -> Error {
    Error::UnsupportedAlgorithm(format!("{}, expected Ed25519", scheme.name()))
}

struct Sha2<D>(D);

impl<D: sha2::Digest + Send> HashContext for Sha2<D> {
    fn update(&mut self, data: &[u8]) {
        sha2::Digest::update(&mut self.0, data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}
