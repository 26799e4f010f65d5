//! How wasmtime is set up, and why.

use rulepack_protocol::pack::FEATURES;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, OperatorCost, OptLevel, PoolingAllocationConfig,
    RegallocAlgorithm, WasmFeatures,
};

use crate::limits::{Limits, PAGE_BYTES};

/// For evaluations: the code is run millions of times.
pub(crate) fn evaluate(limits: &Limits) -> Config {
    let mut config = compile(limits);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    config
}

/// What writes compiled forms for [`evaluate`], and never runs one: the same without its pool, which
/// would set aside more address space than a bounded process has.
pub(crate) fn compile(limits: &Limits) -> Config {
    let mut config = common(limits);
    config.cranelift_opt_level(OptLevel::Speed);
    // Memory as `prepare` left it is mapped copy-on-write: a fresh instance copies only what it writes.
    config.memory_init_cow(true);
    // However thinly it is filled: a pack that wrote to the first and the last page would be copied anew for each batch.
    config.memory_guaranteed_dense_image_size(memory_bytes(limits) as u64 + 1);
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    config
}

/// For `prepare`: the code is run once, so compiling it is what takes the time. Work is counted the same.
pub(crate) fn prepare(limits: &Limits) -> Config {
    let mut config = common(limits);
    config.cranelift_opt_level(OptLevel::None);
    config.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    config
}

/// For a bounded process that runs `prepare` or the cases of one pack: compiled like [`prepare`], in
/// little address space, and without a file behind the memory, for such a process may write none.
pub(crate) fn confined(limits: &Limits) -> Config {
    let mut config = prepare(limits);
    config.memory_reservation(memory_bytes(limits) as u64);
    config.memory_init_cow(false);
    config
}

fn common(limits: &Limits) -> Config {
    let mut config = Config::new();
    // The one limit that may end a verdict: counted in instructions, so the same on every machine.
    config.consume_fuel(true);
    config.operator_cost(prices());
    // The outer guard by the clock, in case something is not counted.
    config.epoch_interruption(true);
    // Calls are synchronous; without this a store carries tables for concurrent tasks.
    config.concurrency_support(false);
    // Floats are refused at sealing. Should a later profile allow them, their bits are the same everywhere.
    config.cranelift_nan_canonicalization(true);
    config.max_wasm_stack(limits.stack_bytes);
    // A trap is a fault of the pack: its backtrace would be built for nobody.
    config.wasm_backtrace_max_frames(None);
    no_more_features_than_packs_need(&mut config);
    config
}

/// What a registry lets through is all that stays, even where one of them was passed by; each further feature is
/// more compiler to be attacked. Threads, garbage collection and exceptions are not even compiled into this crate.
fn no_more_features_than_packs_need(config: &mut Config) {
    config.wasm_features(WasmFeatures::all(), false);
    config.wasm_features(FEATURES, true);
}

/// One unit of fuel for an instruction, which takes about a nanosecond; more for those that call into the host.
/// At one unit, as wasmtime counts them, they took 60 (`memory.fill` of nothing), 20 (`table.set`) and 15 ns a unit
/// of fuel: enough for the clock to end a pack before its fuel does. What they copy is counted by the byte besides.
fn prices() -> OperatorCost {
    OperatorCost {
        MemoryFill: 255,
        MemoryCopy: 16,
        MemoryInit: 64,
        MemoryGrow: 64,
        DataDrop: 16,
        TableSet: 64,
        TableGrow: 64,
        TableFill: 64,
        TableCopy: 64,
        TableInit: 64,
        ElemDrop: 64,
        ..OperatorCost::new()
    }
}

/// Slots made once and used again: setting up an instance asks the system for nothing but the pages that
/// it writes to.
fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    let modules = Limits::MODULES;
    // Those at work, and those that wait for a batch or for being thrown away: neither ever takes the other's.
    let instances = limits.instances.saturating_add(limits.ready);
    let core_instances = instances.saturating_mul(modules);
    pool.total_component_instances(instances);
    pool.total_core_instances(core_instances);
    // More than can be in use: a pack that is asked again finds its own, whoever was asked in between.
    let places = limits.places.max(instances);
    pool.total_memories(places);
    pool.max_unused_warm_slots(places);
    pool.total_tables(core_instances);
    pool.max_core_instances_per_component(modules);
    pool.max_memories_per_component(1);
    pool.max_tables_per_component(modules);
    pool.max_memories_per_module(1);
    pool.max_tables_per_module(1);
    // What the host keeps of functions, globals and imports of an instance; a pack of ours needs some KiB.
    pool.max_core_instance_size(INSTANCE_BYTES);
    pool.max_component_instance_size(INSTANCE_BYTES);
    pool.table_elements(limits.table_elements);
    pool.max_memory_size(memory_bytes(limits));
    // What an instance wrote is put back by copying where it is little; giving pages back to the system
    // and faulting them in again costs more than that. The system is asked which pages those are, where it
    // can tell (Linux 6.7); elsewhere all pages up to this many bytes are put back.
    pool.pagemap_scan(Enabled::Auto);
    let keep_resident = match PoolingAllocationConfig::is_pagemap_scan_available() {
        // What a batch of 10,000 rows writes to, and more.
        true => Limits::KEPT_BYTES,
        false => MEMORY_KEEP_RESIDENT_UNSCANNED,
    };
    pool.linear_memory_keep_resident(keep_resident);
    pool.table_keep_resident(TABLE_KEEP_RESIDENT);
    pool
}

