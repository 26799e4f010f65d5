//! What a pack cannot do, each shown with a guest that tries it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod guest;

use guest::{Guest, data, review};
use rulepack_contract::data::Batch;
use rulepack_engine::{AnswerError, Evaluation, Fault, Misuse, Preparation, patients};

/// What a guest says of the first patient alone.
fn evaluate(guest: &Guest) -> Result<Evaluation, Fault> {
    let pack = guest.load().unwrap();
    pack.evaluate(&Batch::patients(data(3), 0..1), &review())
}

/// One measure of rule A about row 0 of encounters, with the number on the stack.
const MEASURE: &str = r#"
    (data (i32.const 2040) "\00\08\00\00\01\00\00\00A")
    (func $measure (param $number i64)
      (i32.store (i32.const 1028) (i32.const 2040)) (i32.store (i32.const 1032) (i32.const 1))
      (i32.store (i32.const 1052) (i32.const 2056)) (i32.store (i32.const 1056) (i32.const 1))
      (i32.store (i32.const 2060) (i32.const 3))
      (i64.store (i32.const 2072) (local.get $number))
      (i64.store (i32.const 2080) (i64.const 1)))"#;

const ITEMS: &str = r#"(import "rulepack:rules/orders@0.1.0" "items" (func $items (param i32)))"#;

fn leaked(items: &str) -> &'static str {
    Box::leak(items.to_owned().into_boxed_str())
}

fn numerators(evaluation: &Evaluation) -> Vec<i64> {
    let measures = evaluation.answer.measures.iter();
    measures.map(|measure| measure.numerator).collect()
}

#[test]
fn a_guest_that_says_nothing_answers_nothing_from_a_snapshot() {
    let guest = Guest::default();
    assert_eq!(guest.load().unwrap().preparation(), Preparation::Snapshot);
    assert_eq!(evaluate(&guest).unwrap().answer, Default::default());
}

#[test]
fn a_guessed_code_traps() {
    let guest = Guest {
        items: r#"(import "rulepack:rules/codes@0.1.0" "texts" (func $texts (param i32 i32 i32)))"#,
        evaluate: "(i32.store (i32.const 3000) (i32.const 1))
                   (call $texts (i32.const 3000) (i32.const 1) (i32.const 3008))",
        ..Guest::default()
    };
    assert_eq!(evaluate(&guest), Err(Fault::Misuse(Misuse::UnknownCode(1))));
}

#[test]
fn codes_are_numbered_in_the_order_received_whatever_the_neighbours_have() {
    let guest = Guest {
        items: leaked(&[ITEMS, MEASURE].concat()),
        evaluate: "(call $items (i32.const 3000))
                   (call $measure (i64.load32_u (i32.load (i32.const 3000))))",
        ..Guest::default()
    };
    let pack = guest.load().unwrap();
    let data = data(3);
    let mut fuels = Vec::new();
    for patient in 0..3 {
        let batch = Batch::patients(data.clone(), patient..patient + 1);
        let evaluation = pack.evaluate(&batch, &review()).unwrap();
        assert_eq!(numerators(&evaluation), [1], "patient {patient}");
        fuels.push(evaluation.fuel);
    }
    assert!(fuels.iter().all(|fuel| *fuel == fuels[0]), "{fuels:?}");
}

#[test]
fn a_code_of_prepare_keeps_its_number_in_every_batch() {
    let guest = Guest {
        items: leaked(
            &[
                ITEMS,
                r#"(import "rulepack:rules/codes@0.1.0" "intern" (func $intern (param i32 i32 i32)))
                   (data (i32.const 3100) "otheritem0001")
                   (data (i32.const 3200) "\1c\0c\00\00\05\00\00\00\21\0c\00\00\08\00\00\00")"#,
                MEASURE,
            ]
            .concat(),
        ),
        prepare: "(call $intern (i32.const 3200) (i32.const 2) (i32.const 3000))",
        evaluate: "(call $items (i32.const 3000))
                   (call $measure (i64.load32_u (i32.load (i32.const 3000))))",
    };
    let pack = guest.load().unwrap();
    let data = data(2);
    let number = |patient| {
        let batch = Batch::patients(data.clone(), patient..patient + 1);
        numerators(&pack.evaluate(&batch, &review()).unwrap())
    };
    assert_eq!(number(1), [2], "`item0001` was the second text of prepare");
    assert_eq!(number(0), [3], "`item0000` is new, and comes after those");
    assert_eq!(number(1), [2]);
}

#[test]
fn a_column_call_in_prepare_and_an_intern_in_evaluate_trap() {
    let early = Guest {
        items: ITEMS,
        prepare: "(call $items (i32.const 3000))",
        ..Guest::default()
    };
    assert_eq!(
        early.load().unwrap_err().to_string(),
        "`prepare` failed: the pack broke the contract: `items` may be called in `evaluate` only"
    );
    let late = Guest {
        items: r#"(import "rulepack:rules/codes@0.1.0" "intern" (func $intern (param i32 i32 i32)))"#,
        evaluate: "(call $intern (i32.const 3000) (i32.const 0) (i32.const 3008))",
        ..Guest::default()
    };
    assert_eq!(
        evaluate(&late),
        Err(Fault::Misuse(Misuse::OnlyInPrepare("intern")))
    );
}

