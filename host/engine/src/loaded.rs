//! A pack that is ready for evaluations.

use std::sync::{Arc, Mutex, PoisonError};

use rulepack_contract::answer::Answer;
use rulepack_contract::data::{Batch, Data};
use rulepack_contract::review::Review;
use rulepack_protocol::pack::Manifest;
use wasmtime::component::InstancePre;

use crate::answer::{Checker, Rules};
use crate::coverage::{self, NotEvaluable};
use crate::engine::{Engine, Setup};
use crate::fault::Fault;
use crate::given::Given;
use crate::input::Grants;
use crate::instance::{Fresh, Said, Used};
use crate::limits::Budget;
use crate::numbering::{BatchCodes, Dictionary, Scratch};
use crate::prepare::{Allowance, Preparation};
use crate::shelf::Shelf;
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
    shelf: Shelf,
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
        match Self::is_small(batch) {
            true => &self.small,
            false => &self.large,
        }
    }

    fn is_small(batch: &Batch) -> bool {
        batch.all_rows() < Self::LARGE_ROWS
    }

    /// Whether instances can be made ahead: where each runs `prepare`, one that nobody then asks may have taken longer than
    /// any batch does.
    fn can_wait(&self) -> bool {
        self.preparation == Preparation::Snapshot
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
    /// instance is fresh, asked about nothing else, and thrown away afterwards.
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
        let fresh = match self.take_ready(batch) {
            Some(ready) => ready,
            None => self.make_for(batch)?,
        };
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
        let (said, mut used) = fresh.ask((codes, work), fuel, self.engine.limits());
        let evaluation = self.check(said, &used, (batch, review));
        if let Some(codes) = used.end() {
            self.give_back(codes.into_scratch());
        }
        // After a fault nothing is kept of it, however short.
        if evaluation.is_ok() {
            self.shelf.put_aside(used);
        }
        evaluation
    }

    /// From now on instances are made ahead of small batches, which so need not wait for them: one now, and by
    /// [`LoadedPack::renew_ready`] as many as came at once, up to some ([`Limits::ready`](crate::Limits::ready)). Each is
    /// used once, like any other, and until then holds nothing of anybody. A large batch takes so long that making its own
    /// does not matter, and a pack whose shape allows no snapshot has none.
    pub fn keep_ready(&self) {
        if self.code.can_wait() {
            self.shelf.open();
            self.renew_ready();
        }
    }

    /// Throws away the instances that were used, and makes others for those that were taken: for whoever has time, after an
    /// answer. Where [`LoadedPack::keep_ready`] was not called, it does nothing; nor while another thread is in the same call,
    /// which may leave what was used or taken since it began. Whoever wants that gone calls again when that one is back.
    pub fn renew_ready(&self) {
        let limits = self.engine.limits();
        let make = || Fresh::of_snapshot(&self.code.small, limits, &self.allowance);
        self.shelf.fill(make);
    }

    /// From now on no instances are made ahead, and those that are ready go.
    pub fn keep_none_ready(&self) {
        self.shelf.close();
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
            shelf: Shelf::new(Arc::clone(&engine.shared)),
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

    /// Those that wait to be thrown away.
    #[cfg(test)]
    pub(crate) fn used(&self) -> Vec<Used> {
        self.shelf.take_used()
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
        Fresh::of_snapshot(instances, self.engine.limits(), &self.allowance).map(drop)
    }

    fn take_ready(&self, batch: &Batch) -> Option<Fresh> {
        match Code::is_small(batch) {
            true => self.shelf.take(),
            false => None,
        }
    }

    fn make_for(&self, batch: &Batch) -> Result<Fresh, Fault> {
        let limits = self.engine.limits();
        match self.code.preparation {
            Preparation::Snapshot => {
                let instances = self.code.instances_for(batch);
                let made = Fresh::of_snapshot(instances, limits, &self.allowance);
                made.map_err(|error| Fault::new(&error, self.budget.alone))
            }
            Preparation::EachInstance => Fresh::prepared(&self.code.small, limits, &self.allowance),
        }
    }

    /// What was said, held against contract and manifest.
    fn check(
        &self,
        said: Said,
        used: &Used,
        (batch, review): (&Batch, &Review),
    ) -> Result<Evaluation, Fault> {
        let (answer, fuel) = said?;
        let checker = Checker {
            rules: &self.rules,
            batch,
            review,
            codes: used.codes(),
        };
        Ok(Evaluation {
            answer: checker.check(&answer).map_err(Fault::Answer)?,
            fuel,
        })
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

impl std::fmt::Debug for LoadedPack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pack = &self.manifest.pack;
        write!(f, "LoadedPack({}@{})", pack.name, pack.version)
    }
}
