//! The seats for connections: so many at once. Where all are taken, a new connection gets the seat of the
//! one that has stood still for the longest.
//!
//! So whoever opens thousands of connections and lets them idle, sends a head byte by byte, or does not
//! read what he asked for, closes his own: a host that asks at once is answered long before it is its turn
//! to go. A connection whose upload holds one of the few places for uploads keeps its seat.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{AcquireError, Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Settings;

/// All seats of a server.
pub(super) struct Seats {
    settings: Settings,
    count: u32,
    free: Arc<Semaphore>,
    /// Times are told in milliseconds after this.
    begun: Instant,
    taken: Mutex<Taken>,
    /// When the log last said that all are taken.
    told_ms: AtomicU64,
}

#[derive(Default)]
struct Taken {
    /// By when each was last seen to move, and a number. A later move is noted only when it has become
    /// the first, so that a poll takes no lock.
    idlest_first: BTreeMap<(u64, u64), Arc<Activity>>,
    next: u64,
}

/// A seat, taken by one connection until this is dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: u64,
    activity: Arc<Activity>,
    _permit: OwnedSemaphorePermit,
}

/// What a connection does.
pub(super) struct Activity {
    begun: Instant,
    opened_ms: u64,
    /// When it was opened, its client took bytes of an answer, or sent bytes of an upload.
    moved_ms: AtomicU64,
    /// Where it stands among the idlest.
    noted_ms: AtomicU64,
    /// Whether it waits for this server, and not for its client.
    answering: AtomicBool,
    /// Whether it is not asked to make room: before the server has looked at it once, too.
    kept: AtomicBool,
    /// The [`End`] that it was told.
    end: AtomicU8,
    told: Notify,
}

/// How a connection ends, the gentler way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum End {
    /// When what is being answered is finished.
    Finish = 1,
    /// At once.
    Leave = 2,
}

/// As long as this is there a connection is not asked to make room.
pub(super) struct Kept(Arc<Activity>);

/// How long to wait for somebody to go before another one is asked to.
const AGAIN: Duration = Duration::from_millis(10);
/// How often the log says that all seats are taken.
const TOLD_EVERY_MS: u64 = 60_000;

impl Seats {
    /// All free.
    pub(super) fn new(settings: Settings) -> Arc<Self> {
        let count = u32::try_from(settings.connections_at_once).unwrap_or(u32::MAX);
        Arc::new(Self {
            settings,
            count,
            free: Arc::new(Semaphore::new(count as usize)),
            begun: Instant::now(),
            taken: Mutex::default(),
            told_ms: AtomicU64::new(0),
        })
    }

