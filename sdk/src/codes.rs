//! Sets of codes.

use std::marker::PhantomData;

use crate::column::{Code, Row};

/// A set of codes that share a prefix, defined in `prepare` with
/// [`Setup::code_set`](crate::Setup::code_set).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeSet(pub(crate) u32);

/// For each row of a column of table `T`, or for some of them, whether its code is in a set.
pub struct Members<T> {
    /// The row that the first flag is for.
    first: usize,
    flags: Vec<u8>,
    table: PhantomData<fn() -> T>,
}

impl<T> Members<T> {
    pub(crate) fn new(first: usize, flags: Vec<u8>) -> Self {
        Members {
            first,
            flags,
            table: PhantomData,
        }
    }

    /// Whether the code of this row is in the set; it is not where the row has none, and of a row that was not
    /// asked for nobody knows that it is.
    #[must_use]
    pub fn contains(&self, row: Row<T>) -> bool {
        let place = row.index().checked_sub(self.first);
        place.and_then(|place| self.flags.get(place)) == Some(&1)
    }
}

/// The numbers of codes, as they cross the border.
pub(crate) fn numbers(codes: &[Code]) -> Vec<u32> {
    codes.iter().map(|code| code.number()).collect()
}
