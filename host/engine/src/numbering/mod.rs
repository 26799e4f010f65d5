//! Codes and tokens as one instance knows them.
//!
//! A pack may know of a text only what was given to it: so texts are numbered for each instance in the
//! order in which it receives them, and any other number traps (threat T1). 0 is "not recorded". The texts
//! received in `prepare` keep their numbers in every batch: they are the [`Dictionary`]. The texts of a
//! batch follow them, and are gone with it: they are [`BatchCodes`].
//!
//! The numbers of [`rulepack_contract::data::Data`] are met many times in a batch, so the number given to
//! each code is noted in a table indexed by it, [`Scratch`]: one load a value, no lock, no hashing. Of tokens, which may
//! be others in each row, those of the batch are noted in a map.

mod batch;
mod dictionary;
mod lists;
mod scratch;
mod sets;
mod stored;

pub(crate) use batch::BatchCodes;
pub(crate) use dictionary::{Bounds, Dictionary};
pub(crate) use lists::Element;
pub(crate) use scratch::Scratch;
pub(crate) use stored::StoredError;

use crate::fault::Misuse;

/// The texts of an instance, in `prepare` or in a batch.
#[derive(Debug)]
pub(crate) enum Codes {
    /// `prepare` is running.
    Prepare(Dictionary),
    /// A batch is evaluated.
    Batch(BatchCodes),
}

/// The texts that the host looked at in one call, for they are work that no list crosses for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Looked {
    texts: u64,
    bytes: u64,
}

impl Looked {
    /// To look for a text among very many takes some hundred nanoseconds; a unit of fuel stands for about one.
    const FUEL_A_TEXT: u64 = 64;

    /// Counts a look at a text.
    pub(crate) fn at(&mut self, text: &str) {
        self.texts = self.texts.saturating_add(1);
        self.bytes = self.bytes.saturating_add(text.len() as u64);
    }

    /// What they cost: a byte is compared with up to twenty others, some at a time.
    pub(crate) fn fuel(self) -> u64 {
        let texts = self.texts.saturating_mul(Self::FUEL_A_TEXT);
        texts.saturating_add(self.bytes)
    }
}

impl Codes {
    /// The number of a text, which this gives to the instance.
    pub(crate) fn give(&mut self, text: &str) -> Result<u32, Misuse> {
        match self {
            Codes::Prepare(dictionary) => dictionary.give(text),
            Codes::Batch(codes) => codes.give(text),
        }
    }

    /// The text of a number that the instance received.
    pub(crate) fn text(&self, code: u32) -> Result<&str, Misuse> {
        match self {
            Codes::Prepare(dictionary) => dictionary.text(code),
            Codes::Batch(codes) => codes.text(code),
        }
        .ok_or(Misuse::UnknownCode(code))
    }

    /// Whether the text of each code is in a set.
    pub(crate) fn contains(
        &mut self,
        set: u32,
        codes: &[u32],
    ) -> Result<(Vec<u8>, Looked), Misuse> {
        match self {
            Codes::Prepare(dictionary) => {
                let set = dictionary.set(set).ok_or(Misuse::UnknownSet(set))?;
                let mut looked = Looked::default();
                let member = |code: &u32| {
                    let text = dictionary.text(*code).ok_or(Misuse::UnknownCode(*code))?;
                    looked.at(text);
                    Ok(u8::from(set.contains(text)))
                };
                let inside: Result<Vec<u8>, Misuse> = codes.iter().map(member).collect();
                Ok((inside?, looked))
            }
            Codes::Batch(batch) => batch.contains(set, codes),
        }
    }

    /// The number of the first characters of each text.
    pub(crate) fn prefixes(
        &mut self,
        codes: &[u32],
        characters: u8,
    ) -> Result<(Vec<u32>, Looked), Misuse> {
        let mut prefixes = Vec::with_capacity(codes.len());
        let mut looked = Looked::default();
        // Columns repeat themselves: the last answer is often the next one.
        let mut last = (0, 0);
        for code in codes {
            if *code != last.0 {
                last = (*code, self.prefix(*code, characters)?);
                looked.at(self.text(last.1)?);
            }
            prefixes.push(last.1);
        }
        Ok((prefixes, looked))
    }

    fn prefix(&mut self, code: u32, characters: u8) -> Result<u32, Misuse> {
        let text = self.text(code)?;
        match text.char_indices().nth(usize::from(characters)) {
            None => Ok(code),
            Some((end, _)) => {
                let prefix = text[..end].to_owned();
                self.give(&prefix)
            }
        }
    }
}
