//! Timing on a machine that others use too.
//!
//! Contenders run in turns within one process, so that whatever slows the machine slows both of a pair;
//! what is told of a pair is the median of the ratios, not the ratio of two medians. The interval is that
//! of the order statistics of the sample (the sign test): nothing is assumed of how times are spread.

use std::hint::black_box;
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// A median, and between which values it lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Median {
    /// The middle value of the sample.
    pub median: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// Two contenders.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Paired {
    /// Seconds of the first for one run.
    pub first: Median,
    /// Seconds of the second for one run.
    pub second: Median,
    /// The second over the first, turn by turn.
    pub ratio: Median,
}

/// Times two contenders in turns; who begins changes from turn to turn. Each runs `runs` times in a turn.
pub fn in_turns<A, B>(
    turns: usize,
    runs: u32,
    mut first: impl FnMut() -> A,
    mut second: impl FnMut() -> B,
) -> Paired {
    let samples = (0..turns).map(|turn| sample(turn, runs, &mut first, &mut second));
    Paired::of(samples.collect())
}

/// The same for contenders that compute and never wait, once a turn each. A turn in which the system gave
/// the core to somebody else is left out and made up for, up to `TRIES` turns for each one wanted.
pub fn in_undisturbed_turns<A, B>(
    turns: usize,
    mut first: impl FnMut() -> A,
    mut second: impl FnMut() -> B,
) -> Paired {
    let mut samples = Vec::new();
    for turn in 0..turns * TRIES {
        let before = slices();
        let sample = sample(turn, 1, &mut first, &mut second);
        let is_last_resort = turns * TRIES - turn <= turns - samples.len();
        if before == slices() || is_last_resort {
            samples.push(sample);
        }
        if samples.len() == turns {
            break;
        }
    }
    Paired::of(samples)
}

/// Seconds of both in one turn.
fn sample<A, B>(
    turn: usize,
    runs: u32,
    first: &mut impl FnMut() -> A,
    second: &mut impl FnMut() -> B,
) -> (f64, f64) {
    if turn.is_multiple_of(2) {
        let first = seconds_of(first, runs);
        (first, seconds_of(second, runs))
    } else {
        let second = seconds_of(second, runs);
        (seconds_of(first, runs), second)
    }
}

impl Paired {
    /// Of seconds that were taken elsewhere, turn by turn; there is one turn at least.
    #[must_use]
    pub fn of(samples: Vec<(f64, f64)>) -> Self {
        let ratios = samples.iter().map(|(first, second)| second / first);
        Paired {
            ratio: Median::of(ratios.collect()),
            first: Median::of(samples.iter().map(|(first, _)| *first).collect()),
            second: Median::of(samples.iter().map(|(_, second)| *second).collect()),
        }
    }
}

/// Turns that are tried for one that is undisturbed.
const TRIES: usize = 20;

/// How often this thread was given a core; `None` where the system does not tell (it is Linux that does).
fn slices() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().nth(2)?.parse().ok()
}

/// Times one contender; the number of the turn tells it which input to take.
pub fn alone<A>(turns: usize, run: impl FnMut(usize) -> A) -> Median {
    alone_after(turns, || (), run)
}

/// The same with something that is done before each turn, outside of the clock.
pub fn alone_after<A>(
    turns: usize,
    mut before: impl FnMut(),
    mut run: impl FnMut(usize) -> A,
) -> Median {
    for turn in 0..turns / 10 {
        before();
        black_box(run(turn));
    }
    let time = |turn| {
        before();
        seconds_of(&mut || run(turn), 1)
    };
    Median::of((0..turns).map(time).collect())
}

fn seconds_of<A>(run: &mut impl FnMut() -> A, runs: u32) -> f64 {
    let started = Instant::now();
    for _ in 0..runs {
        black_box(run());
    }
    started.elapsed().as_secs_f64() / f64::from(runs)
}

impl Median {
    /// Of a sample that is not empty.
    fn of(mut sample: Vec<f64>) -> Self {
        sample.sort_by(f64::total_cmp);
        let at = |place: f64| {
            let last = sample.len().saturating_sub(1);
            sample.get((place.max(0.0) as usize).min(last)).copied()
        };
        let count = sample.len() as f64;
        // Of the binomial distribution with one half: 1.96 standard deviations of its mean.
        let reach = 0.98 * count.sqrt();
        Median {
            median: at(count / 2.0).unwrap_or(f64::NAN),
            low: at(count / 2.0 - reach).unwrap_or(f64::NAN),
            high: at((count / 2.0 + reach).ceil()).unwrap_or(f64::NAN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_holds_the_median_and_narrows_with_the_sample() {
        let of = |count: u32| Median::of((0..count).map(f64::from).collect());
        let (few, many) = (of(25), of(2_500));
        assert_eq!((few.median, few.low, few.high), (12.0, 7.0, 18.0));
        assert_eq!((many.median, many.low, many.high), (1250.0, 1201.0, 1299.0));
    }

    #[test]
    fn contenders_run_equally_often_and_in_turns() {
        let order = std::cell::RefCell::new(String::new());
        let run = |name| order.borrow_mut().push(name);
        in_turns(2, 1, || run('a'), || run('b'));
        assert_eq!(*order.borrow(), "abba");
    }

    #[test]
    fn what_is_done_before_a_turn_is_done_before_each_and_not_timed() {
        let order = std::cell::RefCell::new(String::new());
        let slow = std::time::Duration::from_millis(20);
        let before = || {
            order.borrow_mut().push('b');
            std::thread::sleep(slow);
        };
        let time = alone_after(3, before, |turn| {
            order.borrow_mut().push_str(&turn.to_string());
        });
        assert_eq!(*order.borrow(), "b0b1b2");
        assert!(time.low < slow.as_secs_f64(), "{time:?}");
    }

    #[test]
    fn turns_are_repeated_until_there_are_enough_undisturbed_ones() {
        let order = std::cell::RefCell::new(String::new());
        let run = |name| order.borrow_mut().push(name);
        in_undisturbed_turns(2, || run('a'), || run('b'));
        assert!(order.borrow().starts_with("abba"));
        assert!(order.borrow().len() <= 2 * 2 * TRIES);
    }

    #[test]
    fn a_thread_that_slept_was_given_a_core_anew() {
        let before = slices();
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(before.is_none() || before < slices());
    }
}
