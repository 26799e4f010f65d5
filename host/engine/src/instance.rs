//! An instance of a pack in a store of its own: made, asked about one batch, and thrown away.
//!
//! The types say that none is asked twice: asking takes a [`Fresh`] one and leaves a [`Used`] one, which answers nothing.

use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre, TypedFunc};

use crate::answer::LiftedAnswer;
use crate::fault::{Fault, shortened};
use crate::limits::Limits;
use crate::numbering::{BatchCodes, Codes};
use crate::prepare::{self, Allowance};
use crate::room::Place;
use crate::state::{State, Work};

/// An instance as `prepare` left it, which knows nothing of anybody.
pub(crate) struct Fresh {
    store: Store<State>,
    evaluate: Evaluate,
    /// Where it was made ahead of its batch. Given back after the store, whose place in the pool it stands for.
    place: Option<Place>,
}

/// An instance that was asked.
pub(crate) struct Used {
    store: Store<State>,
    place: Option<Place>,
}

type Evaluate = TypedFunc<(), (Result<LiftedAnswer, String>,)>;

/// What an instance said, and the fuel that it used.
pub(crate) type Said = Result<(LiftedAnswer, u64), Fault>;

impl Fresh {
    /// Of code whose instances begin as `prepare` left the first one.
    ///
    /// # Errors
    /// Where there is no place for it, or where it does not export what the contract says.
    pub(crate) fn of_snapshot(
        code: &InstancePre<State>,
        limits: &Limits,
        allowance: &Allowance,
    ) -> wasmtime::Result<Self> {
        let store = prepare::store(code.engine(), limits, allowance);
        let mut store = store.map_err(|fault| wasmtime::format_err!("{fault}"))?;
        let instance = code.instantiate(&mut store)?;
        Self::exporting(store, instance)
    }

    /// Of code that allows no snapshot: it runs `prepare`. The texts that it receives are those that every other one
    /// received, under the same numbers: the same code ran on the same input.
    ///
    /// # Errors
    /// The same, and those of `prepare`.
    pub(crate) fn prepared(
        code: &InstancePre<State>,
        limits: &Limits,
        allowance: &Allowance,
    ) -> Result<Self, Fault> {
        let fault = |error: wasmtime::Error| Fault::new(&error, allowance.fuel);
        let mut store = prepare::store(code.engine(), limits, allowance)?;
        let instance = code.instantiate(&mut store).map_err(fault)?;
        prepare::run(&mut store, instance, allowance)?;
        Self::exporting(store, instance).map_err(fault)
    }

    fn exporting(mut store: Store<State>, instance: Instance) -> wasmtime::Result<Self> {
        Ok(Fresh {
            evaluate: instance.get_typed_func(&mut store, "evaluate")?,
            store,
            place: None,
        })
    }

    /// The same with the place on a shelf that it was made for.
    pub(crate) fn in_place(self, place: Place) -> Self {
        Fresh {
            place: Some(place),
            ..self
        }
    }

    /// Asks it. Fuel, bytes that the host hands over, and the clock count from here.
    pub(crate) fn ask(
        self,
        (codes, work): (BatchCodes, Work),
        fuel: u64,
        limits: &Limits,
    ) -> (Said, Used) {
        let Fresh {
            mut store,
            evaluate,
            place,
        } = self;
        store.data_mut().begin(codes, work);
        store.set_hostcall_fuel(limits.answer_bytes);
        store.set_epoch_deadline(limits.wall_steps());
        let said = call(&mut store, &evaluate, fuel);
        (said, Used { store, place })
    }
}

fn call(store: &mut Store<State>, evaluate: &Evaluate, fuel: u64) -> Said {
    let fault = |error: wasmtime::Error| Fault::new(&error, fuel);
    store.set_fuel(fuel).map_err(fault)?;
    let (answer,) = evaluate.call(&mut *store, ()).map_err(fault)?;
    let left = store.get_fuel().map_err(fault)?;
    let answer = answer.map_err(|message| Fault::Refused(shortened(message)))?;
    Ok((answer, fuel.saturating_sub(left)))
}

impl Used {
    /// What it knows of codes: those of its batch until [`Used::end`].
    pub(crate) fn codes(&self) -> &Codes {
        &self.store.data().codes
    }

    /// Takes all of its batch out of its store.
    pub(crate) fn end(&mut self) -> Option<BatchCodes> {
        self.store.data_mut().end()
    }

    /// Whether it may wait to be thrown away: it was made ahead of its batch, and there is room for its linear memory, all
    /// of which it may have written to.
    pub(crate) fn may_wait(&mut self) -> bool {
        let bytes = self.store.data().memory.taken_bytes;
        self.place.as_mut().is_some_and(|place| place.wait(bytes))
    }
}
