//! A table that the rules cannot be made from refuses the pack, in words that name the row.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use dip_checks::DipChecks;
use rulepack_sdk::harness::Harness;
use rulepack_sdk::harness::contract::case::Case;

/// What the pack says where one line is added to a table of its own.
fn refusal(table: &str, line: &str) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{table}-{}", line.len()));
    fs::create_dir_all(&folder).unwrap();
    for file in fs::read_dir(source.join("tables")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let path = folder.join(format!("{table}.csv"));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}{line}\n")).unwrap();
    let harness = Harness::from_source(source).unwrap();
    match harness.with_tables(folder) {
        Ok(harness) => told(&harness, &harness.cases().unwrap()[0]),
        Err(refusal) => refusal.to_string(),
    }
}

fn told(harness: &Harness, case: &Case) -> String {
    harness.run::<DipChecks>(case).unwrap_err().to_string()
}

#[test]
fn a_treatment_is_one_of_four() {
    let told = refusal("procedures", "01.0100,surgery");
    let expected = "table `procedures` line 11, column `treatment`: `surgery` is not known, expected one of \
                    `conservative` (保守治疗), `diagnostic` (诊断性操作), `operative` (手术治疗), `therapeutic` \
                    (治疗性操作)";
    assert!(told.contains(expected), "{told}");
    let told = refusal("composite-groups", "M-S,M,,骨骼肌肉疾病");
    let expected =
        "table `composite-groups` line 9, column `treatment`: the cell is empty, expected a text";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_core_group_stands_once() {
    let told = refusal("core-groups", "J18.9,J18.8,,1,肺炎");
    let expected = "table `core-groups` row 10: the group stands twice";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn points_are_of_comorbidity_or_severity() {
    let told = refusal("auxiliary-diagnoses", "age,I10,高血压,1,0");
    let expected =
        "`age` is not known, expected one of `comorbidity` (合并症), `severity` (疾病严重程度)";
    assert!(told.contains(expected), "{told}");
    let told = refusal("auxiliary-diagnoses", ",I10,高血压,1,0");
    let expected = "line 63, column `list`: the cell is empty, expected a text";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_procedure_is_shown_by_an_item() {
    let told = refusal("procedure-charges", "36.0700,");
    let expected =
        "table `procedure-charges` line 8, column `item`: the cell is empty, expected a text";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_coefficient_is_of_one_of_four_lists() {
    let harness = Harness::from_source(env!("CARGO_MANIFEST_DIR")).unwrap();
    let mut case = first_case(&harness);
    let rows = case["supplied"]["auxiliary-coefficients"]
        .as_array_mut()
        .unwrap();
    rows[0]["list"] = "".into();
    let told = told(&harness, &serde_json::from_value(case).unwrap());
    let expected =
        "table `auxiliary-coefficients` line 1, column `list`: the cell is empty, expected a text";
    assert!(told.contains(expected), "{told}");
}

/// The first case of the pack, to be changed.
fn first_case(harness: &Harness) -> serde_json::Value {
    serde_json::to_value(&harness.cases().unwrap()[0]).unwrap()
}
