//! Columns, rows, and the values that a column gives.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::ops::Range;

use crate::units::{Day, Instant, Measurement, Money, Quantity, Ratio, UnitPrice};

/// The values of one column of table `T`, each a `V` or not recorded.
///
/// A table has no length of its own: each column is a permission, so ask one that the rule reads anyway
/// for its [`len`](Self::len) and [`rows`](Self::rows).
pub struct Column<'a, T, V: Value> {
    values: &'a [V::Raw],
    /// What the numbers of row 0 of the table that row numbers point to is: 0 in a component.
    start: u32,
    table: PhantomData<fn() -> T>,
}

/// A row of table `T`. A column takes only rows of its own table.
pub struct Row<T> {
    number: u32,
    table: PhantomData<fn() -> T>,
}

/// Rows of table `T` that follow one another.
pub struct Rows<T> {
    range: Range<u32>,
    table: PhantomData<fn() -> T>,
}

/// A table of the contract. The views of [`crate::tables`] are the only ones.
pub trait Table {
    /// Its number in answers, from 1.
    const NUMBER: u8;
    /// Its name in the contract.
    const NAME: &'static str;
}

/// A value that a column can hold. Only the types of this crate are.
pub trait Value: Copy + sealed::Sealed {
    /// How it crosses the border.
    type Raw: Copy + PartialEq;

    /// The value, or `None` for "not recorded".
    #[doc(hidden)]
    fn decode(raw: Self::Raw, start: u32) -> Option<Self>;
}

mod sealed {
    pub trait Sealed {}
}

impl<'a, T, V: Value> Column<'a, T, V> {
    pub(crate) fn new(values: &'a [V::Raw], start: u32) -> Self {
        Column {
            values,
            start,
            table: PhantomData,
        }
    }

    /// The value in a row; `None` where it is not recorded.
    #[must_use]
    pub fn get(&self, row: Row<T>) -> Option<V> {
        let raw = *self.values.get(row.index())?;
        V::decode(raw, self.start)
    }

    /// How many rows the table has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the table has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// All rows of the table.
    #[must_use]
    pub fn rows(&self) -> Rows<T> {
        Rows::new(0, self.values.len())
    }

    /// The value of every row, in order.
    pub fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = Option<V>> + ExactSizeIterator + use<'a, T, V> {
        let start = self.start;
        self.values.iter().map(move |raw| V::decode(*raw, start))
    }

    /// The rows where a value is recorded, with it.
    pub fn recorded(&self) -> impl DoubleEndedIterator<Item = (Row<T>, V)> + use<'a, T, V> {
        self.rows()
            .zip(self.iter())
            .filter_map(|(row, value)| Some((row, value?)))
    }

    /// Whether the value is recorded in no row: the hospital does not have it or did not grant it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.iter().all(|value| value.is_none())
    }

    /// The values as they crossed the border, for a loop that wants them bare.
    pub(crate) fn raw(&self) -> &'a [V::Raw] {
        self.values
    }
}

impl<T, O> Column<'_, T, Row<O>> {
    /// Each owner that has rows, with them: one walk over the column, where asking for the rows of every
    /// owner would search for each. Rows without an owner are left out.
    pub fn owners(&self) -> impl Iterator<Item = (Row<O>, Rows<T>)> + use<'_, T, O> {
        let mut end = 0;
        let runs = self.values.chunk_by(|one, next| one == next);
        runs.filter_map(move |run| {
            let first = end;
            end += run.len();
            let owner = Row::decode(*run.first()?, self.start)?;
            Some((owner, Rows::new(first, end)))
        })
    }

    /// The rows that point to this owner; rows stand in the order of their owners.
    pub(crate) fn owned_by(&self, owner: Row<O>) -> Rows<T> {
        let number = owner.number.saturating_add(self.start);
        let first = self.values.partition_point(|raw| *raw < number);
        let end = self.values.partition_point(|raw| *raw <= number);
        Rows::new(first, end)
    }
}

impl<T> Row<T> {
    pub(crate) fn new(number: u32) -> Self {
        Row {
            number,
            table: PhantomData,
        }
    }

    /// Its place in the batch, from 0: for a `Vec` that a rule keeps beside a table.
    #[must_use]
    pub fn index(self) -> usize {
        self.number as usize
    }

    /// Its number in the batch, from 0.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number
    }
}

