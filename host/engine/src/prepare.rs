//! Runs `prepare` of an instance.

use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::Instance;

use crate::fault::{Fault, shortened};
use crate::limits::Limits;
use crate::numbering::{Bounds, Codes, Dictionary};
use crate::state::{Inputs, MemoryLimit, State};

/// How an instance comes to be as `prepare` left it; a receipt says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preparation {
    /// `prepare` ran once, and every instance begins with the memory that it left.
    Snapshot,
    /// The shape of the component allows no snapshot: `prepare` runs for every instance.
    EachInstance,
}

/// What `prepare` of a pack may use.
#[derive(Debug, Clone)]
pub(crate) struct Allowance {
    pub(crate) inputs: Arc<Inputs>,
    pub(crate) fuel: u64,
    pub(crate) memory: MemoryLimit,
}

/// A store in which `prepare` may run.
pub(crate) fn store(
    engine: &wasmtime::Engine,
    limits: &Limits,
    allowance: &Allowance,
) -> Result<Store<State>, Fault> {
    let dictionary = Dictionary::new(Bounds::new(limits));
    let state = State::prepare(allowance.inputs.clone(), dictionary, allowance.memory);
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(limits.prepare_bytes);
    store.set_epoch_deadline(limits.wall_steps());
    let set = store.set_fuel(allowance.fuel);
    set.map_err(|error| Fault::new(&error, allowance.fuel))?;
    Ok(store)
}

/// Runs `prepare`. What it left is in the store; the answer is the fuel that it used.
pub(crate) fn run(
    store: &mut Store<State>,
    instance: Instance,
    allowance: &Allowance,
) -> Result<u64, Fault> {
    let fault = |error: wasmtime::Error| Fault::new(&error, allowance.fuel);
    let prepare = instance
        .get_typed_func::<(), (Result<(), String>,)>(&mut *store, "prepare")
        .map_err(fault)?;
    let (answer,) = prepare.call(&mut *store, ()).map_err(fault)?;
    answer.map_err(|message| Fault::Refused(shortened(message)))?;
    let left = store.get_fuel().map_err(fault)?;
    Ok(allowance.fuel.saturating_sub(left))
}

/// The texts that an instance received in `prepare`, taken out of its store.
pub(crate) fn dictionary(store: Store<State>, limits: &Limits) -> Dictionary {
    match store.into_data().codes {
        Codes::Prepare(dictionary) => dictionary,
        Codes::Batch(_) => Dictionary::new(Bounds::new(limits)),
    }
}
