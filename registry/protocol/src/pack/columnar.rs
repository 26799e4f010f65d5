//! The bytes of a sealed knowledge table.
//!
//! All integers are little-endian. In this order, nothing left out, nothing after:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `RPT1` |
//! | 4 | number of rows, `u32` |
//! | 1 | number of columns, `u8` |
//!
//! then each column, in ascending order of the bytes of its name:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | length of the name, `u8`, from 1 |
//! | n | the name, UTF-8 |
//! | 1 | what it holds: 0 texts (codes as well), 1 integers (in the units of the contract), 2 days |
//!
//! and its values: for integers one `i64` a row, for days one `i32` a row (days from 1970-01-01; the
//! smallest value of each is "not recorded"), and for texts
//!
//! | bytes | what |
//! |---|---|
//! | 4 | number of texts in the dictionary, `u32` |
//! | 4 + n, each text | length in bytes, `u32`, and the text, UTF-8; empty is "not recorded" |
//! | 4, each row | number of its text in the dictionary, `u32`, from 0 |
//!
//! The dictionary holds each text once, in the order of first use, and none that no row uses. So a table
//! has exactly one encoding, and every other one is refused.

use std::collections::{BTreeMap, HashSet};

use rulepack_contract::knowledge::{ColumnType, KnowledgeColumn, KnowledgeTable, TableDeclaration};

use super::{Bounds, table_key, table_required};

const MAGIC: &[u8; 4] = b"RPT1";
const TEXTS: u8 = 0;
const INTEGERS: u8 = 1;
const DAYS: u8 = 2;

/// Why bytes are not a sealed table, or a table cannot be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnarError {
    /// The bytes end within a value.
    #[error("ends after {0} bytes, within a value")]
    Truncated(usize),
    /// Bytes after the last column.
    #[error("has {0} bytes after its last column")]
    TrailingBytes(usize),
    /// Not the first bytes of a table.
    #[error("does not begin with `RPT1`")]
    Magic,
    /// A text or name that is not UTF-8.
    #[error("has a text that is not UTF-8, at byte {0}")]
    NotUtf8(usize),
    /// A kind of column that is not known.
    #[error("has a column of unknown kind `{0}`")]
    Kind(u8),
    /// Column names not in ascending order.
    #[error("has its columns not in ascending order, at `{0}`")]
    ColumnOrder(String),
    /// The dictionary is not the one in order of first use.
    #[error("column `{0}` has a dictionary that is not in order of first use")]
    Dictionary(String),
    /// More than the profile allows.
    #[error("brings the tables of the pack to {count} {what}, expected at most {count_max}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many.
        count: u64,
        /// The bound.
        count_max: u64,
    },
    /// Columns of unequal length, or too long to be written.
    #[error("column `{0}` does not have one value for each row")]
    Length(String),
    /// The columns are not those that the manifest declares.
    #[error("does not have the columns and types that the manifest declares")]
    Declaration,
    /// Two rows that the declared key does not tell apart.
    #[error("has the same key in rows {first} and {second}, counted from 0")]
    DuplicateKey {
        /// A row.
        first: u32,
        /// A later one.
        second: u32,
    },
    /// A row without a value where the manifest requires one.
    #[error("has no `{column}` in row {row}, counted from 0, which the manifest requires")]
    Empty {
        /// The column.
        column: String,
        /// The row.
        row: u32,
    },
}

/// What is left of the bounds that all tables of a pack share.
#[derive(Debug)]
pub struct Allowance {
    bounds: Bounds,
    rows: u64,
    texts: u64,
    text_bytes: u64,
}

impl Allowance {
    /// All of it.
    #[must_use]
    pub fn new(bounds: &Bounds) -> Self {
        Allowance {
            bounds: *bounds,
            rows: 0,
            texts: 0,
            text_bytes: 0,
        }
    }

    fn rows(&mut self, count: u32) -> Result<(), ColumnarError> {
        self.rows = self.rows.saturating_add(u64::from(count));
        at_most("rows", self.rows, self.bounds.table_rows)
    }

    fn texts(&mut self, count: u32) -> Result<(), ColumnarError> {
        self.texts = self.texts.saturating_add(u64::from(count));
        at_most("texts", self.texts, self.bounds.dictionary_texts)
    }

