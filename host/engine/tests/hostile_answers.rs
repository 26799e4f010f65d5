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
use rulepack_engine::{AnswerError, Fault, List};
use ward::Attack;

/// Puts a finding of rule A about the order at hand as the only one of the answer, which a test then spoils: at
/// 4096, with its item at 4160; its argument would stand at 4192, its evidence at 4224. The names are `A` at 4032,
/// `m` at 4040 and `I` at 4048.
const FINDING: &str = r#"
    (data (i32.const 2064) "m") (data (i32.const 2072) "I")
    (data (i32.const 4032) "\00\08\00\00\01\00\00\00\10\08\00\00\01\00\00\00\18\08\00\00\01\00\00\00")
    (func $finding (param $row i32)
      (i64.store (i32.const 1052) (i64.const 0))
      (i32.store (i32.const 1028) (i32.const 4032)) (i32.store (i32.const 1032) (i32.const 3))
      (i32.store (i32.const 1036) (i32.const 4096)) (i32.store (i32.const 1040) (i32.const 1))
      (i32.store (i32.const 1068) (i32.const 4160)) (i32.store (i32.const 1072) (i32.const 1))
      (i32.store (i32.const 4104) (i32.const 1)) (i32.store (i32.const 4108) (i32.const 1))
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
            [(4036, -1), (4032, 0)],
            "string pointer/length out of bounds of memory",
        ),
        (
            [(1072, 0x0fff_ffff), (1068, 8)],
            "list pointer/length out of bounds of memory",
        ),
        (
            [(1040, -1), (1036, 8)],
            "list pointer/length out of bounds of memory",
        ),
        ([(1036, 4098), (1040, 1)], "list pointer is not aligned"),
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
    let certainty = spoiled(&[(4100, 3)]);
    assert_eq!(certainty, malformed("unexpected discriminant: 3"));
    let value = spoiled(&[(1084, 4192), (1088, 1), (4200, 7)]);
    assert_eq!(value, malformed("unexpected discriminant: 7"));
}

#[test]
fn invalid_utf8_in_any_text_is_malformed() {
    let text = r#"(data (i32.const 2080) "\ff\fe")"#;
    for pointer in [4032, 4040] {
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
        "(call $finding (local.get $row)) (call $set (i32.const 4032) (i32.const 2080))
         (call $set (i32.const 4036) (i32.const 2))",
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
    // A million findings, 28 bytes each, of nothing.
    let million = Attack {
        pages: 900,
        ..Attack::new(
            "",
            &format!(
                "(i32.store (i32.const 1036) (i32.const 262144))
                 (i32.store (i32.const 1040) (i32.const 1000000)) {ANSWER}"
            ),
        )
    };
    assert_eq!(million.run(), malformed(TOO_MUCH));
}

#[test]
fn one_text_sent_again_and_again_is_not_multiplied_out() {
    // Four thousand names that are the same 5,000 bytes: 20 MB out of 37 KiB.
    let names = "
        (loop $names
          (i32.store (i32.add (i32.const 98304) (i32.shl (local.get $i) (i32.const 3))) (i32.const 90000))
          (i32.store (i32.add (i32.const 98308) (i32.shl (local.get $i) (i32.const 3))) (i32.const 5000))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $names (i32.lt_u (local.get $i) (i32.const 4000))))
        (i32.store (i32.const 1028) (i32.const 98304)) (i32.store (i32.const 1032) (i32.const 4000))";
    assert_eq!(answered("", names), malformed(TOO_MUCH));
}

