//! A value that is replaced as a whole while others read it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Readers keep what they took; whoever comes later gets the new one.
#[derive(Debug, Default)]
pub(super) struct Swapped<T> {
    in_force: RwLock<Arc<T>>,
    replacing: Mutex<()>,
}

/// Whoever has it alone replaces the value.
#[must_use = "it is given back when it is dropped"]
pub(super) struct Replacing<'a, T> {
    swapped: &'a Swapped<T>,
    _alone: MutexGuard<'a, ()>,
}

impl<T> Swapped<T> {
    pub(super) fn new(value: T) -> Self {
        Swapped {
            in_force: RwLock::new(Arc::new(value)),
            replacing: Mutex::new(()),
        }
    }

    /// What is in force now.
    pub(super) fn get(&self) -> Arc<T> {
        // Nobody can panic between two steps: replacing is one.
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another one in force. Waits for whoever is replacing it.
    pub(super) fn put(&self, value: T) {
        self.replacing().put(value);
    }

    /// Keeps all others from replacing the value until this is dropped. Whoever puts what it reads from the disk reads it
    /// under this: what was read before could be older than what another put meanwhile.
    pub(super) fn replacing(&self) -> Replacing<'_, T> {
        Replacing {
            swapped: self,
            // What is in force is whole, wherever somebody panicked.
            _alone: self
                .replacing
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        }
    }

    #[cfg(test)]
    pub(super) fn is_being_replaced(&self) -> bool {
        self.replacing.try_lock().is_err()
    }
}

impl<T> Replacing<'_, T> {
    /// Puts another one in force.
    pub(super) fn put(&self, value: T) {
        let in_force = self.swapped.in_force.write();
        *in_force.unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}