const ONLY: &str = r#"(import "rulepack:rules/parts@0.1.0" "only" (func $only (param i32 i32)))
    (func $range (param $at i32) (param $first i32) (param $count i32)
      (i32.store (local.get $at) (local.get $first))
      (i32.store offset=4 (local.get $at) (local.get $count)))"#;

/// What a guest says of three patients with one order each, which narrows `items` to these ranges first.
fn narrowed(ranges: &[(u32, u32)], evaluate: &str) -> Result<Evaluation, Fault> {
    let texts =
        r#"(import "rulepack:rules/codes@0.1.0" "texts" (func $texts (param i32 i32 i32)))"#;
    let mut body = String::new();
    for (place, (first, count)) in ranges.iter().enumerate() {
        let at = 3100 + 8 * place;
        body += &format!("(call $range (i32.const {at}) (i32.const {first}) (i32.const {count}))");
    }
    body += &format!("(call $only (i32.const 3100) (i32.const {}))", ranges.len());
    let guest = Guest {
        items: leaked(&[texts, ITEMS, ONLY, MEASURE].concat()),
        evaluate: leaked(&[body.as_str(), evaluate].concat()),
        ..Guest::default()
    };
    let pack = guest.load().unwrap();
    pack.evaluate(&Batch::patients(data(3), 0..3), &review())
}

#[test]
fn a_narrowed_column_holds_the_rows_asked_for_and_the_next_one_holds_all() {
    let lengths = "(call $items (i32.const 3000)) (call $items (i32.const 3008))
        (call $measure (i64.add
          (i64.mul (i64.load32_u (i32.const 3004)) (i64.const 100))
          (i64.load32_u (i32.const 3012))))";
    let said = |ranges: &[(u32, u32)]| numerators(&narrowed(ranges, lengths).unwrap());
    assert_eq!(said(&[(0, 1), (2, 1)]), [203]);
    assert_eq!(said(&[(1, 2)]), [203]);
    assert_eq!(said(&[(0, 3)]), [303]);
    assert_eq!(said(&[]), [3]);
}

#[test]
fn a_pack_cannot_narrow_a_column_to_rows_beyond_the_batch_or_to_a_row_twice() {
    let fetch = "(call $items (i32.const 3000))";
    let hostile: [&[(u32, u32)]; 6] = [
        &[(0, 0), (0, 3)],
        &[(0, 4)],
        &[(3, 1)],
        &[(u32::MAX, u32::MAX)],
        &[(1, 2), (0, 1)],
        &[(0, 2), (1, 1)],
    ];
    for ranges in hostile {
        let fault = narrowed(ranges, fetch);
        assert_eq!(fault, Err(Fault::Misuse(Misuse::Part)), "{ranges:?}");
    }
}

#[test]
fn a_row_that_was_left_out_gives_no_code() {
    // The second order alone: its item is the only code, so the next number was not given.
    let guess = "(call $items (i32.const 3000)) (i32.store (i32.const 3016) (i32.const 2))
        (call $texts (i32.const 3016) (i32.const 1) (i32.const 3024))";
    let fault = narrowed(&[(1, 1)], guess);
    assert_eq!(fault, Err(Fault::Misuse(Misuse::UnknownCode(2))));
}

