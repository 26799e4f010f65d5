//! Packs that attack while they are loaded, each while another pack answers in the same process.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "this file uses a part of it")]
mod guest;
#[allow(dead_code, reason = "this file uses a part of it")]
mod ward;

use std::collections::BTreeMap;

use guest::Guest;
use rulepack_engine::{Engine, Limits, LoadError, LoadInput, Preparation, Program};
use rulepack_protocol::pack::{Bounds, imports};
use ward::Attack;

/// Why a guest is not loaded.
fn refusal(guest: &Guest) -> String {
    let load = |engine: &Engine| guest.load_into(engine, &guest::manifest());
    let (loaded, _) = ward::beside(load);
    loaded.unwrap_err().to_string()
}

fn preparing(prepare: &'static str) -> Guest {
    Guest {
        prepare,
        ..Guest::default()
    }
}

#[test]
fn a_prepare_that_attacks_is_told_by_name() {
    let recursion = Guest {
        items: "(func $deeper (call $deeper))",
        prepare: "(call $deeper)",
        ..Guest::default()
    };
    let refused = Guest {
        items: r#"(data (i32.const 2048) "no")"#,
        prepare:
            "(i32.store8 (i32.const 512) (i32.const 1)) (i32.store (i32.const 516) (i32.const 2048))
            (i32.store (i32.const 520) (i32.const 2))",
        ..Guest::default()
    };
    for (guest, text) in [
        (
            preparing("unreachable"),
            "the pack trapped: wasm trap: wasm `unreachable` instruction executed",
        ),
        (
            preparing("(loop $again (br $again))"),
            "the pack used up its fuel of 100000000",
        ),
        (
            preparing("(loop $again (drop (memory.grow (i32.const 1))) (br $again))"),
            "the pack asked for more than 2097152 bytes of memory",
        ),
        (recursion, "the pack used up its stack"),
        (refused, "the pack refused: no"),
    ] {
        assert_eq!(refusal(&guest), format!("`prepare` failed: {text}"));
    }
}

#[test]
fn texts_and_sets_of_prepare_are_bounded_in_number_and_bytes() {
    let limits = Limits {
        dictionary_texts: 3,
        dictionary_bytes: 10,
        set_prefixes: 2,
        ..Limits::default()
    };
    let items = r#"(import "rulepack:rules/codes@0.1.0" "intern" (func $intern (param i32 i32 i32)))
        (import "rulepack:rules/codes@0.1.0" "define-set" (func $define (param i32 i32) (result i32)))
        (data (i32.const 3100) "abcdefghijklmnop")
        (func $text (param $at i32) (param $length i32)
          (i32.store (i32.const 3200) (local.get $at)) (i32.store (i32.const 3204) (local.get $length))
          (call $intern (i32.const 3200) (i32.const 1) (i32.const 3000)))"#;
    let engine = Engine::new(limits).unwrap();
    let load = |prepare| {
        let guest = Guest {
            items,
            prepare,
            ..Guest::default()
        };
        guest.load_into(&engine, &guest::manifest())
    };
    let three =
        "(call $text (i32.const 3100) (i32.const 1)) (call $text (i32.const 3101) (i32.const 1))
        (call $text (i32.const 3102) (i32.const 1)) (call $text (i32.const 3100) (i32.const 1))";
    load(three).unwrap();
    let too_much =
        "`prepare` failed: the pack broke the contract: more texts than an instance may receive";
    let four =
        "(call $text (i32.const 3100) (i32.const 1)) (call $text (i32.const 3101) (i32.const 1))
        (call $text (i32.const 3102) (i32.const 1)) (call $text (i32.const 3103) (i32.const 1))";
    assert_eq!(load(four).unwrap_err().to_string(), too_much);
    let long = "(call $text (i32.const 3100) (i32.const 11))";
    assert_eq!(load(long).unwrap_err().to_string(), too_much);
    // Empty sets take room too.
    let two = "(drop (call $define (i32.const 0) (i32.const 0))) (drop (call $define (i32.const 0) (i32.const 0)))";
    load(two).unwrap();
    let endless = "(loop $again (drop (call $define (i32.const 0) (i32.const 0))) (br $again))";
    assert_eq!(load(endless).unwrap_err().to_string(), too_much);
}

/// Bytes of a component with one name overwritten by another of its length, wherever it stands.
fn renamed(component: &[u8], there: &str, instead: &str) -> Vec<u8> {
    assert_eq!(there.len(), instead.len());
    let mut bytes = component.to_vec();
    let places: Vec<usize> = (0..bytes.len())
        .filter(|at| bytes[*at..].starts_with(there.as_bytes()))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + there.len()].copy_from_slice(instead.as_bytes());
    }
    bytes
}

