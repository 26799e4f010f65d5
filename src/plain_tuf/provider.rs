//! The algorithms that foreign repositories sign with, for this client alone.

use std::sync::OnceLock;

use p256::ecdsa;
use p256::ecdsa::signature::Verifier as _;
use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::pss;
use rsa::sha2::Sha256;
use rsa::signature::Verifier as _;
use rulepack_protocol::trust::StrictEd25519;
use sigstore_crypto::provider::{CryptoProvider, HashContext, install_default_provider};
use sigstore_crypto::{Error, Result, SigningScheme};
use sigstore_types::HashAlgorithm;

use super::PlainTufError;

/// Installs the wide provider. The process can no longer verify anything of ours: that asks for its own
/// provider, and refuses any other.
pub fn install_wide_provider() -> std::result::Result<(), PlainTufError> {
    static OURS: OnceLock<bool> = OnceLock::new();
    let ours = OURS.get_or_init(|| install_default_provider(&WideProvider).is_ok());
    ours.then_some(()).ok_or(PlainTufError::Provider)
}

/// The algorithms of the specification: Ed25519, strictly; ECDSA on P-256; RSA with PSS, SHA-256 and a
/// salt of 32 bytes, which is what `securesystemslib` signs with.
#[derive(Debug)]
struct WideProvider;

impl CryptoProvider for WideProvider {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>> {
        StrictEd25519.hash(algorithm)
    }

    fn verify_raw(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        data: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        match scheme {
            SigningScheme::EcdsaP256Sha256 => verify_p256(key, data, signature),
            SigningScheme::RsaPssSha256 => verify_rsa(key, data, signature),
            other => StrictEd25519.verify_raw(other, key, data, signature),
        }
    }

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        // TUF signs metadata, never a digest of it.
        StrictEd25519.verify_prehashed(scheme, key, digest, signature)
    }
}

/// A point as SEC 1 writes it, a signature in DER.
fn verify_p256(key: &[u8], data: &[u8], signature: &[u8]) -> Result<()> {
    let key = ecdsa::VerifyingKey::from_sec1_bytes(key)
        .map_err(|_| Error::InvalidKey("not a point of P-256".to_owned()))?;
    let invalid = |_| Error::Verification("not a valid ECDSA signature".to_owned());
    let signature = ecdsa::Signature::from_der(signature).map_err(invalid)?;
    key.verify(data, &signature).map_err(invalid)
}

/// A key as PKCS #1 writes it, 2,048 to 8,192 bits: the verifier has refused any other.
fn verify_rsa(key: &[u8], data: &[u8], signature: &[u8]) -> Result<()> {
    let key = RsaPublicKey::from_pkcs1_der(key)
        .map_err(|_| Error::InvalidKey("not an RSA key".to_owned()))?;
    let invalid = |_| Error::Verification("not a valid RSA-PSS signature".to_owned());
    let signature = pss::Signature::try_from(signature).map_err(invalid)?;
    pss::VerifyingKey::<Sha256>::new(key)
        .verify(data, &signature)
        .map_err(invalid)
}
