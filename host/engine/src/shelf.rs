//! Instances that are made ready ahead of the batches of a pack, each for one of them, and those that were used and wait to be
//! thrown away.
//!
//! To make an instance and to throw it away takes longer than to ask it about one order. So whoever has time does both, after
//! an answer was given: nothing here runs by itself, and nobody waits for it. What stands here holds a place of its own in
//! the pool of instances ([`Room`]), beside the permits of those at work, so that neither is ever refused for the other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use crate::engine::Shared;
use crate::instance::{Fresh, Used};
use crate::room::Room;

/// The instances of one pack that wait.
pub(crate) struct Shelf {
    shared: Arc<Shared>,
    waiting: Mutex<Waiting>,
    /// Held by the one that makes them; whoever else would leaves it to that one.
    making: Mutex<()>,
}

#[derive(Default)]
struct Waiting {
    is_open: bool,
    ready: Vec<Fresh>,
    used: Vec<Used>,
    /// Batches that came since instances were last made.
    came: u32,
    /// The most that came so.
    most: u32,
}

impl Shelf {
    /// One that nothing stands on until it is opened.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Shelf {
            shared,
            waiting: Mutex::default(),
            making: Mutex::default(),
        }
    }

    /// An instance for a batch, if one is ready.
    pub(crate) fn take(&self) -> Option<Fresh> {
        let mut waiting = self.waiting();
        if !waiting.is_open {
            return None;
        }
        waiting.came = waiting.came.saturating_add(1);
        let ready = waiting.ready.pop();
        drop(waiting);
        self.shared.room.count(ready.is_some());
        ready
    }

    /// Keeps a used one until there is time to throw it away. One that was made for its batch is thrown away now, and so is
    /// one for whose memory there is no room beside that of the others.
    pub(crate) fn put_aside(&self, mut used: Used) {
        if !used.may_wait() {
            return;
        }
        let mut waiting = self.waiting();
        if waiting.is_open {
            waiting.used.push(used);
        }
    }

    /// From now on some are to be ready.
    pub(crate) fn open(&self) {
        let mut waiting = self.waiting();
        if !waiting.is_open {
            waiting.is_open = true;
            self.shared.room.open();
        }
    }

    /// From now on none are.
    pub(crate) fn close(&self) {
        let gone = std::mem::take(&mut *self.waiting());
        if gone.is_open {
            self.shared.room.close();
        }
    }

    /// Throws away what was used, and makes as many ready as came at once before, as far as there is room. Where one
    /// cannot be made, the next batch makes its own, and says why it cannot. While another call is at it, it does nothing.
    pub(crate) fn fill(&self, make: impl Fn() -> wasmtime::Result<Fresh>) {
        let _alone = match self.making.try_lock() {
            Ok(alone) => alone,
            Err(TryLockError::Poisoned(alone)) => alone.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        // Their places are free before others are made, which so find the memory that these left.
        drop(self.take_spare());
        while self.is_wanting() {
            let Some(place) = Room::take(&self.shared) else {
                return;
            };
            let Ok(fresh) = make() else {
                return;
            };
            let fresh = fresh.in_place(place);
            let mut waiting = self.waiting();
            if waiting.is_open {
                waiting.ready.push(fresh);
            }
        }
    }

    /// What was used, and what is ready beyond the share of this pack, which shrinks with every other pack.
    fn take_spare(&self) -> (Vec<Used>, Vec<Fresh>) {
        let mut waiting = self.waiting();
        waiting.most = waiting.most.max(std::mem::take(&mut waiting.came));
        let kept = waiting.ready.len().min(self.wanted(&waiting));
        // The lists keep their room, so that none has to be asked for while a batch waits.
        (
            waiting.used.drain(..).collect(),
            waiting.ready.drain(kept..).collect(),
        )
    }

    #[cfg(test)]
    pub(crate) fn take_used(&self) -> Vec<Used> {
        std::mem::take(&mut self.waiting().used)
    }

    fn is_wanting(&self) -> bool {
        let waiting = self.waiting();
        waiting.ready.len() < self.wanted(&waiting)
    }

    fn wanted(&self, waiting: &Waiting) -> usize {
        match waiting.is_open {
            true => waiting.most.clamp(1, self.shared.room.share()) as usize,
            false => 0,
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.close();
    }
}
