//! Texts that are numbered in the order in which they are first met. 0 is the empty text: not recorded.

use std::collections::HashMap;
use std::sync::Arc;

/// A dictionary of texts.
#[derive(Debug, Clone)]
pub struct Texts {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Default for Texts {
    fn default() -> Self {
        let nothing: Arc<str> = Arc::from("");
        Texts {
            texts: vec![nothing.clone()],
            numbers: HashMap::from([(nothing, 0)]),
        }
    }
}

impl Texts {
    /// The number of a text, which is given one where it is new; `None` once 32 bits are used up.
    pub fn intern(&mut self, text: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        let number = u32::try_from(self.texts.len())
            .ok()
            .filter(|number| *number != u32::MAX)?;
        let text: Arc<str> = Arc::from(text);
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        Some(number)
    }

    /// Makes room for so many more texts at once.
    pub(super) fn reserve(&mut self, more: usize) {
        self.texts.reserve(more);
        self.numbers.reserve(more);
    }

    /// The number of a text that has one.
    #[must_use]
    pub fn number(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// The text of a number.
    #[must_use]
    pub fn text(&self, number: u32) -> Option<&str> {
        self.texts.get(number as usize).map(AsRef::as_ref)
    }

    /// The same, held with others.
    pub(super) fn shared(&self, number: u32) -> Option<Arc<str>> {
        self.texts.get(number as usize).cloned()
    }

    /// How many texts there are, the empty one included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Never: the empty text is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }
}
