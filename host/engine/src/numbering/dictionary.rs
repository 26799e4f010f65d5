//! The texts that an instance received in `prepare`, and the sets that it defined there.

use rulepack_contract::data::Texts;

use super::sets::CodeSet;
use crate::fault::Misuse;
use crate::limits::Limits;

/// How many texts an instance may be given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) texts: u32,
    pub(crate) bytes: usize,
    set_prefixes: usize,
}

/// Texts by number, stored beside the snapshot of the instance that knows them.
#[derive(Debug, Clone)]
pub(crate) struct Dictionary {
    texts: Texts,
    bytes: usize,
    sets: Vec<CodeSet>,
    set_prefixes: usize,
    bounds: Bounds,
}

impl Bounds {
    pub(crate) fn new(limits: &Limits) -> Self {
        Bounds {
            texts: limits.dictionary_texts,
            bytes: limits.dictionary_bytes,
            set_prefixes: limits.set_prefixes,
        }
    }
}

impl Dictionary {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Dictionary {
            texts: Texts::default(),
            bytes: 0,
            sets: Vec::new(),
            set_prefixes: 0,
            bounds,
        }
    }

    pub(crate) fn give(&mut self, text: &str) -> Result<u32, Misuse> {
        if let Some(number) = self.texts.number(text) {
            return Ok(number);
        }
        self.bytes = self.bytes.saturating_add(text.len());
        if self.len() > self.bounds.texts || self.bytes > self.bounds.bytes {
            return Err(Misuse::Dictionary);
        }
        self.texts.intern(text).ok_or(Misuse::Dictionary)
    }

    pub(crate) fn text(&self, code: u32) -> Option<&str> {
        self.texts.text(code)
    }

    pub(crate) fn number(&self, text: &str) -> Option<u32> {
        self.texts.number(text)
    }

    /// One more than the largest number given.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.texts.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn bounds(&self) -> Bounds {
        self.bounds
    }

    pub(crate) fn define_set(&mut self, prefixes: Vec<String>) -> Result<u32, Misuse> {
        // An empty set takes room too.
        self.set_prefixes = self.set_prefixes.saturating_add(prefixes.len().max(1));
        self.bytes = prefixes.iter().fold(self.bytes, |bytes, prefix| {
            bytes.saturating_add(prefix.len())
        });
        if self.set_prefixes > self.bounds.set_prefixes || self.bytes > self.bounds.bytes {
            return Err(Misuse::Dictionary);
        }
        let number = u32::try_from(self.sets.len()).map_err(|_| Misuse::Dictionary)?;
        self.sets.push(CodeSet::new(prefixes));
        Ok(number)
    }

    pub(crate) fn sets(&self) -> &[CodeSet] {
        &self.sets
    }

    pub(crate) fn set(&self, set: u32) -> Option<&CodeSet> {
        self.sets.get(set as usize)
    }
}
