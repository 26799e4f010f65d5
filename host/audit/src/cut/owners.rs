//! Whose the rows of a table are, by key: in memory, or on the disk and read back as much at a time as memory holds.
//!
//! A line names its encounter, and the encounter its patient: to bring all rows of a patient together, the
//! patient must be known by the encounter. A join would do, and hold one side in memory or sort both; here a key
//! costs 40 bytes of disk, and what does not fit into memory is looked up in several passes over the lines.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rulepack_contract::schema::TableId;

use super::key_check::{REPEATED_MAX, Repeated, too_many};
use super::root::Root;
use super::spread::{BUCKETS, Spread, Written};
use crate::error::AuditError;

/// Bytes of memory for a key, whose it is and where it stands, with the room that a hash table leaves.
const BYTES_IN_MEMORY: u64 = 72;
/// The same in a list that doubles when it is full, and is copied then.
const BYTES_ARRIVED: u64 = BYTES_IN_MEMORY + 72;
/// Bytes on the disk.
const BYTES: usize = 40;

/// A key, whose it is, and where it stands.
#[derive(Debug, Clone, Copy)]
struct Owner {
    key: Root,
    root: Root,
    place: u64,
}

/// Keys of one table that rows of others name, in the order of arrival: in memory while it holds them, else in files.
#[derive(Debug)]
pub(crate) struct OwnersWriter {
    table: TableId,
    folder: PathBuf,
    memory_bytes: u64,
    arrived: Vec<Owner>,
    files: Option<Spread<BYTES>>,
}

/// Keys of one table, to be looked up.
#[derive(Debug)]
pub(crate) struct Owners {
    files: Option<Written<BYTES>>,
    memory_bytes: u64,
    /// Keys of several roots: the root of the one that stands first in the files, whose key it is.
    pub(crate) repeated: Repeated,
    /// All keys, where memory holds them.
    whole: Option<Arc<Known>>,
}

/// Some of the keys in memory.
#[derive(Debug)]
pub(crate) struct Known {
    buckets: Range<usize>,
    owners: Vec<Owner>,
    /// For each key the place in that list of its owner that stands first in the files.
    first: HashTable<usize>,
}

impl OwnersWriter {
    /// No key yet; files of a folder where they take more memory than this.
    pub(crate) fn new(table: TableId, folder: &Path, memory_bytes: u64) -> Self {
        OwnersWriter {
            table,
            folder: folder.to_owned(),
            memory_bytes,
            arrived: Vec::new(),
            files: None,
        }
    }

    /// # Errors
    /// [`AuditError::Io`].
    pub(crate) fn add(&mut self, key: Root, root: Root, place: u64) -> Result<(), AuditError> {
        let owner = Owner { key, root, place };
        if let Some(files) = &mut self.files {
            return files.add(bucket_of(key), owner.bytes());
        }
        self.arrived.push(owner);
        match self.arrived.len() as u64 * BYTES_ARRIVED > self.memory_bytes {
            true => self.spill(),
            false => Ok(()),
        }
    }

    fn spill(&mut self) -> Result<(), AuditError> {
        let files = self.files.insert(Spread::create(&self.folder)?);
        let mut arrived = std::mem::take(&mut self.arrived).into_iter();
        arrived.try_for_each(|owner| files.add(bucket_of(owner.key), owner.bytes()))
    }

    /// Looks for keys that stand for rows of several roots.
    ///
    /// # Errors
    /// [`AuditError`] where the files cannot be written or read, or there are too many such keys.
    pub(crate) fn finish(self) -> Result<Owners, AuditError> {
        let mut owners = Owners {
            files: self.files.map(Spread::finish).transpose()?,
            memory_bytes: self.memory_bytes,
            repeated: Repeated::new(),
            whole: None,
        };
        let mut repeated = Repeated::new();
        if owners.files.is_none() {
            let known = Known::new(0..BUCKETS, self.arrived, &mut repeated);
            owners.whole = Some(Arc::new(known));
        } else {
            for buckets in owners.passes() {
                let is_whole = buckets.len() == BUCKETS;
                let known = owners.load(buckets, &mut repeated)?;
                owners.whole = is_whole.then(|| Arc::new(known));
            }
        }
        if repeated.len() > REPEATED_MAX {
            return Err(too_many(self.table));
        }
        owners.repeated = repeated;
        Ok(owners)
    }
}

