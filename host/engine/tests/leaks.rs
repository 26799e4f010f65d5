//! What a pack cannot find out: what it was not given, and what it saw of others before.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "this file uses a part of it")]
mod guest;
#[allow(dead_code, reason = "this file uses a part of it")]
mod ward;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use guest::Guest;
use rulepack_contract::data::Batch;
use rulepack_contract::schema::ids;
use rulepack_engine::patients::{self, Division};
use rulepack_engine::{
    AnswerError, Engine, Fault, Grants, Limits, LoadError, LoadInput, LoadedPack, Misuse,
    Preparation, Program, cases,
};
use ward::{Attack, PATIENTS, SetWhenDropped, VICTIM, leaked};

fn codes(function: &str, types: &str) -> String {
    format!(r#"(import "rulepack:rules/codes@0.1.0" "{function}" (func $ask {types}))"#)
}

#[test]
fn a_code_beyond_those_received_is_known_to_no_function() {
    // Alone the patient has one code, `bad`, which is 1. Number 2 is somebody else's.
    let unknown = Fault::Misuse(Misuse::UnknownCode(2));
    let asks = [
        (
            "texts",
            "(param i32 i32 i32)",
            "(call $ask (i32.const 3016) (i32.const 1) (i32.const 3024))",
        ),
        (
            "prefixes",
            "(param i32 i32 i32 i32)",
            "(call $ask (i32.const 3016) (i32.const 1) (i32.const 3) (i32.const 3024))",
        ),
    ];
    for (function, types, ask) in asks {
        // In the batch of twenty number 2 is a neighbour's, which it received. So it asks for all of them.
        let all = format!(
            "(local.set $i (i32.const 2))
             (loop $next (i32.store (i32.const 3016) (local.get $i)) {ask}
               (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $next))"
        );
        let attack = Attack::new(&codes(function, types), &all);
        assert_eq!(attack.run(), unknown, "{function}");
    }
}

#[test]
fn a_set_gives_away_no_text_that_was_not_received() {
    let items = [
        codes("contains", "(param i32 i32 i32 i32)"),
        r#"(import "rulepack:rules/codes@0.1.0" "define-set" (func $define (param i32 i32) (result i32)))
           (data (i32.const 3300) "item")
           (data (i32.const 3400) "\e4\0c\00\00\04\00\00\00")"#
            .to_owned(),
    ];
    let mut attack = Attack::new(
        &items.concat(),
        "(local.set $i (i32.const 1))
         (loop $next (i32.store (i32.const 3016) (local.get $i))
           (call $ask (i32.const 0) (i32.const 3016) (i32.const 1) (i32.const 3024))
           (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $next))",
    )
    .guest();
    attack.prepare = leaked(format!(
        "{} (drop (call $define (i32.const 3400) (i32.const 1)))",
        attack.prepare
    ));
    let pack = attack.load().unwrap();
    let data = ward::data(PATIENTS, |patient| patient == VICTIM);
    let alone = Batch::patients(data, VICTIM..VICTIM + 1);
    assert_eq!(
        pack.evaluate(&alone, &guest::review()),
        Err(Fault::Misuse(Misuse::UnknownCode(2)))
    );
}

#[test]
fn a_code_in_an_answer_is_one_that_was_received() {
    // A message with one place, filled with the term of code 2.
    let items = r#"(data (i32.const 2064) "mx")
      (data (i32.const 4032) "\00\08\00\00\01\00\00\00\10\08\00\00\01\00\00\00\11\08\00\00\01\00\00\00")"#;
    let code = "(i64.store (i32.const 1052) (i64.const 0))
      (i32.store (i32.const 1028) (i32.const 4032)) (i32.store (i32.const 1032) (i32.const 3))
      (i32.store (i32.const 1044) (i32.const 4096)) (i32.store (i32.const 1048) (i32.const 1))
      (i32.store (i32.const 4100) (i32.const 1)) (i32.store (i32.const 4108) (i32.const 1))
      (i32.store (i32.const 1084) (i32.const 4192)) (i32.store (i32.const 1088) (i32.const 1))
      (i32.store (i32.const 4192) (i32.const 2))
      (i32.store (i32.const 4200) (i32.const 6)) (i32.store (i32.const 4208) (i32.const 2))
      (return (i32.const 1024))";
    let mut manifest = ward::manifest(0);
    let message = serde_json::from_str(r#"{"m": "{x}"}"#).unwrap();
    manifest.rules[0].messages = message;
    let guest = Attack::new(items, code).guest();
    let pack = guest.load_into(&guest::engine(), &manifest).unwrap();
    let data = ward::data(PATIENTS, |patient| patient == VICTIM);
    let alone = Batch::patients(data, VICTIM..VICTIM + 1);
    let unknown = AnswerError::UnknownCode {
        rule: "A".into(),
        code: 2,
    };
    assert_eq!(
        pack.evaluate(&alone, &guest::review()),
        Err(Fault::Answer(unknown))
    );
}

#[test]
fn a_column_that_is_not_granted_holds_nothing_whatever_the_neighbour_may_read() {
    let granted = [(ids::ORDERS, ids::ORDERS.table().column("items").unwrap())];
    let input = LoadInput {
        grants: Grants::Only(BTreeSet::from(granted)),
        ..LoadInput::default()
    };
    let guest = Attack::default().guest();
    let (outcome, _) = ward::beside(|engine| {
        let program = Program {
            component: &guest.component(),
            manifest: &ward::manifest(0),
            tables: &BTreeMap::new(),
        };
        let pack = engine.load(program, input).unwrap();
        ward::review(&pack)
    });
    // It answers what it read: nothing, which is no figure of an answer.
    let nothing = Fault::Answer(AnswerError::NotRecorded("A".into()));
    assert_eq!(outcome.answer, Default::default());
    assert_eq!(outcome.no_verdict.len(), PATIENTS as usize);
    assert!(
        outcome
            .no_verdict
            .iter()
            .all(|(_, fault)| *fault == nothing)
    );
}

/// Looks in every place where something could stay for what it has left there, and traps if it finds it; then
/// leaves it there, and at the bad patient ends as told.
fn keeper(at_victim: &str, places: [&str; 2]) -> Guest {
    let [items, keeping] = places;
    let mut guest = Attack {
        items: items.to_owned(),
        at_victim: at_victim.to_owned(),
        pages: 4,
    }
    .guest();
    // After the memory has grown, before the columns are fetched.
    let fetched = "(call $items (i32.const 3000))";
    let evaluate = guest
        .evaluate
        .replacen(fetched, &[keeping, fetched].concat(), 1);
    guest.evaluate = leaked(evaluate);
    guest
}

/// A global, memory as the pack began with it, and memory that it grew by.
const IN_MEMORY: [&str; 2] = [
    "(global $kept (mut i64) (i64.const 0))",
    "(if (i64.ne (global.get $kept) (i64.const 0)) (then unreachable))
     (if (i64.ne (i64.load (i32.const 60000)) (i64.const 0)) (then unreachable))
     (if (i64.ne (i64.load (i32.const 393208)) (i64.const 0)) (then unreachable))
     (global.set $kept (i64.const 7))
     (i64.store (i32.const 60000) (i64.const 7)) (i64.store (i32.const 393208) (i64.const 7))",
];

/// A function table, its length, and a passive segment, which is gone once dropped. A pack that changes these allows no
/// snapshot.
const IN_TABLES: [&str; 2] = [
    "(table $kept 4 funcref) (elem declare func $mark) (func $mark) (data $passive \"abcdefgh\")",
    "(if (i32.eqz (ref.is_null (table.get $kept (i32.const 3)))) (then unreachable))
     (if (i32.ne (table.size $kept) (i32.const 4)) (then unreachable))
     (memory.init $passive (i32.const 5000) (i32.const 0) (i32.const 8))
     (table.set $kept (i32.const 3) (ref.func $mark)) (data.drop $passive)
     (drop (table.grow $kept (ref.func $mark) (i32.const 10)))",
];

/// What a pack of this kind says of 200 patients one by one: in a sandbox with one place, so that every batch gets the place
/// of the one before; and, where some are made ready meanwhile, one that was made ahead or the place of such a one.
fn keeps_nothing(places: [&str; 2], preparation: Preparation, ready: u32) {
    let engine = Engine::new(Limits {
        instances: 1,
        places: 1,
        ready,
        ..Limits::default()
    });
    let engine = engine.unwrap();
    let data = ward::data(200, |patient| patient % 10 == 5);
    let review = |pack: &LoadedPack, threads| {
        let division = Division { rows: 1, threads };
        pack.keep_ready();
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    pack.renew_ready();
                    thread::yield_now();
                }
            });
            let _ending = SetWhenDropped(&ended);
            patients::review(pack, &data, &guest::review(), division)
        })
    };
    let honest = review(&ward::honest(&engine), 1);
    for (at_victim, bad) in [
        ("", 0),
        ("unreachable", 20),
        ("(loop $again (br $again))", 20),
    ] {
        let pack = keeper(at_victim, places).load_into(&engine, &ward::manifest(4));
        let pack = pack.unwrap();
        assert_eq!(pack.preparation(), preparation);
        for threads in [1, 4] {
            let outcome = review(&pack, threads);
            let without: Vec<u32> = outcome.no_verdict.iter().map(|(row, _)| *row).collect();
            let expected: Vec<u32> = (0..200).filter(|row| row % 10 == 5).take(bad).collect();
            assert_eq!(without, expected, "{at_victim}");
            let mut kept = honest.answer.measures.clone();
            kept.retain(|measure| !without.contains(&measure.about.row));
            assert_eq!(outcome.answer.measures, kept);
        }
    }
    assert_eq!(engine.readiness().found > 0, ready > 0);
}