    fn text_bytes(&mut self, count: usize) -> Result<(), ColumnarError> {
        self.text_bytes = self.text_bytes.saturating_add(count as u64);
        at_most(
            "bytes of text",
            self.text_bytes,
            self.bounds.dictionary_bytes,
        )
    }
}

fn at_most(what: &'static str, count: u64, count_max: u64) -> Result<(), ColumnarError> {
    if count > count_max {
        return Err(ColumnarError::TooMany {
            what,
            count,
            count_max,
        });
    }
    Ok(())
}

/// The bytes of a table.
///
/// # Errors
/// [`ColumnarError`] where the table is not consistent in itself. Bounds are checked by [`decode`].
pub fn encode(table: &KnowledgeTable) -> Result<Vec<u8>, ColumnarError> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(table.rows.to_le_bytes());
    let columns = u8::try_from(table.columns.len()).map_err(|_| ColumnarError::TooMany {
        what: "columns",
        count: table.columns.len() as u64,
        count_max: u64::from(u8::MAX),
    })?;
    bytes.push(columns);
    for (name, column) in &table.columns {
        let wrong = || ColumnarError::Length(name.clone());
        bytes.push(u8::try_from(name.len()).map_err(|_| wrong())?);
        bytes.extend(name.as_bytes());
        let rows = match column {
            KnowledgeColumn::Texts { dictionary, rows } => {
                bytes.push(TEXTS);
                bytes.extend(length(dictionary.len()).ok_or_else(wrong)?);
                for text in dictionary {
                    bytes.extend(length(text.len()).ok_or_else(wrong)?);
                    bytes.extend(text.as_bytes());
                }
                bytes.extend(rows.iter().flat_map(|number| number.to_le_bytes()));
                rows.len()
            }
            KnowledgeColumn::Integers(values) => {
                bytes.push(INTEGERS);
                bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                values.len()
            }
            KnowledgeColumn::Days(days) => {
                bytes.push(DAYS);
                bytes.extend(days.iter().flat_map(|day| day.to_le_bytes()));
                days.len()
            }
        };
        if u32::try_from(rows) != Ok(table.rows) {
            return Err(wrong());
        }
    }
    Ok(bytes)
}

fn length(length: usize) -> Option<[u8; 4]> {
    u32::try_from(length).ok().map(u32::to_le_bytes)
}

/// The table of these bytes.
///
/// # Errors
/// [`ColumnarError`] for every byte string that [`encode`] does not make, and where the tables of the
/// pack together grow beyond the bounds.
pub fn decode(bytes: &[u8], allowance: &mut Allowance) -> Result<KnowledgeTable, ColumnarError> {
    let mut reader = Reader { bytes, at: 0 };
    if bytes.get(..MAGIC.len()) != Some(MAGIC) {
        return Err(ColumnarError::Magic);
    }
    reader.at = MAGIC.len();
    let rows = reader.u32()?;
    allowance.rows(rows)?;
    let mut columns: BTreeMap<String, KnowledgeColumn> = BTreeMap::new();
    for _ in 0..reader.u8()? {
        let name_bytes = usize::from(reader.u8()?);
        let name = reader.text(name_bytes)?.to_owned();
        let ascending = columns
            .last_key_value()
            .is_none_or(|(last, _)| *last < name);
        if name.is_empty() || !ascending {
            return Err(ColumnarError::ColumnOrder(name));
        }
        let column = match reader.u8()? {
            TEXTS => reader.texts(&name, rows, allowance)?,
            INTEGERS => KnowledgeColumn::Integers(reader.array(rows, i64::from_le_bytes)?),
            DAYS => KnowledgeColumn::Days(reader.array(rows, i32::from_le_bytes)?),
            other => return Err(ColumnarError::Kind(other)),
        };
        columns.insert(name, column);
    }
    match bytes.len().saturating_sub(reader.at) {
        0 => Ok(KnowledgeTable { rows, columns }),
        rest => Err(ColumnarError::TrailingBytes(rest)),
    }
}

