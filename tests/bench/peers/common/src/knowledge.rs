//! The knowledge of the four families: made, in up to five sets, the same for every contender.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// Items that are ordered.
pub const ITEMS: u32 = 5_000;
/// Diagnoses.
pub const DIAGNOSES: u32 = 100;
/// Units of an item that are too many in a day are more than this.
pub const DAILY_MAXIMUM: u32 = 20;
/// Items of a set, and so knowledge points of a family.
const ITEMS_OF_SET: u32 = 1_000;
/// Days after a discharge, by set.
const READMISSION_DAYS: [i64; 5] = [10, 7, 5, 3, 1];

/// The knowledge of one set: a rule of each family.
#[derive(Debug, Clone)]
pub struct Set {
    /// From 1.
    pub number: usize,
    /// By item: the diagnoses that it is limited to.
    pub diagnoses: BTreeMap<u32, Vec<u32>>,
    /// By item: the most of it in a day.
    pub quantities: BTreeMap<u32, u32>,
    /// By item: the one that excludes it.
    pub pairs: BTreeMap<u32, u32>,
    /// Within so many days after a discharge a stay is a readmission.
    pub readmission_days: i64,
}

/// The first sets: one is four rules, five are twenty.
#[must_use]
pub fn sets(count: usize) -> Vec<Set> {
    (1..).take(count).zip(READMISSION_DAYS).map(set).collect()
}

fn set((number, readmission_days): (usize, i64)) -> Set {
    // Each family of a set is about other items, so that most lines are some rule's.
    let items = |family: u32| {
        let first = (u32::try_from(number).unwrap_or(0) - 1 + family) * ITEMS_OF_SET;
        (first..first + ITEMS_OF_SET).map(|item| item % ITEMS)
    };
    let pair = |item: u32| {
        // Some are of one diagnosis and so met together, most are not.
        let apart = if item.is_multiple_of(7) { DIAGNOSES } else { 1 };
        (item, (item + apart) % ITEMS)
    };
    Set {
        number,
        diagnoses: items(0)
            .map(|item| (item, diagnoses_of(item).to_vec()))
            .collect(),
        quantities: items(1).map(|item| (item, DAILY_MAXIMUM)).collect(),
        pairs: items(2).map(pair).collect(),
        readmission_days,
    }
}

/// The diagnoses that an item is for.
#[must_use]
pub fn diagnoses_of(item: u32) -> [u32; 2] {
    [item % DIAGNOSES, (item + 37) % DIAGNOSES]
}

/// The code of an item, as long as a national one.
#[must_use]
pub fn item_code(item: u32) -> String {
    format!("XA{item:05}A0010101000{item:05}")
}

/// The code of a diagnosis.
#[must_use]
pub fn diagnosis_code(diagnosis: u32) -> String {
    format!("D{diagnosis:02}.x00")
}

/// Writes the tables of some sets into a folder, as a bureau would.
///
/// # Errors
/// Where the folder cannot be written to.
pub fn write(sets: &[Set], folder: &Path) -> io::Result<()> {
    let mut limits = "set,item,diagnosis\n".to_owned();
    let mut quantities = "set,item,maximum\n".to_owned();
    let mut pairs = "set,first,second\n".to_owned();
    let mut readmissions = "set,days\n".to_owned();
    for set in sets {
        let number = set.number;
        for (item, diagnoses) in &set.diagnoses {
            for diagnosis in diagnoses {
                let (item, diagnosis) = (item_code(*item), diagnosis_code(*diagnosis));
                limits += &format!("{number},{item},{diagnosis}\n");
            }
        }
        for (item, maximum) in &set.quantities {
            quantities += &format!("{number},{},{maximum}\n", item_code(*item));
        }
        for (first, second) in &set.pairs {
            let (first, second) = (item_code(*first), item_code(*second));
            pairs += &format!("{number},{first},{second}\n");
        }
        readmissions += &format!("{number},{}\n", set.readmission_days);
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join("diagnosis-limits.csv"), limits)?;
    fs::write(folder.join("daily-quantities.csv"), quantities)?;
    fs::write(folder.join("exclusive-pairs.csv"), pairs)?;
    fs::write(folder.join("readmissions.csv"), readmissions)
}
