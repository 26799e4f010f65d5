//! The manifest declares the catalogue, all of it, and the cases judge every rule of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use national_library::NationalLibrary;
use national_library::binding::BINDINGS;
use rulepack_sdk::Stage;
use rulepack_sdk::harness::Harness;
use toml::{Table, Value};

fn source() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rules() -> Vec<Table> {
    let text = std::fs::read_to_string(source().join("pack.toml")).unwrap();
    let manifest: Table = text.parse().unwrap();
    let rules = manifest["rule"].as_array().unwrap();
    rules
        .iter()
        .map(|rule| rule.as_table().unwrap().clone())
        .collect()
}

fn text<'a>(rule: &'a Table, field: &str) -> &'a str {
    rule.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The published catalogue, or `None` where it is not at hand.
fn published() -> Option<PathBuf> {
    let beside = || source().join("../../../shared/data");
    let data = std::env::var_os("RULEPACK_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let file = data.join("nhsa_two_libraries/rule_catalog_2025.tsv");
    file.is_file().then_some(file)
}

#[test]
fn all_88_rules_are_declared_in_the_order_in_which_they_are_bound() {
    let rules = rules();
    let declared: Vec<&str> = rules.iter().map(|rule| text(rule, "id")).collect();
    assert_eq!(declared, BINDINGS.map(|binding| binding.rule));
    let coded = rules.iter().filter(|rule| rule.contains_key("kind"));
    assert_eq!(coded.count(), 78, "ten rules of 2025 have no code yet");
}

#[test]
fn a_rule_begins_to_judge_at_the_first_stage_that_it_declares() {
    for (rule, binding) in rules().iter().zip(BINDINGS) {
        let stages = rule["stages"].as_array().unwrap();
        let begins = match stages[0].as_str().unwrap() {
            "before" => Stage::Before,
            "during" => Stage::During,
            _ => Stage::After,
        };
        assert_eq!(binding.since, begins, "{}", binding.rule);
        assert_eq!(stages.last().unwrap().as_str(), Some("after"));
    }
}

#[test]
fn names_and_codes_are_those_of_the_published_catalogue() {
    let Some(file) = published() else {
        println!("skipped: the published rule catalogue is not at hand");
        return;
    };
    let catalogue = std::fs::read_to_string(file).unwrap();
    let rows: Vec<Vec<&str>> = catalogue
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(rows.len(), 88);
    for (row, rule) in rows.iter().zip(rules()) {
        let number: usize = row[0].parse().unwrap();
        assert_eq!(text(&rule, "id"), format!("NL-{number:02}"));
        assert_eq!(text(&rule, "title"), row[3]);
        assert_eq!(text(&rule, "kind"), row[5]);
    }
}

#[test]
fn every_rule_has_a_case_that_it_hits_and_one_in_which_it_abstains() {
    let cases = Harness::from_source(source()).unwrap().cases().unwrap();
    let (mut hit, mut abstained) = (BTreeSet::new(), BTreeSet::new());
    for case in &cases {
        let expected = &case.expected;
        hit.extend(expected.findings.iter().map(|it| it.rule.as_str()));
        let measures = expected.measures.iter().filter(|it| it.numerator > 0);
        hit.extend(measures.map(|it| it.rule.as_str()));
        abstained.extend(expected.abstentions.iter().map(|it| it.rule.as_str()));
    }
    let all: Vec<&str> = BINDINGS.iter().map(|binding| binding.rule).collect();
    let lacking = |found: &BTreeSet<&str>| {
        let lacking = all.iter().filter(|rule| !found.contains(**rule));
        lacking.copied().collect::<Vec<_>>()
    };
    assert_eq!(lacking(&hit), Vec::<&str>::new());
    // A share is of the sums that the host made: without them the rule is not evaluable at all.
    assert_eq!(lacking(&abstained), ["NL-56", "NL-57", "NL-58", "NL-59"]);
}

#[test]
fn a_row_that_no_rule_understands_refuses_the_pack_and_names_it() {
    let row = |file: &str, row: &str| {
        let folder = std::env::temp_dir().join(format!(
            "rulepack-national-library-{}-{file}",
            std::process::id()
        ));
        std::fs::create_dir_all(&folder).unwrap();
        for entry in std::fs::read_dir(source().join("tables")).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
        let path = folder.join(file);
        let header = std::fs::read_to_string(&path).unwrap();
        let header = header.lines().next().unwrap();
        std::fs::write(&path, format!("{header}\n{row}\n")).unwrap();
        let harness = Harness::from_source(source()).unwrap();
        let case = harness.cases().unwrap().remove(0);
        let refused = harness
            .with_tables(&folder)
            .and_then(|harness| harness.run::<NationalLibrary>(&case));
        std::fs::remove_dir_all(&folder).unwrap();
        refused.unwrap_err().to_string()
    };
    let told = row("limits.csv", "NL-99,XA,,,,,,");
    let expected = "table `limits` row 1: column `rule` is `NL-99`, expected `NL-01` to `NL-88`";
    assert!(told.ends_with(expected), "{told}");
    let told = row("pairs.csv", "NL-25,A,B,week,,,,");
    let expected = "table `pairs` line 2, column `scope`: `week` is not known, expected one of `day` (单日), \
                    `hours` (若干小时内), `overlap` (同时用药), `prescription` (同一处方), `same-hour` (同一小时), \
                    `visit` (单次就诊)";
    assert!(told.ends_with(expected), "{told}");
    let told = row("pairs.csv", "NL-25,A,B,,,,,");
    let expected = "table `pairs` line 2, column `scope`: the cell is empty, expected a text";
    assert!(told.ends_with(expected), "{told}");
    let told = row("window-limits.csv", "NL-27,A,K,quantity,1,days,,,,");
    let expected = "table `window-limits` row 1: column `span` is empty or not from 1 to 36500";
    assert!(told.ends_with(expected), "{told}");
    let told = row("window-limits.csv", "NL-27,A,K,,1,days,1,,,");
    let expected =
        "table `window-limits` line 2, column `measure`: the cell is empty, expected a text";
    assert!(told.ends_with(expected), "{told}");
    let told = row("evidence.csv", "NL-08,A,1,,B,,,");
    let expected = "table `evidence` line 2, column `source`: the cell is empty, expected a text";
    assert!(told.ends_with(expected), "{told}");
}
