//! What the host keeps of an instance: the data of its store.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rulepack_contract::data::Batch;
use rulepack_contract::knowledge::{KnowledgeTable, TableDeclaration};
use rulepack_contract::parameters::ParameterValue;
use rulepack_contract::review::Review;
use wasmtime::{ResourceLimiter, StoreContextMut};

use crate::fault::{MemoryRefused, Misuse};
use crate::limits::Limits;
use crate::numbering::{BatchCodes, Codes, Dictionary};

/// What `prepare` reads.
#[derive(Debug)]
pub(crate) struct Inputs {
    pub(crate) declarations: Vec<TableDeclaration>,
    pub(crate) tables: BTreeMap<String, KnowledgeTable>,
    pub(crate) parameters: BTreeMap<String, ParameterValue>,
}

/// The data of a store.
pub(crate) struct State {
    pub(crate) codes: Codes,
    pub(crate) inputs: Arc<Inputs>,
    pub(crate) memory: MemoryLimit,
    work: Option<Work>,
    /// What `codes` were before the batch.
    before: Option<Codes>,
}

/// What `evaluate` reads.
pub(crate) struct Work {
    pub(crate) batch: Batch,
    pub(crate) review: Review,
    /// The rows that the next column is narrowed to: see [`Part`].
    pub(crate) only: Option<Vec<Range<u32>>>,
}

/// The rows of a table that a column is asked for.
#[derive(Debug)]
pub(crate) enum Part {
    /// All rows of the batch.
    Whole,
    /// These ranges of them, which ascend and lie within the batch.
    Only(Vec<Range<u32>>),
}

impl Work {
    /// Takes the narrowing that holds for a column of a table with so many rows.
    pub(crate) fn take_part(&mut self, rows: u32) -> Result<Part, Misuse> {
        let Some(ranges) = self.only.take() else {
            return Ok(Part::Whole);
        };
        let mut free = 0;
        for range in &ranges {
            // Empty ones would be work that nothing is charged for.
            if range.is_empty() || range.start < free || range.end > rows {
                return Err(Misuse::Part);
            }
            free = range.end;
        }
        Ok(Part::Only(ranges))
    }
}

impl Part {
    /// How many rows it has.
    pub(crate) fn rows(&self, batch: u32) -> usize {
        match self {
            Part::Whole => batch as usize,
            Part::Only(ranges) => ranges.iter().map(ExactSizeIterator::len).sum(),
        }
    }
}

impl State {
    pub(crate) fn prepare(
        inputs: Arc<Inputs>,
        dictionary: Dictionary,
        memory: MemoryLimit,
    ) -> Self {
        State {
            codes: Codes::Prepare(dictionary),
            inputs,
            memory,
            work: None,
            before: None,
        }
    }

    /// A batch begins.
    pub(crate) fn begin(&mut self, codes: BatchCodes, work: Work) {
        let before = std::mem::replace(&mut self.codes, Codes::Batch(codes));
        self.before = Some(before);
        self.work = Some(work);
    }

    /// A batch is over: nothing of it stays here but its codes, which are handed out.
    pub(crate) fn end(&mut self) -> Option<BatchCodes> {
        self.work = None;
        let before = self.before.take()?;
        match std::mem::replace(&mut self.codes, before) {
            Codes::Batch(codes) => Some(codes),
            Codes::Prepare(_) => None,
        }
    }

    pub(crate) fn work(&self, function: &'static str) -> Result<&Work, Misuse> {
        self.work.as_ref().ok_or(Misuse::OnlyInEvaluate(function))
    }

    pub(crate) fn work_mut(&mut self, function: &'static str) -> Result<&mut Work, Misuse> {
        self.work.as_mut().ok_or(Misuse::OnlyInEvaluate(function))
    }

    /// The batch together with its codes.
    pub(crate) fn batch(
        &mut self,
        function: &'static str,
    ) -> Result<(&Batch, &mut BatchCodes), Misuse> {
        match (&self.work, &mut self.codes) {
            (Some(work), Codes::Batch(codes)) => Ok((&work.batch, codes)),
            _ => Err(Misuse::OnlyInEvaluate(function)),
        }
    }

    pub(crate) fn dictionary(&mut self, function: &'static str) -> Result<&mut Dictionary, Misuse> {
        match &mut self.codes {
            Codes::Prepare(dictionary) => Ok(dictionary),
            Codes::Batch(_) => Err(Misuse::OnlyInPrepare(function)),
        }
    }
}

/// The call's view of the state and its fuel.
pub(crate) type Context<'a> = StoreContextMut<'a, State>;

/// How much memory and how many table elements an instance may have, and how much memory it has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemoryLimit {
    pub(crate) bytes: usize,
    pub(crate) table_elements: usize,
    /// What its memory began with or was last to grow to, in bytes: it never has more, for there is one, and none shrinks.
    pub(crate) taken_bytes: usize,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.bytes {
            // Ends the pack with the reason, instead of an allocation that fails somewhere inside it.
            return Err(MemoryRefused(self.bytes).into());
        }
        self.taken_bytes = desired;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.table_elements)
    }

    fn instances(&self) -> usize {
        Limits::MODULES as usize
    }

    fn tables(&self) -> usize {
        Limits::MODULES as usize
    }

    fn memories(&self) -> usize {
        1
    }
}
