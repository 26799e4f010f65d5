//! Every limit of the sandbox, with its reason.

use std::time::Duration;

use rulepack_protocol::pack::manifest;
use serde::{Deserialize, Serialize};

/// One page of WebAssembly memory, in bytes.
pub(crate) const PAGE_BYTES: usize = 64 * 1024;
const MIB: usize = 1024 * 1024;

/// The ceilings of a hospital. What a manifest asks for is capped by them; nothing raises them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Work of `prepare`: once per release of knowledge. 20 seconds at about 10^9 a second.
    pub fuel_prepare: u64,
    /// Work for a patient alone, or for a whole institution.
    pub fuel_alone: u64,
    /// Work for every batch, beside its rows.
    pub fuel_base: u64,
    /// Work for every row of a batch.
    pub fuel_per_row: u64,
    /// Linear memory of an instance, in bytes. Counted per instance, so that `instances` times this is what packs can
    /// take from the hospital's server at work. Beside it `places` keep 8 MiB each at most, and those that were made
    /// ready and used wait with 8 MiB for each of `ready` together: one that has more is thrown away before its answer is
    /// handed on.
    pub memory_bytes: usize,
    /// Elements of a function table: a pack needs one a function whose address it takes. A component has
    /// eight modules at most, each with one table at most.
    pub table_elements: usize,
    /// Stack of WebAssembly, in bytes: small enough for a thread of 2 MiB, and the same everywhere so
    /// that a recursion ends at the same depth.
    pub stack_bytes: usize,
    /// An answer as the host holds it, in bytes; also what one host call may hand over in `evaluate`.
    pub answer_bytes: usize,
    /// What one host call may hand over in `prepare`, in bytes: a whole dictionary.
    pub prepare_bytes: usize,
    /// Findings, notices, measures and abstentions of one answer together. Nobody reads more.
    pub answer_entries: usize,
    /// Rows, arguments and references of one entry of an answer.
    pub entry_parts: usize,
    /// Texts numbered by one instance.
    pub dictionary_texts: u32,
    /// Those texts, in bytes.
    pub dictionary_bytes: usize,
    /// Prefixes of all sets of codes together: each is kept by the host for every batch.
    pub set_prefixes: usize,
    /// The outer guard: how long anything may run by the clock. Fuel ends it long before; where this
    /// fires, there is no verdict. In steps of [`Limits::WALL_STEP`].
    pub wall: Duration,
    /// Instances that live at the same time; more calls wait.
    pub instances: u32,
    /// Places for the memory of instances, of which address space is set aside for each. One that no instance has is kept as
    /// the last one of the same code found it, so that the next one of that code need not ask the system for anything.
    pub places: u32,
    /// Instances that are made ready ahead of requests, of all packs together, beside those that live at the same time. One that
    /// was used counts until it is thrown away. With none of them every batch makes its own.
    pub ready: u32,
}

impl Limits {
    /// How exact the outer guard is.
    pub const WALL_STEP: Duration = Duration::from_millis(100);

    /// Core modules of a component, and tables of all of them: the pack itself and two adapters of the
    /// component tools, and some room.
    pub(crate) const MODULES: u32 = 8;

    /// Instances that one pack has ready at most: as many as batches that come before there is time to make more.
    pub(crate) const READY_OF_PACK: u32 = 8;

    /// Memory that instances wrote and that is kept when none is at work in it, in bytes: each of `places` keeps no more for
    /// the next instance, and used instances that wait to be thrown away have so much for each of `ready` together.
    pub(crate) const KEPT_BYTES: usize = 8 * MIB;

    /// What a batch notes of codes and sets, so that it looks at each text once: a byte for each code of each set.
    pub(crate) const SET_NOTES: usize = 16 * MIB;

    /// The steps of the outer guard, at least two: the first may come at once.
    pub(crate) fn wall_steps(&self) -> u64 {
        let steps = self.wall.as_millis() / Self::WALL_STEP.as_millis();
        u64::try_from(steps).unwrap_or(u64::MAX).max(2)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            fuel_prepare: 20_000_000_000,
            fuel_alone: 2_000_000_000,
            fuel_base: 10_000_000,
            fuel_per_row: 100_000,
            memory_bytes: 256 * MIB,
            table_elements: 20_000,
            stack_bytes: 512 * 1024,
            answer_bytes: 16 * MIB,
            prepare_bytes: 128 * MIB,
            answer_entries: 100_000,
            entry_parts: 100_000,
            dictionary_texts: 1_000_000,
            dictionary_bytes: 64 * MIB,
            set_prefixes: 1_000_000,
            wall: Duration::from_secs(120),
            instances: 64,
            places: 1_024,
            ready: 64,
        }
    }
}

/// What one pack gets: what its manifest asks for, capped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) prepare: u64,
    pub(crate) alone: u64,
    base: u64,
    per_row: u64,
    pub(crate) memory_bytes: usize,
}

impl Budget {
    pub(crate) fn new(asked: &manifest::Limits, ceiling: &Limits) -> Self {
        let memory = (asked.memory_mib as usize).saturating_mul(MIB);
        Budget {
            prepare: asked.fuel.prepare.min(ceiling.fuel_prepare),
            alone: asked.fuel.alone.min(ceiling.fuel_alone),
            base: asked.fuel.base.min(ceiling.fuel_base),
            per_row: asked.fuel.per_row.min(ceiling.fuel_per_row),
            memory_bytes: memory.min(ceiling.memory_bytes),
        }
    }

    /// For a batch of so many rows, of more than one patient.
    pub(crate) fn batch(&self, rows: u64) -> u64 {
        let batch = self.per_row.saturating_mul(rows).saturating_add(self.base);
        batch.min(self.alone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_gets_what_it_asks_for_but_never_more_than_the_hospital_allows() {
        let mut asked = manifest::Limits::default();
        asked.fuel.alone = u64::MAX;
        asked.fuel.per_row = 7;
        asked.memory_mib = u32::MAX;
        let budget = Budget::new(&asked, &Limits::default());
        assert_eq!(budget.alone, Limits::default().fuel_alone);
        assert_eq!(budget.memory_bytes, Limits::default().memory_bytes);
        assert_eq!(budget.batch(10), 1_000_000 + 70);
        assert_eq!(budget.batch(u64::MAX), budget.alone);
    }
}
