//! What a pack does to the machine that it runs on: each attack on one patient of twenty, while another pack answers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "this file uses a part of it")]
mod guest;
#[allow(dead_code, reason = "this file uses a part of it")]
mod ward;

use rulepack_engine::{Fault, Misuse};
use ward::Attack;

/// The fuel of a patient alone, as the manifest of the guests has it.
const ALONE: Fault = Fault::Fuel(10_000_000);
/// The memory that it has.
const MEMORY: Fault = Fault::Memory(2 * 1024 * 1024);

fn trap(text: &str) -> Fault {
    Fault::Trap(format!("wasm trap: {text}"))
}

#[test]
fn an_endless_loop_ends_with_the_fuel_of_the_patient() {
    let attack = Attack::new("", "(loop $again (br $again))");
    assert_eq!(attack.run(), ALONE);
}

#[test]
fn an_endless_recursion_ends_with_the_stack() {
    let direct = Attack::new(
        "(func $deeper (param i64) (result i64)
           (i64.add (i64.const 1) (call $deeper (i64.add (local.get 0) (i64.const 1)))))",
        "(drop (call $deeper (i64.const 0)))",
    );
    assert_eq!(direct.run(), Fault::Stack);
    let by_table = Attack::new(
        "(type $f (func (param i64) (result i64))) (table 1 funcref) (elem (i32.const 0) $deeper)
         (func $deeper (type $f)
           (i64.add (i64.const 1) (call_indirect (type $f) (local.get 0) (i32.const 0))))",
        "(drop (call $deeper (i64.const 0)))",
    );
    assert_eq!(by_table.run(), Fault::Stack);
}

#[test]
fn a_memory_bomb_ends_with_the_memory_of_the_pack() {
    let by_page = "(loop $again (drop (memory.grow (i32.const 1))) (br $again))";
    let doubling = "(loop $again (drop (memory.grow (memory.size))) (br $again))";
    let at_once = "(drop (memory.grow (i32.const 65534)))";
    for bomb in [by_page, doubling, at_once] {
        assert_eq!(Attack::new("", bomb).run(), MEMORY);
    }
}

#[test]
fn memory_grows_up_to_the_limit_and_not_by_one_page_more() {
    // Two pages to begin with, and 32 in 2 MiB. It writes to the last byte.
    let up_to_the_limit =
        "(if (i32.ne (memory.grow (i32.const 30)) (i32.const 2)) (then unreachable))
        (i32.store8 (i32.const 2097151) (i32.const 1))
        (if (i32.ne (memory.grow (i32.const 0)) (i32.const 32)) (then unreachable))";
    let attack = Attack::new("", up_to_the_limit);
    assert_eq!(&attack.outcome().answer, &ward::alone().answer);
    let one_more = format!("{up_to_the_limit} (drop (memory.grow (i32.const 1)))");
    assert_eq!(Attack::new("", &one_more).run(), MEMORY);
    let beyond =
        "(drop (memory.grow (i32.const 30))) (i32.store8 (i32.const 2097152) (i32.const 1))";
    assert_eq!(
        Attack::new("", beyond).run(),
        trap("out of bounds memory access")
    );
}

#[test]
fn a_function_table_grows_to_its_limit_and_then_refuses_until_the_fuel_ends() {
    let growing = "(loop $again
        (drop (table.grow $functions (ref.null func) (i32.const 1000))) (br $again))";
    let attack = Attack::new("(table $functions 1 funcref)", growing);
    assert_eq!(attack.run(), ALONE);
    let full =
        "(if (i32.ne (table.grow $functions (ref.null func) (i32.const 19999)) (i32.const 1))
          (then unreachable))
        (if (i32.ne (table.grow $functions (ref.null func) (i32.const 1)) (i32.const -1))
          (then unreachable))";
    let attack = Attack::new("(table $functions 1 funcref)", full);
    assert_eq!(&attack.outcome().answer, &ward::alone().answer);
}

#[test]
fn allocation_churn_ends_with_the_fuel() {
    // Fills a MiB again and again: counted by the byte.
    let filling = "(loop $again
        (memory.fill (i32.const 1048576) (local.get $i) (i32.const 1048576))
        (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $again))";
    let attack = Attack::new(
        "",
        &format!("(drop (memory.grow (i32.const 30))) {filling}"),
    );
    assert_eq!(attack.run(), ALONE);
    // Nothing, very often: a call into the host, which costs more than an instruction.
    let nothing =
        "(loop $again (memory.fill (i32.const 0) (i32.const 0) (local.get $i)) (br $again))";
    assert_eq!(Attack::new("", nothing).run(), ALONE);
    // Lists of texts, made by the host for each call. The heap of the guest is put back before each.
    let texts =
        r#"(import "rulepack:rules/codes@0.1.0" "texts" (func $texts (param i32 i32 i32)))"#;
    let asking = "(loop $again (global.set $heap (i32.const 98304))
        (call $texts (local.get $codes) (local.get $rows) (i32.const 3016)) (br $again))";
    assert_eq!(Attack::new(texts, asking).run(), ALONE);
}