impl Owner {
    fn bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..16].copy_from_slice(&self.key.0.to_be_bytes());
        bytes[16..32].copy_from_slice(&self.root.0.to_be_bytes());
        bytes[32..].copy_from_slice(&self.place.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: [u8; BYTES]) -> Self {
        let (mut place, half) = ([0; 8], |range: Range<usize>| {
            let mut half = [0; 16];
            half.copy_from_slice(&bytes[range]);
            Root(u128::from_be_bytes(half))
        });
        place.copy_from_slice(&bytes[32..]);
        Owner {
            key: half(0..16),
            root: half(16..32),
            place: u64::from_be_bytes(place),
        }
    }
}

impl Owners {
    /// Ranges of keys, each of which memory holds.
    pub(crate) fn passes(&self) -> Vec<Range<usize>> {
        let (mut passes, mut first, mut bytes) = (Vec::new(), 0, 0_u64);
        let counts = self.files.iter().flat_map(|files| &files.counts);
        for (bucket, count) in counts.enumerate() {
            let of_bucket = count.saturating_mul(BYTES_IN_MEMORY);
            if bucket > first && bytes.saturating_add(of_bucket) > self.memory_bytes {
                passes.push(first..bucket);
                (first, bytes) = (bucket, 0);
            }
            bytes = bytes.saturating_add(of_bucket);
        }
        passes.push(first..BUCKETS);
        passes
    }

    /// The keys of a pass.
    ///
    /// # Errors
    /// [`AuditError::Io`].
    pub(crate) fn known(&self, buckets: Range<usize>) -> Result<Arc<Known>, AuditError> {
        match &self.whole {
            Some(whole) => Ok(Arc::clone(whole)),
            None => Ok(Arc::new(self.load(buckets, &mut Repeated::new())?)),
        }
    }

    fn load(&self, buckets: Range<usize>, repeated: &mut Repeated) -> Result<Known, AuditError> {
        let mut owners = Vec::new();
        if let Some(files) = &self.files {
            let count: u64 = files.counts[buckets.clone()].iter().sum();
            owners.reserve_exact(usize::try_from(count).unwrap_or(0));
            for bucket in buckets.clone() {
                files.read(bucket, |bytes| owners.push(Owner::from_bytes(bytes)))?;
            }
        }
        Ok(Known::new(buckets, owners, repeated))
    }
}

impl Known {
    /// Of rows of several roots the key is that of the first in the files, in whichever order they come here: rows
    /// that are read in several passes come by pass.
    fn new(buckets: Range<usize>, owners: Vec<Owner>, repeated: &mut Repeated) -> Self {
        let mut first = HashTable::with_capacity(owners.len());
        for (place, owner) in owners.iter().enumerate() {
            let is_same = |known: &usize| owners[*known].key == owner.key;
            let hash_of = |known: &usize| hash(owners[*known].key);
            match first.entry(hash(owner.key), is_same, hash_of) {
                Entry::Vacant(free) => {
                    free.insert(place);
                }
                Entry::Occupied(mut known) => {
                    let is_another = owners[*known.get()].root != owner.root;
                    if owner.place < owners[*known.get()].place {
                        *known.get_mut() = place;
                    }
                    // One more than are borne with is enough to say so.
                    let is_told = repeated.len() <= REPEATED_MAX;
                    if is_another && (is_told || repeated.contains_key(&owner.key)) {
                        repeated.insert(owner.key, owners[*known.get()].root);
                    }
                }
            }
        }
        Known {
            buckets,
            owners,
            first,
        }
    }

