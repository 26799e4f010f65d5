//! Texts by number, in the order in which they are first met. 0 is the empty text: not recorded.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

/// A dictionary of texts: one allocation holds them all, so that a new one costs no allocation of its own.
#[derive(Debug, Clone)]
pub struct Texts {
    all: List,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// Texts one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    bytes: String,
    /// Where each ends in `bytes`; it begins where the one before ends.
    ends: Vec<usize>,
}

impl Default for Texts {
    fn default() -> Self {
        let mut texts = Texts {
            all: List::default(),
            numbers: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        };
        let _nothing = texts.intern("");
        texts
    }
}

impl Texts {
    /// The number of a text, which is given one where it is new; `None` once 32 bits are used up.
    pub fn intern(&mut self, text: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(text);
        let is_same = |number: &u32| self.all.text(*number) == Some(text);
        if let Some(number) = self.numbers.find(hash, is_same) {
            return Some(*number);
        }
        let number = u32::try_from(self.len())
            .ok()
            .filter(|number| *number != u32::MAX)?;
        self.all.push(text);
        let (all, hasher) = (&self.all, &self.hasher);
        let hash_of = |number: &u32| hasher.hash_one(all.text(*number).unwrap_or_default());
        self.numbers.insert_unique(hash, number, hash_of);
        Some(number)
    }

    /// Makes room for so many more texts at once.
    pub(super) fn reserve(&mut self, more: usize) {
        self.all.ends.reserve(more);
        let (all, hasher) = (&self.all, &self.hasher);
        let hash_of = |number: &u32| hasher.hash_one(all.text(*number).unwrap_or_default());
        self.numbers.reserve(more, hash_of);
    }

    /// The number of a text that has one.
    #[must_use]
    pub fn number(&self, text: &str) -> Option<u32> {
        let is_same = |number: &u32| self.all.text(*number) == Some(text);
        self.numbers
            .find(self.hasher.hash_one(text), is_same)
            .copied()
    }

    /// The text of a number.
    #[must_use]
    #[inline]
    pub fn text(&self, number: u32) -> Option<&str> {
        self.all.text(number)
    }

    /// How many texts there are, the empty one included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Never: the empty text is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Bytes of memory that they take, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let List { bytes, ends } = &self.all;
        let numbers = self.numbers.capacity() * (size_of::<u32>() + 1);
        bytes.capacity() + ends.capacity() * size_of::<usize>() + numbers
    }

    /// The texts alone, by number.
    pub(super) fn into_list(self) -> List {
        self.all
    }
}

impl List {
    pub(super) fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    #[inline]
    pub(super) fn text(&self, number: u32) -> Option<&str> {
        let number = number as usize;
        let end = *self.ends.get(number)?;
        let start = match number.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.bytes.get(start..end)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbered_as_they_are_first_met() {
        let mut texts = Texts::default();
        let given = ["", "甲", "b", "甲", "", "bb"].map(|text| texts.intern(text).unwrap());
        assert_eq!(given, [0, 1, 2, 1, 0, 3]);
        assert_eq!(texts.len(), 4);
        let told = [0, 1, 2, 3, 4].map(|number| texts.text(number));
        assert_eq!(told, [Some(""), Some("甲"), Some("b"), Some("bb"), None]);
        assert_eq!(texts.number("bb"), Some(3));
        assert_eq!(texts.number("c"), None);
    }

    #[test]
    fn many_texts_are_all_found_again() {
        let mut texts = Texts::default();
        texts.reserve(10);
        for number in 0..5_000_u32 {
            assert_eq!(texts.intern(&format!("T{number}")), Some(number + 1));
        }
        for number in 0..5_000 {
            let text = format!("T{number}");
            assert_eq!(texts.number(&text), Some(number + 1));
            assert_eq!(texts.text(number + 1), Some(text.as_str()));
        }
        assert_eq!(texts.clone().number("T4999"), Some(5_000));
    }
}
