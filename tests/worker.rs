//! Bounded processes (threat T11): what a hostile pack does to them, what they do to a hostile pack, and
//! what is reported. The guests are real components. Processes that misbehave: `worker_walls.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "common/compile_bomb.rs"]
mod compile_bomb;
#[path = "../host/engine/tests/guest/mod.rs"]
#[allow(dead_code, reason = "this file uses a part of it")]
mod guest;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use compile_bomb::compile_bomb;
use guest::{Guest, data, review};
use rulepack_contract::data::Batch;
use rulepack_engine::worker::{Bounds, CaseOutcome, Kind, Worker, WorkerError};
use rulepack_engine::{Grants, Limits, LoadInput, LoadedPack, Preparation, Program};
use rulepack_protocol::pack;

fn worker() -> Worker {
    Worker::new(env!("CARGO_BIN_EXE_rulepack"))
}

/// A guest, sealed, without cases.
fn sealed(guest: &Guest) -> Vec<u8> {
    pack::seal(
        &guest.component(),
        &guest::manifest(),
        &BTreeMap::new(),
        &[],
    )
    .unwrap()
}

/// Bytes that nobody would seal: a component of one module, before the sections of a good pack.
fn hostile(module: &str) -> Vec<u8> {
    let good = sealed(&Guest::default());
    let end = pack::component_of(&good).unwrap().len();
    let module = wat::parse_str(module).unwrap();
    let mut bytes = b"\0asm\x0d\0\x01\0\x01".to_vec();
    bytes.push(u8::try_from(module.len()).unwrap());
    bytes.extend(module);
    bytes.extend(&good[end..]);
    bytes
}

/// Made by bounded processes, loaded here.
fn load(worker: &Worker, bytes: &[u8], input: LoadInput) -> Result<LoadedPack, WorkerError> {
    let pack = pack::open(bytes, &pack::Bounds::NATIVE).unwrap();
    let made = worker.make(&Limits::default(), (&pack, bytes), &input)?;
    let program = Program::of(&pack, bytes);
    Ok(guest::engine().load_made(program, input, made).unwrap())
}

fn refusal(guest: &Guest) -> String {
    load(&worker(), &sealed(guest), LoadInput::default())
        .unwrap_err()
        .to_string()
}

/// What a worker says of bytes that nobody opened before.
fn cases(worker: &Worker, bytes: &[u8]) -> Result<Vec<CaseOutcome>, WorkerError> {
    worker.cases(&Limits::default(), bytes)
}

#[test]
fn a_pack_made_by_workers_answers_as_one_made_in_this_process() {
    let guest = Guest {
        items: r#"(global $count (mut i64) (i64.const 0))"#,
        prepare: "(global.set $count (i64.const 7))",
        evaluate: "(if (i64.ne (global.get $count) (i64.const 7)) (then unreachable))",
    };
    let made = load(&worker(), &sealed(&guest), LoadInput::default()).unwrap();
    let here = guest.load().unwrap();
    assert_eq!(made.preparation(), Preparation::Snapshot);
    assert_eq!(made.prepare_fuel(), here.prepare_fuel());
    let batch = Batch::patients(data(3), 0..3);
    let evaluation = made.evaluate(&batch, &review());
    assert_eq!(
        evaluation.unwrap(),
        here.evaluate(&batch, &review()).unwrap()
    );
}

#[test]
fn texts_and_sets_of_prepare_come_back_with_their_numbers() {
    let guest = Guest {
        items: r#"(import "rulepack:rules/codes@0.1.0" "intern" (func $intern (param i32 i32 i32)))
                  (import "rulepack:rules/codes@0.1.0" "texts" (func $texts (param i32 i32 i32)))
                  (data (i32.const 3100) "otheritem0001")
                  (data (i32.const 3200) "\1c\0c\00\00\05\00\00\00\21\0c\00\00\08\00\00\00")
                  (data (i32.const 3300) "\01\00\00\00\02\00\00\00")"#,
        prepare: "(call $intern (i32.const 3200) (i32.const 2) (i32.const 3000))",
        evaluate: "(call $texts (i32.const 3300) (i32.const 2) (i32.const 3400))
                   (if (i32.ne (i32.load (i32.add (i32.load (i32.const 3400)) (i32.const 12))) (i32.const 8))
                     (then unreachable))",
    };
    let pack = load(&worker(), &sealed(&guest), LoadInput::default()).unwrap();
    let batch = Batch::patients(data(1), 0..1);
    assert_eq!(
        pack.evaluate(&batch, &review()).unwrap().answer,
        Default::default()
    );
}

