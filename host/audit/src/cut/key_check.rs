//! Keys that no row of another table names: all that is asked of them is whether one stands for rows of several
//! patients.
//!
//! A key is noted as 16 bytes that only nearly tell it. Where two rows look as if they had one key and two patients,
//! the rows are looked at once more; of sound files none are.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::mem;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::UInt64Type;
use rulepack_contract::schema::TableId;

use super::root::{self, Root};
use super::spread::{BUCKETS, Spread};
use crate::error::AuditError;

/// Keys that stand for rows of several patients, more of which are no slips.
pub(crate) const REPEATED_MAX: usize = 100_000;

/// Keys that stand for rows of several roots, each with the root of the row that stands first in the files, whose key
/// it is.
pub(crate) type Repeated = BTreeMap<Root, Root>;

/// Bytes on the disk.
const BYTES: usize = 16;
/// Bytes of memory for a key, in a list that doubles when it is full, and is copied then.
const BYTES_ARRIVED: usize = 3 * BYTES;

/// A key and whose it is, as numbers that others may have too by chance.
#[derive(Debug, Clone, Copy)]
struct Seen {
    key: u64,
    root: u64,
}

/// The keys of one table, in memory or in files.
#[derive(Debug)]
pub(crate) struct KeyCheck {
    table: TableId,
    folder: PathBuf,
    memory_bytes: u64,
    hashes: RandomState,
    arrived: Vec<Vec<Seen>>,
    count: usize,
    files: Option<Spread<BYTES>>,
}

/// Keys that may stand for rows of several patients: the rows say whether they do.
#[derive(Debug)]
pub(crate) struct Suspects {
    table: TableId,
    hashes: RandomState,
    keys: HashSet<u64>,
    found: BTreeMap<Root, First>,
}

/// The row of a key that stands first in the files.
#[derive(Debug)]
struct First {
    place: u64,
    root: Root,
    is_of_several: bool,
}

impl KeyCheck {
    /// No key yet; files of a folder where they take more memory than this.
    pub(crate) fn new(table: TableId, folder: &Path, memory_bytes: u64) -> Self {
        KeyCheck {
            table,
            folder: folder.to_owned(),
            memory_bytes,
            hashes: RandomState::new(),
            arrived: vec![Vec::new(); BUCKETS],
            count: 0,
            files: None,
        }
    }

    /// Takes the key of a row; none where it is empty.
    ///
    /// # Errors
    /// [`AuditError::Io`].
    pub(crate) fn add(&mut self, key: &str, root: Root) -> Result<(), AuditError> {
        if key.is_empty() {
            return Ok(());
        }
        let seen = Seen {
            key: self.hashes.hash_one(key),
            root: low(root),
        };
        self.arrived[bucket_of(seen.key)].push(seen);
        self.count += 1;
        match (self.count * BYTES_ARRIVED) as u64 > self.memory_bytes {
            true => self.spill(),
            false => Ok(()),
        }
    }

    fn spill(&mut self) -> Result<(), AuditError> {
        let files = match &mut self.files {
            Some(files) => files,
            none => none.insert(Spread::create(&self.folder)?),
        };
        for (bucket, arrived) in self.arrived.iter_mut().enumerate() {
            for seen in arrived.drain(..) {
                files.add(bucket, seen.bytes())?;
            }
        }
        self.count = 0;
        Ok(())
    }

    /// The keys that look as if they stood for rows of several roots.
    ///
    /// # Errors
    /// [`AuditError`] where the files cannot be written or read, or there are too many such keys.
    pub(crate) fn finish(mut self) -> Result<Suspects, AuditError> {
        if self.files.is_some() {
            self.spill()?;
        }
        let files = self.files.map(Spread::finish).transpose()?;
        let mut keys = HashSet::new();
        for (bucket, arrived) in self.arrived.iter_mut().enumerate() {
            let mut all = mem::take(arrived);
            if let Some(files) = &files {
                files.read(bucket, |bytes| all.push(Seen::from_bytes(bytes)))?;
            }
            all.sort_unstable_by_key(|seen| seen.key);
            for same in all.chunk_by(|one, other| one.key == other.key) {
                if same.iter().any(|seen| seen.root != same[0].root) {
                    keys.insert(same[0].key);
                }
            }
            if keys.len() > REPEATED_MAX {
                return Err(too_many(self.table));
            }
        }
        Ok(Suspects {
            table: self.table,
            hashes: self.hashes,
            keys,
            found: BTreeMap::new(),
        })
    }
}

impl Seen {
    fn bytes(self) -> [u8; BYTES] {
        let both = (u128::from(self.key) << 64) | u128::from(self.root);
        both.to_be_bytes()
    }

    fn from_bytes(bytes: [u8; BYTES]) -> Self {
        let both = u128::from_be_bytes(bytes);
        Seen {
            key: low(Root(both >> 64)),
            root: low(Root(both)),
        }
    }
}

