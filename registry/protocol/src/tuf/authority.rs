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

    /// The keys of this authority whose valid signature `envelope` carries; whatever else it carries is
    /// passed over.
    pub fn valid_signers<T: Payload>(&self, envelope: &Envelope<T>) -> BTreeSet<KeyId> {
        let signatures = envelope.signatures().iter();
        let valid = signatures.filter(|signature| {
            self.keys
                .get(&signature.keyid)
                .is_some_and(|key| key.verifies(envelope.canonical(), signature.sig.as_bytes()))
        });
        valid.map(|signature| signature.keyid).collect()
    }

    /// Whether a file signed by these keys would reach the threshold of this authority.
    pub fn is_reached_by(&self, keys: &BTreeSet<KeyId>) -> bool {
        let found = keys.iter().filter(|id| self.keys.contains_key(id)).count();
        self.threshold > 0 && usize::try_from(self.threshold).is_ok_and(|needed| found >= needed)
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
