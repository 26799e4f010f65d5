//! The sandbox of a process, and how packs are loaded into it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rulepack_contract::knowledge::Supplier;
use rulepack_contract::parameters::{ParameterError, ParameterValue};
use rulepack_protocol::pack::columnar;
use wasmtime::Config;
use wasmtime::component::{Component, InstancePre};

use crate::compiled::Compiled;
use crate::config;
use crate::fault::Fault;
use crate::given::Given;
use crate::input::{Grants, LoadInput, Program};
use crate::limits::{Budget, Limits};
use crate::link;
use crate::loaded::{Code, LoadedPack};
use crate::made::{Left, Made, Prepared};
use crate::permits::Permits;
use crate::prepare::{self, Allowance, Preparation};
use crate::room::{Readiness, Room};
use crate::snapshot;
use crate::state::{Inputs, MemoryLimit, State};
use crate::ticker::Ticker;

/// The sandbox of a process. Cheap to copy; make one.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) permits: Permits,
    /// Room for instances that are made ready, of all packs.
    pub(crate) room: Room,
    /// Runs evaluations.
    pub(crate) evaluate: wasmtime::Engine,
    /// Runs `prepare` once for a snapshot: compiles quickly rather than well.
    prepare: wasmtime::Engine,
    _tickers: [Ticker; 2],
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The limits or this machine do not allow it.
    #[error("the sandbox cannot be set up: {0}")]
    Setup(String),
    /// The clock of the outer guard cannot run.
    #[error("the outer guard cannot be started: {0}")]
    Guard(std::io::Error),
}

/// Why a pack is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A parameter that the manifest does not declare.
    #[error("parameter `{0}` is not declared by the pack")]
    UndeclaredParameter(String),
    /// A parameter that it may not have.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A supplied table that the manifest does not declare.
    #[error("table `{0}` is not declared by the pack")]
    UndeclaredTable(String),
    /// A supplied table that the pack itself brings.
    #[error("table `{0}` is brought by the pack itself and cannot be supplied")]
    SealedTable(String),
    /// A supplied table of other columns.
    #[error("table `{table}` {source}")]
    Table {
        /// The table.
        table: String,
        /// What is wrong with it.
        source: columnar::ColumnarError,
    },
    /// The component is not valid, or not with the features that packs may use.
    #[error("the component cannot be compiled: {0}")]
    Compile(String),
    /// It imports what the contract does not have, or lacks `prepare` or `evaluate`.
    #[error("the component does not fit the contract: {0}")]
    Contract(String),
    /// `prepare` failed.
    #[error("`prepare` failed: {0}")]
    Prepare(Fault),
    /// It would run for every batch, and take longer than any batch may.
    #[error(
        "the component allows no snapshot, so `prepare` would run for every batch: it takes {fuel} fuel, expected at most {fuel_max}"
    )]
    PrepareEachTime {
        /// What it takes.
        fuel: u64,
        /// What a patient alone may take.
        fuel_max: u64,
    },
}

impl Engine {
    /// A sandbox with these limits. Sets aside address space for every place that an instance may have; where this
    /// machine has too little for all, for those that may live at once, and none is made ready ahead.
    ///
    /// # Errors
    /// [`EngineError`] where this machine does not allow it.
    pub fn new(limits: Limits) -> Result<Self, EngineError> {
        let fewest = Limits {
            places: limits.instances,
            ready: 0,
            ..limits.clone()
        };
        Self::with_places(limits).or_else(|_| Self::with_places(fewest))
    }

    fn with_places(limits: Limits) -> Result<Self, EngineError> {
        let configs = [config::evaluate(&limits), config::prepare(&limits)];
        Self::with(limits, configs)
    }

    /// A sandbox within a bounded process: for `prepare` and the cases of one pack.
    ///
    /// # Errors
    /// [`EngineError`] where this machine does not allow it.
    pub(crate) fn confined(limits: Limits) -> Result<Self, EngineError> {
        let configs = [config::confined(&limits), config::confined(&limits)];
        Self::with(limits, configs)
    }

