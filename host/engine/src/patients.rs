//! Patient scope over whole data: in batches, by several threads.
//!
//! Whether a patient gets a verdict never depends on whom it was batched with: a batch that fails is
//! split until the patient that breaks it stands alone, and alone it has the fuel of a patient alone. A pack that
//! declares triggers is asked about the patients in whose data one of them occurs, and has said nothing of the others.

use std::ops::Range;
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
use crate::triggers::Relevant;

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
    /// The patients about whom the pack was not asked, for none of its triggers occurs in their data. They count as
    /// evaluated: the pack has nothing to say of them.
    pub untriggered: u64,
}

/// What may lie between two patients of one batch who are not asked about: more rows than these take longer to be carried
/// along than an instance of their own takes to be made.
const CARRIED_ROWS: u64 = 256;

/// Evaluates all patients of the data.
#[must_use]
pub fn review(pack: &LoadedPack, data: &Arc<Data>, review: &Review, division: Division) -> Outcome {
    let relevant = pack.relevant(data);
    let asked = Asked {
        pack,
        review,
        relevant: relevant.as_ref(),
    };
    let batches = asked.batches(data, division.rows.max(1));
    let next = AtomicUsize::new(0);
    let outcome = Mutex::new(Outcome::default());
    let work = || {
        let mut part = Outcome::default();
        while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
            asked.evaluate(batch.clone(), &mut part);
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
    outcome.untriggered = relevant.map_or(0, |relevant| relevant.left_out());
    outcome
}

/// Who is asked about whom.
struct Asked<'a> {
    pack: &'a LoadedPack,
    review: &'a Review,
    /// `None` where everybody is.
    relevant: Option<&'a Relevant>,
}

/// A batch to which patients are still added.
struct Open {
    patients: Range<u32>,
    rows: u64,
    /// Of patients after them who are not asked about.
    carried: u64,
}

impl Asked<'_> {
    fn is_about(&self, patients: Range<u32>) -> bool {
        self.relevant.is_none_or(|relevant| relevant.any(patients))
    }

    /// Whole patients, closed once there are so many rows. One who is not asked about never begins or ends a batch.
    fn batches(&self, data: &Arc<Data>, rows: u64) -> Vec<Batch> {
        let institutions = u64::from(data.rows(ids::INSTITUTIONS));
        // Every batch has all institutions.
        let rows_of = |patient| {
            let alone = Batch::patients(data.clone(), patient..patient + 1).all_rows();
            alone.saturating_sub(institutions)
        };
        let mut closed = Vec::new();
        let mut open: Option<Open> = None;
        for patient in 0..data.rows(ids::PATIENTS) {
            if !self.is_about(patient..patient + 1) {
                let carried = open.as_mut().map(|open| {
                    open.carried = open.carried.saturating_add(rows_of(patient));
                    open.carried
                });
                if carried.is_some_and(|carried| carried > CARRIED_ROWS) {
                    closed.extend(open.take());
                }
                continue;
            }
            let batch = open.get_or_insert(Open {
                patients: patient..patient,
                rows: 0,
                carried: 0,
            });
            batch.patients.end = patient + 1;
            let more = std::mem::take(&mut batch.carried).saturating_add(rows_of(patient));
            batch.rows = batch.rows.saturating_add(more);
            if batch.rows >= rows {
                closed.extend(open.take());
            }
        }
        closed.extend(open);
        let batch = |open: Open| Batch::patients(data.clone(), open.patients);
        closed.into_iter().map(batch).collect()
    }

    /// Evaluates a batch, in halves where it fails. The pieces that wait are at most as many as the batch can be halved.
    fn evaluate(&self, batch: Batch, outcome: &mut Outcome) {
        let pack = self.pack;
        let mut waiting = vec![batch];
        while let Some(batch) = waiting.pop() {
            if !self.is_about(batch.range(ids::PATIENTS)) {
                continue;
            }
            outcome.calls += 1;
            let halves = batch.halves();
            let fuel = match halves {
                None => pack.budget.alone,
                Some(_) => pack.budget.batch(batch.all_rows()),
            };
            match (pack.evaluate_within(&batch, self.review, fuel), halves) {
                (Ok(mut evaluation), _) => {
                    if let Some(relevant) = self.relevant {
                        relevant.keep(batch.data(), &mut evaluation.answer);
                    }
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
}
