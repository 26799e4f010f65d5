//! Whose the rows of a table are, by key: on the disk, and read back as much at a time as memory holds.
//!
//! A line names its encounter, and the encounter its patient: to bring all rows of a patient together, the
//! patient must be known by the encounter. A join would do, and hold one side in memory or sort both; here a key
//! costs 32 bytes of disk, and what does not fit into memory is looked up in several passes over the lines.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rulepack_contract::schema::TableId;
use rulepack_host::files;

use super::root::Root;
use crate::error::AuditError;

/// Files that keys are spread over, by their first bits.
const BUCKETS: usize = 64;
/// Bytes of memory for a key and its root, with the room that a hash map leaves.
const BYTES_IN_MEMORY: u64 = 80;
/// Bytes on the disk.
const BYTES: usize = 32;
/// Keys that stand for rows of several patients, more of which are no slips.
pub(crate) const REPEATED_MAX: usize = 100_000;

/// Keys of one table on their way to the disk, in the order of arrival.
#[derive(Debug)]
pub(crate) struct OwnersWriter {
    table: TableId,
    folder: PathBuf,
    buckets: Vec<BufWriter<File>>,
    counts: Vec<u64>,
}

/// Keys of one table on the disk.
#[derive(Debug)]
pub(crate) struct Owners {
    folder: PathBuf,
    counts: Vec<u64>,
    memory_bytes: u64,
    /// Keys of several roots: the root of the first that arrived, whose key it is.
    pub(crate) repeated: Repeated,
    /// All keys, where memory holds them.
    whole: Option<Arc<Known>>,
}

/// Keys that stand for rows of several roots, with the first root of each.
pub(crate) type Repeated = BTreeMap<Root, Root>;

/// Some of the keys in memory.
#[derive(Debug)]
pub(crate) struct Known {
    buckets: Range<usize>,
    roots: HashMap<Root, Root, BuildHasherDefault<HalfOf>>,
}

impl OwnersWriter {
    /// # Errors
    /// [`AuditError::Io`].
    pub(crate) fn create(table: TableId, folder: &Path) -> Result<Self, AuditError> {
        std::fs::create_dir_all(folder).map_err(AuditError::io(folder))?;
        let create = |bucket| {
            let path = path_of(folder, bucket);
            let file = files::create_private(&path).map_err(AuditError::io(&path))?;
            Ok(BufWriter::with_capacity(1 << 16, file))
        };
        Ok(OwnersWriter {
            table,
            folder: folder.to_owned(),
            buckets: (0..BUCKETS)
                .map(create)
                .collect::<Result<_, AuditError>>()?,
            counts: vec![0; BUCKETS],
        })
    }

    /// # Errors
    /// [`AuditError::Io`].
    pub(crate) fn add(&mut self, key: Root, root: Root) -> Result<(), AuditError> {
        let bucket = bucket_of(key);
        let mut bytes = [0; BYTES];
        bytes[..16].copy_from_slice(&key.0.to_be_bytes());
        bytes[16..].copy_from_slice(&root.0.to_be_bytes());
        self.counts[bucket] += 1;
        let written = self.buckets[bucket].write_all(&bytes);
        written.map_err(AuditError::io(&self.folder))
    }

    /// Looks for keys that stand for rows of several roots.
    ///
    /// # Errors
    /// [`AuditError`] where the files cannot be written or read, or there are too many such keys.
    pub(crate) fn finish(mut self, memory_bytes: u64) -> Result<Owners, AuditError> {
        for bucket in &mut self.buckets {
            bucket.flush().map_err(AuditError::io(&self.folder))?;
        }
        let mut owners = Owners {
            folder: self.folder,
            counts: self.counts,
            memory_bytes,
            repeated: Repeated::new(),
            whole: None,
        };
        let mut repeated = Repeated::new();
        for buckets in owners.passes() {
            let is_whole = buckets.len() == BUCKETS;
            let known = owners.load(buckets, &mut repeated)?;
            owners.whole = is_whole.then(|| Arc::new(known));
            if repeated.len() > REPEATED_MAX {
                return Err(AuditError::RepeatedKeys {
                    table: self.table.table().name,
                    limit: REPEATED_MAX,
                });
            }
        }
        owners.repeated = repeated;
        Ok(owners)
    }
}

