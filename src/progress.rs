//! How far a long command is: one line on a terminal, with rate and time left.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rulepack_audit::{Progress, Step};

/// Between two showings.
const PAUSE: Duration = Duration::from_millis(500);

/// A line on standard error where that is a terminal; nothing elsewhere.
pub struct ProgressLine {
    is_shown: bool,
    total: AtomicU64,
    done: AtomicU64,
    shown: Mutex<Shown>,
}

struct Shown {
    step: Step,
    began: Instant,
    last: Instant,
}

impl ProgressLine {
    /// For a terminal, if there is one.
    pub fn new() -> Self {
        let now = Instant::now();
        ProgressLine {
            is_shown: io::stderr().is_terminal(),
            total: AtomicU64::new(0),
            done: AtomicU64::new(0),
            shown: Mutex::new(Shown {
                step: Step::Digest,
                began: now,
                last: now,
            }),
        }
    }

    fn show(&self, shown: &Shown, end: &str) {
        let done = self.done.load(Ordering::Relaxed);
        let total = self.total.load(Ordering::Relaxed);
        let text = line(shown.step, (done, total), shown.began.elapsed());
        // Whoever closed the terminal does not stop the run.
        let mut err = io::stderr().lock();
        let _ = write!(err, "\r{text:<78}{end}").and_then(|()| err.flush());
    }
}

impl Progress for ProgressLine {
    fn begin(&self, step: Step, total: u64) {
        if !self.is_shown {
            return;
        }
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if self.total.load(Ordering::Relaxed) > 0 {
            self.show(&shown, "\n");
        }
        self.total.store(total, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        let now = Instant::now();
        (shown.step, shown.began, shown.last) = (step, now, now);
    }

    fn advance(&self, done: u64) {
        if !self.is_shown {
            return;
        }
        self.done.fetch_add(done, Ordering::Relaxed);
        // Another thread shows it otherwise.
        if let Ok(mut shown) = self.shown.try_lock()
            && shown.last.elapsed() >= PAUSE
        {
            self.show(&shown, "");
            shown.last = Instant::now();
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.is_shown && self.total.load(Ordering::Relaxed) > 0 {
            let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
            self.show(&shown, "\n");
        }
    }
}

/// `reviewing: 41 %, 3200000 of 7800000 rows, 210000 a second, 22 s left`
fn line(step: Step, (done, total): (u64, u64), elapsed: Duration) -> String {
    let (doing, unit) = match step {
        Step::Digest => ("digesting", "bytes"),
        Step::Cut => ("reading", "rows"),
        Step::Review => ("reviewing", "rows"),
        Step::Sum => ("summing", "parts"),
        Step::Write => ("writing", "parts"),
    };
    // What is only told about may turn out to be more.
    let total = total.max(done).max(1);
    let milliseconds = u64::try_from(elapsed.as_millis())
        .unwrap_or(u64::MAX)
        .max(1);
    let rate = done.saturating_mul(1_000) / milliseconds;
    let left = match rate {
        0 => String::new(),
        rate => format!(", {} s left", (total - done) / rate),
    };
    let share = done.saturating_mul(100) / total;
    format!("{doing}: {share} %, {done} of {total} {unit}, {rate} a second{left}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_share_rate_and_time_left() {
        let told = line(Step::Review, (3_200, 8_000), Duration::from_secs(16));
        assert_eq!(
            told,
            "reviewing: 40 %, 3200 of 8000 rows, 200 a second, 24 s left"
        );
        let told = line(Step::Cut, (0, 0), Duration::ZERO);
        assert_eq!(told, "reading: 0 %, 0 of 1 rows, 0 a second");
        let told = line(Step::Digest, (20, 10), Duration::from_secs(1));
        assert_eq!(
            told,
            "digesting: 100 %, 20 of 20 bytes, 20 a second, 0 s left"
        );
    }
}