#[test]
fn imports_outside_the_contract_are_refused_by_name_and_would_not_be_linked() {
    let good = Attack::default().guest().component();
    let outside =
        |name: &str| format!("the component imports `{name}`, which is not of the contract");
    for (there, instead, text) in [
        (
            "rulepack:rules/orders@0.1.0",
            "wasi:clocks/monotonic@0.2.0",
            outside("wasi:clocks/monotonic@0.2.0"),
        ),
        (
            "rulepack:rules/orders@0.1.0",
            "rulepack:rules/orders@0.2.0",
            outside("rulepack:rules/orders@0.2.0"),
        ),
        (
            "rulepack:rules/orders@0.1.0",
            "rulepack:rules/people@0.1.0",
            outside("rulepack:rules/people@0.1.0"),
        ),
        (
            "quantities",
            "identities",
            "the component imports `identities` of `orders`, which the contract does not have"
                .to_owned(),
        ),
    ] {
        let bytes = renamed(&good, there, instead);
        let refused = imports::read(&bytes, &Bounds::NATIVE).unwrap_err();
        assert_eq!(refused.to_string(), text);
        // Where that was passed by: the sandbox has nothing of that name.
        let (loaded, _) = ward::beside(|engine| {
            let program = Program {
                component: &bytes,
                manifest: &guest::manifest(),
                tables: &BTreeMap::new(),
            };
            engine.load(program, LoadInput::default())
        });
        let error = loaded.unwrap_err();
        assert!(matches!(error, LoadError::Contract(_)), "{error}");
    }
}

#[test]
fn a_memory_that_prepare_filled_in_any_way_is_what_each_instance_begins_with() {
    let marks = "(i32.store8 (i32.const 70000) (i32.const 7)) (i32.store8 (i32.const 2097151) (i32.const 7))";
    let thin = format!("(drop (memory.grow (i32.const 30))) {marks}");
    let full = format!(
        "(drop (memory.grow (i32.const 30)))
         (memory.fill (i32.const 98304) (i32.const 85) (i32.const 1998848)) {marks}"
    );
    for filled in [thin, full] {
        let mut guest = Attack::default().guest();
        guest.prepare = ward::leaked(format!("{} {filled}", guest.prepare));
        let looking =
            "(if (i32.ne (i32.load8_u (i32.const 2097151)) (i32.const 7)) (then unreachable))
            (if (i32.ne (i32.load8_u (i32.const 70000)) (i32.const 7)) (then unreachable))
            (call $items (i32.const 3000))";
        let evaluate = guest
            .evaluate
            .replacen("(call $items (i32.const 3000))", looking, 1);
        guest.evaluate = ward::leaked(evaluate);
        let (outcome, _) = ward::beside(|engine| {
            let pack = guest.load_into(engine, &guest::manifest()).unwrap();
            assert_eq!(pack.preparation(), Preparation::Snapshot);
            ward::review(&pack)
        });
        assert_eq!(outcome.answer, ward::alone().answer);
    }
}

#[test]
fn shapes_that_break_the_tool_that_makes_snapshots_answer_without_one() {
    let shapes = [
        // A passive segment that is dropped.
        (r#"(data $passive "abc")"#, "(data.drop $passive)"),
        // A table that grows, and one that is written to.
        (
            "(table $functions 1 funcref)",
            "(drop (table.grow $functions (ref.null func) (i32.const 1)))",
        ),
        (
            "(table $functions 1 funcref) (func $one) (elem declare func $one)",
            "(table.set $functions (i32.const 0) (ref.func $one))",
        ),
        // A global that holds a function.
        (
            "(global $function (mut funcref) (ref.null func)) (func $one) (elem declare func $one)",
            "(global.set $function (ref.func $one))",
        ),
    ];
    for (items, prepare) in shapes {
        let mut guest = Attack::new(items, "").guest();
        guest.prepare = ward::leaked(format!("{} {prepare}", guest.prepare));
        let (outcome, _) = ward::beside(|engine| {
            let pack = guest.load_into(engine, &guest::manifest()).unwrap();
            assert_eq!(pack.preparation(), Preparation::EachInstance, "{prepare}");
            ward::review(&pack)
        });
        assert_eq!(outcome.answer, ward::alone().answer, "{prepare}");
    }
}