#[test]
fn a_trap_a_loop_and_a_memory_bomb_in_prepare_are_told_by_name() {
    let prepare = |prepare| Guest {
        prepare,
        ..Guest::default()
    };
    assert_eq!(
        refusal(&prepare("unreachable")),
        "`prepare` failed: the pack trapped: wasm trap: wasm `unreachable` instruction executed"
    );
    assert_eq!(
        refusal(&prepare("(loop $again (br $again))")),
        "`prepare` failed: the pack used up its fuel of 100000000"
    );
    assert_eq!(
        refusal(&prepare(
            "(loop $again (drop (memory.grow (i32.const 1))) (br $again))"
        )),
        "`prepare` failed: the pack asked for more than 2097152 bytes of memory"
    );
}

#[test]
fn a_shape_that_the_snapshot_does_not_know_runs_prepare_for_each_instance() {
    let guest = Guest {
        items: r#"(data $passive "abcdefgh") (global $count (mut i64) (i64.const 0))"#,
        prepare: "(memory.init $passive (i32.const 5000) (i32.const 0) (i32.const 8))
                  (data.drop $passive) (global.set $count (i64.const 7))",
        evaluate: "(if (i64.ne (global.get $count) (i64.const 7)) (then unreachable))",
    };
    let pack = load(&worker(), &sealed(&guest), LoadInput::default()).unwrap();
    assert_eq!(pack.preparation(), Preparation::EachInstance);
    let batch = Batch::patients(data(1), 0..1);
    assert_eq!(
        pack.evaluate(&batch, &review()).unwrap().answer,
        Default::default()
    );
}

#[test]
fn a_column_that_is_not_granted_loads_and_is_told_as_not_evaluable() {
    let guest = Guest {
        items: r#"(import "rulepack:rules/orders@0.1.0" "supply-days" (func $days (param i32)))"#,
        evaluate: "(call $days (i32.const 3000))",
        ..Guest::default()
    };
    let input = LoadInput {
        grants: Grants::Only(BTreeSet::new()),
        ..LoadInput::default()
    };
    let pack = load(&worker(), &sealed(&guest), input).unwrap();
    let missing = pack.not_evaluable(&data(1));
    assert_eq!(missing[0].rule, "A");
    assert_eq!(missing[0].missing, ["orders.supply-days"]);
}

