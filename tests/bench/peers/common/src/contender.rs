//! A contender that is a program of its own: it is asked line by line, one turn at a time, and waits in between.
//!
//! | asked | answered |
//! |---|---|
//! | `findings one-order 0 4000` | the findings of each of so many requests from the first, as JSON |
//! | `at-once one-order 8 8` | seconds in which it answered them, by its own clock; `disturbed` where it did not have the core all the time |
//! | `at-work one-order 8 8` | the same, after it answered the same requests once, which is in nobody's time |
//!
//! Inputs are made, and parsed into its own values, when they are first asked for: that is in no turn.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{self, BufRead as _, Write as _};
use std::ops::Range;
use std::time::Instant;

use crate::finding::Findings;
use crate::hospital::Patient;
use crate::request::Work;

/// What a contender did before a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// It waited while another program had the core, whose data are in the caches since then.
    Waiting,
    /// It answered the same requests: as where all contenders are one program.
    Working,
}

impl Before {
    /// What a contender is asked for.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Before::Waiting => "at-once",
            Before::Working => "at-work",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Before::Waiting, Before::Working]
            .into_iter()
            .find(|before| before.word() == word)
    }
}

/// Whoever is asked.
pub trait Contender {
    /// A request in its own form.
    type Input;
    /// An answer in its own form.
    type Answer;

    /// Makes a request ready.
    fn input(&self, patient: &Patient) -> Self::Input;
    /// Answers.
    fn answer(&mut self, input: &Self::Input) -> Self::Answer;
    /// What was answered, as all contenders tell it.
    fn findings(&self, answer: &Self::Answer, patient: &Patient) -> Findings;
}

/// Seconds of a piece of work, where nothing else was given the core meanwhile. On a machine that others use a long turn
/// is interrupted more often than a short one, which would tell of the machine.
pub fn undisturbed<T>(work: impl FnOnce() -> T) -> Option<f64> {
    let before = slices();
    let started = Instant::now();
    black_box(work());
    let seconds = started.elapsed().as_secs_f64();
    (slices() == before).then_some(seconds)
}

/// How often this thread was given a core; `None` where the system does not tell (it is Linux that does).
fn slices() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().nth(2)?.parse().ok()
}

/// Answers line by line until nobody asks any more.
///
/// # Errors
/// Where standard input or output break, or a line asks for something else.
pub fn serve<C: Contender>(mut contender: C) -> io::Result<()> {
    let mut inputs: BTreeMap<(Work, u32), C::Input> = BTreeMap::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (before, work, numbers) = parse(&line).ok_or_else(|| io::Error::other(line.clone()))?;
        let answered = if let Some(before) = before {
            for (number, patient) in numbers.clone().zip(work.patients(numbers.clone())) {
                let input = || contender.input(&patient);
                inputs.entry((work, number)).or_insert_with(input);
            }
            let asked = inputs.range((work, numbers.start)..(work, numbers.end));
            let asked: Vec<&C::Input> = asked.map(|(_, input)| input).collect();
            let mut answer_all = || {
                for input in &asked {
                    black_box(contender.answer(input));
                }
            };
            if before == Before::Working {
                answer_all();
            }
            let seconds = undisturbed(answer_all);
            seconds.map_or("disturbed".to_owned(), |seconds| seconds.to_string())
        } else {
            let all = work.patients(numbers).map(|patient| {
                let answer = contender.answer(&contender.input(&patient));
                contender.findings(&answer, &patient)
            });
            serde_json::to_string(&all.collect::<Vec<_>>())?
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{answered}")?;
        out.flush()?;
    }
    Ok(())
}

/// What a line asks for: a turn, or findings.
fn parse(line: &str) -> Option<(Option<Before>, Work, Range<u32>)> {
    let mut words = line.split(' ');
    let before = match words.next()? {
        "findings" => None,
        turn => Some(Before::of(turn)?),
    };
    let work = Work::named(words.next()?)?;
    let (first, count): (u32, u32) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((before, work, first..first.checked_add(count)?))
}