impl<T> Rows<T> {
    pub(crate) fn new(first: usize, end: usize) -> Self {
        let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        Rows {
            range: number(first)..number(end),
            table: PhantomData,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    pub(crate) fn range(&self) -> Range<u32> {
        self.range.clone()
    }

    /// Whether this row is one of them.
    #[must_use]
    pub fn contains(&self, row: Row<T>) -> bool {
        self.range.contains(&row.number)
    }
}

impl<T> Iterator for Rows<T> {
    type Item = Row<T>;

    fn next(&mut self) -> Option<Row<T>> {
        self.range.next().map(Row::new)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl<T> DoubleEndedIterator for Rows<T> {
    fn next_back(&mut self) -> Option<Row<T>> {
        self.range.next_back().map(Row::new)
    }
}

impl<T> ExactSizeIterator for Rows<T> {}

impl<T> Clone for Rows<T> {
    fn clone(&self) -> Self {
        Rows {
            range: self.range.clone(),
            table: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.range.fmt(f)
    }
}

impl<T> Clone for Row<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Row<T> {}

impl<T> PartialEq for Row<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<T> Eq for Row<T> {}

impl<T> PartialOrd for Row<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Row<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number.cmp(&other.number)
    }
}

impl<T> Hash for Row<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl<T> fmt::Debug for Row<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({})", self.number)
    }
}

impl<T, V: Value> Clone for Column<'_, T, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V: Value> Copy for Column<'_, T, V> {}

/// A number of the vocabulary: an item, a diagnosis, a value of a dictionary. Good for comparing; its
/// text is told by [`Batch::text`](crate::Batch::text).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(NonZeroU32);

/// An opaque identifier of a doctor, a bed, a prescription, a piece: good for comparing within a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(NonZeroU32);

impl Code {
    pub(crate) fn from_number(number: u32) -> Option<Code> {
        NonZeroU32::new(number).map(Code)
    }

    /// Its number in this instance.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.get()
    }
}

impl Token {
    /// Its number in this batch.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.get()
    }
}

impl sealed::Sealed for Code {}
impl Value for Code {
    type Raw = u32;

    fn decode(raw: u32, _start: u32) -> Option<Self> {
        Code::from_number(raw)
    }
}

impl sealed::Sealed for Token {}
impl Value for Token {
    type Raw = u32;

    fn decode(raw: u32, _start: u32) -> Option<Self> {
        NonZeroU32::new(raw).map(Token)
    }
}

impl<T> sealed::Sealed for Row<T> {}
impl<T> Value for Row<T> {
    type Raw = u32;

    fn decode(raw: u32, start: u32) -> Option<Self> {
        match raw {
            u32::MAX => None,
            number => number.checked_sub(start).map(Row::new),
        }
    }
}

impl sealed::Sealed for bool {}
impl Value for bool {
    type Raw = u8;

    fn decode(raw: u8, _start: u32) -> Option<Self> {
        match raw {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl sealed::Sealed for u8 {}
impl Value for u8 {
    type Raw = u8;

    fn decode(raw: u8, _start: u32) -> Option<Self> {
        (raw != u8::MAX).then_some(raw)
    }
}

/// Numbers of which the smallest stands for "not recorded".
macro_rules! signed {
    ($($value:ty, $raw:ty, $make:expr;)*) => { $(
        impl sealed::Sealed for $value {}
        impl Value for $value {
            type Raw = $raw;

            fn decode(raw: $raw, _start: u32) -> Option<Self> {
                (raw != <$raw>::MIN).then(|| $make(raw))
            }
        }
    )* };
}

signed! {
    i32, i32, std::convert::identity;
    i64, i64, std::convert::identity;
    Day, i32, Day;
    Instant, i64, Instant;
    Money, i64, Money;
    UnitPrice, i64, UnitPrice;
    Quantity, i64, Quantity;
    Ratio, i64, Ratio;
    Measurement, i64, Measurement;
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Lines;

    #[test]
    fn the_reserved_value_of_each_layout_is_not_recorded() {
        let flags: Column<'_, Lines, bool> = Column::new(&[0, 1, 255], 0);
        assert_eq!(
            flags.iter().collect::<Vec<_>>(),
            [Some(false), Some(true), None]
        );
        let codes: Column<'_, Lines, Code> = Column::new(&[0, 7], 0);
        assert_eq!(codes.get(Row::new(0)), None);
        assert_eq!(codes.get(Row::new(1)).map(Code::number), Some(7));
        let days: Column<'_, Lines, Day> = Column::new(&[i32::MIN, 0], 0);
        assert_eq!(days.recorded().count(), 1);
        let money: Column<'_, Lines, Money> = Column::new(&[i64::MIN], 0);
        assert!(money.is_blank());
    }

    #[test]
    fn a_row_beyond_the_table_is_not_recorded_rather_than_a_panic() {
        let money: Column<'_, Lines, Money> = Column::new(&[1], 0);
        assert_eq!(money.get(Row::new(1)), None);
    }

    #[test]
    fn owners_are_told_with_their_rows() {
        let owners: Column<'_, Lines, Row<Lines>> = Column::new(&[10, 10, 12, u32::MAX], 10);
        let told: Vec<(u32, Range<u32>)> = owners
            .owners()
            .map(|(owner, rows)| (owner.number(), rows.range()))
            .collect();
        assert_eq!(told, [(0, 0..2), (2, 2..3)]);
    }

    #[test]
    fn rows_of_an_owner_are_found_in_the_numbers_of_the_whole_data() {
        let owners: Column<'_, Lines, Row<Lines>> = Column::new(&[10, 10, 12, u32::MAX], 10);
        let rows = |owner| {
            owners
                .owned_by(Row::new(owner))
                .map(Row::number)
                .collect::<Vec<_>>()
        };
        assert_eq!((rows(0), rows(1), rows(2)), (vec![0, 1], vec![], vec![2]));
        assert_eq!(owners.get(Row::new(2)), Some(Row::new(2)));
        assert_eq!(owners.get(Row::new(3)), None);
    }
}
