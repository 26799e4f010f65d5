//! The numbers given for numbers of the data, noted in tables that outlive a batch.
//!
//! The table of codes has an entry for every one of the data, which may be a million, while a batch may be one
//! order. So it is never cleared: an entry counts only if it bears the stamp of the running batch.
//! What a text of the data is in the dictionary of `prepare` depends on neither batch nor order, so
//! that part of an entry bears the stamp of the data.
//!
//! Of tokens each row may have another, and the data may be those of millions of rows: only those of the batch
//! are noted.

use std::sync::{Arc, Weak};

use hashbrown::HashMap;
use rulepack_contract::data::Data;

use super::batch::Received;
use super::lists::Lists;

/// The map of tokens keeps its room from batch to batch up to so many: those of a batch of 10,000 rows.
const TOKENS_KEPT: usize = 1 << 15;

/// Tables for one batch at a time, and for one dictionary.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(super) codes: Vec<Entry>,
    /// The number given to each token of the batch.
    tokens: HashMap<u32, u32>,
    batch: u32,
    data: u32,
    /// Which data the stamps are of. Held weakly: its address is not used again as long as this lives.
    of: Weak<Data>,
    /// An empty list between batches, which keeps its room.
    pub(super) received: Vec<Received>,
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

impl Scratch {
    /// Makes ready for a batch of this data.
    pub(crate) fn begin(&mut self, data: &Arc<Data>) {
        if self.batch == u32::MAX {
            *self = Scratch::default();
        }
        self.batch += 1;
        // To clear a map takes as long as the largest batch made it.
        match self.tokens.capacity() > TOKENS_KEPT {
            true => self.tokens = HashMap::new(),
            false => self.tokens.clear(),
        }
        if !std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(data)) {
            // At most one step a batch, so this wraps no sooner than the other.
            self.data += 1;
            self.of = Arc::downgrade(data);
        }
        let codes = data.codes().len();
        if self.codes.len() < codes {
            self.codes.resize(codes, Entry::default());
        }
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

    /// The number of a token in this batch: in the order in which they are met, from 1.
    pub(crate) fn token(&mut self, number: u32) -> u32 {
        if number == 0 {
            return 0;
        }
        let next = u32::try_from(self.tokens.len() + 1).unwrap_or(u32::MAX);
        *self.tokens.entry(number).or_insert(next)
    }
}
