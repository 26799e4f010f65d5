//! The lists of codes that conditions look in.

use std::collections::BTreeSet;

/// Codes in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeList<C>(Vec<C>);

impl<C> Default for CodeList<C> {
    fn default() -> Self {
        CodeList(Vec::new())
    }
}

impl<C: Copy + Ord> CodeList<C> {
    pub(super) fn holds(&self, code: C) -> bool {
        self.0.binary_search(&code).is_ok()
    }

    pub(super) fn holds_any(&self, codes: &[C]) -> bool {
        codes.iter().any(|code| self.holds(*code))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<C: Copy + Ord> FromIterator<C> for CodeList<C> {
    fn from_iter<I: IntoIterator<Item = C>>(codes: I) -> Self {
        let mut codes: Vec<C> = codes.into_iter().collect();
        codes.sort_unstable();
        codes.dedup();
        codes.shrink_to_fit();
        CodeList(codes)
    }
}

/// Codes with the classes that they stand for, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeClasses<C>(Vec<(C, i64)>);

impl<C: Copy + Ord> CodeClasses<C> {
    /// The classes that any of these codes stands for.
    pub(super) fn met_by(&self, codes: &[C]) -> BTreeSet<i64> {
        let mut met = BTreeSet::new();
        for code in codes {
            let first = self.0.partition_point(|(other, _)| other < code);
            let rest = self.0.get(first..).unwrap_or_default();
            let own = rest.iter().take_while(|(other, _)| other == code);
            met.extend(own.map(|(_, class)| *class));
        }
        met
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<C: Copy + Ord> FromIterator<(C, i64)> for CodeClasses<C> {
    fn from_iter<I: IntoIterator<Item = (C, i64)>>(classes: I) -> Self {
        let mut classes: Vec<(C, i64)> = classes.into_iter().collect();
        classes.sort_unstable();
        CodeClasses(classes)
    }
}