#[test]
fn what_a_pack_keeps_of_a_patient_is_gone_with_the_batch_also_after_a_trap() {
    keeps_nothing(IN_MEMORY, Preparation::Snapshot, 0);
}

#[test]
fn what_a_pack_keeps_of_a_patient_is_in_no_instance_that_was_made_ready() {
    keeps_nothing(IN_MEMORY, Preparation::Snapshot, 4);
}

#[test]
fn where_prepare_runs_for_each_batch_nothing_is_kept_either() {
    keeps_nothing(IN_TABLES, Preparation::EachInstance, 0);
}

#[test]
fn a_prepare_that_would_take_longer_than_any_batch_may_not_run_for_each() {
    // A quarter of a MiB filled fifty times: more than a patient alone may use, and less than `prepare` may.
    let guest = Guest {
        items: r#"(data $passive "abcdefgh")"#,
        prepare: "(local $i i32) (data.drop $passive)
            (loop $again
              (memory.fill (i32.const 0) (i32.const 0) (i32.const 131072))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $again (i32.lt_u (local.get $i) (i32.const 100))))",
        ..Guest::default()
    };
    let error = guest.load().unwrap_err();
    let LoadError::PrepareEachTime { fuel, fuel_max } = error else {
        panic!("{error}");
    };
    assert!(fuel > 100 * 131_072, "{fuel}");
    assert_eq!(fuel_max, 10_000_000);
    assert_eq!(
        error.to_string(),
        format!(
            "the component allows no snapshot, so `prepare` would run for every batch: it takes {fuel} fuel, \
             expected at most 10000000"
        )
    );
}

