//! A pack that is ready for evaluations.

use std::sync::{Arc, Mutex, PoisonError};

use rulepack_contract::answer::Answer;
use rulepack_contract::data::{Batch, Data};
use rulepack_contract::review::Review;
use rulepack_protocol::pack::Manifest;
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre, TypedFunc};

use crate::answer::{Checker, LiftedAnswer, Rules};
use crate::coverage::{self, NotEvaluable};
use crate::engine::{Engine, Setup};
use crate::fault::{Fault, shortened};
use crate::given::Given;
use crate::input::Grants;
use crate::limits::Budget;
use crate::numbering::{BatchCodes, Codes, Dictionary, Scratch};
use crate::prepare::{self, Allowance, Preparation};
use crate::state::{State, Work};
use crate::triggers::{Relevant, Triggers};

/// A pack that is ready for evaluations, by as many threads at a time as instances may live.
pub struct LoadedPack {
    engine: Engine,
    manifest: Arc<Manifest>,
    code: Code,
    allowance: Allowance,
    pub(crate) budget: Budget,
    grants: Grants,
    given: Given,
    rules: Rules,
    triggers: Option<Triggers>,
    /// Tables of evaluations that are over, for the next ones.
    #[expect(
        clippy::vec_box,
        reason = "moved in and out of stores, so cheap to move"
    )]
    scratch: Mutex<Vec<Box<Scratch>>>,
}

/// The code of a pack, and what its instances begin with.
pub(crate) struct Code {
    /// For batches of few rows, and for those of many: see [`Code::instances_for`].
    pub(crate) small: InstancePre<State>,
    pub(crate) large: InstancePre<State>,
    pub(crate) dictionary: Arc<Dictionary>,
    pub(crate) preparation: Preparation,
    pub(crate) prepare_fuel: u64,
}

impl Code {
    /// From here on a batch counts as large.
    const LARGE_ROWS: u64 = 2_000;

    /// An instance's memory lies where one of the same code lay before, and what that one wrote is put back
    /// page by page. A small batch after a large one would pay for all its pages; so each kind has places of
    /// its own, for which the same code is loaded twice.
    fn instances_for(&self, batch: &Batch) -> &InstancePre<State> {
        match batch.all_rows() < Self::LARGE_ROWS {
            true => &self.small,
            false => &self.large,
        }
    }
}

/// What a pack answered to a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// In rows of the whole data, in canonical order.
    pub answer: Answer,
    /// The fuel that it used: the same for the same batch on every machine.
    pub fuel: u64,
}

impl LoadedPack {
    /// Evaluates a batch with the fuel of a patient alone, or of an institution, whatever triggers the pack declares. The
    /// instance is fresh, and thrown away afterwards.
    ///
    /// # Errors
    /// [`Fault`]: there is no verdict.
    pub fn evaluate(&self, batch: &Batch, review: &Review) -> Result<Evaluation, Fault> {
        self.evaluate_within(batch, review, self.budget.alone)
    }