    /// With these settings for evaluations and for `prepare`.
    pub(crate) fn with(
        limits: Limits,
        [evaluate, prepare]: [Config; 2],
    ) -> Result<Self, EngineError> {
        let setup = |error: wasmtime::Error| EngineError::Setup(format!("{error:#}"));
        let evaluate = wasmtime::Engine::new(&evaluate).map_err(setup)?;
        let prepare = wasmtime::Engine::new(&prepare).map_err(setup)?;
        let start = |engine| Ticker::start(engine).map_err(EngineError::Guard);
        Ok(Engine {
            shared: Arc::new(Shared {
                permits: Permits::new(limits.instances),
                room: Room::new(limits.ready),
                limits,
                _tickers: [start(&evaluate)?, start(&prepare)?],
                evaluate,
                prepare,
            }),
        })
    }

    /// The ceilings of this hospital.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// How often a batch found an instance ready for it, of packs that have some made ahead.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.shared.room.readiness()
    }

    /// Compiles a pack, runs its `prepare`, and makes it ready for evaluations, all in this process: for
    /// a bounded process, and for whoever wrote the pack. The pack's own checks (signature, bounds, floats,
    /// imports) are those of the protocol and come before.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load(&self, program: Program<'_>, input: LoadInput) -> Result<LoadedPack, LoadError> {
        let evaluate = &self.shared.evaluate;
        let setup = Setup::new(self, program, input)?;
        let prepared = self.prepare(program.component, &setup)?;
        let compiled = prepared.component.as_deref();
        let compiled = compiled.and_then(|component| compile(evaluate, component).ok());
        let (component, preparation) = match compiled {
            Some(component) => (component, Preparation::Snapshot),
            None => (
                compile(evaluate, program.component)?,
                Preparation::EachInstance,
            ),
        };
        let again = Compiled::of(&component).and_then(|compiled| compiled.load(evaluate));
        let again = again.map_err(|error| LoadError::Compile(format!("{error:#}")))?;
        self.ready(
            program,
            setup,
            [&component, &again],
            prepared.left(preparation),
        )
    }

    /// Makes a pack ready from what bounded processes made of it: no code of it runs here before its
    /// first batch.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load_made(
        &self,
        program: Program<'_>,
        input: LoadInput,
        made: Made,
    ) -> Result<LoadedPack, LoadError> {
        let setup = Setup::new(self, program, input)?;
        let load = || {
            let component = made.compiled.load(&self.shared.evaluate);
            component.map_err(|error| LoadError::Compile(format!("{error:#}")))
        };
        self.ready(program, setup, [&load()?, &load()?], made.left)
    }

    /// Runs `prepare` once, and takes the snapshot where the component allows one.
    pub(crate) fn prepare(&self, component: &[u8], setup: &Setup) -> Result<Prepared, LoadError> {
        let Shared {
            limits, prepare, ..
        } = &*self.shared;
        let quick = link::linker(prepare, &setup.grants).map_err(contract)?;
        // Whatever is wrong with the component is found in its own form, not in a rewritten one.
        let original = compile(prepare, component)?;
        let original = quick.instantiate_pre(&original).map_err(contract)?;
        let taken = snapshot::take(component, &quick, limits, &setup.allowance);
        match taken.map_err(LoadError::Prepare)? {
            Some(snapshot) => Ok(Prepared {
                component: Some(snapshot.component),
                dictionary: snapshot.dictionary,
                fuel: snapshot.fuel,
            }),
            None => self.prepare_once(&original, &setup.allowance),
        }
    }

    /// Runs `prepare` for the texts that every instance will know.
    fn prepare_once(
        &self,
        original: &InstancePre<State>,
        allowance: &Allowance,
    ) -> Result<Prepared, LoadError> {
        let limits = &self.shared.limits;
        let prepare = || {
            let mut store = prepare::store(&self.shared.prepare, limits, allowance)?;
            let instance = original
                .instantiate(&mut store)
                .map_err(|error| Fault::new(&error, allowance.fuel))?;
            let fuel = prepare::run(&mut store, instance, allowance)?;
            Ok(Prepared {
                component: None,
                dictionary: prepare::dictionary(store, limits),
                fuel,
            })
        };
        prepare().map_err(LoadError::Prepare)
    }

    fn ready(
        &self,
        program: Program<'_>,
        setup: Setup,
        [small, large]: [&Component; 2],
        left: Left,
    ) -> Result<LoadedPack, LoadError> {
        let (fuel, fuel_max) = (left.fuel, setup.budget.alone);
        if left.preparation == Preparation::EachInstance && fuel > fuel_max {
            return Err(LoadError::PrepareEachTime { fuel, fuel_max });
        }
        let linker = link::linker(&self.shared.evaluate, &setup.grants).map_err(contract)?;
        let code = Code {
            small: linker.instantiate_pre(small).map_err(contract)?,
            large: linker.instantiate_pre(large).map_err(contract)?,
            dictionary: Arc::new(left.dictionary),
            preparation: left.preparation,
            prepare_fuel: left.fuel,
        };
        let pack = LoadedPack::new(self.clone(), program.manifest, code, setup);
        pack.check_exports().map_err(contract)?;
        Ok(pack)
    }
}