    /// A seat for a connection that has just been opened.
    ///
    /// # Errors
    /// Never while the server runs: the seats are not closed.
    pub(super) async fn take(self: &Arc<Self>) -> Result<Seat, AcquireError> {
        let permit = loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                break permit;
            }
            self.make_room();
            let free = Arc::clone(&self.free).acquire_owned();
            // Where nobody could be asked to go, somebody can a little later.
            if let Ok(permit) = timeout(AGAIN, free).await {
                break permit?;
            }
        };
        let activity = Arc::new(Activity::since(self.begun));
        let mut taken = self.taken();
        let number = taken.next;
        taken.next += 1;
        taken.note(activity.opened_ms, number, Arc::clone(&activity));
        drop(taken);
        Ok(Seat {
            seats: Arc::clone(self),
            number,
            activity,
            _permit: permit,
        })
    }

    /// Waits until all are free.
    pub(super) async fn all_free(&self) {
        // An error would say that they are closed, which nobody does.
        drop(self.free.acquire_many(self.count).await);
    }

    /// Looks again and again for clients that let the server wait, and for connections that are too old.
    pub(super) async fn look_after(&self) {
        let every = (self.settings.head_timeout / 4).max(Duration::from_millis(1));
        let mut ticks = tokio::time::interval(every);
        loop {
            ticks.tick().await;
            self.end_those_that_are_over();
        }
    }

    /// Lets all connections end once they are answered.
    pub(super) fn finish(&self) {
        for activity in self.taken().idlest_first.values() {
            activity.tell(End::Finish);
        }
    }

    fn end_those_that_are_over(&self) {
        let now_ms = milliseconds_since(self.begun);
        self.taken().idlest_first.retain(|_, activity| {
            let end = activity.is_over(now_ms, &self.settings);
            if let Some(end) = end {
                activity.tell(end);
            }
            end != Some(End::Leave)
        });
    }

    /// Asks the idlest connection to go.
    fn make_room(&self) {
        let now_ms = milliseconds_since(self.begun);
        if let Some(idlest) = self.taken().remove_idlest() {
            idlest.tell(End::Leave);
        }
        let told_ms = self.told_ms.load(Ordering::Relaxed);
        if told_ms == 0 || now_ms.saturating_sub(told_ms) >= TOLD_EVERY_MS {
            self.told_ms.store(now_ms.max(1), Ordering::Relaxed);
            let count = self.count;
            tracing::warn!(count, "all connections are taken: the idlest are closed");
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn note(&mut self, moved_ms: u64, number: u64, activity: Arc<Activity>) {
        activity.noted_ms.store(moved_ms, Ordering::Relaxed);
        self.idlest_first.insert((moved_ms, number), activity);
    }

    /// None where all are kept.
    fn remove_idlest(&mut self) -> Option<Arc<Activity>> {
        let mut first_kept = None;
        loop {
            let ((noted_ms, number), first) = self.idlest_first.pop_first()?;
            if first.kept.load(Ordering::Relaxed) {
                let last_ms = self
                    .idlest_first
                    .keys()
                    .next_back()
                    .map(|(last_ms, _)| *last_ms);
                let behind_all_ms = last_ms.unwrap_or(noted_ms).saturating_add(1);
                self.note(behind_all_ms, number, first);
                match first_kept {
                    // All others were looked at since.
                    Some(first_kept) if first_kept == number => return None,
                    Some(_) => {}
                    None => first_kept = Some(number),
                }
            } else {
                let moved_ms = first.moved_ms.load(Ordering::Relaxed);
                if moved_ms <= noted_ms {
                    return Some(first);
                }
                self.note(moved_ms, number, first);
            }
        }
    }
}

impl Seat {
    /// What the connection does: its service says so.
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        let noted_ms = self.activity.noted_ms.load(Ordering::Relaxed);
        taken.idlest_first.remove(&(noted_ms, self.number));
    }
}

impl Activity {
    fn since(begun: Instant) -> Self {
        let now_ms = milliseconds_since(begun);
        Self {
            begun,
            opened_ms: now_ms,
            moved_ms: AtomicU64::new(now_ms),
            noted_ms: AtomicU64::new(now_ms),
            answering: AtomicBool::new(false),
            kept: AtomicBool::new(true),
            end: AtomicU8::new(0),
            told: Notify::new(),
        }
    }

    /// The server looks at it for the first time: what has been asked is answered in the same step. Until
    /// then it could not but stand still, and a flood would push it out unheard.
    pub(super) fn begun(&self) {
        self.moved();
        self.kept.store(false, Ordering::Relaxed);
    }

    /// The client took bytes, or sent some that were asked for.
    pub(super) fn moved(&self) {
        let now_ms = milliseconds_since(self.begun);
        self.moved_ms.store(now_ms, Ordering::Relaxed);
    }

    /// From now on the client waits for this server, or no longer.
    pub(super) fn answering(&self, answering: bool) {
        self.moved();
        self.answering.store(answering, Ordering::Relaxed);
    }

    /// Lets it keep its seat for a time.
    pub(super) fn keep(self: &Arc<Self>) -> Kept {
        self.kept.store(true, Ordering::Relaxed);
        Kept(Arc::clone(self))
    }

    /// Waits until it is told to end, at least in this way.
    pub(super) async fn told(&self, least: End) {
        while self.end.load(Ordering::Relaxed) < least as u8 {
            self.told.notified().await;
        }
    }

