//! Whose a row is, in 128 bits: patients and institutions by the digest of their key.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, FixedSizeBinaryArray};
use arrow::error::ArrowError;
use sha2::{Digest as _, Sha256};

/// The patient or institution that a row belongs to. Reviews and findings are in this order, which depends on
/// keys alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Root(pub u128);

impl Root {
    /// By a key. 128 bits of SHA-256: two keys with one number cannot be made, and do not happen.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self::digest(b"key ", key.as_bytes())
    }

    /// Somebody of whom nothing is known but that rows name `owner`, which is not there: these rows are
    /// reviewed together, so that each is told what it lacks.
    #[must_use]
    pub fn nobody(owner: &str, place: u64) -> Self {
        match owner {
            // Lines that say nothing have nothing in common.
            "" => Self::digest(b"line ", &place.to_be_bytes()),
            _ => Self::digest(b"owner ", owner.as_bytes()),
        }
    }

    /// Which of some parts it lies in: parts are ranges of roots.
    #[must_use]
    pub fn part(self, parts: u32) -> u32 {
        let high = self.0 >> 64;
        u32::try_from((high * u128::from(parts)) >> 64).unwrap_or(0)
    }

    fn digest(kind: &[u8], bytes: &[u8]) -> Self {
        let digest = Sha256::new()
            .chain_update(kind)
            .chain_update(bytes)
            .finalize();
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        Root(u128::from_be_bytes(half))
    }
}

/// Roots as a column.
pub(crate) fn column(roots: &[Root]) -> Result<ArrayRef, ArrowError> {
    let bytes: Vec<u8> = roots.iter().flat_map(|root| root.0.to_be_bytes()).collect();
    let array = FixedSizeBinaryArray::try_new(16, bytes.into(), None);
    Ok(Arc::new(array?))
}

/// The root in a row of such a column.
pub(crate) fn at(column: &FixedSizeBinaryArray, row: usize) -> Root {
    let mut bytes = [0; 16];
    if row < column.len() {
        bytes.copy_from_slice(column.value(row));
    }
    Root(u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_ranges_of_roots() {
        assert_eq!(Root(0).part(7), 0);
        assert_eq!(Root(u128::MAX).part(7), 6);
        let mut roots: Vec<Root> = (0..1_000).map(|n| Root::of(&format!("P{n}"))).collect();
        roots.sort_unstable();
        let parts: Vec<u32> = roots.iter().map(|root| root.part(7)).collect();
        assert!(parts.is_sorted());
        assert!((0..7).all(|part| parts.contains(&part)));
    }

    #[test]
    fn a_key_an_owner_and_a_line_are_never_the_same_root() {
        assert_ne!(Root::of("E1"), Root::nobody("E1", 1));
        assert_eq!(Root::nobody("E1", 1), Root::nobody("E1", 2));
        assert_ne!(Root::nobody("", 1), Root::nobody("", 2));
    }

    #[test]
    fn a_column_gives_back_its_roots() {
        let roots = [Root::of("P1"), Root(0), Root(u128::MAX)];
        let array = column(&roots).unwrap();
        let array = arrow::array::AsArray::as_fixed_size_binary(&array);
        assert_eq!([0, 1, 2].map(|row| at(array, row)), roots);
        assert_eq!(column(&[]).unwrap().len(), 0);
    }
}