/// Two pages more than a pack may have: the snapshot puts its own pointers behind the pack's memory.
fn memory_bytes(limits: &Limits) -> usize {
    limits.memory_bytes.saturating_add(2 * PAGE_BYTES)
}

const INSTANCE_BYTES: usize = 1024 * 1024;
const MEMORY_KEEP_RESIDENT_UNSCANNED: usize = 1024 * 1024;
const TABLE_KEEP_RESIDENT: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::Engine;

    fn engines(limits: &Limits) -> [(&'static str, Engine); 4] {
        [
            ("evaluate", evaluate(limits)),
            ("compile", compile(limits)),
            ("prepare", prepare(limits)),
            ("confined", confined(limits)),
        ]
        .map(|(name, config)| (name, Engine::new(&config).unwrap()))
    }

    #[test]
    fn every_engine_counts_fuel_guards_by_the_clock_and_knows_no_feature_beyond_the_protocol() {
        let limits = Limits::default();
        for (name, engine) in engines(&limits) {
            assert_eq!(engine.get_wasm_features(), FEATURES, "{name}");
            assert!(engine.get_consume_fuel(), "{name}");
            assert!(engine.get_epoch_interruption(), "{name}");
            assert!(!engine.get_concurrency_support(), "{name}");
            assert!(!engine.get_shared_memory(), "{name}");
            assert!(engine.get_signals_based_traps(), "{name}");
            assert_eq!(
                engine.get_cranelift_nan_canonicalization(),
                Some(true),
                "{name}"
            );
            assert_eq!(engine.get_max_wasm_stack(), limits.stack_bytes, "{name}");
            assert_eq!(engine.get_wasm_backtrace_max_frames(), 0, "{name}");
            // What is not set stays as wasmtime has it: bounds are checked by guard pages of 32 MiB, and functions are not
            // put into each other, which would make compiling take longer than linear time.
            assert_eq!(engine.get_memory_guard_size(), 32 * 1024 * 1024, "{name}");
            assert_eq!(
                engine.get_compiler_inlining(),
                wasmtime::Inlining::No,
                "{name}"
            );
        }
    }

    #[test]
    fn every_limit_of_the_pool_is_set() {
        let limits = Limits {
            instances: 7,
            places: 12,
            ready: 3,
            ..Limits::default()
        };
        let [(_, engine), (_, compiling), ..] = engines(&limits);
        let pool = engine.get_pooling_config().unwrap();
        assert_eq!(pool.get_total_component_instances(), 10);
        assert_eq!(pool.get_total_core_instances(), 80);
        assert_eq!(pool.get_total_memories(), 12);
        assert_eq!(pool.get_max_unused_warm_slots(), 12);
        assert_eq!(pool.get_total_tables(), 80);
        assert_eq!(pool.get_max_core_instances_per_component(), 8);
        assert_eq!(pool.get_max_memories_per_component(), 1);
        assert_eq!(pool.get_max_tables_per_component(), 8);
        assert_eq!(pool.get_max_memories_per_module(), 1);
        assert_eq!(pool.get_max_tables_per_module(), 1);
        assert_eq!(pool.get_table_elements(), limits.table_elements);
        assert_eq!(
            pool.get_max_memory_size(),
            limits.memory_bytes + 2 * PAGE_BYTES
        );
        assert_eq!(pool.get_max_core_instance_size(), INSTANCE_BYTES);
        assert_eq!(pool.get_max_component_instance_size(), INSTANCE_BYTES);
        // A memory that `prepare` filled at both ends is mapped too, and not copied.
        let image = compiling.get_memory_guaranteed_dense_image_size();
        assert!(image > pool.get_max_memory_size() as u64);
        assert!(compiling.get_memory_init_cow());
    }
}
