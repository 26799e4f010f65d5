//! A contender that is a program of its own: it is asked line by line, one turn at a time, and waits in between.
//!
//! | asked | answered |
//! |---|---|
//! | `findings one-order 4000` | the findings of each of the first requests, as JSON |
//! | `turn one-order 64` | seconds in which it answered them, by its own clock |
//!
//! Inputs are made, and parsed into its own values, when they are first asked for: that is in no turn.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{self, BufRead as _, Write as _};
use std::time::Instant;

use crate::finding::Findings;
use crate::hospital::Patient;
use crate::request::Work;

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

/// Answers line by line until nobody asks any more.
///
/// # Errors
/// Where standard input or output break, or a line asks for something else.
pub fn serve<C: Contender>(mut contender: C) -> io::Result<()> {
    let mut inputs: BTreeMap<(Work, u32), Vec<C::Input>> = BTreeMap::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (what, work, count) = parse(&line).ok_or_else(|| io::Error::other(line.clone()))?;
        let answered = if what == "findings" {
            let all = work.patients(count).map(|patient| {
                let answer = contender.answer(&contender.input(&patient));
                contender.findings(&answer, &patient)
            });
            serde_json::to_string(&all.collect::<Vec<_>>())?
        } else {
            let ready = || {
                work.patients(count)
                    .map(|patient| contender.input(&patient))
                    .collect()
            };
            let inputs = inputs.entry((work, count)).or_insert_with(ready);
            let started = Instant::now();
            for input in inputs.iter() {
                black_box(contender.answer(input));
            }
            started.elapsed().as_secs_f64().to_string()
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{answered}")?;
        out.flush()?;
    }
    Ok(())
}

fn parse(line: &str) -> Option<(&str, Work, u32)> {
    let mut words = line.split(' ');
    let what = words
        .next()
        .filter(|what| ["findings", "turn"].contains(what))?;
    Some((
        what,
        Work::named(words.next()?)?,
        words.next()?.parse().ok()?,
    ))
}
