//! Instances of packs, made ahead of the next requests by whoever just answered one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Service;

/// How long a used instance stays at most, whatever became of its call.
const AT_LEAST_EVERY: Duration = Duration::from_secs(1);

/// Whether somebody makes them, and whether somebody else asked for it meanwhile.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    is_going_on: AtomicBool,
    is_asked: AtomicBool,
}

/// Throws away the instances of an answer that was given, and makes others for the next request: not before the answer is
/// on its way, for this is a task that comes after the one that writes it.
pub(super) fn after_answer(service: &Arc<Service>) {
    if !service.ahead.is_to_begin() {
        return;
    }
    let service = Arc::clone(service);
    tokio::spawn(async move {
        tokio::task::spawn_blocking(move || service.ahead.work(|| service.packs.renew_ready()));
    });
}

/// The same every second, until it is dropped: of a call that was given up nobody sends an answer, and what its instances hold
/// is not to stay for that.
pub(super) async fn keep_throwing_away(service: Arc<Service>) {
    loop {
        tokio::time::sleep(AT_LEAST_EVERY).await;
        after_answer(&service);
    }
}

impl Ahead {
    /// Whether whoever asks has to begin; else whoever is at it does it once more.
    fn is_to_begin(&self) -> bool {
        self.is_asked.store(true, Ordering::SeqCst);
        !self.is_going_on.swap(true, Ordering::SeqCst)
    }

    /// Does it as often as somebody asks, after [`Ahead::is_to_begin`].
    fn work(&self, make: impl Fn()) {
        loop {
            self.is_asked.store(false, Ordering::SeqCst);
            let going_on = GoingOn(&self.is_going_on);
            make();
            drop(going_on);
            // Whoever asked until here did not begin; whoever asks now may.
            let is_asked = self.is_asked.load(Ordering::SeqCst);
            if !is_asked || self.is_going_on.swap(true, Ordering::SeqCst) {
                return;
            }
        }
    }
}

/// Ends when dropped, also where making ends unexpectedly.
struct GoingOn<'a>(&'a AtomicBool);

impl Drop for GoingOn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn whoever_asks_meanwhile_is_served_by_whoever_is_at_it() {
        let ahead = Ahead::default();
        let made = Cell::new(0);
        assert!(ahead.is_to_begin());
        assert!(!ahead.is_to_begin(), "one is at it, or about to be");
        ahead.work(|| {
            made.set(made.get() + 1);
            // Two more ask while the first is worked for, and none after that.
            if made.get() == 1 {
                assert!(!ahead.is_to_begin());
                assert!(!ahead.is_to_begin());
            }
        });
        assert_eq!(made.get(), 2);
        assert!(ahead.is_to_begin(), "nobody is at it any more");
        ahead.work(|| made.set(made.get() + 1));
        assert_eq!(made.get(), 3);
    }

    #[test]
    fn making_that_ends_unexpectedly_is_begun_again_by_the_next() {
        let ahead = Ahead::default();
        assert!(ahead.is_to_begin());
        let ended = std::panic::catch_unwind(|| ahead.work(|| panic!("it ends unexpectedly")));
        assert!(ended.is_err());
        assert!(ahead.is_to_begin());
    }
}
