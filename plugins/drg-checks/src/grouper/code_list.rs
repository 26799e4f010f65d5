//! A list of codes that conditions look in.

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
        self.place(code).is_some()
    }

    pub(super) fn holds_any(&self, codes: &[C]) -> bool {
        codes.iter().any(|code| self.holds(*code))
    }

    /// Where a code stands, from 0.
    pub(super) fn place(&self, code: C) -> Option<usize> {
        self.0.binary_search(&code).ok()
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