/// What one pack reads and may use at one hospital.
pub(crate) struct Setup {
    pub(crate) allowance: Allowance,
    pub(crate) budget: Budget,
    pub(crate) grants: Grants,
    pub(crate) given: Given,
}

impl Setup {
    pub(crate) fn new(
        engine: &Engine,
        program: Program<'_>,
        input: LoadInput,
    ) -> Result<Self, LoadError> {
        let limits = engine.limits();
        let grants = input.grants.clone();
        let given = Given::of(&input);
        let budget = Budget::new(&program.manifest.limits, limits);
        let allowance = Allowance {
            inputs: Arc::new(inputs(program, input)?),
            fuel: budget.prepare,
            memory: MemoryLimit {
                bytes: budget.memory_bytes,
                table_elements: limits.table_elements,
                taken_bytes: 0,
            },
        };
        Ok(Setup {
            allowance,
            budget,
            grants,
            given,
        })
    }
}

fn contract(error: wasmtime::Error) -> LoadError {
    LoadError::Contract(format!("{error:#}"))
}

fn compile(engine: &wasmtime::Engine, component: &[u8]) -> Result<Component, LoadError> {
    Component::new(engine, component).map_err(|error| LoadError::Compile(format!("{error:#}")))
}

/// What `prepare` reads: defaults and what is set, sealed tables and supplied ones.
fn inputs(program: Program<'_>, input: LoadInput) -> Result<Inputs, LoadError> {
    let manifest = program.manifest;
    let mut parameters: BTreeMap<String, ParameterValue> = manifest
        .parameters
        .iter()
        .map(|parameter| (parameter.name.clone(), parameter.default.clone()))
        .collect();
    for (name, value) in input.parameters {
        let declared = manifest.parameters.iter().find(|d| d.name == name);
        let Some(declared) = declared else {
            return Err(LoadError::UndeclaredParameter(name));
        };
        declared.check(&value)?;
        parameters.insert(name, value);
    }
    let mut tables = program.tables.clone();
    for (name, table) in input.supplied {
        let declared = manifest.tables.iter().find(|d| d.name == name);
        let Some(declared) = declared else {
            return Err(LoadError::UndeclaredTable(name));
        };
        if declared.supplied_by == Supplier::Pack {
            return Err(LoadError::SealedTable(name));
        }
        if let Err(source) = columnar::check(&table, declared) {
            return Err(LoadError::Table {
                table: name,
                source,
            });
        }
        tables.insert(name, table);
    }
    Ok(Inputs {
        declarations: manifest.tables.clone(),
        tables,
        parameters,
    })
}
