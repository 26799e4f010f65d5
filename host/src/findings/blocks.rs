//! Where the findings of each answer stand, in memory: a block of answers that follow each other in the log costs fifty bytes,
//! so that a million answers take less than one megabyte. Which line of its block an answer has is read from the
//! disk: a 3103 is rare beside a 3101.

use std::sync::Arc;

use super::record::Entry;
use super::{FindingsError, KeptFinding};
use crate::sealed_log::{Place, SealedLog};

/// Answers of a block. Each look-up reads one block, or a few where answers that came at the same time stand in two.
const ANSWERS_MAX: u32 = 64;

/// One log, and where in it to look.
#[derive(Debug)]
pub(super) struct Month {
    pub(super) log: Arc<SealedLog>,
    blocks: Vec<Block>,
}

/// Lines of the log, and the answers among them.
#[derive(Debug, Clone, Copy)]
struct Block {
    first: Place,
    last_line: u64,
    /// Lowest and highest number of an answer.
    answers: (u64, u64),
    count: u32,
}

impl Month {
    pub(super) fn new(log: Arc<SealedLog>) -> Self {
        Month {
            log,
            blocks: Vec::new(),
        }
    }

    /// Notes that the findings of an answer stand here. Answers that come at the same time may be noted in any order.
    pub(super) fn note(&mut self, answer: u64, place: Place) {
        match self
            .blocks
            .last_mut()
            .filter(|block| block.count < ANSWERS_MAX)
        {
            Some(block) => block.extend(answer, place),
            None => self.blocks.push(Block {
                first: place,
                last_line: place.line,
                answers: (answer, answer),
                count: 1,
            }),
        }
    }

    /// In which lines of the log the findings of an answer may stand.
    pub(super) fn parts_with(&self, answer: u64) -> Vec<Part> {
        let with = self.blocks.iter().filter(|block| {
            let (lowest, highest) = block.answers;
            (lowest..=highest).contains(&answer)
        });
        let parts = with.map(|block| Part {
            log: Arc::clone(&self.log),
            lines: (block.first, block.last_line),
        });
        parts.collect()
    }
}

impl Block {
    fn extend(&mut self, answer: u64, place: Place) {
        if place.line < self.first.line {
            self.first = place;
        }
        self.last_line = self.last_line.max(place.line);
        let (lowest, highest) = self.answers;
        self.answers = (lowest.min(answer), highest.max(answer));
        self.count += 1;
    }
}

/// Some lines of a log.
#[derive(Debug)]
pub(super) struct Part {
    log: Arc<SealedLog>,
    lines: (Place, u64),
}

impl Part {
    /// The findings of an answer, where they stand here.
    ///
    /// # Errors
    /// [`FindingsError`] where the log cannot be read.
    pub(super) fn find(&self, answer: u64) -> Result<Vec<KeptFinding>, FindingsError> {
        let mut found = Vec::new();
        self.log.entries_within(self.lines, |_, bytes| {
            if found.is_empty()
                && let Ok(Entry::Found(all)) = serde_json::from_slice::<Entry>(bytes)
                && all.iter().any(|one| one.id.answer == answer)
            {
                found = all;
            }
        })?;
        Ok(found)
    }
}
