//! The bytes of a dictionary, as they lie beside the snapshot of the instance that knows it.
//!
//! All integers are little-endian `u32`. The number of texts (0, the empty one, left out), then each in
//! the order of its number: its length in bytes, and the text. Then the number of sets, and of each in the
//! order of its number: how many prefixes, and these as texts.

use super::{Bounds, Dictionary};
use crate::fault::Misuse;

/// Why bytes are not a dictionary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    /// The bytes end within a value, or go on after the last one.
    #[error("the dictionary is truncated, or followed by other bytes")]
    Length,
    /// A text that is not UTF-8.
    #[error("the dictionary holds a text that is not UTF-8")]
    NotUtf8,
    /// A text twice: a number would be lost.
    #[error("the dictionary holds the same text twice")]
    Twice,
    /// More than an instance may have.
    #[error("the dictionary holds {0}")]
    TooMuch(Misuse),
}

impl Dictionary {
    /// The bytes from which [`Dictionary::from_bytes`] makes the same one.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes().saturating_mul(2));
        let texts = (1..self.len()).filter_map(|code| self.text(code));
        put_texts(&mut bytes, self.len().saturating_sub(1), texts);
        put_count(&mut bytes, self.sets().len());
        for set in self.sets() {
            let prefixes = set.prefixes();
            let count = u32::try_from(prefixes.len()).unwrap_or(u32::MAX);
            put_texts(&mut bytes, count, prefixes.iter().map(|prefix| &**prefix));
        }
        bytes
    }

    /// # Errors
    /// [`StoredError`], for the first thing wrong.
    pub(crate) fn from_bytes(bytes: &[u8], bounds: Bounds) -> Result<Self, StoredError> {
        let mut dictionary = Dictionary::new(bounds);
        let mut rest = Rest(bytes);
        for number in 1..=rest.count()? {
            let given = dictionary.give(rest.text()?);
            if given.map_err(StoredError::TooMuch)? != number {
                return Err(StoredError::Twice);
            }
        }
        for _ in 0..rest.count()? {
            let mut prefixes = Vec::new();
            for _ in 0..rest.count()? {
                prefixes.push(rest.text()?.to_owned());
            }
            let defined = dictionary.define_set(prefixes);
            defined.map_err(StoredError::TooMuch)?;
        }
        match rest.0.is_empty() {
            true => Ok(dictionary),
            false => Err(StoredError::Length),
        }
    }
}

fn put_count(bytes: &mut Vec<u8>, count: usize) {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    bytes.extend(count.to_le_bytes());
}

fn put_texts<'a>(bytes: &mut Vec<u8>, count: u32, texts: impl Iterator<Item = &'a str>) {
    bytes.extend(count.to_le_bytes());
    for text in texts {
        put_count(bytes, text.len());
        bytes.extend(text.as_bytes());
    }
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn count(&mut self) -> Result<u32, StoredError> {
        let (count, rest) = self.0.split_first_chunk().ok_or(StoredError::Length)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*count))
    }

    fn text(&mut self) -> Result<&'a str, StoredError> {
        let length = self.count()? as usize;
        let (text, rest) = self.0.split_at_checked(length).ok_or(StoredError::Length)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| StoredError::NotUtf8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn bounds() -> Bounds {
        Bounds::new(&Limits::default())
    }

    fn dictionary() -> Dictionary {
        let mut dictionary = Dictionary::new(bounds());
        for text in ["item", "药品", "I21"] {
            dictionary.give(text).unwrap();
        }
        let prefixes = ["I2", "I21", "E11"].map(str::to_owned).to_vec();
        dictionary.define_set(prefixes).unwrap();
        dictionary.define_set(Vec::new()).unwrap();
        dictionary
    }

    #[test]
    fn a_dictionary_reads_back_with_its_numbers_and_sets() {
        let bytes = dictionary().to_bytes();
        let read = Dictionary::from_bytes(&bytes, bounds()).unwrap();
        assert_eq!(read.text(2), Some("药品"));
        assert_eq!(read.number("I21"), Some(3));
        assert_eq!(read.len(), 4);
        let set = |number: u32| read.set(number).unwrap();
        assert!(set(0).contains("I214") && !set(0).contains("E10"));
        assert!(!set(1).contains("I214"));
        assert_eq!(read.to_bytes(), bytes);
    }

    #[test]
    fn every_cut_and_every_repeated_text_is_refused_by_name() {
        let bytes = dictionary().to_bytes();
        for end in 0..bytes.len() {
            let error = Dictionary::from_bytes(&bytes[..end], bounds()).unwrap_err();
            assert_eq!(error, StoredError::Length, "cut at {end}");
        }
        let texts = |texts: &[&[u8]]| {
            let mut bytes = u32::try_from(texts.len()).unwrap().to_le_bytes().to_vec();
            for text in texts {
                put_count(&mut bytes, text.len());
                bytes.extend(*text);
            }
            bytes.extend([0; 4]);
            Dictionary::from_bytes(&bytes, bounds())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            texts(&[b"a", b"a"]),
            "the dictionary holds the same text twice"
        );
        assert_eq!(
            texts(&[&[0xff]]),
            "the dictionary holds a text that is not UTF-8"
        );
        let few = Bounds::new(&Limits {
            dictionary_texts: 1,
            ..Limits::default()
        });
        assert_eq!(
            Dictionary::from_bytes(&dictionary().to_bytes(), few)
                .unwrap_err()
                .to_string(),
            "the dictionary holds more texts than an instance may receive"
        );
        assert_eq!(
            StoredError::Length.to_string(),
            "the dictionary is truncated, or followed by other bytes"
        );
    }
}
