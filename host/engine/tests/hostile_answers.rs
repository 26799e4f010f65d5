//! Answers that are no answers: what the host reads of them, and what it says. Each about one patient of twenty,
//! while another pack answers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "this file uses a part of it")]
mod guest;
#[allow(dead_code, reason = "this file uses a part of it")]
mod ward;

use rulepack_contract::review::{Scope, Stage};
use rulepack_engine::{AnswerError, Fault};
use ward::Attack;

/// Puts a finding of rule A about the order at hand as the only one of the answer, which a test then spoils: at
/// 4096, its offending row at 4160, its argument at 4192, its evidence at 4224.
const FINDING: &str = r#"
    (data (i32.const 2064) "m") (data (i32.const 2072) "I")
    (func $finding (param $row i32)
      (i64.store (i32.const 1044) (i64.const 0))
      (i32.store (i32.const 1028) (i32.const 4096)) (i32.store (i32.const 1032) (i32.const 1))
      (i32.store (i32.const 4096) (i32.const 2048)) (i32.store (i32.const 4100) (i32.const 1))
      (i32.store (i32.const 4108) (i32.const 4160)) (i32.store (i32.const 4112) (i32.const 1))
      (i32.store (i32.const 4124) (i32.const 2064)) (i32.store (i32.const 4128) (i32.const 1))
      (i32.store (i32.const 4160) (i32.const 6)) (i32.store (i32.const 4164) (local.get $row)))
    (func $set (param i32 i32) (i32.store (local.get 0) (local.get 1)))"#;

const ANSWER: &str = "(return (i32.const 1024))";

/// What the host says of an answer that this code puts together.
fn answered(items: &str, code: &str) -> Fault {
    let items = format!("{FINDING} {items}");
    Attack::new(&items, &format!("{code} {ANSWER}")).run()
}

/// The same of the finding with some words overwritten.
fn spoiled(words: &[(u32, i64)]) -> Fault {
    let mut code = "(call $finding (local.get $row))".to_owned();
    for (at, word) in words {
        code += &format!("(call $set (i32.const {at}) (i32.const {word}))");
    }
    answered("", &code)
}

fn malformed(text: &str) -> Fault {
    Fault::Malformed(text.to_owned())
}

fn rule_a() -> String {
    "A".to_owned()
}

#[test]
fn the_finding_that_the_other_tests_spoil_is_a_good_one() {
    let code = format!("(call $finding (local.get $row)) {ANSWER}");
    let outcome = Attack::new(FINDING, &code).outcome();
    assert_eq!(outcome.no_verdict, []);
    assert_eq!(outcome.answer.findings.len(), 1);
}

#[test]
fn an_answer_beyond_its_own_memory_is_malformed() {
    for (words, text) in [
        (
            [(4100, -1), (4096, 0)],
            "string pointer/length out of bounds of memory",
        ),
        (
            [(4112, 0x0fff_ffff), (4108, 8)],
            "list pointer/length out of bounds of memory",
        ),
        (
            [(1032, -1), (1028, 8)],
            "list pointer/length out of bounds of memory",
        ),
        ([(1028, 4098), (1032, 1)], "list pointer is not aligned"),
    ] {
        assert_eq!(spoiled(&words), malformed(text), "{words:?}");
    }
    for (pointer, text) in [
        (-16, "pointer out of bounds of memory"),
        (1026, "return pointer not aligned"),
    ] {
        let attack = Attack::new("", &format!("(return (i32.const {pointer}))"));
        assert_eq!(attack.run(), malformed(text), "{pointer}");
    }
}

#[test]
fn an_answer_of_kinds_that_do_not_exist_is_malformed() {
    assert_eq!(
        answered("", "(i32.store8 (i32.const 1024) (i32.const 2))"),
        malformed("invalid expected discriminant")
    );
    let certainty = spoiled(&[(4104, 3)]);
    assert_eq!(certainty, malformed("unexpected discriminant: 3"));
    let value = spoiled(&[(4132, 4192), (4136, 1), (4200, 7)]);
    assert_eq!(value, malformed("unexpected discriminant: 7"));
}

