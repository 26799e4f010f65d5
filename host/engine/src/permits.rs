//! As many instances at a time as the limits allow; the rest wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
pub(crate) struct Permits {
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Debug)]
struct State {
    free: u32,
    /// Threads that wait: where there are none, waking one would be a system call for nothing.
    waiting: u32,
}

/// One of the permits; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit<'a>(&'a Permits);

impl Permits {
    pub(crate) fn new(count: u32) -> Self {
        Permits {
            state: Mutex::new(State {
                free: count.max(1),
                waiting: 0,
            }),
            returned: Condvar::new(),
        }
    }

    /// Waits for a permit. Nobody holds more than one, so every wait ends.
    pub(crate) fn take(&self) -> Permit<'_> {
        let mut state = self.lock();
        while state.free == 0 {
            state.waiting += 1;
            let woken = self.returned.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state.free -= 1;
        Permit(self)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.free += 1;
        let waited_for = state.waiting > 0;
        drop(state);
        if waited_for {
            self.0.returned.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn everybody_who_waits_gets_a_permit_and_never_more_are_out_than_there_are() {
        let permits = Permits::new(2);
        let (out, most) = (AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let permit = permits.take();
                        most.fetch_max(out.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        out.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 2);
        let state = permits.lock();
        assert_eq!((state.free, state.waiting), (2, 0));
    }
}
