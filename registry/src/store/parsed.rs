//! Metadata that was parsed before, by the digest of its bytes.
//!
//! Parsing is the dearest step of a publication: the role `targets` names the keys of every bureau, and
//! each key is checked to be a usable point of the curve. What bytes mean never changes, so that they are
//! parsed once; whether they are the pinned ones, and signed as they must be, is asked each time anew.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::tuf::{Envelope, MetadataError, Payload, Root, Snapshot, Targets};

/// Files of each kind that are kept: the top role and the bureaus that publish at this time.
const FILES_MAX: usize = 32;
/// What kept files of each kind measure together, in bytes of the files. Parsed, they take some four
/// times as much.
const BYTES_MAX: usize = 8 * 1024 * 1024;

/// Parsed metadata of the kinds that are read again and again.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    roots: Recent<Root>,
    snapshots: Recent<Snapshot>,
    targets: Recent<Targets>,
}

/// A kind of metadata that is kept.
pub(crate) trait Kept: Payload {
    /// Where files of this kind are kept.
    fn recent(parsed: &Parsed) -> &Recent<Self>;
}

/// The files of one kind that were read last.
#[derive(Debug)]
pub(crate) struct Recent<T>(Mutex<VecDeque<Entry<T>>>);

#[derive(Debug)]
struct Entry<T> {
    digest: Digest,
    length: usize,
    envelope: Arc<Envelope<T>>,
}

impl Parsed {
    /// The content of a file with these bytes.
    ///
    /// # Errors
    /// As [`Envelope::parse`]. A refusal is not kept.
    pub(crate) fn parse<T: Kept>(&self, bytes: &[u8]) -> Result<Arc<Envelope<T>>, MetadataError> {
        let recent = T::recent(self);
        let digest = Digest::of(bytes);
        if let Some(envelope) = recent.get(&digest) {
            return Ok(envelope);
        }
        // Without the lock: another thread may parse the same meanwhile, to the same effect.
        let envelope = Arc::new(Envelope::parse(bytes)?);
        recent.keep(digest, bytes.len(), &envelope);
        Ok(envelope)
    }
}

impl<T> Recent<T> {
    fn get(&self, digest: &Digest) -> Option<Arc<Envelope<T>>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = entries.iter().position(|entry| entry.digest == *digest)?;
        let entry = entries.remove(at)?;
        let envelope = Arc::clone(&entry.envelope);
        entries.push_back(entry);
        Some(envelope)
    }

    /// Keeps a file, and forgets those that were not asked for the longest.
    fn keep(&self, digest: Digest, length: usize, envelope: &Arc<Envelope<T>>) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.iter().any(|entry| entry.digest == digest) {
            return;
        }
        entries.push_back(Entry {
            digest,
            length,
            envelope: Arc::clone(envelope),
        });
        let bytes = |entries: &VecDeque<Entry<T>>| -> usize {
            entries.iter().map(|entry| entry.length).sum()
        };
        while entries.len() > FILES_MAX || bytes(&entries) > BYTES_MAX {
            entries.pop_front();
        }
    }
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl Kept for Root {
    fn recent(parsed: &Parsed) -> &Recent<Self> {
        &parsed.roots
    }
}

impl Kept for Snapshot {
    fn recent(parsed: &Parsed) -> &Recent<Self> {
        &parsed.snapshots
    }
}

impl Kept for Targets {
    fn recent(parsed: &Parsed) -> &Recent<Self> {
        &parsed.targets
    }
}

#[cfg(test)]
mod tests {
    use rulepack_protocol::moment::Moment;

    use super::*;

    fn file(version: u64) -> Vec<u8> {
        let mut snapshot = Snapshot::new(Moment::from_unix(1_800_000_000).unwrap());
        snapshot.version = version;
        Envelope::unsigned(snapshot).unwrap().to_bytes()
    }

    #[test]
    fn the_same_bytes_are_parsed_once_and_other_bytes_anew() {
        let parsed = Parsed::default();
        let first = parsed.parse::<Snapshot>(&file(1)).unwrap();
        let again = parsed.parse::<Snapshot>(&file(1)).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let other = parsed.parse::<Snapshot>(&file(2)).unwrap();
        assert_eq!(other.signed().version, 2);
    }

    #[test]
    fn bytes_of_one_kind_are_not_taken_for_another() {
        let parsed = Parsed::default();
        parsed.parse::<Snapshot>(&file(1)).unwrap();
        let error = parsed.parse::<Targets>(&file(1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected metadata of type `targets`, got `snapshot`"
        );
    }

    #[test]
    fn files_that_were_not_asked_for_the_longest_are_forgotten() {
        let parsed = Parsed::default();
        let first = parsed.parse::<Snapshot>(&file(1)).unwrap();
        let second = parsed.parse::<Snapshot>(&file(2)).unwrap();
        for version in 3..=FILES_MAX as u64 {
            parsed.parse::<Snapshot>(&file(version)).unwrap();
        }
        parsed.parse::<Snapshot>(&file(1)).unwrap();
        parsed
            .parse::<Snapshot>(&file(FILES_MAX as u64 + 1))
            .unwrap();
        let first_again = parsed.parse::<Snapshot>(&file(1)).unwrap();
        assert!(Arc::ptr_eq(&first, &first_again));
        let second_again = parsed.parse::<Snapshot>(&file(2)).unwrap();
        assert!(!Arc::ptr_eq(&second, &second_again));
    }
}
