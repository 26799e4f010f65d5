//! Room for the instances that are ready, and for those that wait to be thrown away, of all packs together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use crate::engine::Shared;
use crate::limits::Limits;

/// How much there is, who shares it, and of what use it was.
#[derive(Debug)]
pub(crate) struct Room {
    places: u32,
    taken: AtomicU32,
    /// Memory of used instances that wait, in bytes.
    waiting_bytes: AtomicUsize,
    /// Packs that have instances ready.
    packs: AtomicU32,
    found: AtomicU64,
    missed: AtomicU64,
}

/// Room for one instance, and for the memory with which it waits to be thrown away; given back when dropped.
pub(crate) struct Place {
    shared: Arc<Shared>,
    waiting_bytes: usize,
}

/// How often small batches found an instance ready for them, since the sandbox was made. Those of packs that have none
/// made ahead do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Batches that found one.
    pub found: u64,
    /// Batches that made their own.
    pub missed: u64,
}

impl Room {
    pub(crate) fn new(places: u32) -> Self {
        Room {
            places,
            taken: AtomicU32::new(0),
            waiting_bytes: AtomicUsize::new(0),
            packs: AtomicU32::new(0),
            found: AtomicU64::new(0),
            missed: AtomicU64::new(0),
        }
    }

    /// A place, if there is one left.
    pub(crate) fn take(shared: &Arc<Shared>) -> Option<Place> {
        let Room { places, taken, .. } = &shared.room;
        let one_more = |taken: u32| (taken < *places).then(|| taken + 1);
        taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .ok()?;
        Some(Place {
            shared: Arc::clone(shared),
            waiting_bytes: 0,
        })
    }

    /// How many instances of one pack may be ready: one at least, so that the first packs have one where there is
    /// not enough room for all.
    pub(crate) fn share(&self) -> u32 {
        let packs = self.packs.load(Ordering::Relaxed).max(1);
        (self.places / packs).clamp(1, Limits::READY_OF_PACK)
    }

    /// One pack more has instances ready.
    pub(crate) fn open(&self) {
        self.packs.fetch_add(1, Ordering::Relaxed);
    }

    /// One pack less.
    pub(crate) fn close(&self) {
        self.packs.fetch_sub(1, Ordering::Relaxed);
    }

    /// A batch looked for an instance.
    pub(crate) fn count(&self, is_found: bool) {
        let count = match is_found {
            true => &self.found,
            false => &self.missed,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn readiness(&self) -> Readiness {
        Readiness {
            found: self.found.load(Ordering::Relaxed),
            missed: self.missed.load(Ordering::Relaxed),
        }
    }

    #[cfg(test)]
    pub(crate) fn taken(&self) -> u32 {
        self.taken.load(Ordering::Acquire)
    }
}

impl Place {
    /// Whether an instance with this much memory may wait to be thrown away: all of them together have
    /// [`Limits::KEPT_BYTES`] for each place, whatever a single one has.
    pub(crate) fn wait(&mut self, bytes: usize) -> bool {
        let Room {
            places,
            waiting_bytes,
            ..
        } = &self.shared.room;
        let bytes_max = Limits::KEPT_BYTES.saturating_mul(*places as usize);
        let with_it = |waiting: usize| waiting.checked_add(bytes).filter(|all| *all <= bytes_max);
        let waits = waiting_bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, with_it);
        if waits.is_ok() {
            self.waiting_bytes += bytes;
        }
        waits.is_ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Room {
            taken,
            waiting_bytes,
            ..
        } = &self.shared.room;
        waiting_bytes.fetch_sub(self.waiting_bytes, Ordering::AcqRel);
        taken.fetch_sub(1, Ordering::AcqRel);
    }
}
