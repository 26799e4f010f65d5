//! A set of codes: all texts that start with one of some prefixes.

/// Prefixes in ascending order, none of which begins with another.
#[derive(Debug, Clone)]
pub(crate) struct CodeSet {
    prefixes: Vec<Box<str>>,
}

impl CodeSet {
    pub(crate) fn new(mut prefixes: Vec<String>) -> Self {
        prefixes.sort_unstable();
        let mut kept: Vec<Box<str>> = Vec::with_capacity(prefixes.len());
        for prefix in prefixes {
            if !kept.last().is_some_and(|last| prefix.starts_with(&**last)) {
                kept.push(prefix.into_boxed_str());
            }
        }
        CodeSet { prefixes: kept }
    }

    /// Its prefixes: a set of them is this one.
    pub(crate) fn prefixes(&self) -> &[Box<str>] {
        &self.prefixes
    }

    /// Whether a text is in the set; never the empty text, which is "not recorded".
    pub(crate) fn contains(&self, text: &str) -> bool {
        // A prefix of the text sorts before it, and what sorts between the two begins with that prefix,
        // so was left out: only the last one before the text can be its prefix.
        let before = self.prefixes.partition_point(|prefix| **prefix <= *text);
        let last = before.checked_sub(1).and_then(|at| self.prefixes.get(at));
        !text.is_empty() && last.is_some_and(|prefix| text.starts_with(&**prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_set_holds_exactly_what_starts_with_a_prefix(
            prefixes in proptest::collection::vec("[ab药]{0,3}", 0..6),
            text in "[ab药]{0,5}",
        ) {
            let expected = !text.is_empty() && prefixes.iter().any(|prefix| text.starts_with(prefix));
            prop_assert_eq!(CodeSet::new(prefixes).contains(&text), expected);
        }
    }
}