/// A case of these patients with one order each.
fn case(patients: &[&str]) -> rulepack_contract::case::Case {
    let of = |make: &dyn Fn(&str) -> String| {
        let rows: Vec<String> = patients.iter().map(|key| make(key)).collect();
        rows.join(",")
    };
    let text = format!(
        r#"{{"name": "several patients", "stage": "after", "scope": "patient", "today": "2026-11-22",
            "jurisdiction": "370303", "tables": {{
            "patients": [{}], "encounters": [{}], "orders": [{}]}},
            "expected": {{"findings": [], "notices": [], "measures": [], "abstentions": []}}}}"#,
        of(&|key| format!(r#"{{"patient": "{key}"}}"#)),
        of(&|key| format!(r#"{{"encounter": "{key}", "patients": "{key}", "current": 1}}"#)),
        of(&|key| format!(
            r#"{{"order": "{key}", "encounters": "{key}", "items": "{key}", "quantities": "1"}}"#
        )),
    );
    serde_json::from_str(&text).unwrap()
}

#[test]
fn answers_that_depend_on_the_batch_or_its_order_are_found_when_the_cases_run() {
    let run = |guest: Guest| {
        let (component, manifest, tables) = (guest.component(), ward::manifest(0), BTreeMap::new());
        let program = Program {
            component: &component,
            manifest: &manifest,
            tables: &tables,
        };
        let case = case(&["P1", "P2", "P3"]);
        let mut results = cases::run(&guest::engine(), program, &[case]);
        results.remove(0).outcome
    };
    let answers = |numerator: &str| {
        let mut guest = Attack::default().guest();
        let quantity =
            "(i64.load (i32.add (local.get $figures) (i32.shl (local.get $row) (i32.const 3))))";
        assert!(guest.evaluate.contains(quantity));
        guest.evaluate = leaked(guest.evaluate.replace(quantity, numerator));
        run(guest)
    };
    let honest = answers("(i64.const 5)");
    assert!(honest.is_ok(), "{honest:?}");
    // How many are in the batch, at which place in it the patient stands, and the number of a code, which is
    // given in the order of the batch.
    for numerator in [
        "(i64.extend_i32_u (local.get $rows))",
        "(i64.extend_i32_u (local.get $row))",
        "(i64.load32_u (i32.add (local.get $codes) (i32.shl (local.get $row) (i32.const 2))))",
    ] {
        let outcome = answers(numerator);
        assert!(
            matches!(outcome, Err(cases::CaseFailure::Batching)),
            "{numerator}: {outcome:?}"
        );
    }
}