#[test]
fn a_component_that_no_pack_may_be_is_refused_before_any_of_it_is_compiled() {
    for (module, expected) in [
        (
            "(module (memory 1) (func $begin) (start $begin))",
            "a module of the component has a start function",
        ),
        (
            "(module (memory 1) (memory 1))",
            "the component has 2 linear memories, expected exactly 1",
        ),
        (
            "(module (memory 1 1 shared))",
            "the component is not valid: threads must be enabled for shared memories",
        ),
        (
            "(module (memory 5000))",
            "the memory begins with 313 MiB, expected at most 256",
        ),
        (
            "(module (memory 1))",
            "the component exports nothing, expected exactly the functions `prepare` and `evaluate`",
        ),
    ] {
        let error = cases(&worker(), &hostile(module)).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    for bytes in [b"".as_slice(), b"text", b"\0asm\x0d\0\x01\0"] {
        let error = cases(&worker(), bytes).unwrap_err();
        assert!(matches!(error, WorkerError::Pack(_)), "{error}");
    }
}

#[test]
fn imports_outside_the_contract_are_refused() {
    let good = Guest {
        items: r#"(import "rulepack:rules/orders@0.1.0" "items" (func $items (param i32)))"#,
        evaluate: "(call $items (i32.const 3000))",
        ..Guest::default()
    };
    let good = sealed(&good);
    // The same number of bytes, so that every length in the file stays right.
    for (there, instead) in [
        ("rulepack:rules/orders@0.1.0", "rulepack:rules/orders@0.9.0"),
        ("rulepack:rules/orders@0.1.0", "rulepack:rules/secret@0.1.0"),
        ("rulepack:rules/orders@0.1.0", "wasi:clocks/monotonic@0.2.0"),
    ] {
        let bytes = replaced(&good, there.as_bytes(), instead.as_bytes());
        let error = cases(&worker(), &bytes).unwrap_err().to_string();
        let text = format!("the component imports `{instead}`, which is not of the contract");
        assert_eq!(error, text);
    }
}

fn replaced(bytes: &[u8], there: &[u8], instead: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut found = 0;
    for at in 0..bytes.len() - there.len() {
        if bytes[at..].starts_with(there) {
            bytes[at..at + there.len()].copy_from_slice(instead);
            found += 1;
        }
    }
    assert!(found > 0);
    bytes
}

#[test]
fn a_compile_bomb_is_ended_at_its_limit_and_delays_no_other_pack() {
    let bomb = sealed(&compile_bomb());
    let bounded = Worker {
        bounds: Bounds {
            cpu_seconds: 2,
            ..Bounds::default()
        },
        ..worker()
    };
    // A first round, so that the other pack is on its way while the bomb burns.
    let burning = thread::spawn(move || load(&bounded, &bomb, LoadInput::default()).unwrap_err());
    load(&worker(), &sealed(&Guest::default()), LoadInput::default()).unwrap();
    assert!(!burning.is_finished(), "the other pack waited for the bomb");
    let error = burning.join().unwrap();
    assert!(
        matches!(error, WorkerError::Cpu { seconds: 2, .. }),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .ends_with("used up its 2 s of processor time"),
        "{error}"
    );
}

#[test]
fn a_worker_without_memory_ends_and_says_so() {
    let small = Worker {
        bounds: Bounds {
            // The program alone, unoptimised, takes some 110.
            memory_mib: 160,
            ..Bounds::default()
        },
        ..worker()
    };
    let error = load(&small, &sealed(&compile_bomb()), LoadInput::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the worker for `prepare` aborted, as it does without memory: it has 160 MiB"
    );
}

#[test]
fn a_case_takes_the_same_fuel_in_a_bounded_process_which_compiles_it_otherwise() {
    let guest = Guest {
        items: r#"(import "rulepack:rules/review@0.1.0" "jurisdiction" (func $where (result i32)))
                  (global $left (mut i64) (i64.const 0))"#,
        prepare: "(global.set $left (i64.const 1000))",
        evaluate: "(local $left i64) (local.set $left (global.get $left))
            (loop $again
              (memory.fill (i32.const 5000) (call $where) (i32.wrap_i64 (i64.rem_u (local.get $left) (i64.const 64))))
              (br_if $again (i32.wrap_i64 (local.tee $left (i64.sub (local.get $left) (i64.const 1))))))",
    };
    let case = r#"{"name": "c", "stage": "after", "scope": "patient", "today": "2026-11-22",
        "jurisdiction": "370303", "tables": {"patients": [{"patient": "P1"}, {"patient": "P2"}]},
        "expected": {"findings": [], "notices": [], "measures": [], "abstentions": []}}"#;
    let case = serde_json::from_str(case).unwrap();
    let (component, tables) = (guest.component(), BTreeMap::new());
    let bytes = pack::seal(&component, &guest::manifest(), &tables, &[case]).unwrap();
    let pack = pack::open(&bytes, &pack::Bounds::NATIVE).unwrap();
    let program = Program::of(&pack, &bytes);
    let here = rulepack_engine::cases::run(&guest::engine(), program, &pack.cases);
    let there = worker().cases(&Limits::default(), &bytes).unwrap();
    assert!(here[0].passed() && there[0].passed);
    assert_eq!(here[0].fuel, there[0].fuel);
    // A thousand calls of the host, at 500 each, and what was filled.
    assert!(here[0].fuel > 500_000 + 1_000 * 255, "{}", here[0].fuel);
}

#[test]
fn cases_that_never_end_are_bounded_whatever_the_manifest_says() {
    let guest = Guest {
        evaluate: "(loop $again (br $again))",
        ..Guest::default()
    };
    let case = |number: u32| {
        let text = format!(
            r#"{{"name": "case {number}", "stage": "after", "scope": "patient", "today": "2026-11-22",
                "jurisdiction": "370303", "tables": {{"patients": [{{"patient": "P1"}}]}},
                "expected": {{"findings": [], "notices": [], "measures": [], "abstentions": []}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    };
    let mut manifest = guest::manifest();
    manifest.limits.fuel.alone = 1_000_000_000_000;
    let cases_of: Vec<_> = (0..3).map(case).collect();
    let bytes = pack::seal(&guest.component(), &manifest, &BTreeMap::new(), &cases_of).unwrap();
    let limits = Limits {
        fuel_alone: 1_000_000,
        ..Limits::default()
    };
    let outcomes = worker().cases(&limits, &bytes).unwrap();
    assert_eq!(outcomes.len(), 3);
    for outcome in outcomes {
        assert!(!outcome.passed);
        assert_eq!(
            outcome.differences,
            ["the pack used up its fuel of 1000000"]
        );
    }
    let greedy = Limits {
        fuel_alone: rulepack_engine::cases::FUEL_OF_ALL,
        ..Limits::default()
    };
    let short = Worker {
        bounds: Bounds {
            cpu_seconds: 1,
            ..Bounds::default()
        },
        ..worker()
    };
    let error = short.cases(&greedy, &bytes).unwrap_err();
    assert!(
        matches!(
            error,
            WorkerError::Cpu {
                kind: Kind::Cases,
                ..
            }
        ),
        "{error}"
    );
}