#[test]
fn the_cases_of_a_pack_have_so_much_fuel_together() {
    let guest = Guest {
        evaluate: "(loop $again (br $again))",
        ..Guest::default()
    };
    let case = |name: &str| {
        let text = format!(
            r#"{{"name": "{name}", "stage": "after", "scope": "patient", "today": "2026-11-22",
                "jurisdiction": "370303", "tables": {{"patients": [{{"patient": "P1"}}]}},
                "expected": {{"findings": [], "notices": [], "measures": [], "abstentions": []}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    };
    let cases: Vec<_> = ["first", "second", "third"].into_iter().map(case).collect();
    let (component, manifest, tables) = (guest.component(), guest::manifest(), Default::default());
    let program = rulepack_engine::Program {
        component: &component,
        manifest: &manifest,
        tables: &tables,
    };
    // A case may use 10 million: the second one uses the rest, the third does not run.
    let results = rulepack_engine::cases::run_within(&guest::engine(), program, &cases, 15_000_000);
    let told: Vec<String> = results
        .iter()
        .map(|result| result.outcome.as_ref().unwrap_err().to_string())
        .collect();
    assert_eq!(
        told,
        [
            "the pack used up its fuel of 10000000",
            "the pack used up its fuel of 10000000",
            "the cases before it used up the fuel of 15000000 that all cases of a pack have together",
        ]
    );
}

#[test]
fn an_endless_loop_ends_with_its_fuel() {
    let guest = Guest {
        evaluate: "(loop $again (br $again))",
        ..Guest::default()
    };
    assert_eq!(evaluate(&guest), Err(Fault::Fuel(10_000_000)));
}

#[test]
fn a_memory_bomb_and_a_recursion_end_with_their_reasons() {
    let bomb = Guest {
        evaluate: "(loop $again (drop (memory.grow (i32.const 1))) (br $again))",
        ..Guest::default()
    };
    assert_eq!(evaluate(&bomb), Err(Fault::Memory(2 * 1024 * 1024)));
    let recursion = Guest {
        items: "(func $deeper (param i64) (result i64)
                  (i64.add (i64.const 1) (call $deeper (i64.add (local.get 0) (i64.const 1)))))",
        evaluate: "(drop (call $deeper (i64.const 0)))",
        ..Guest::default()
    };
    assert_eq!(evaluate(&recursion), Err(Fault::Stack));
}

#[test]
fn an_undeclared_rule_or_a_row_out_of_range_makes_the_answer_invalid() {
    let undeclared = Guest {
        items: leaked(&MEASURE.replace("A\")", "B\")")),
        evaluate: "(call $measure (i64.const 1))",
        ..Guest::default()
    };
    let error = AnswerError::UndeclaredRule("B".into());
    assert_eq!(evaluate(&undeclared), Err(Fault::Answer(error)));
    let out_of_range = Guest {
        items: MEASURE,
        evaluate: "(call $measure (i64.const 1)) (i32.store (i32.const 2064) (i32.const 1))",
        ..Guest::default()
    };
    let error = AnswerError::Row {
        rule: "A".into(),
        table: 3,
        row: 1,
    };
    assert_eq!(evaluate(&out_of_range), Err(Fault::Answer(error)));
}

#[test]
fn nothing_is_kept_from_batch_to_batch_but_what_prepare_left() {
    let guest = Guest {
        items: leaked(&format!(
            "(global $count (mut i64) (i64.const 0)) {MEASURE}"
        )),
        prepare: "(global.set $count (i64.const 7))",
        evaluate: "(global.set $count (i64.add (global.get $count) (i64.const 1)))
                   (i64.store (i32.const 5000) (i64.add (i64.load (i32.const 5000)) (i64.const 1)))
                   (call $measure (i64.mul (global.get $count) (i64.load (i32.const 5000))))",
    };
    let pack = guest.load().unwrap();
    let batch = Batch::patients(data(1), 0..1);
    for _ in 0..3 {
        let evaluation = pack.evaluate(&batch, &review()).unwrap();
        assert_eq!(numerators(&evaluation), [8]);
    }
}

/// Traps where the item of an order is `item0005`, which is code 1 as `prepare` received it; else one
/// measure for the first encounter of each batch.
fn breaks_on_one_patient() -> Guest {
    Guest {
        items: leaked(
            &[
                ITEMS,
                r#"(import "rulepack:rules/codes@0.1.0" "intern" (func $intern (param i32 i32 i32)))
                   (data (i32.const 3100) "item0005")
                   (data (i32.const 3200) "\1c\0c\00\00\08\00\00\00")"#,
            ]
            .concat(),
        ),
        prepare: "(call $intern (i32.const 3200) (i32.const 1) (i32.const 3000))",
        evaluate: "(local $at i32) (local $left i32)
            (call $items (i32.const 3000))
            (local.set $at (i32.load (i32.const 3000)))
            (local.set $left (i32.load (i32.const 3004)))
            (block $done (loop $next
              (br_if $done (i32.eqz (local.get $left)))
              (if (i32.eq (i32.load (local.get $at)) (i32.const 1)) (then unreachable))
              (local.set $at (i32.add (local.get $at) (i32.const 4)))
              (local.set $left (i32.sub (local.get $left) (i32.const 1)))
              (br $next)))",
    }
}

#[test]
fn a_patient_that_breaks_the_pack_stands_alone_whatever_the_division() {
    let pack = breaks_on_one_patient().load().unwrap();
    let data = data(20);
    let mut outcomes = Vec::new();
    for (rows, threads) in [(1, 1), (7, 2), (1_000, 1), (1_000, 4)] {
        let division = patients::Division { rows, threads };
        let mut outcome = patients::review(&pack, &data, &review(), division);
        // Fuel is spent, and calls are made, by the batch; everything else is by the patient.
        (outcome.fuel, outcome.calls) = (0, 0);
        outcomes.push(outcome);
    }
    for outcome in &outcomes {
        assert_eq!(outcome, &outcomes[0]);
        let [(patient, Fault::Trap(_))] = outcome.no_verdict.as_slice() else {
            unreachable!("{:?}", outcome.no_verdict);
        };
        assert_eq!(*patient, 5);
        assert_eq!(outcome.not_evaluable[0].missing, ["orders.supply-days"]);
    }
}
