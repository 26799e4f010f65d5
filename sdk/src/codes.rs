//! Sets of codes.

use crate::column::Code;

/// A set of codes that share a prefix, defined in `prepare` with
/// [`Setup::code_set`](crate::Setup::code_set).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeSet(pub(crate) u32);

/// The numbers of codes, as they cross the border.
pub(crate) fn numbers(codes: &[Code]) -> Vec<u32> {
    codes.iter().map(|code| code.number()).collect()
}
