//! What is ready to run, each made ready by one caller: whoever needs it meanwhile waits for it. Where many
//! requests come before a start has loaded its packs, each pack is still compiled once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Variant;

/// Packs by what they are and what is set for them.
#[derive(Debug)]
pub(super) struct Ready<P> {
    shelf: Mutex<Shelf<P>>,
    making: Mutex<HashMap<Variant, Arc<Mutex<()>>>>,
}

#[derive(Debug)]
struct Shelf<P> {
    packs: HashMap<Variant, Arc<P>>,
    /// How often it was cleared: what was begun before is not put onto it.
    turn: u64,
}

impl<P> Ready<P> {
    /// The pack, made by `make` where nobody has made it yet.
    ///
    /// # Errors
    /// Those of `make`; whoever waited for it tries it in turn.
    pub(super) fn get_or_make<E>(
        &self,
        variant: Variant,
        make: impl FnOnce() -> Result<P, E>,
    ) -> Result<Arc<P>, E> {
        let known = lock(&self.shelf).packs.get(&variant).cloned();
        if let Some(pack) = known {
            return Ok(pack);
        }
        let alone = Arc::clone(lock(&self.making).entry(variant).or_default());
        let _alone = lock(&alone);
        let turn = {
            let shelf = lock(&self.shelf);
            if let Some(pack) = shelf.packs.get(&variant) {
                return Ok(Arc::clone(pack));
            }
            shelf.turn
        };
        let made = make().map(Arc::new);
        if let Ok(pack) = &made {
            let mut shelf = lock(&self.shelf);
            // What it may read may have been taken back while it was made: then the next request makes it anew.
            if shelf.turn == turn {
                shelf.packs.insert(variant, Arc::clone(pack));
            }
        }
        lock(&self.making).remove(&variant);
        made
    }

    /// All that are ready.
    pub(super) fn variants(&self) -> Vec<Variant> {
        lock(&self.shelf).packs.keys().copied().collect()
    }

    /// The packs themselves.
    pub(super) fn packs(&self) -> Vec<Arc<P>> {
        lock(&self.shelf).packs.values().cloned().collect()
    }

    /// Forgets all of them, and those that are being made.
    pub(super) fn clear(&self) {
        let mut shelf = lock(&self.shelf);
        shelf.packs.clear();
        shelf.turn += 1;
    }
}

impl<P> Default for Ready<P> {
    fn default() -> Self {
        Ready {
            shelf: Mutex::new(Shelf {
                packs: HashMap::new(),
                turn: 0,
            }),
            making: Mutex::default(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere cannot leave a map half changed: they are only ever inserted into, or cleared.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use rulepack_protocol::digest::Digest;

    use super::*;

    fn variant() -> Variant {
        (Digest::of(b"pack"), Digest::of(b"nothing set"))
    }

    #[test]
    fn many_requests_at_a_start_make_a_pack_once() {
        let (ready, made) = (Ready::<u32>::default(), AtomicU32::new(0));
        let all_came = Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    all_came.wait();
                    let make = || {
                        thread::yield_now();
                        Ok::<_, ()>(made.fetch_add(1, Ordering::SeqCst))
                    };
                    assert_eq!(ready.get_or_make(variant(), make).map(|pack| *pack), Ok(0));
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }

    #[test]
    fn what_was_being_made_when_all_was_forgotten_is_not_kept() {
        let ready = Ready::<u32>::default();
        let old = ready.get_or_make(variant(), || {
            ready.clear();
            Ok::<_, ()>(1)
        });
        assert_eq!(old.map(|pack| *pack), Ok(1));
        let new = ready.get_or_make(variant(), || Ok::<_, ()>(2));
        assert_eq!(new.map(|pack| *pack), Ok(2));
        // One that failed is tried again by whoever comes next.
        let other = (Digest::of(b"other"), variant().1);
        assert_eq!(
            ready.get_or_make(other, || Err("no")).map(|pack| *pack),
            Err("no")
        );
        assert_eq!(
            ready
                .get_or_make(other, || Ok::<_, ()>(3))
                .map(|pack| *pack),
            Ok(3)
        );
    }
}
