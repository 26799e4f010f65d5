//! Institution scope over whole data: one batch for each institution. A failed one is "no verdict" for the
//! whole institution.

use std::sync::Arc;

use rulepack_contract::data::{Batch, Data};
use rulepack_contract::review::Review;
use rulepack_contract::schema::ids;

use crate::loaded::LoadedPack;
use crate::patients::Outcome;

/// Evaluates every institution of the data.
#[must_use]
pub fn review(pack: &LoadedPack, data: &Arc<Data>, review: &Review) -> Outcome {
    let mut outcome = Outcome::default();
    for institution in 0..data.rows(ids::INSTITUTIONS) {
        outcome.calls += 1;
        let batch = Batch::institution(data.clone(), institution);
        match pack.evaluate(&batch, review) {
            Ok(evaluation) => {
                outcome.answer.append(evaluation.answer);
                outcome.fuel = outcome.fuel.saturating_add(evaluation.fuel);
            }
            Err(fault) => outcome.no_verdict.push((institution, fault)),
        }
    }
    outcome.answer.sort();
    outcome.not_evaluable = pack.not_evaluable(data);
    outcome
}
