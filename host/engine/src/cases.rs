//! Runs the cases of a pack.

use std::sync::Arc;

use rulepack_contract::case::{Case, CaseError, Expected};
use rulepack_contract::data::{Batch, Data};
use rulepack_contract::review::{Review, Scope};
use rulepack_contract::schema::ids;

use crate::engine::{Engine, LoadError};
use crate::fault::Fault;
use crate::input::{LoadInput, Program};
use crate::loaded::{Evaluation, LoadedPack};

/// The fuel that all cases of a pack may use together where its manifest is not to be believed: `prepare`
/// of each set of parameters and every evaluation. About a minute.
pub const FUEL_OF_ALL: u64 = 50_000_000_000;

/// How one case went.
#[derive(Debug)]
pub struct CaseResult {
    /// The name of the case.
    pub name: String,
    /// What differs from the expected answer, as lines for people; empty where nothing does. Or why
    /// the case did not run.
    pub outcome: Result<Vec<String>, CaseFailure>,
    /// The fuel that it used; 0 where it did not run.
    pub fuel: u64,
    /// The answer in the terms of the case; empty where it did not run.
    pub told: Expected,
}

/// Why a case did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum CaseFailure {
    /// The case itself is wrong.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The pack does not load with the parameters and tables of the case.
    #[error("the pack does not load: {0}")]
    Load(#[from] LoadError),
    /// There is no verdict.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// What the pack says of a patient depends on who else is in the batch, which nobody may rely on.
    #[error("the patients are answered otherwise when each of them is alone in a batch")]
    Batching,
    /// A host would never have asked about that patient: the triggers of the pack leave out what it finds.
    #[error(
        "something is said of a patient in whose data no trigger of the pack occurs, so nobody would be told of it"
    )]
    Untriggered,
    /// Those before it used up what all have together.
    #[error("the cases before it used up the fuel of {0} that all cases of a pack have together")]
    AllFuel(u64),
}

impl CaseResult {
    /// Whether the answer was the expected one.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.outcome.as_ref().is_ok_and(Vec::is_empty)
    }
}

/// Runs cases, each with its own parameters and supplied tables. Cases that agree in these share one
/// loaded pack.
#[must_use]
pub fn run(engine: &Engine, program: Program<'_>, cases: &[Case]) -> Vec<CaseResult> {
    run_within(engine, program, cases, u64::MAX)
}

/// The same with so much fuel for all of them: those that find it used up do not run.
#[must_use]
pub fn run_within(
    engine: &Engine,
    program: Program<'_>,
    cases: &[Case],
    fuel: u64,
) -> Vec<CaseResult> {
    let mut runner = Runner {
        engine,
        program,
        loaded: None,
        fuel,
        left: fuel,
    };
    // Those that agree one after the other, so that one loaded pack at a time is enough.
    let mut order: Vec<usize> = (0..cases.len()).collect();
    let alike = |case: &Case| format!("{:?} {:?}", case.parameters, case.supplied);
    order.sort_by_cached_key(|place| cases.get(*place).map(alike));
    let mut results: Vec<(usize, CaseResult)> = Vec::with_capacity(cases.len());
    for place in order {
        if let Some(case) = cases.get(place) {
            results.push((place, runner.result(case)));
        }
    }
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}

struct Runner<'a> {
    engine: &'a Engine,
    program: Program<'a>,
    loaded: Option<(LoadInput, LoadedPack)>,
    /// For all cases together, and what is left of it.
    fuel: u64,
    left: u64,
}