    /// Evaluates a batch with this much fuel.
    pub(crate) fn evaluate_within(
        &self,
        batch: &Batch,
        review: &Review,
        fuel: u64,
    ) -> Result<Evaluation, Fault> {
        let _permit = self.engine.shared.permits.take();
        let codes = BatchCodes::new(
            self.code.dictionary.clone(),
            batch.data().clone(),
            self.take_scratch(batch.data()),
        );
        let work = Work {
            batch: batch.clone(),
            review: review.clone(),
            only: None,
        };
        let mut store = self.store(State::evaluate(
            self.allowance.inputs.clone(),
            (codes, work),
            self.allowance.memory,
        ));
        let evaluation = self.run(&mut store, (batch, review), fuel);
        if let Codes::Batch(codes) = store.into_data().codes {
            self.give_back(codes.into_scratch());
        }
        evaluation
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// What was set for it at this hospital, as a receipt names it.
    #[must_use]
    pub fn given(&self) -> Given {
        self.given
    }

    /// How its instances come to be.
    #[must_use]
    pub fn preparation(&self) -> Preparation {
        self.code.preparation
    }

    /// The columns that it may read.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// The fuel that `prepare` used.
    #[must_use]
    pub fn prepare_fuel(&self) -> u64 {
        self.code.prepare_fuel
    }

    /// The rules that this data and the grants leave no ground for: their columns are not recorded or
    /// not granted. The pack runs all the same; whoever reads its answer must be told.
    #[must_use]
    pub fn not_evaluable(&self, data: &Data) -> Vec<NotEvaluable> {
        coverage::not_evaluable(&self.manifest, &self.grants, data)
    }

    /// The patients that the pack is asked about; `None` where that is everybody.
    pub(crate) fn relevant(&self, data: &Data) -> Option<Relevant> {
        self.triggers.as_ref()?.relevant(data)
    }

    pub(crate) fn new(engine: Engine, manifest: &Manifest, code: Code, setup: Setup) -> Self {
        LoadedPack {
            rules: Rules::new(manifest, &setup.allowance.inputs, engine.limits()),
            triggers: Triggers::new(manifest, &setup.allowance.inputs, &setup.grants),
            engine,
            manifest: Arc::new(manifest.clone()),
            code,
            allowance: setup.allowance,
            budget: setup.budget,
            grants: setup.grants,
            given: setup.given,
            scratch: Mutex::new(Vec::new()),
        }
    }

    /// Whether an instance exports what the contract says. From then on the memory that instances begin with is there.
    pub(crate) fn check_exports(&self) -> wasmtime::Result<()> {
        let _permit = self.engine.shared.permits.take();
        for instances in [&self.code.small, &self.code.large] {
            // On a busy machine Linux may refuse, after waiting a while itself, to seal that memory: it holds
            // pages of it. What is wrong with the component is wrong each time.
            self.check_exports_of(instances)
                .or_else(|_| self.check_exports_of(instances))
                .or_else(|_| self.check_exports_of(instances))?;
        }
        Ok(())
    }

    fn check_exports_of(&self, instances: &InstancePre<State>) -> wasmtime::Result<()> {
        let limits = self.engine.limits();
        let mut store = prepare::store(instances.engine(), limits, &self.allowance)
            .map_err(|fault| wasmtime::format_err!("{fault}"))?;
        let instance = instances.instantiate(&mut store)?;
        evaluate_of(&mut store, instance)?;
        Ok(())
    }

    fn store(&self, state: State) -> Store<State> {
        let limits = self.engine.limits();
        let mut store = Store::new(self.code.small.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(limits.answer_bytes);
        store.set_epoch_deadline(limits.wall_steps());
        store
    }

    fn run(
        &self,
        store: &mut Store<State>,
        (batch, review): (&Batch, &Review),
        fuel: u64,
    ) -> Result<Evaluation, Fault> {
        let fault = |error: wasmtime::Error| Fault::new(&error, fuel);
        store.set_fuel(fuel).map_err(fault)?;
        let instance = match self.code.preparation {
            Preparation::Snapshot => {
                let instances = self.code.instances_for(batch);
                instances.instantiate(&mut *store).map_err(fault)?
            }
            Preparation::EachInstance => self.prepared(store)?,
        };
        store.set_fuel(fuel).map_err(fault)?;
        let evaluate = evaluate_of(store, instance).map_err(fault)?;
        let (answer,) = evaluate.call(&mut *store, ()).map_err(fault)?;
        let left = store.get_fuel().map_err(fault)?;
        let answer = answer.map_err(|message| Fault::Refused(shortened(message)))?;
        let checker = Checker {
            rules: &self.rules,
            batch,
            review,
            codes: &store.data().codes,
        };
        Ok(Evaluation {
            answer: checker.check(&answer).map_err(Fault::Answer)?,
            fuel: fuel.saturating_sub(left),
        })
    }

    /// An instance that ran `prepare`. The texts that it receives are those that every other one received,
    /// under the same numbers: the same code ran on the same input.
    fn prepared(&self, store: &mut Store<State>) -> Result<Instance, Fault> {
        let fault = |error: wasmtime::Error| Fault::new(&error, self.allowance.fuel);
        let limits = self.engine.limits();
        store.set_hostcall_fuel(limits.prepare_bytes);
        store.set_fuel(self.allowance.fuel).map_err(fault)?;
        let batch = store.data_mut().pause(limits);
        let instance = self.code.small.instantiate(&mut *store);
        let prepared = instance.map_err(fault).and_then(|instance| {
            prepare::run(store, instance, &self.allowance)?;
            Ok(instance)
        });
        store.data_mut().resume(batch);
        store.set_hostcall_fuel(limits.answer_bytes);
        prepared
    }

    /// Tables that were last used with this data, or any, or new ones.
    fn take_scratch(&self, data: &Arc<Data>) -> Box<Scratch> {
        let mut free = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let same = free.iter().rposition(|scratch| scratch.is_of(data));
        match same {
            Some(place) => free.swap_remove(place),
            None => free.pop().unwrap_or_default(),
        }
    }

    fn give_back(&self, scratch: Box<Scratch>) {
        let mut free = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(scratch);
    }
}

type Evaluate = TypedFunc<(), (Result<LiftedAnswer, String>,)>;

fn evaluate_of(store: &mut Store<State>, instance: Instance) -> wasmtime::Result<Evaluate> {
    instance.get_typed_func(store, "evaluate")
}

impl std::fmt::Debug for LoadedPack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pack = &self.manifest.pack;
        write!(f, "LoadedPack({}@{})", pack.name, pack.version)
    }
}