#[test]
fn invalid_utf8_in_any_text_is_malformed() {
    let text = r#"(data (i32.const 2080) "\ff\fe")"#;
    for pointer in [4096, 4124] {
        let code = format!(
            "(call $finding (local.get $row)) (call $set (i32.const {pointer}) (i32.const 2080))"
        );
        assert_eq!(
            answered(text, &code),
            malformed("invalid utf-8 sequence of 1 bytes from index 0"),
            "{pointer}"
        );
    }
    let cut = answered(
        "(data (i32.const 2080) \"\\e8\\8d\")",
        "(call $finding (local.get $row)) (call $set (i32.const 4096) (i32.const 2080))
         (call $set (i32.const 4100) (i32.const 2))",
    );
    assert_eq!(
        cut,
        malformed("incomplete utf-8 byte sequence from index 0")
    );
}

/// What is said where more crosses than an answer may have.
const TOO_MUCH: &str = "too much data is being copied between the host and the guest: fuel allocated for hostcalls \
    has been exhausted";

#[test]
fn a_huge_answer_is_not_read_to_its_end() {
    // A million findings, 52 bytes each, of nothing.
    let million = Attack {
        pages: 900,
        ..Attack::new(
            "",
            &format!(
                "(i32.store (i32.const 1028) (i32.const 262144))
                 (i32.store (i32.const 1032) (i32.const 1000000)) {ANSWER}"
            ),
        )
    };
    assert_eq!(million.run(), malformed(TOO_MUCH));
}

#[test]
fn a_deeply_nested_answer_is_not_multiplied_out() {
    // A thousand abstentions that all miss the same thousand texts of 4,000 bytes: 4 GB out of 40 KiB.
    let nested = "
        (loop $texts
          (i32.store (i32.add (i32.const 98304) (i32.shl (local.get $i) (i32.const 3))) (i32.const 90000))
          (i32.store (i32.add (i32.const 98308) (i32.shl (local.get $i) (i32.const 3))) (i32.const 4000))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $texts (i32.lt_u (local.get $i) (i32.const 1000))))
        (local.set $i (i32.const 0)) (local.set $at (i32.const 106496))
        (loop $entries
          (i32.store offset=16 (local.get $at) (i32.const 98304))
          (i32.store offset=20 (local.get $at) (i32.const 1000))
          (local.set $at (i32.add (local.get $at) (i32.const 24)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $entries (i32.lt_u (local.get $i) (i32.const 1000))))
        (i64.store (i32.const 1044) (i64.const 0))
        (i32.store (i32.const 1052) (i32.const 106496)) (i32.store (i32.const 1056) (i32.const 1000))";
    assert_eq!(answered("", nested), malformed(TOO_MUCH));
}

#[test]
fn more_entries_or_parts_than_anybody_reads_make_the_answer_invalid() {
    let pages = 60;
    let measures = Attack {
        pages,
        ..Attack::new(
            "",
            &format!(
                "(i32.store (i32.const 1044) (i32.const 131072))
                 (i32.store (i32.const 1048) (i32.const 100001)) {ANSWER}"
            ),
        )
    };
    let too_many = AnswerError::TooManyEntries {
        count: 100_001,
        count_max: 100_000,
    };
    assert_eq!(measures.run(), Fault::Answer(too_many));
    let parts = Attack {
        pages,
        ..Attack::new(
            FINDING,
            &format!(
                "(call $finding (local.get $row)) (call $set (i32.const 4108) (i32.const 131072))
                 (call $set (i32.const 4112) (i32.const 100001)) {ANSWER}"
            ),
        )
    };
    let too_many = AnswerError::TooManyParts {
        rule: rule_a(),
        count: 100_001,
        count_max: 100_000,
    };
    assert_eq!(parts.run(), Fault::Answer(too_many));
}