    fn tell(&self, end: End) {
        self.end.fetch_max(end as u8, Ordering::Relaxed);
        self.told.notify_one();
    }

    fn is_over(&self, now_ms: u64, settings: &Settings) -> Option<End> {
        let since = |then_ms: u64| Duration::from_millis(now_ms.saturating_sub(then_ms));
        let age = since(self.opened_ms);
        let still = since(self.moved_ms.load(Ordering::Relaxed));
        let waits = !self.answering.load(Ordering::Relaxed);
        if waits && still >= settings.head_timeout || age >= settings.connection_age * 2 {
            Some(End::Leave)
        } else if age >= settings.connection_age {
            Some(End::Finish)
        } else {
            None
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.moved();
        self.0.kept.store(false, Ordering::Relaxed);
    }
}

fn milliseconds_since(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seats that were taken one after the other, a millisecond apart.
    fn taken(count: u64) -> (Taken, Vec<Arc<Activity>>) {
        let mut taken = Taken::default();
        let begun = Instant::now();
        let activities: Vec<_> = (0..count)
            .map(|_| Arc::new(Activity::since(begun)))
            .collect();
        for (number, activity) in (0..).zip(&activities) {
            activity.begun();
            activity.moved_ms.store(number, Ordering::Relaxed);
            taken.note(number, number, Arc::clone(activity));
        }
        (taken, activities)
    }

    #[test]
    fn those_that_moved_go_after_those_that_did_not() {
        let (mut taken, activities) = taken(4);
        let moved =
            |which: usize, now_ms| activities[which].moved_ms.store(now_ms, Ordering::Relaxed);
        moved(0, 10);
        moved(2, 9);
        let gone: Vec<_> = (0..4)
            .map(|_| taken.remove_idlest().unwrap())
            .map(|gone| {
                activities
                    .iter()
                    .position(|activity| Arc::ptr_eq(activity, &gone))
            })
            .collect();
        assert_eq!(gone, [Some(1), Some(3), Some(2), Some(0)]);
        assert!(taken.remove_idlest().is_none());
    }

    #[test]
    fn a_kept_seat_makes_no_room_until_it_is_given_back() {
        let (mut taken, activities) = taken(2);
        let kept = [activities[0].keep(), activities[1].keep()];
        assert!(taken.remove_idlest().is_none());
        let [first, second] = kept;
        drop(second);
        let gone = taken.remove_idlest().unwrap();
        assert!(Arc::ptr_eq(&gone, &activities[1]));
        assert!(taken.remove_idlest().is_none());
        drop(first);
        assert_eq!(taken.idlest_first.len(), 1);
    }

    #[test]
    fn who_was_not_looked_at_yet_is_not_pushed_out_unheard() {
        let mut taken = Taken::default();
        let activity = Arc::new(Activity::since(Instant::now()));
        taken.note(0, 0, Arc::clone(&activity));
        assert!(taken.remove_idlest().is_none());
        activity.begun();
        assert!(taken.remove_idlest().is_some());
    }

    #[test]
    fn who_lets_the_server_wait_leaves_and_who_is_old_finishes() {
        let settings = Settings {
            head_timeout: Duration::from_millis(100),
            connection_age: Duration::from_millis(1_000),
            ..Settings::default()
        };
        let activity = Activity::since(Instant::now());
        let at = |moved_ms: u64, now_ms| {
            activity.moved_ms.store(moved_ms, Ordering::Relaxed);
            activity.is_over(now_ms, &settings)
        };
        assert_eq!(at(0, 99), None);
        assert_eq!(at(0, 100), Some(End::Leave));
        assert_eq!(at(950, 999), None);
        assert_eq!(at(950, 1_000), Some(End::Finish));
        assert_eq!(at(1_990, 2_000), Some(End::Leave));
        activity.answering(true);
        assert_eq!(at(0, 999), None, "the server lets the client wait");
    }
}
