//! Keys of foreign repositories, the same in every run.

use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::EncodePublicKey as _;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _};
use rulepack_protocol::key::{SecretKey, Signer as _};
use serde_json::{Value, json};
use sha2::Digest as _;

/// A key and the name that the metadata gives it.
#[derive(Clone)]
pub struct ForeignKey {
    id: String,
    secret: Secret,
    /// The scheme that the metadata names.
    pub scheme: &'static str,
}

#[derive(Clone)]
enum Secret {
    P256(p256::ecdsa::SigningKey),
    Rsa(Box<rsa::RsaPrivateKey>),
    Ed25519([u8; 32]),
}

impl ForeignKey {
    /// A P-256 key.
    pub fn p256(number: u8) -> Self {
        let secret = p256::ecdsa::SigningKey::from_slice(&[number; 32]).unwrap();
        Self::new(Secret::P256(secret), "ecdsa-sha2-nistp256")
    }

    /// An Ed25519 key.
    pub fn ed25519(number: u8) -> Self {
        Self::new(Secret::Ed25519([number; 32]), "ed25519")
    }

    /// The RSA key of these tests.
    pub fn rsa() -> Self {
        let pem = include_str!("foreign-rsa-test-key.pem");
        let secret = rsa::RsaPrivateKey::from_pkcs1_pem(pem).unwrap();
        Self::new(Secret::Rsa(Box::new(secret)), "rsassa-pss-sha256")
    }

    /// The same key under another name.
    pub fn named(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    fn new(secret: Secret, scheme: &'static str) -> Self {
        let mut key = Self {
            id: String::new(),
            secret,
            scheme,
        };
        key.id = hex::encode(sha2::Sha256::digest(key.public().to_string()));
        key
    }

    /// The name that the metadata gives it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public key as metadata writes it.
    pub fn public(&self) -> Value {
        let (kind, public) = match &self.secret {
            Secret::P256(secret) => {
                let public = secret.verifying_key().to_public_key_pem(Default::default());
                ("ecdsa", public.unwrap())
            }
            Secret::Rsa(secret) => {
                use rsa::pkcs8::EncodePublicKey as _;
                let public = secret.to_public_key().to_public_key_pem(Default::default());
                ("rsa", public.unwrap())
            }
            Secret::Ed25519(seed) => (
                "ed25519",
                hex::encode(ed25519(*seed).public_key().as_bytes()),
            ),
        };
        json!({"keytype": kind, "scheme": self.scheme, "keyval": {"public": public}})
    }

    /// A signature as its scheme writes it.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::P256(secret) => {
                let signature: p256::ecdsa::DerSignature = secret.sign(message);
                signature.as_bytes().to_vec()
            }
            Secret::Rsa(secret) => rsa::pss::SigningKey::<rsa::sha2::Sha256>::new(*secret.clone())
                .sign_with_rng(&mut Salt(0), message)
                .to_vec(),
            Secret::Ed25519(seed) => ed25519(*seed).sign(message).unwrap().to_vec(),
        }
    }
}

fn ed25519(seed: [u8; 32]) -> SecretKey {
    SecretKey::from_seed(seed, "li.wei".parse().unwrap())
}

/// The salt of a signature of the tests need not be random.
struct Salt(u8);

impl rsa::rand_core::CryptoRng for Salt {}

impl rsa::rand_core::RngCore for Salt {
    fn next_u32(&mut self) -> u32 {
        rsa::rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rsa::rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(5).wrapping_add(1);
            *byte = self.0;
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}
