//! A file that was verified.

use std::collections::BTreeSet;

use super::{Limits, TrustError, policy};
use crate::digest::Digest;
use crate::key::KeyId;
use crate::tuf::{Authority, Envelope, Payload, RoleName};

/// A verified payload with the very bytes that were verified.
#[derive(Debug, Clone)]
pub struct Verified<T> {
    bytes: Vec<u8>,
    envelope: Envelope<T>,
}

impl<T: Payload> Verified<T> {
    pub(super) fn read(role: &RoleName, bytes: &[u8], limits: &Limits) -> Result<Self, TrustError> {
        let envelope =
            Envelope::<T>::parse(bytes).map_err(|source| TrustError::malformed(role, source))?;
        Self::parsed(role, bytes, envelope, limits)
    }

    /// Of an envelope that was parsed from `bytes`.
    pub(super) fn parsed(
        role: &RoleName,
        bytes: &[u8],
        envelope: Envelope<T>,
        limits: &Limits,
    ) -> Result<Self, TrustError> {
        policy::at_most("signatures", envelope.signatures().len(), limits.signatures)
            .map_err(|source| TrustError::policy(role, source))?;
        Ok(Self {
            bytes: bytes.to_vec(),
            envelope,
        })
    }

    /// The payload with its signatures.
    pub(super) fn envelope(&self) -> &Envelope<T> {
        &self.envelope
    }

    /// The keys of `authority` whose valid signature the file carries.
    pub(super) fn signers(&self, authority: &Authority) -> BTreeSet<KeyId> {
        authority.valid_signers(&self.envelope)
    }

    /// The payload.
    pub fn signed(&self) -> &T {
        self.envelope.signed()
    }

    /// The bytes, exactly as they were verified.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of the bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }
}