#[test]
fn columns_pulled_endlessly_end_with_the_fuel() {
    let pulling = "(loop $again (global.set $heap (i32.const 98304))
        (call $quantities (i32.const 3016)) (br $again))";
    assert_eq!(Attack::new("", pulling).run(), ALONE);
    // Without putting the heap back: its own memory ends before.
    let hoarding = "(loop $again (call $quantities (i32.const 3016)) (br $again))";
    let Fault::Malformed(told) = Attack::new("", hoarding).run() else {
        panic!("a list beyond the memory was taken");
    };
    assert_eq!(told, "realloc return: beyond end of memory");
}

#[test]
fn texts_that_cannot_fit_into_the_pack_are_not_made_by_the_host() {
    let texts =
        r#"(import "rulepack:rules/codes@0.1.0" "texts" (func $texts (param i32 i32 i32)))"#;
    // 200,000 times the code of `bad`: 800 KB of codes, 3 MB of texts into a memory of 2 MiB.
    let asking = "(drop (memory.grow (i32.const 30)))
        (loop $again
          (i32.store (i32.add (i32.const 98304) (i32.shl (local.get $i) (i32.const 2))) (i32.const 1))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $i) (i32.const 200000))))
        (call $texts (i32.const 98304) (i32.const 200000) (i32.const 3016))";
    assert_eq!(Attack::new(texts, asking).run(), MEMORY);
}

#[test]
fn every_way_to_trap_is_told_by_name() {
    let ways = [
        ("unreachable", "wasm `unreachable` instruction executed"),
        (
            "(drop (i64.div_s (i64.const 1) (local.get $n)))",
            "integer divide by zero",
        ),
        (
            "(drop (i64.div_s (i64.const -9223372036854775808) (i64.sub (local.get $n) (i64.const 1))))",
            "integer overflow",
        ),
        (
            "(drop (i32.load (i32.const 131072)))",
            "out of bounds memory access",
        ),
        (
            "(drop (i32.load offset=4294967295 (i32.const -1)))",
            "out of bounds memory access",
        ),
        (
            "(call_indirect (type $nothing) (i32.const 7))",
            "undefined element: out of bounds table access",
        ),
        (
            "(call_indirect (type $nothing) (i32.const 1))",
            "uninitialized element",
        ),
        (
            "(call_indirect (type $number) (i32.const 0)) drop",
            "indirect call type mismatch",
        ),
    ];
    let items = "(type $nothing (func)) (type $number (func (result i32)))
        (func $empty) (table 2 funcref) (elem (i32.const 0) $empty)";
    for (way, text) in ways {
        assert_eq!(Attack::new(items, way).run(), trap(text), "{way}");
    }
}

#[test]
fn what_the_host_does_not_give_is_told_by_name() {
    let import = |interface, function, types| {
        format!(r#"(import "rulepack:rules/{interface}@0.1.0" "{function}" (func $ask {types}))"#)
    };
    let name = r#"(data (i32.const 4096) "secret")"#;
    let set = [
        &import("codes", "contains", "(param i32 i32 i32 i32)"),
        name,
    ]
    .concat();
    let ask = "(call $ask (i32.const 1) (i32.const 3000) (i32.const 0) (i32.const 3016))";
    let fault = Attack::new(&set, ask).run();
    assert_eq!(fault, Fault::Misuse(Misuse::UnknownSet(1)));
    let late = [
        &import("knowledge", "rows", "(param i32 i32) (result i32)"),
        name,
    ]
    .concat();
    let ask = "(drop (call $ask (i32.const 4096) (i32.const 6)))";
    let fault = Attack::new(&late, ask).run();
    assert_eq!(
        fault,
        Fault::Misuse(Misuse::OnlyInPrepare("knowledge.rows"))
    );
    let table = [
        &import("coverage", "table", "(param i32 i32) (result i32)"),
        name,
    ]
    .concat();
    let fault = Attack::new(&table, ask).run();
    let unknown = Misuse::UnknownTable("secret".into());
    assert_eq!(fault, Fault::Misuse(unknown));
    let parameter = [
        &import("parameters", "integer", "(param i32 i32) (result i64)"),
        name,
    ]
    .concat();
    let fault = Attack::new(&parameter, ask).run();
    assert_eq!(
        fault,
        Fault::Misuse(Misuse::UnknownParameter("secret".into()))
    );
    // A name of a hundred thousand characters: cut in what the host says.
    let long = "(memory.fill (i32.const 4096) (i32.const 120) (i32.const 50000))
        (drop (call $ask (i32.const 4096) (i32.const 50000)))";
    let fault = Attack::new(&table, long).run();
    let unknown = Misuse::UnknownTable("x".repeat(500) + "…");
    assert_eq!(fault, Fault::Misuse(unknown));
}
