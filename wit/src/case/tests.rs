//! What a case reads and how it is held against an answer.

use super::*;
use crate::answer::{Answer, Certainty, Finding, Item, RowReference};
use crate::data::{Batch, Slice};
use crate::schema::ids;
use std::sync::Arc;

const CASE: &str = r#"{
    "name": "two patients", "stage": "before", "scope": "patient", "today": "2026-11-22",
    "jurisdiction": "370303",
    "tables": {
        "patients": [{"patient": "P1"}, {"patient": "P2", "genders": "2"}],
        "encounters": [
            {"encounter": "E2", "patients": "P2", "current": 1},
            {"encounter": "E1b", "patients": "P1", "admission-days": "2026-02-01"},
            {"encounter": "E1a", "patients": "P1", "admission-days": "2026-01-01"}
        ],
        "orders": [
            {"order": "O2", "encounters": "E2", "items": "B", "amounts": "1.50"},
            {"order": "O1", "encounters": "E1b", "items": "A", "reverses": "O0"},
            {"order": "O0", "encounters": "E1a", "items": "A", "days": "2026-01-01"}
        ]
    },
    "expected": {"findings": [{"rule": "R", "certainty": "violation", "template": "t",
        "offending": [{"at": "orders/O2", "amount": "1.5"}]}]}
}"#;

fn case() -> Case {
    serde_json::from_str(CASE).unwrap()
}

#[test]
fn rows_stand_in_the_order_of_the_contract() {
    let data = case().data().unwrap();
    let keys = |table, rows: u32| -> Vec<String> {
        (0..rows)
            .map(|row| data.key(table, row).unwrap().to_owned())
            .collect()
    };
    assert_eq!(keys(ids::ENCOUNTERS, 3), ["E1a", "E1b", "E2"]);
    assert_eq!(keys(ids::ORDERS, 3), ["O0", "O1", "O2"]);
    assert_eq!(data.number(ids::ORDERS, "reverses", 1), Some(0));
    assert_eq!(data.number(ids::ORDERS, "encounters", 2), Some(2));
    assert_eq!(data.text(ids::ORDERS, "items", 2), Some("B"));
    assert_eq!(data.number(ids::ORDERS, "days", 1), None);
    assert_eq!(data.presence(ids::ORDERS, 0), Presence::Complete);
    assert_eq!(data.coverage(ids::STOCK).presence, Presence::Absent);
}

#[test]
fn history_begins_on_the_day_that_the_case_says() {
    let mut case = case();
    case.history = BTreeMap::from([("orders".to_owned(), "2026-01-01".to_owned())]);
    let coverage = case.data().unwrap().coverage(ids::ORDERS);
    assert_eq!(coverage.presence, Presence::Complete);
    assert_eq!(coverage.history_start, 20_454);
    case.coverage = BTreeMap::from([("orders".to_owned(), CasePresence::Partial)]);
    let coverage = case.data().unwrap().coverage(ids::ORDERS);
    assert_eq!(coverage.presence, Presence::Partial);
    assert_eq!(coverage.history_start, 20_454);
    case.history = BTreeMap::from([("orders".to_owned(), "2026".to_owned())]);
    assert_eq!(
        case.data().unwrap_err().to_string(),
        "case `two patients` has the day `2026`, expected one such as `2026-11-22`"
    );
}

#[test]
fn a_batch_is_one_range_in_every_table() {
    let data = Arc::new(case().data().unwrap());
    let second = Batch::patients(data.clone(), 1..2);
    assert_eq!(second.range(ids::ENCOUNTERS), 2..3);
    assert_eq!(second.range(ids::ORDERS), 2..3);
    let items = ids::ORDERS.table().column("items").unwrap();
    let number = data.codes().number("B").unwrap();
    assert_eq!(
        second.slice(ids::ORDERS, items),
        Some(Slice::U32(&[number]))
    );
    let (left, right) = Batch::patients(data.clone(), 0..9).halves().unwrap();
    assert_eq!((left.rows(ids::ORDERS), right.rows(ids::ORDERS)), (2, 1));
    assert!(right.halves().is_none());
    assert_eq!(Batch::institution(data, 0).all_rows(), 0);
}

#[test]
fn an_answer_is_held_against_the_expected_one() {
    let case = case();
    let data = case.data().unwrap();
    let mut finding = Finding {
        rule: "R".into(),
        certainty: Certainty::Violation,
        offending: vec![Item {
            at: RowReference {
                table: ids::ORDERS.number(),
                row: 2,
            },
            amount: 150,
        }],
        related: vec![],
        template: "t".into(),
        arguments: vec![],
        evidence: vec![],
    };
    let mut answer = Answer {
        findings: vec![finding.clone()],
        ..Answer::default()
    };
    assert_eq!(case.differences(&answer, &data, &[]), Vec::<String>::new());
    finding.certainty = Certainty::LowSuspicion;
    answer.findings = vec![finding];
    assert_eq!(
        case.differences(&answer, &data, &[]),
        [
            r#"missing finding: {"rule":"R","certainty":"violation","offending":[{"at":"orders/O2","amount":"1.50"}],"template":"t"}"#,
            r#"unexpected finding: {"rule":"R","certainty":"low-suspicion","offending":[{"at":"orders/O2","amount":"1.50"}],"template":"t"}"#,
        ]
    );
}

#[test]
fn a_case_with_a_fault_says_where() {
    let refusal = |from: &str, to: &str| {
        let case: Case = serde_json::from_str(&CASE.replace(from, to)).unwrap();
        case.data().map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(
        refusal("\"items\": \"B\"", "\"item\": \"B\""),
        "case `two patients` names the column `orders.item`, which the contract does not have"
    );
    assert_eq!(
        refusal("\"1.50\"", "\"1.505\""),
        "case `two patients` has a row that cannot be read: `orders` line 1, column `amounts`: \
         `1.505` is more than 2 decimals, expected an amount in CNY with at most 2 decimals, such as \
         `12.30`"
    );
    assert_eq!(
        refusal("\"encounters\": \"E2\"", "\"encounters\": \"E9\""),
        "case `two patients` has a row that cannot be read: `orders` line 1, column `encounters`: \
         `E9` is no row of `encounters`"
    );
    assert_eq!(
        refusal("\"reverses\": \"O0\"", "\"reverses\": \"O9\""),
        "case `two patients` has a row that cannot be read: `orders` line 2, column `reverses`: \
         `O9` is no row of `orders`"
    );
    assert_eq!(
        refusal("\"order\": \"O2\"", "\"order\": \"O1\""),
        "case `two patients` has a row that cannot be read: `orders` line 2, column `order`: `O1` is \
         the key of an earlier row too"
    );
    assert_eq!(
        refusal("\"orders\"", "\"order\""),
        "case `two patients` names the table `order`, which the contract does not have"
    );
}

#[test]
fn what_belongs_to_a_rejected_row_is_rejected_with_it() {
    let text = CASE.replace("\"days\": \"2026-01-01\"", "\"days\": \"2026-13-01\"");
    let case: Case = serde_json::from_str(&text).unwrap();
    let mut builder = DataBuilder::new();
    for (name, rows) in &case.tables {
        case.add_table(&mut builder, name, rows).unwrap();
    }
    let (data, rejections) = builder.finish();
    let lines: Vec<String> = rejections.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "`orders` line 3, column `days`: `2026-13-01` is not a date, expected a day such as \
             `2026-11-22`",
            "`orders` line 2, column `reverses`: `O0` of `orders` was left out",
        ]
    );
    assert_eq!(data.rows(ids::ORDERS), 1);
    assert_eq!(data.rows(ids::ENCOUNTERS), 3);
}
