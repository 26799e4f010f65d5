//! The numbers given for numbers of the data, noted in tables that outlive a batch.
//!
//! A table has an entry for every text of the data, which may be a million, while a batch may be one
//! order. So tables are never cleared: an entry counts only if it bears the stamp of the running batch.
//! What a text of the data is in the dictionary of `prepare` depends on neither batch nor order, so
//! that part of an entry bears the stamp of the data.

use std::sync::{Arc, Weak};

use rulepack_contract::data::Data;

use super::lists::Lists;

/// Tables for one batch at a time, and for one dictionary.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(super) codes: Vec<Entry>,
    tokens: Vec<Token>,
    batch: u32,
    data: u32,
    /// Which data the stamps are of. Held weakly: its address is not used again as long as this lives.
    of: Weak<Data>,
    tokens_given: u32,
    lists: Lists,
}

/// What is known of a number of the data.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    pub(super) batch: u32,
    /// The number given in that batch.
    pub(super) given: u32,
    pub(super) data: u32,
    /// The number in the dictionary; 0 where it is not in it.
    pub(super) known: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Token {
    batch: u32,
    given: u32,
}

impl Scratch {
    /// Makes ready for a batch of this data.
    pub(crate) fn begin(&mut self, data: &Arc<Data>) {
        if self.batch == u32::MAX {
            *self = Scratch::default();
        }
        self.batch += 1;
        self.tokens_given = 0;
        if !std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(data)) {
            // At most one step a batch, so this wraps no sooner than the other.
            self.data += 1;
            self.of = Arc::downgrade(data);
        }
        grow(&mut self.codes, data.codes().len());
        grow(&mut self.tokens, data.tokens().len());
    }

    /// Whether the tables are those of this data.
    pub(crate) fn is_of(&self, data: &Arc<Data>) -> bool {
        std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(data))
    }

    pub(super) fn stamps(&self) -> (u32, u32) {
        (self.batch, self.data)
    }

    /// Room for columns on their way to the instance.
    pub(crate) fn lists(&mut self) -> &mut Lists {
        &mut self.lists
    }

    /// The number of a token in this batch.
    pub(crate) fn token(&mut self, number: u32) -> u32 {
        let Some(token) = self.tokens.get_mut(number as usize) else {
            return 0;
        };
        if number != 0 && token.batch != self.batch {
            self.tokens_given += 1;
            *token = Token {
                batch: self.batch,
                given: self.tokens_given,
            };
        }
        token.given
    }
}

fn grow<T: Clone + Default>(table: &mut Vec<T>, len: usize) {
    if table.len() < len {
        table.resize(len, T::default());
    }
}