impl Suspects {
    /// Whether no key is suspected, so that no row has to be looked at.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Looks at rows, whose first columns are root, place and key.
    pub(crate) fn look(&mut self, rows: &RecordBatch) {
        let roots = rows.column(0).as_fixed_size_binary();
        let places = rows.column(1).as_primitive::<UInt64Type>();
        let keys = rows.column(2).as_string::<i32>();
        for row in 0..rows.num_rows() {
            let key = keys.value(row).trim();
            if self.keys.contains(&self.hashes.hash_one(key)) {
                self.note(Root::of(key), root::at(roots, row), places.value(row));
            }
        }
    }

    fn note(&mut self, key: Root, root: Root, place: u64) {
        let first = self.found.entry(key).or_insert(First {
            place,
            root,
            is_of_several: false,
        });
        first.is_of_several |= first.root != root;
        if place < first.place {
            (first.place, first.root) = (place, root);
        }
    }

    /// The keys that do stand for rows of several roots, once all rows were looked at.
    ///
    /// # Errors
    /// [`AuditError::RepeatedKeys`] where there are too many.
    pub(crate) fn finish(self) -> Result<Repeated, AuditError> {
        let found = self.found.into_iter();
        let repeated = found.filter(|(_, first)| first.is_of_several);
        let repeated: Repeated = repeated.map(|(key, first)| (key, first.root)).collect();
        match repeated.len() > REPEATED_MAX {
            true => Err(too_many(self.table)),
            false => Ok(repeated),
        }
    }
}

/// There are more keys of several patients than are borne with.
pub(super) fn too_many(table: TableId) -> AuditError {
    AuditError::RepeatedKeys {
        table: table.table().name,
        limit: REPEATED_MAX,
    }
}

fn bucket_of(key: u64) -> usize {
    usize::try_from(key >> 58).unwrap_or(0) % BUCKETS
}

/// The last bits of a root: its first ones say in which part it lies.
fn low(root: Root) -> u64 {
    u64::try_from(root.0 & u128::from(u64::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use arrow::array::{StringArray, UInt64Array};
    use rulepack_contract::schema::ids;

    use super::*;
    use crate::input::{Layout, Rows};

    /// Rows by key, root and place.
    type Lines<'l> = &'l [(&'l str, u128, u64)];

    fn checked(memory_bytes: u64, lines: Lines<'_>) -> Result<Suspects, AuditError> {
        let folder = tempfile::tempdir().unwrap();
        let mut check = KeyCheck::new(ids::ORDERS, folder.path(), memory_bytes);
        for (key, root, _) in lines {
            check.add(key, Root(*root)).unwrap();
        }
        check.finish()
    }

    fn batch(lines: Lines<'_>) -> RecordBatch {
        let roots: Vec<Root> = lines.iter().map(|(_, root, _)| Root(*root)).collect();
        let rows = Rows {
            places: UInt64Array::from_iter_values(lines.iter().map(|(_, _, place)| *place)),
            keys: StringArray::from_iter_values(lines.iter().map(|(key, _, _)| key)),
            columns: Vec::new(),
        };
        let layout = Layout {
            table: ids::ORDERS,
            columns: Vec::new(),
        };
        let rows = layout.batch(root::column(&roots).unwrap(), rows);
        rows.unwrap()
    }

    #[test]
    fn a_key_of_two_patients_is_that_of_the_row_that_stands_first() {
        let lines = [
            ("L7", 99, 1_000),
            ("L7", 3, 7),
            // Twice of one patient: the patient's own rows tell.
            ("L8", 4, 8),
            ("L8", 4, 1_001),
            ("L9", 5, 9),
            // Rows without a key have nothing in common.
            ("", 5, 10),
            ("", 6, 11),
        ];
        for memory_bytes in [u64::MAX, 100, 0] {
            let mut suspects = checked(memory_bytes, &lines).unwrap();
            assert!(!suspects.is_empty());
            suspects.look(&batch(&lines[..2]));
            suspects.look(&batch(&lines[2..]));
            let repeated = Repeated::from([(Root::of("L7"), Root(3))]);
            assert_eq!(suspects.finish().unwrap(), repeated);
        }
    }

    #[test]
    fn of_keys_that_are_of_one_patient_each_no_row_is_looked_at_again() {
        for memory_bytes in [u64::MAX, 0] {
            let lines = [("L1", 1, 1), ("L2", 1, 2), ("L3", 2, 3), ("L3", 2, 4)];
            assert!(checked(memory_bytes, &lines).unwrap().is_empty());
        }
    }

    #[test]
    fn who_only_looks_alike_is_none() {
        let lines = [("L1", 1, 1), ("L2", 2, 2)];
        let mut suspects = checked(u64::MAX, &lines).unwrap();
        for (key, _, _) in lines {
            suspects.keys.insert(suspects.hashes.hash_one(key));
        }
        suspects.look(&batch(&lines));
        assert_eq!(suspects.finish().unwrap(), Repeated::new());
    }

    #[test]
    fn keys_that_are_none_stop_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let mut check = KeyCheck::new(ids::ORDERS, folder.path(), 1 << 20);
        for number in 0..=REPEATED_MAX {
            for root in [1, 2] {
                check.add(&format!("L{number}"), Root(root)).unwrap();
            }
        }
        let error = check.finish().unwrap_err();
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