/// Whether a table has the columns that are declared, with their types, each key once, and no gap where
/// every row has to have a value.
///
/// # Errors
/// [`ColumnarError::Declaration`], [`ColumnarError::DuplicateKey`] and [`ColumnarError::Empty`].
pub fn check(table: &KnowledgeTable, declaration: &TableDeclaration) -> Result<(), ColumnarError> {
    let mut pairs = table.columns.iter().zip(&declaration.columns);
    let same = table.columns.len() == declaration.columns.len()
        && pairs.all(|((name, column), (declared, column_type))| {
            name == declared && holds(column, *column_type)
        });
    if !same {
        return Err(ColumnarError::Declaration);
    }
    table_key::check(table, declaration)?;
    table_required::check(table, declaration)
}

/// Whether a column is of the kind that a type is sealed as.
fn holds(column: &KnowledgeColumn, column_type: ColumnType) -> bool {
    let is_text = column_type.kind().is_none();
    match column {
        KnowledgeColumn::Texts { .. } => is_text,
        KnowledgeColumn::Days(_) => column_type == ColumnType::Day,
        KnowledgeColumn::Integers(_) => !is_text && column_type != ColumnType::Day,
    }
}

/// Takes values off the front of bytes.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ColumnarError> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(ColumnarError::Truncated(self.bytes.len()))?;
        self.at += count;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, ColumnarError> {
        Ok(self.take(1)?.first().copied().unwrap_or_default())
    }

    fn u32(&mut self) -> Result<u32, ColumnarError> {
        let values = self.array(1, u32::from_le_bytes)?;
        Ok(values.first().copied().unwrap_or_default())
    }

    fn text(&mut self, count: usize) -> Result<&'a str, ColumnarError> {
        let at = self.at;
        std::str::from_utf8(self.take(count)?).map_err(|_| ColumnarError::NotUtf8(at))
    }

    /// So many values of `N` bytes: nothing is allocated before the bytes are known to be there.
    fn array<const N: usize, T>(
        &mut self,
        count: u32,
        value: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, ColumnarError> {
        let bytes = (count as usize).checked_mul(N);
        let bytes = bytes.ok_or(ColumnarError::Truncated(self.bytes.len()))?;
        let (values, _) = self.take(bytes)?.as_chunks::<N>();
        Ok(values.iter().map(|bytes| value(*bytes)).collect())
    }

    fn texts(
        &mut self,
        name: &str,
        rows: u32,
        allowance: &mut Allowance,
    ) -> Result<KnowledgeColumn, ColumnarError> {
        let wrong = || ColumnarError::Dictionary(name.to_owned());
        let count = self.u32()?;
        allowance.texts(count)?;
        let mut dictionary = Vec::new();
        let mut distinct = HashSet::new();
        for _ in 0..count {
            let bytes = self.u32()? as usize;
            allowance.text_bytes(bytes)?;
            let text = self.text(bytes)?;
            if !distinct.insert(text) {
                return Err(wrong());
            }
            dictionary.push(text.to_owned());
        }
        let rows = self.array(rows, u32::from_le_bytes)?;
        let mut used = 0_u32;
        for number in &rows {
            if *number == used && used < count {
                used += 1;
            } else if *number >= used {
                return Err(wrong());
            }
        }
        if used != count {
            return Err(wrong());
        }
        Ok(KnowledgeColumn::Texts { dictionary, rows })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use rulepack_contract::knowledge::Supplier;

    use super::*;

    fn declaration() -> TableDeclaration {
        TableDeclaration {
            name: "limits".into(),
            file: Some("tables/limits.csv".into()),
            columns: [
                ("item".to_owned(), ColumnType::Code),
                ("price".to_owned(), ColumnType::Money),
                ("valid_from".to_owned(), ColumnType::Day),
            ]
            .into(),
            key: vec![],
            required: Vec::new(),
            supplied_by: Supplier::Pack,
            title: None,
            headings: std::collections::BTreeMap::new(),
            words: std::collections::BTreeMap::new(),
        }
    }

    pub(in crate::pack) fn small_table() -> KnowledgeTable {
        let csv = "item,price,valid_from\n阿司匹林,1.50,2026-01-01\nC,,\nB,2,2026-02-01\n,3,\n";
        KnowledgeTable::from_csv(&declaration(), csv.as_bytes()).unwrap()
    }

    fn read(bytes: &[u8]) -> Result<KnowledgeTable, ColumnarError> {
        decode(bytes, &mut Allowance::new(&Bounds::NATIVE))
    }

    #[test]
    fn the_encoding_is_the_documented_one() {
        let table = KnowledgeTable {
            rows: 2,
            columns: [
                ("a".to_owned(), KnowledgeColumn::Integers(vec![1, -1])),
                (
                    "b".to_owned(),
                    KnowledgeColumn::Texts {
                        dictionary: vec!["xy".to_owned(), String::new()],
                        rows: vec![0, 1],
                    },
                ),
            ]
            .into(),
        };
        let expected = [
            b"RPT1\x02\0\0\0\x02".as_slice(),
            b"\x01a\x01\x01\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x01b\0\x02\0\0\0\x02\0\0\0xy\0\0\0\0\0\0\0\0\x01\0\0\0",
        ]
        .concat();
        assert_eq!(encode(&table).unwrap(), expected);
        assert_eq!(read(&expected).unwrap(), table);
    }

    #[test]
    fn a_table_reads_back_and_every_truncation_is_refused() {
        let table = small_table();
        let bytes = encode(&table).unwrap();
        assert_eq!(read(&bytes).unwrap(), table);
        assert_eq!(check(&table, &declaration()), Ok(()));
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "{end}");
        }
        let longer = [bytes.as_slice(), b"x"].concat();
        assert_eq!(
            read(&longer).unwrap_err().to_string(),
            "has 1 bytes after its last column"
        );
    }

    #[test]
    fn no_changed_byte_reads_as_the_same_table() {
        let table = small_table();
        let bytes = encode(&table).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                if let Ok(other) = read(&changed) {
                    assert_ne!(other, table, "byte {at}, bit {bit}");
                    assert_eq!(encode(&other).unwrap(), changed, "byte {at}, bit {bit}");
                }
            }
        }
    }

    #[test]
    fn bounds_hold_before_anything_is_allocated() {
        let huge = b"RPT1\xff\xff\xff\xff\x01";
        assert_eq!(
            read(huge).unwrap_err().to_string(),
            "brings the tables of the pack to 4294967295 rows, expected at most 1000000"
        );
        let texts = b"RPT1\0\0\0\0\x01\x01a\0\xff\xff\xff\xff";
        assert_eq!(
            read(texts).unwrap_err().to_string(),
            "brings the tables of the pack to 4294967295 texts, expected at most 1000000"
        );
        let long = b"RPT1\0\0\0\0\x01\x01a\0\x01\0\0\0\xff\xff\xff\xff";
        assert_eq!(
            read(long).unwrap_err().to_string(),
            "brings the tables of the pack to 4294967295 bytes of text, expected at most 67108864"
        );
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let refusal = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert_eq!(refusal(b"RPT2"), "does not begin with `RPT1`");
        assert_eq!(refusal(b"RPT1\0"), "ends after 5 bytes, within a value");
        assert_eq!(
            refusal(b"RPT1\0\0\0\0\x01\x01a\x07"),
            "has a column of unknown kind `7`"
        );
        assert_eq!(
            refusal(b"RPT1\0\0\0\0\x02\x01b\x01\x01a\x01"),
            "has its columns not in ascending order, at `a`"
        );
        assert_eq!(
            refusal(b"RPT1\0\0\0\0\x01\x01\xff\x01"),
            "has a text that is not UTF-8, at byte 10"
        );
        assert_eq!(
            refusal(b"RPT1\0\0\0\0\x01\x01a\0\x01\0\0\0\0\0\0\0"),
            "column `a` has a dictionary that is not in order of first use"
        );
        let mut table = small_table();
        table.rows = 9;
        assert_eq!(
            encode(&table).unwrap_err().to_string(),
            "column `item` does not have one value for each row"
        );
        table.columns.clear();
        assert_eq!(
            check(&table, &declaration()).unwrap_err().to_string(),
            "does not have the columns and types that the manifest declares"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(tail in proptest::collection::vec(0_u8..4, 0..60)) {
            let bytes = [MAGIC.as_slice(), &tail].concat();
            if let Ok(table) = read(&bytes) {
                prop_assert_eq!(encode(&table).unwrap(), bytes);
            }
        }
    }
}