#[test]
fn lists_that_do_not_add_up_make_the_answer_invalid() {
    let invalid = Fault::Answer;
    // Names that it does not bring: of the rule, of the template, of an argument.
    let no_such = |place| invalid(AnswerError::NoSuchName(place));
    assert_eq!(spoiled(&[(4096, 3)]), no_such(3));
    assert_eq!(spoiled(&[(4104, -1)]), no_such(u32::MAX));
    let argument = [(1084, 4192), (1088, 1), (4116, 1), (4192, 9)];
    assert_eq!(spoiled(&argument), no_such(9));
    // More than the answer brings.
    let short = |list| invalid(AnswerError::ListTooShort(list));
    assert_eq!(spoiled(&[(4108, 2)]), short(List::Items));
    assert_eq!(spoiled(&[(4112, -1)]), short(List::Items));
    assert_eq!(spoiled(&[(4116, 1)]), short(List::Arguments));
    assert_eq!(spoiled(&[(4120, 1)]), short(List::Evidence));
    // A notice at 4256, an abstention at 4288: both of the first name, with one thing more than there is.
    let notice = [(1044, 4256), (1048, 1), (4264, 1)];
    assert_eq!(spoiled(&notice), short(List::About));
    let abstention = [(1060, 4288), (1064, 1), (4292, 6), (4300, 1)];
    assert_eq!(spoiled(&abstention), short(List::Missing));
    // More than its entries claim.
    let lists = [
        (1072, List::Items),
        (1080, List::About),
        (1088, List::Arguments),
        (1096, List::Evidence),
        (1104, List::Missing),
    ];
    for (length, list) in lists {
        let (claimed, address) = (u32::from(list == List::Items), length - 4);
        let words = [(address, 4160), (length, i64::from(claimed) + 1)];
        assert_eq!(
            spoiled(&words),
            invalid(AnswerError::Unclaimed { list, count: 1 })
        );
    }
}

#[test]
fn more_entries_or_parts_than_anybody_reads_make_the_answer_invalid() {
    let pages = 60;
    let measures = Attack {
        pages,
        ..Attack::new(
            "",
            &format!(
                "(i32.store (i32.const 1052) (i32.const 131072))
                 (i32.store (i32.const 1056) (i32.const 100001)) {ANSWER}"
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
                "(call $finding (local.get $row)) (call $set (i32.const 1068) (i32.const 131072))
                 (call $set (i32.const 1072) (i32.const 100001)) (call $set (i32.const 4108) (i32.const 100001))
                 {ANSWER}"
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
    assert_eq!(spoiled(&[(4096, 1)]), undeclared);
    let nameless = Fault::Answer(AnswerError::UndeclaredRule(String::new()));
    assert_eq!(spoiled(&[(4036, 0)]), nameless);
    let other_scope = Fault::Answer(AnswerError::Scope {
        rule: "I".into(),
        scope: Scope::Patient,
    });
    assert_eq!(spoiled(&[(4096, 2)]), other_scope);
    // A name of 60,000 characters: cut in what the host says.
    let long = answered(
        "",
        "(call $finding (local.get $row)) (memory.fill (i32.const 65536) (i32.const 120) (i32.const 60000))
         (call $set (i32.const 4032) (i32.const 65536)) (call $set (i32.const 4036) (i32.const 60000))",
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
    let evidence = [(1092, 4224), (1096, 1), (4120, 1), (4224, 3), (4228, 9)];
    assert_eq!(spoiled(&evidence), knowledge(3, 9));
}

#[test]
fn a_finding_about_nothing_or_with_other_words_than_its_template_is_invalid() {
    let nothing = Fault::Answer(AnswerError::NothingOffending(rule_a()));
    assert_eq!(spoiled(&[(4108, 0)]), nothing);
    let template = Fault::Answer(AnswerError::UndeclaredTemplate {
        rule: rule_a(),
        template: "A".into(),
    });
    assert_eq!(spoiled(&[(4104, 0)]), template);
    // The message has no places: a figure more would carry something out.
    let arguments = Fault::Answer(AnswerError::Arguments {
        rule: rule_a(),
        template: "m".into(),
        expected: "no arguments".into(),
    });
    assert_eq!(spoiled(&[(1084, 4192), (1088, 1), (4116, 1)]), arguments);
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