impl Runner<'_> {
    fn result(&mut self, case: &Case) -> CaseResult {
        let (outcome, fuel, told) = match self.answer(case) {
            Ok((told, fuel)) => (Ok(case.differences_of(told.clone())), fuel, told),
            Err(failure) => (Err(failure), 0, Expected::default()),
        };
        CaseResult {
            name: case.name.clone(),
            outcome,
            fuel,
            told,
        }
    }

    /// The answer in the terms of the case, and the fuel that it took.
    fn answer(&mut self, case: &Case) -> Result<(Expected, u64), CaseFailure> {
        if self.left == 0 {
            return Err(CaseFailure::AllFuel(self.fuel));
        }
        let data = Arc::new(case.data()?);
        let review = case.review()?;
        let tables = &self.program.manifest.tables;
        let input = LoadInput {
            parameters: case.parameters.clone(),
            supplied: case.supplied(tables)?,
            ..LoadInput::default()
        };
        let pack = self.loaded(input)?;
        let budget = pack.budget.alone;
        let evaluation = evaluate(pack, &data, &review);
        let alone = match &evaluation {
            Ok(whole) => each_alone(pack, (&data, &review), whole),
            Err(_) => Ok(0),
        };
        let triggered = match &evaluation {
            Ok(whole) => check_triggers(pack, (&data, &review), whole),
            Err(_) => Ok(()),
        };
        // One without a verdict may have used all that it had.
        self.spend(evaluation.as_ref().map_or(budget, |done| done.fuel));
        self.spend(*alone.as_ref().unwrap_or(&budget));
        let (evaluation, _, ()) = (evaluation?, alone?, triggered?);
        Ok((evaluation.answer.told(&data, tables), evaluation.fuel))
    }

    fn loaded(&mut self, input: LoadInput) -> Result<&LoadedPack, LoadError> {
        let loaded = match self.loaded.take() {
            Some(loaded) if loaded.0 == input => loaded,
            _ => {
                let pack = self.engine.load(self.program, input.clone());
                let asked = self.program.manifest.limits.fuel.prepare;
                let most = asked.min(self.engine.limits().fuel_prepare);
                self.spend(pack.as_ref().map_or(most, LoadedPack::prepare_fuel));
                (input, pack?)
            }
        };
        Ok(&self.loaded.insert(loaded).1)
    }

    fn spend(&mut self, fuel: u64) {
        self.left = self.left.saturating_sub(fuel);
    }
}

/// The whole case as one batch; in institution scope one for each institution.
fn evaluate(pack: &LoadedPack, data: &Arc<Data>, review: &Review) -> Result<Evaluation, Fault> {
    if review.scope == Scope::Patient {
        let batch = Batch::patients(data.clone(), 0..data.rows(ids::PATIENTS));
        return pack.evaluate(&batch, review);
    }
    let mut whole = Evaluation::default();
    for institution in 0..data.rows(ids::INSTITUTIONS) {
        let batch = Batch::institution(data.clone(), institution);
        let evaluation = pack.evaluate(&batch, review)?;
        whole.answer.append(evaluation.answer);
        whole.fuel = whole.fuel.saturating_add(evaluation.fuel);
    }
    Ok(whole)
}

/// Evaluates each of several patients alone, as a host may, and holds what is said against the answer to all of them.
/// Says how much fuel that took.
fn each_alone(
    pack: &LoadedPack,
    (data, review): (&Arc<Data>, &Review),
    whole: &Evaluation,
) -> Result<u64, CaseFailure> {
    let patients = data.rows(ids::PATIENTS);
    if review.scope != Scope::Patient || patients < 2 {
        return Ok(0);
    }
    let mut parts = Evaluation::default();
    for patient in 0..patients {
        let batch = Batch::patients(data.clone(), patient..patient + 1);
        let alone = pack.evaluate(&batch, review)?;
        parts.answer.append(alone.answer);
        parts.fuel = parts.fuel.saturating_add(alone.fuel);
    }
    parts.answer.sort();
    match parts.answer == whole.answer {
        true => Ok(parts.fuel),
        false => Err(CaseFailure::Batching),
    }
}

/// Holds what is said of everybody against what is left of it where the pack is asked as its triggers say. What it says
/// of a patient does not depend on who else is in the batch: that was looked at before.
fn check_triggers(
    pack: &LoadedPack,
    (data, review): (&Arc<Data>, &Review),
    whole: &Evaluation,
) -> Result<(), CaseFailure> {
    let relevant = match review.scope {
        Scope::Patient => pack.relevant(data),
        Scope::Institution | Scope::Region => None,
    };
    let Some(relevant) = relevant else {
        return Ok(());
    };
    let mut kept = whole.answer.clone();
    relevant.keep(data, &mut kept);
    match kept == whole.answer {
        true => Ok(()),
        false => Err(CaseFailure::Untriggered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_case_failed_of_reads_as_one_phrase() {
        assert_eq!(
            CaseFailure::AllFuel(7).to_string(),
            "the cases before it used up the fuel of 7 that all cases of a pack have together"
        );
        assert_eq!(
            CaseFailure::Batching.to_string(),
            "the patients are answered otherwise when each of them is alone in a batch"
        );
        assert_eq!(
            CaseFailure::Untriggered.to_string(),
            "something is said of a patient in whose data no trigger of the pack occurs, so nobody would be told of it"
        );
    }
}
