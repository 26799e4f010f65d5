//! A component whose instances begin as `prepare` left the first one.
//!
//! `wasmtime-wizer` adds exports to the component through which memory and globals can be read; an
//! instance of that runs `prepare`; then the original component is rewritten with what was read. Shapes that it does not
//! know (tables that change, passive segments) it refuses, and `prepare` runs for each instance instead.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmtime::Store;
use wasmtime::component::{Component, Instance, Lift, Linker, WasmList};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

use crate::fault::Fault;
use crate::limits::{Limits, PAGE_BYTES};
use crate::numbering::Dictionary;
use crate::prepare::{self, Allowance};
use crate::state::State;

/// What `prepare` left.
pub(crate) struct Snapshot {
    /// The rewritten component.
    pub(crate) component: Vec<u8>,
    /// The texts that it knows.
    pub(crate) dictionary: Dictionary,
    /// The fuel that `prepare` used.
    pub(crate) fuel: u64,
}

/// Runs `prepare` and takes the snapshot; `Ok(None)` where the component allows none.
///
/// # Errors
/// [`Fault`] where `prepare` itself fails.
pub(crate) fn take(
    component: &[u8],
    linker: &Linker<State>,
    limits: &Limits,
    allowance: &Allowance,
) -> Result<Option<Snapshot>, Fault> {
    let wizer = Wizer::new();
    let Some(Ok((shape, instrumented))) = unpanicked(|| wizer.instrument_component(component))
    else {
        return Ok(None);
    };
    let engine = linker.engine();
    let Ok(instrumented) = Component::new(engine, &instrumented) else {
        return Ok(None);
    };
    let mut store = prepare::store(engine, limits, allowance)?;
    let instance = linker
        .instantiate(&mut store, &instrumented)
        .map_err(|error| Fault::new(&error, allowance.fuel))?;
    let fuel = prepare::run(&mut store, instance, allowance)?;
    give_room(&mut store);
    let mut reader = Reader {
        store,
        instance,
        memory: None,
        failed: false,
    };
    let rewritten = unpanicked(|| {
        let snapshot = pin!(wizer.snapshot_component(&shape, &mut reader));
        match snapshot.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(rewritten) => rewritten.ok(),
            // The reader below never waits.
            Poll::Pending => None,
        }
    });
    match rewritten.flatten() {
        Some(component) if !reader.failed => Ok(Some(Snapshot {
            component,
            dictionary: prepare::dictionary(reader.store, limits),
            fuel,
        })),
        _ => Ok(None),
    }
}

/// The crate asserts what it holds impossible. A pack whose shape proves it wrong must not take the host
/// along.
fn unpanicked<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// `prepare` is over: reading what it left must not fail for its limits. Memory is read twice at most,
/// each time from one more page, where its place is noted.
fn give_room(store: &mut Store<State>) {
    let memory = &mut store.data_mut().memory;
    memory.bytes = memory.bytes.saturating_add(2 * PAGE_BYTES);
    store.set_hostcall_fuel(usize::MAX);
    // Cannot fail: fuel is on in every engine of ours. Where it did, reading would.
    let _ = store.set_fuel(u64::MAX);
}

/// Reads globals and memory through the added exports. What fails is noted, for the trait has no place
/// for errors.
struct Reader {
    store: Store<State>,
    instance: Instance,
    /// The memory by its accessor: it is asked for twice, and is the same.
    memory: Option<(String, Vec<u8>)>,
    failed: bool,
}

impl Reader {
    fn call<T: Lift + 'static>(&mut self, instance: &str, function: &str) -> wasmtime::Result<T> {
        let missing = || wasmtime::format_err!("no accessor");
        let (_, instance) = self
            .instance
            .get_export(&mut self.store, None, instance)
            .ok_or_else(missing)?;
        let (_, function) = self
            .instance
            .get_export(&mut self.store, Some(&instance), function)
            .ok_or_else(missing)?;
        let function = self
            .instance
            .get_typed_func::<(), (T,)>(&mut self.store, function)?;
        Ok(function.call(&mut self.store, ())?.0)
    }

    fn value<T: Lift + Default + 'static>(&mut self, instance: &str, function: &str) -> T {
        self.call(instance, function).unwrap_or_else(|_| {
            self.failed = true;
            T::default()
        })
    }

    fn memory(&mut self, instance: &str, function: &str) -> &[u8] {
        let known = self.memory.as_ref();
        if known.is_none_or(|(name, _)| name != function) {
            let bytes = match self.call::<WasmList<u8>>(instance, function) {
                Ok(list) => list.as_le_slice(&self.store).to_vec(),
                Err(_) => {
                    self.failed = true;
                    Vec::new()
                }
            };
            self.memory = Some((function.to_owned(), bytes));
        }
        self.memory.as_ref().map_or(&[], |(_, bytes)| bytes)
    }
}

impl ComponentInstanceState for Reader {
    async fn call_func_ret_list_u8(
        &mut self,
        instance: &str,
        function: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        contents(self.memory(instance, function));
    }

    async fn call_func_ret_s32(&mut self, instance: &str, function: &str) -> i32 {
        self.value(instance, function)
    }

    async fn call_func_ret_s64(&mut self, instance: &str, function: &str) -> i64 {
        self.value(instance, function)
    }

    async fn call_func_ret_f32(&mut self, instance: &str, function: &str) -> u32 {
        self.value::<f32>(instance, function).to_bits()
    }

    async fn call_func_ret_f64(&mut self, instance: &str, function: &str) -> u64 {
        self.value::<f64>(instance, function).to_bits()
    }
}
