//! What happens to our own verification in a process whose cryptographic provider is not ours. A process
//! has one for ever, so this test has a process, and a file, of its own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rulepack_protocol::trust::{Floors, Limits, RootChain, StrictEd25519, install_provider};
use sigstore_crypto::provider::{CryptoProvider, HashContext, install_default_provider};
use sigstore_crypto::{Result, SigningScheme};
use sigstore_types::HashAlgorithm;

/// A provider that believes every signature.
#[derive(Debug)]
struct Credulous;

impl CryptoProvider for Credulous {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>> {
        StrictEd25519.hash(algorithm)
    }

    fn verify_raw(&self, _: SigningScheme, _: &[u8], _: &[u8], _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn verify_prehashed(&self, _: SigningScheme, _: &[u8], _: &[u8], _: &[u8]) -> Result<()> {
        Ok(())
    }
}

#[test]
fn where_another_provider_is_installed_nothing_of_ours_is_verified() {
    install_default_provider(&Credulous).unwrap();
    let text =
        "another cryptographic provider is installed in this process, so nothing can be verified";
    assert_eq!(install_provider().unwrap_err().to_string(), text);
    let error = RootChain::start(b"{}", Floors::default(), Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), text);
}
