//! Who may sign a role, and how many of them must.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Envelope, MetadataError, Payload};
use crate::canonical;
use crate::digest::Digest;
use crate::key::{KeyId, PublicKey};
use crate::names::PersonId;

/// The keys of a role by id, as root metadata writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleKeys {
    /// Ids of the keys that may sign.
    pub keyids: Vec<KeyId>,
    /// How many of them must.
    pub threshold: u32,
}

/// The keys that may sign a role, and how many persons must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    keys: BTreeMap<KeyId, PublicKey>,
    threshold: u32,
}

impl Authority {
    /// The authority of `keys`, `threshold` of whose persons must sign.
    pub fn new(keys: impl IntoIterator<Item = PublicKey>, threshold: u32) -> Self {
        let keys = keys.into_iter().map(|key| (key.id(), key)).collect();
        Self { keys, threshold }
    }

    /// The authority that `role` has with the keys listed beside it; an id without key is left out.
    pub(super) fn from_role(keys: &BTreeMap<KeyId, PublicKey>, role: &RoleKeys) -> Self {
        let listed = role.keyids.iter().filter_map(|id| keys.get(id)).cloned();
        Self::new(listed, role.threshold)
    }

    /// How many persons must sign.
    pub fn threshold(&self) -> u32 {
        self.threshold
    }

    /// The keys that may sign.
    pub fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.keys.values()
    }

    /// The persons whose valid signature `envelope` carries. Signatures by other keys are passed over,
    /// since a new root carries those of two authorities.
    ///
    /// # Errors
    /// Where a key of this authority signed twice or wrongly, or a person with two keys.
    pub fn signatories<T: Payload>(
        &self,
        envelope: &Envelope<T>,
    ) -> Result<BTreeSet<PersonId>, MetadataError> {
        let mut persons = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for signature in envelope.signatures() {
            let Some(key) = self.keys.get(&signature.keyid) else {
                continue;
            };
            if !seen.insert(signature.keyid) {
                return Err(MetadataError::SignedTwice(signature.keyid));
            }
            if !key.verifies(envelope.canonical(), signature.sig.as_bytes()) {
                return Err(MetadataError::BadSignature(key.person().clone()));
            }
            if !persons.insert(key.person().clone()) {
                return Err(MetadataError::PersonTwice(key.person().clone()));
            }
        }
        Ok(persons)
    }

    /// Checks that enough persons signed `envelope`.
    ///
    /// # Errors
    /// As [`Authority::signatories`], or with the number that is there.
    pub fn check<T: Payload>(&self, envelope: &Envelope<T>) -> Result<(), MetadataError> {
        let found = u32::try_from(self.signatories(envelope)?.len()).unwrap_or(u32::MAX);
        if self.threshold == 0 || found < self.threshold {
            return Err(MetadataError::Threshold {
                found,
                needed: self.threshold,
            });
        }
        Ok(())
    }

    /// A digest of key ids and threshold: it differs as soon as the authority does.
    pub fn digest(&self) -> Digest {
        let ids: Vec<_> = self.keys.keys().collect();
        let bytes = canonical::to_bytes(&(ids, self.threshold)).expect("ids and a number");
        Digest::of(&bytes)
    }

    pub(super) fn has(&self, id: &KeyId) -> bool {
        self.keys.contains_key(id)
    }
}
