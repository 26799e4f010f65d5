//! Sets of codes.

use std::marker::PhantomData;

use crate::column::{Code, Row};

/// A set of codes that share a prefix, defined in `prepare` with
/// [`Setup::code_set`](crate::Setup::code_set).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeSet(pub(crate) u32);

/// For each row of a column of table `T`, whether its code is in a set.
pub struct Members<T> {
    flags: Vec<u8>,
    table: PhantomData<fn() -> T>,
}

impl<T> Members<T> {
    pub(crate) fn new(flags: Vec<u8>) -> Self {
        Members {
            flags,
            table: PhantomData,
        }
    }

    /// Whether the code of this row is in the set; it is not where the row has none.
    #[must_use]
    pub fn contains(&self, row: Row<T>) -> bool {
        self.flags.get(row.index()) == Some(&1)
    }
}

/// The numbers of codes, as they cross the border.
pub(crate) fn numbers(codes: &[Code]) -> Vec<u32> {
    codes.iter().map(|code| code.number()).collect()
}