#[test]
fn a_rule_that_may_not_answer_here_makes_the_answer_invalid() {
    let undeclared = Fault::Answer(AnswerError::UndeclaredRule("m".into()));
    assert_eq!(spoiled(&[(4096, 2064)]), undeclared);
    let nameless = Fault::Answer(AnswerError::UndeclaredRule(String::new()));
    assert_eq!(spoiled(&[(4100, 0)]), nameless);
    let other_scope = Fault::Answer(AnswerError::Scope {
        rule: "I".into(),
        scope: Scope::Patient,
    });
    assert_eq!(spoiled(&[(4096, 2072)]), other_scope);
    // A name of 60,000 characters: cut in what the host says.
    let long = answered(
        "",
        "(call $finding (local.get $row)) (memory.fill (i32.const 65536) (i32.const 120) (i32.const 60000))
         (call $set (i32.const 4096) (i32.const 65536)) (call $set (i32.const 4100) (i32.const 60000))",
    );
    let cut = AnswerError::UndeclaredRule("x".repeat(500) + "…");
    assert_eq!(long, Fault::Answer(cut));
    let mut review = guest::review();
    review.stage = Stage::Before;
    let pack = ward::honest(&guest::engine());
    let batch = rulepack_contract::data::Batch::patients(guest::data(1), 0..1);
    let other_stage = AnswerError::Stage {
        rule: rule_a(),
        stage: Stage::Before,
    };
    assert_eq!(
        pack.evaluate(&batch, &review),
        Err(Fault::Answer(other_stage))
    );
}

#[test]
fn rows_that_the_batch_does_not_have_make_the_answer_invalid() {
    let row = |table, row| {
        Fault::Answer(AnswerError::Row {
            rule: rule_a(),
            table,
            row,
        })
    };
    // The batch has 20 orders, and the patient alone one.
    assert_eq!(spoiled(&[(4164, 20)]), row(6, 20));
    assert_eq!(spoiled(&[(4164, -1)]), row(6, u32::MAX));
    assert_eq!(spoiled(&[(4160, 0)]), row(0, 0));
    assert_eq!(spoiled(&[(4160, 21)]), row(21, 0));
    assert_eq!(spoiled(&[(4160, 255)]), row(255, 0));
    // A table that is in the contract, and empty here.
    assert_eq!(spoiled(&[(4160, 4)]), row(4, 0));
    let knowledge = |table, row| {
        let rule = rule_a();
        Fault::Answer(AnswerError::KnowledgeRow { rule, table, row })
    };
    let evidence = [(4140, 4224), (4144, 1), (4224, 3), (4228, 9)];
    assert_eq!(spoiled(&evidence), knowledge(3, 9));
}

#[test]
fn a_finding_about_nothing_or_with_other_words_than_its_template_is_invalid() {
    let nothing = Fault::Answer(AnswerError::NothingOffending(rule_a()));
    assert_eq!(spoiled(&[(4112, 0)]), nothing);
    let template = Fault::Answer(AnswerError::UndeclaredTemplate {
        rule: rule_a(),
        template: "A".into(),
    });
    assert_eq!(spoiled(&[(4124, 2048)]), template);
    // The message has no places: a figure more would carry something out.
    let arguments = Fault::Answer(AnswerError::Arguments {
        rule: rule_a(),
        template: "m".into(),
        expected: "no arguments".into(),
    });
    assert_eq!(spoiled(&[(4132, 4192), (4136, 1)]), arguments);
    // Not recorded, as an amount: the least number.
    let amount = Fault::Answer(AnswerError::NotRecorded(rule_a()));
    assert_eq!(spoiled(&[(4172, i64::from(i32::MIN))]), amount);
}

#[test]
fn a_refusal_is_cut_to_what_an_error_can_bear() {
    let attack = Attack::new(
        "",
        "(memory.fill (i32.const 65536) (i32.const 120) (i32.const 60000))
         (i32.store8 (i32.const 1024) (i32.const 1))
         (i32.store (i32.const 1028) (i32.const 65536)) (i32.store (i32.const 1032) (i32.const 60000))
         (return (i32.const 1024))",
    );
    assert_eq!(attack.run(), Fault::Refused("x".repeat(500) + "…"));
}
