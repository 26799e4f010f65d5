//! From where requests look that are being answered: how an encounter was told before is remembered as long as one of them
//! may look for it, and no longer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::index::Position;

/// All who look.
#[derive(Debug, Clone, Default)]
pub(super) struct Looking(Arc<Mutex<BTreeMap<Position, usize>>>);

/// One who looks, until it is dropped.
#[derive(Debug)]
pub(super) struct Looks {
    all: Looking,
    from: Position,
}

impl Looking {
    /// Somebody looks from here.
    pub(super) fn begin(&self, from: Position) -> Arc<Looks> {
        *self.all().entry(from).or_default() += 1;
        Arc::new(Looks {
            all: self.clone(),
            from,
        })
    }

    /// From where whoever looks from furthest back does; `None` where nobody looks.
    pub(super) fn oldest(&self) -> Option<Position> {
        self.all().first_key_value().map(|(from, _)| *from)
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Position, usize>> {
        // Nothing in here panics while it holds it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Looks {
    fn drop(&mut self) {
        let mut all = self.all.all();
        if let Some(count) = all.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.from);
            }
        }
    }
}
