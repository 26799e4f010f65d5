//! Patient scope over whole data: in batches, by several threads.
//!
//! Whether a patient gets a verdict never depends on whom it was batched with: a batch that fails is
//! split until the patient that breaks it stands alone, and alone it has the fuel of a patient alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rulepack_contract::answer::Answer;
use rulepack_contract::data::{Batch, Data};
use rulepack_contract::review::Review;
use rulepack_contract::schema::ids;

use crate::coverage::NotEvaluable;
use crate::fault::Fault;
use crate::loaded::LoadedPack;

/// How data is divided. The outcome does not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Division {
    /// A batch is closed once it has so many rows.
    pub rows: u64,
    /// Threads that evaluate batches.
    pub threads: usize,
}

impl Default for Division {
    fn default() -> Self {
        Division {
            rows: 10_000,
            threads: 1,
        }
    }
}

/// What a pack says of whole data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// In rows of the whole data, in canonical order.
    pub answer: Answer,
    /// The patients without a verdict, or institutions in institution scope, by row, each with the reason.
    pub no_verdict: Vec<(u32, Fault)>,
    /// The rules that the data leaves no ground for.
    pub not_evaluable: Vec<NotEvaluable>,
    /// The fuel of all batches that were answered: the same for the same data and [`Division::rows`], on
    /// every machine and with any number of threads.
    pub fuel: u64,
    /// How often the pack was called: once for every batch, and once more for each half of one that failed. Of a batch of
    /// `n` patients, `k` of whom break it, no more than `1 + 2 · k · ⌈log₂ n⌉` times.
    pub calls: u64,
}

/// Evaluates all patients of the data.
#[must_use]
pub fn review(pack: &LoadedPack, data: &Arc<Data>, review: &Review, division: Division) -> Outcome {
    let batches = batches(data, division.rows);
    let next = AtomicUsize::new(0);
    let outcome = Mutex::new(Outcome::default());
    let work = || {
        let mut part = Outcome::default();
        while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
            evaluate(pack, batch.clone(), review, &mut part);
        }
        let mut whole = outcome.lock().unwrap_or_else(PoisonError::into_inner);
        whole.answer.append(part.answer);
        whole.no_verdict.append(&mut part.no_verdict);
        whole.fuel = whole.fuel.saturating_add(part.fuel);
        whole.calls += part.calls;
    };
    let threads = division.threads.clamp(1, batches.len().max(1));
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let mut outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome.answer.sort();
    outcome.no_verdict.sort_by_key(|(patient, _)| *patient);
    outcome.not_evaluable = pack.not_evaluable(data);
    outcome
}

/// Whole patients, closed once there are so many rows.
fn batches(data: &Arc<Data>, rows: u64) -> Vec<Batch> {
    let all = data.rows(ids::PATIENTS);
    let institutions = u64::from(data.rows(ids::INSTITUTIONS));
    let mut batches = Vec::new();
    let mut first = 0;
    let mut collected = 0_u64;
    for patient in 0..all {
        let alone = Batch::patients(data.clone(), patient..patient + 1).all_rows();
        // Every batch has all institutions.
        collected = collected.saturating_add(alone.saturating_sub(institutions));
        if collected >= rows.max(1) || patient + 1 == all {
            batches.push(Batch::patients(data.clone(), first..patient + 1));
            (first, collected) = (patient + 1, 0);
        }
    }
    batches
}

/// Evaluates a batch, in halves where it fails. The pieces that wait are at most as many as the batch can be halved.
fn evaluate(pack: &LoadedPack, batch: Batch, review: &Review, outcome: &mut Outcome) {
    let mut waiting = vec![batch];
    while let Some(batch) = waiting.pop() {
        outcome.calls += 1;
        let halves = batch.halves();
        let fuel = match halves {
            None => pack.budget.alone,
            Some(_) => pack.budget.batch(batch.all_rows()),
        };
        match (pack.evaluate_within(&batch, review, fuel), halves) {
            (Ok(evaluation), _) => {
                outcome.answer.append(evaluation.answer);
                outcome.fuel = outcome.fuel.saturating_add(evaluation.fuel);
            }
            (Err(_), Some((first, second))) => waiting.extend([second, first]),
            (Err(fault), None) => {
                let patient = batch.range(ids::PATIENTS).start;
                outcome.no_verdict.push((patient, fault));
            }
        }
    }
}
