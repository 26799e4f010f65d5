//! As many instances at a time as address space was set aside for; the rest wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
pub(crate) struct Permits {
    free: Mutex<u32>,
    returned: Condvar,
}

/// One of the permits; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit<'a>(&'a Permits);

impl Permits {
    pub(crate) fn new(count: u32) -> Self {
        Permits {
            free: Mutex::new(count.max(1)),
            returned: Condvar::new(),
        }
    }

    /// Waits for a permit. Nobody holds more than one, so every wait ends.
    pub(crate) fn take(&self) -> Permit<'_> {
        let mut free = self.lock();
        while *free == 0 {
            free = self
                .returned
                .wait(free)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Permit(self)
    }

    fn lock(&self) -> MutexGuard<'_, u32> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.lock() += 1;
        self.0.returned.notify_one();
    }
}
