//! With the published CHS-DRG tables the sealed grouper agrees, in the sandbox, with every case of the
//! differential oracle.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod plugins;

use std::sync::Arc;

use plugins::{build, plugin, shared_data, source};
use rulepack_contract::answer::{Answer, Value};
use rulepack_contract::case::Case;
use rulepack_contract::data::Batch;
use rulepack_contract::schema::ids;
use rulepack_engine::{Engine, Limits, LoadInput, Program};
use serde_json::json;

/// No group of the scheme: every stay that has a group is told it, as the one that differs.
const CLAIMED: &str = "ZZZZ";
const UNGROUPABLE: &str = "0000";

/// A case of the oracle.
struct Stay<'a> {
    name: &'a str,
    fields: Vec<&'a str>,
}

#[test]
fn the_sealed_grouper_agrees_with_every_case_of_the_oracle() {
    let Some(published) = shared_data("chs_drg_1_1") else {
        return;
    };
    let code = plugin("drg-checks").path.to_str().unwrap();
    let tables = published.to_str().unwrap();
    let sealed = build(
        &source("drg-checks"),
        "drg-checks-published",
        &["--tables", tables, "--component", code],
    );
    let oracle = std::fs::read_to_string(published.join("oracle_cases.tsv")).unwrap();
    let stays: Vec<Stay<'_>> = oracle.lines().skip(1).map(Stay::of).collect();
    assert_eq!(stays.len(), 1_038);

    let case = case_of(&stays);
    let (data, review) = (Arc::new(case.data().unwrap()), case.review().unwrap());
    let engine = Engine::new(Limits::default()).unwrap();
    let program = Program::of(&sealed.pack, &sealed.bytes);
    let pack = engine.load(program, LoadInput::default()).unwrap();
    let batch = Batch::patients(data.clone(), 0..data.rows(ids::PATIENTS));
    let answer = pack.evaluate(&batch, &review).unwrap().answer;

    let groups = groups_of(&answer, stays.len());
    let differing: Vec<String> = stays
        .iter()
        .zip(&groups)
        .filter(|(stay, group)| stay.group() != group.as_str())
        .map(|(stay, group)| format!("{}: expected {}, got {group}", stay.name, stay.group()))
        .collect();
    assert!(
        differing.is_empty(),
        "{} differ:\n{}",
        differing.len(),
        differing.join("\n")
    );
}

impl<'a> Stay<'a> {
    fn of(line: &'a str) -> Self {
        let fields: Vec<&str> = line.split('\t').collect();
        Stay {
            name: fields[0],
            fields,
        }
    }

    fn group(&self) -> &str {
        match self.fields[10] {
            "分组成功" => self.fields[9],
            _ => UNGROUPABLE,
        }
    }

    fn codes(&self, field: usize) -> impl Iterator<Item = &'a str> {
        self.fields[field]
            .split('|')
            .filter(|code| !code.is_empty())
    }
}

/// All stays as the data of one review.
fn case_of(stays: &[Stay<'_>]) -> Case {
    let (mut patients, mut encounters) = (Vec::new(), Vec::new());
    let (mut diagnoses, mut procedures) = (Vec::new(), Vec::new());
    for stay in stays {
        let (name, number) = (stay.name, |field: usize| {
            stay.fields[field].parse::<i64>().ok()
        });
        patients.push(json!({"patient": name, "genders": stay.fields[1]}));
        encounters.push(json!({
            "encounter": name, "patients": name, "current": 1,
            "ages": number(2), "age-days": number(3), "newborn-admission-weights": number(4),
            "payment-methods": "05", "payment-groups": CLAIMED,
        }));
        for (place, code) in stay.codes(5).enumerate() {
            diagnoses.push(json!({
                "encounters": name, "codes": code, "systems": "ICD-10",
                "principal": i32::from(place == 0), "on-settlement-list": 1,
            }));
        }
        for (place, code) in stay.codes(6).enumerate() {
            procedures.push(json!({
                "procedure": format!("{name}-{place}"), "encounters": name, "codes": code,
                "principal": i32::from(place == 0), "on-settlement-list": 1,
            }));
        }
    }
    let case = json!({
        "name": "oracle", "stage": "after", "scope": "patient",
        "today": "2026-03-31", "jurisdiction": "370303",
        "tables": {
            "patients": patients, "encounters": encounters,
            "diagnoses": diagnoses, "procedures": procedures,
        },
        "expected": {},
    });
    serde_json::from_value(case).unwrap()
}

/// By stay: the group that a finding tells, or nothing where the pack abstained.
fn groups_of(answer: &Answer, stays: usize) -> Vec<String> {
    let mut groups = vec![String::new(); stays];
    for finding in &answer.findings {
        let row = finding.offending[0].at.row as usize;
        match finding.rule.as_str() {
            "DRG-01" => {
                let given = finding
                    .arguments
                    .iter()
                    .find(|it| it.name == "given")
                    .unwrap();
                let Value::Term(group) = &given.value else {
                    panic!("{given:?}");
                };
                groups[row].clone_from(group);
            }
            "DRG-04" => groups[row] = UNGROUPABLE.to_owned(),
            _ => {}
        }
    }
    groups
}