impl Owners {
    /// Ranges of keys, each of which memory holds.
    pub(crate) fn passes(&self) -> Vec<Range<usize>> {
        let (mut passes, mut first, mut bytes) = (Vec::new(), 0, 0_u64);
        for (bucket, count) in self.counts.iter().enumerate() {
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
        let count: u64 = self.counts[buckets.clone()].iter().sum();
        let mut roots: HashMap<Root, Root, _> = HashMap::default();
        roots.reserve(usize::try_from(count).unwrap_or(0));
        for bucket in buckets.clone() {
            let path = path_of(&self.folder, bucket);
            let file = File::open(&path).map_err(AuditError::io(&path))?;
            let mut reader = BufReader::with_capacity(1 << 16, file);
            let mut bytes = [0; BYTES];
            for _ in 0..self.counts[bucket] {
                reader
                    .read_exact(&mut bytes)
                    .map_err(AuditError::io(&path))?;
                let (key, root) = (half(&bytes[..16]), half(&bytes[16..]));
                let first = *roots.entry(key).or_insert(root);
                if first != root && repeated.len() <= REPEATED_MAX {
                    repeated.insert(key, first);
                }
            }
        }
        Ok(Known { buckets, roots })
    }
}

impl Known {
    /// Whether a key is looked for in this pass.
    pub(crate) fn looks_for(&self, key: Root) -> bool {
        self.buckets.contains(&bucket_of(key))
    }

    /// Whose a key is.
    pub(crate) fn root(&self, key: Root) -> Option<Root> {
        self.roots.get(&key).copied()
    }
}

fn path_of(folder: &Path, bucket: usize) -> PathBuf {
    folder.join(format!("{bucket:02}"))
}

fn bucket_of(key: Root) -> usize {
    usize::try_from(key.0 >> 122).unwrap_or(0) % BUCKETS
}

fn half(bytes: &[u8]) -> Root {
    let mut half = [0; 16];
    half.copy_from_slice(bytes);
    Root(u128::from_be_bytes(half))
}

/// A digest is hashed already.
#[derive(Debug, Default)]
struct HalfOf(u64);

impl Hasher for HalfOf {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, number: u128) {
        // The low half: the high one says in which bucket it lies.
        self.0 = u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use rulepack_contract::schema::ids;

    use super::*;

    fn key(number: u32) -> Root {
        Root::of(&format!("E{number}"))
    }

    fn owners(folder: &Path, memory_bytes: u64) -> Owners {
        let mut writer = OwnersWriter::create(ids::ENCOUNTERS, folder).unwrap();
        for number in 0..500 {
            writer
                .add(key(number), Root(u128::from(number / 2)))
                .unwrap();
        }
        // E7 again, for somebody else; E8 for the same.
        writer.add(key(7), Root(99)).unwrap();
        writer.add(key(8), Root(4)).unwrap();
        writer.finish(memory_bytes).unwrap()
    }

    #[test]
    fn every_key_is_found_in_exactly_one_pass_however_many_there_are() {
        for (memory_bytes, least, most) in [(u64::MAX, 1, 1), (8_000, 5, 10), (0, BUCKETS, BUCKETS)]
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
            assert_eq!(owners.repeated, Repeated::from([(key(7), Root(3))]));
        }
    }

    #[test]
    fn keys_that_are_none_stop_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = OwnersWriter::create(ids::ORDERS, folder.path()).unwrap();
        for number in 0..=u32::try_from(REPEATED_MAX).unwrap() {
            writer.add(key(number), Root(1)).unwrap();
            writer.add(key(number), Root(2)).unwrap();
        }
        let error = writer.finish(u64::MAX).unwrap_err();
        assert_eq!(
            error.to_string(),
            "in the table `orders`, more than 100000 keys stand for rows of several patients"
        );
        assert_eq!(
            error.hint().unwrap(),
            "a key names one row in all files; put the key of the encounter before it if it is \
             counted anew in each"
        );
    }
}
