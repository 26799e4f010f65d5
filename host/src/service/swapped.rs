//! A value that is replaced as a whole while others read it.

use std::sync::{Arc, PoisonError, RwLock};

/// Readers keep what they took; whoever comes later gets the new one.
#[derive(Debug, Default)]
pub(super) struct Swapped<T>(RwLock<Arc<T>>);

impl<T> Swapped<T> {
    pub(super) fn new(value: T) -> Self {
        Swapped(RwLock::new(Arc::new(value)))
    }

    /// What is in force now.
    pub(super) fn get(&self) -> Arc<T> {
        // Nobody can panic between two steps: replacing is one.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another one in force.
    pub(super) fn put(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}