    /// Whether a key is looked for in this pass.
    pub(crate) fn looks_for(&self, key: Root) -> bool {
        self.buckets.contains(&bucket_of(key))
    }

    /// Whose a key is.
    pub(crate) fn root(&self, key: Root) -> Option<Root> {
        let is_same = |known: &usize| self.owners[*known].key == key;
        let known = self.first.find(hash(key), is_same)?;
        Some(self.owners[*known].root)
    }
}

fn bucket_of(key: Root) -> usize {
    usize::try_from(key.0 >> 122).unwrap_or(0) % BUCKETS
}

/// A digest is hashed already. Its first bits say in which bucket it lies, so the last ones are taken.
fn hash(key: Root) -> u64 {
    u64::try_from(key.0 & u128::from(u64::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use rulepack_contract::schema::ids;

    use super::*;

    fn key(number: u32) -> Root {
        Root::of(&format!("E{number}"))
    }

    fn owners(folder: &Path, memory_bytes: u64) -> Owners {
        let mut writer = OwnersWriter::new(ids::ENCOUNTERS, folder, memory_bytes);
        let mut add = |key, root, place| writer.add(key, Root(root), place).unwrap();
        // E9 of the second pass over the owners comes before that of the first.
        add(key(9), 77, 2_000);
        for number in 0..500 {
            add(key(number), u128::from(number / 2), u64::from(number));
        }
        // E7 again, for somebody else; E8 for the same.
        add(key(7), 99, 1_000);
        add(key(8), 4, 1_001);
        writer.finish().unwrap()
    }

    #[test]
    fn every_key_is_found_in_exactly_one_pass_however_many_there_are() {
        for (memory_bytes, least, most) in [(u64::MAX, 1, 1), (8_000, 4, 8), (0, BUCKETS, BUCKETS)]
        {
            let folder = tempfile::tempdir().unwrap();
            let owners = owners(folder.path(), memory_bytes);
            let passes = owners.passes();
            assert!((least..=most).contains(&passes.len()), "{passes:?}");
            let known: Vec<Arc<Known>> = passes
                .into_iter()
                .map(|pass| owners.known(pass).unwrap())
                .collect();
            for number in 0..500 {
                let looked: Vec<&Known> = known
                    .iter()
                    .map(AsRef::as_ref)
                    .filter(|known| known.looks_for(key(number)))
                    .collect();
                assert_eq!(looked.len(), 1);
                assert_eq!(
                    looked[0].root(key(number)),
                    Some(Root(u128::from(number / 2)))
                );
            }
            let nobody = known
                .iter()
                .find(|known| known.looks_for(key(500)))
                .unwrap();
            assert_eq!(nobody.root(key(500)), None);
        }
    }

    #[test]
    fn a_key_of_two_patients_is_that_of_the_first() {
        for memory_bytes in [u64::MAX, 0] {
            let folder = tempfile::tempdir().unwrap();
            let owners = owners(folder.path(), memory_bytes);
            let repeated = Repeated::from([(key(7), Root(3)), (key(9), Root(4))]);
            assert_eq!(owners.repeated, repeated);
            let pass = owners.passes().into_iter();
            let known = pass.map(|pass| owners.known(pass).unwrap());
            let of = |known: Arc<Known>| known.root(key(9)).filter(|_| known.looks_for(key(9)));
            assert_eq!(known.filter_map(of).next(), Some(Root(4)));
        }
    }

    #[test]
    fn keys_that_are_none_stop_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = OwnersWriter::new(ids::ENCOUNTERS, folder.path(), u64::MAX);
        for number in 0..=u32::try_from(REPEATED_MAX).unwrap() {
            writer.add(key(number), Root(1), 1).unwrap();
            writer.add(key(number), Root(2), 2).unwrap();
        }
        let error = writer.finish().unwrap_err();
        assert_eq!(
            error.to_string(),
            "in the table `encounters`, more than 100000 keys stand for rows of several patients"
        );
    }
}
