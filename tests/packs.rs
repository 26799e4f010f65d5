//! The plugins and a new pack, from source to answers in the sandbox, by the command itself.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod plugins;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use plugins::{PLUGINS, Sealed, build, folder, plugin, rulepack, rulepack_json, source, text};
use rulepack_contract::answer::Answer;
use rulepack_contract::case::Case;
use rulepack_contract::data::{Batch, Data};
use rulepack_contract::review::{Review, Scope, Stage};
use rulepack_contract::schema::ids;
use rulepack_contract::units::NOT_RECORDED_S32;
use rulepack_engine::patients::{self, Division};
use rulepack_engine::{Engine, Limits, LoadInput, LoadedPack, Program};
use rulepack_protocol::digest::Digest;
use rulepack_sdk::harness::Harness;

#[test]
fn the_cases_of_every_plugin_pass_in_the_sandbox() {
    for name in PLUGINS {
        let report = rulepack_json(&["test", plugin(name).path.to_str().unwrap()]);
        let cases = report["cases"].as_array().unwrap();
        assert!(cases.len() >= 12, "{name} has {} cases", cases.len());
        assert!(cases.iter().all(|case| case["passed"] == true), "{report}");
    }
}

#[test]
fn a_case_that_differs_is_told_and_ends_with_code_3() {
    let cases = folder().join("differing-cases");
    std::fs::create_dir_all(&cases).unwrap();
    let case = source("chronic-limits").join("cases/chr03-exactly.json");
    let case = std::fs::read_to_string(case).unwrap();
    let mut case: serde_json::Value = serde_json::from_str(&case).unwrap();
    case["expected"] = serde_json::json!({"findings": [{
        "rule": "CHR-01", "certainty": "violation", "template": "outside",
        "offending": [{"at": case_line(&case)}],
    }]});
    std::fs::write(cases.join("a.json"), case.to_string()).unwrap();
    let sealed = build(
        &source("chronic-limits"),
        "chronic-limits-differing",
        &[
            "--cases",
            cases.to_str().unwrap(),
            "--component",
            plugin("chronic-limits").path.to_str().unwrap(),
        ],
    );
    let output = rulepack(&["test", sealed.path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.contains("✗"), "{told}");
    assert!(told.contains("CHR-01"), "{told}");
    assert!(told.ends_with("0 of 1 cases passed\n"), "{told}");
}

/// The first order line of a case.
fn case_line(case: &serde_json::Value) -> String {
    let id = case["tables"]["orders"][0]["order"].as_str().unwrap();
    format!("orders/{id}")
}

#[test]
fn a_plugin_gives_the_same_answers_natively_and_in_the_sandbox() {
    same_answers::<chronic_limits::ChronicLimits>("chronic-limits");
    same_answers::<conduct::Conduct>("conduct");
    same_answers::<consumables::Consumables>("consumables");
    same_answers::<dip_checks::DipChecks>("dip-checks");
    same_answers::<drg_checks::DrgChecks>("drg-checks");
    same_answers::<national_library::NationalLibrary>("national-library");
    same_answers::<vbp_quota::VbpQuota>("vbp-quota");
}

fn same_answers<P: rulepack_sdk::Pack>(name: &'static str) {
    let engine = Engine::new(Limits::default()).unwrap();
    let harness = Harness::from_source(source(name)).unwrap();
    let mut loaded = Loaded::new();
    for case in harness.cases().unwrap() {
        let native = harness.run::<P>(&case).unwrap();
        let sandboxed = answer(&engine, &mut loaded, plugin(name), &case);
        assert_eq!(sandboxed, native, "{name}: {}", case.name);
    }
}

/// A pack as it was loaded for the parameters and supplied tables of a case: compiling takes longest.
type Loaded = BTreeMap<String, LoadedPack>;

/// The answer to a case in the sandbox.
fn answer(engine: &Engine, loaded: &mut Loaded, sealed: &Sealed, case: &Case) -> Answer {
    let input = LoadInput {
        parameters: case.parameters.clone(),
        supplied: case.supplied(&sealed.pack.manifest.tables).unwrap(),
        ..LoadInput::default()
    };
    let key = format!("{:?}{:?}", input.parameters, input.supplied);
    let loaded = loaded.entry(key).or_insert_with(|| {
        let program = Program::of(&sealed.pack, &sealed.bytes);
        engine.load(program, input).unwrap()
    });
    let (data, review) = (Arc::new(case.data().unwrap()), case.review().unwrap());
    let batches = match review.scope {
        Scope::Patient => vec![whole(&data)],
        _ => (0..data.rows(ids::INSTITUTIONS))
            .map(|row| Batch::institution(data.clone(), row))
            .collect(),
    };
    let mut answer = Answer::default();
    for batch in batches {
        answer.append(loaded.evaluate(&batch, &review).unwrap().answer);
    }
    answer.sort();
    answer
}

#[test]
fn a_plugin_says_the_same_of_a_hospital_with_its_triggers_and_without_them() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("hospital");
    let folder = folder.to_str().unwrap();
    let made = rulepack(&["generate", "--lines", "2000", "--out", folder]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let read = rulepack_host::data::read_directory(Path::new(folder)).unwrap();
    let data = Arc::new(read.data);
    let engine = Engine::new(Limits::default()).unwrap();
    for name in ["chronic-limits", "drg-checks"] {
        let sealed = plugin(name);
        let mut without = sealed.pack.manifest.clone();
        without.triggers.clear();
        let load = |manifest| {
            let program = Program {
                manifest,
                ..Program::of(&sealed.pack, &sealed.bytes)
            };
            engine.load(program, LoadInput::default()).unwrap()
        };
        let (all, asked) = (load(&without), load(&sealed.pack.manifest));
        let mut findings = 0;
        for stage in [Stage::Before, Stage::During, Stage::After] {
            let review = review(stage);
            let everybody = patients::review(&all, &data, &review, Division::default());
            findings += everybody.answer.findings.len();
            for (rows, threads) in [(1, 1), (200, 2), (u64::MAX, 1)] {
                let division = Division { rows, threads };
                let outcome = patients::review(&asked, &data, &review, division);
                assert_eq!(outcome.answer, everybody.answer, "{name} {stage:?} {rows}");
                assert_eq!(outcome.no_verdict, everybody.no_verdict);
                let patients = u64::from(data.rows(ids::PATIENTS));
                let left_out = outcome.untriggered;
                assert!(
                    0 < left_out && left_out < patients,
                    "{name} {left_out} of {patients}"
                );
            }
        }
        assert!(findings > 0, "{name} finds nothing");
    }
}

fn review(stage: Stage) -> Review {
    Review {
        stage,
        scope: Scope::Patient,
        scenes: Vec::new(),
        today: 20_634,
        jurisdiction: "370303".to_owned(),
        period: (NOT_RECORDED_S32, NOT_RECORDED_S32),
    }
}

fn whole(data: &Arc<Data>) -> Batch {
    Batch::patients(data.clone(), 0..data.rows(ids::PATIENTS))
}

#[test]
fn a_plugin_imports_exactly_the_columns_that_its_rules_name() {
    for name in PLUGINS {
        let pack = &plugin(name).pack;
        let rules = pack.manifest.rules.iter();
        let named: BTreeSet<String> = rules
            .flat_map(|rule| rule.needs.iter().chain(&rule.uses))
            .map(ToString::to_string)
            .collect();
        let tables = pack.imports.columns.iter();
        let imported: BTreeSet<String> = tables
            .flat_map(|(table, columns)| columns.iter().map(move |it| format!("{table}.{it}")))
            .collect();
        assert_eq!(imported, named, "{name}");
    }
}

#[test]
fn building_again_gives_the_same_bytes() {
    let name = "vbp-quota";
    let first = plugin(name);
    // Without what cargo kept of the pack it is compiled anew.
    let cleaned = Command::new(env!("CARGO"))
        .args([
            "clean",
            "--release",
            "--target",
            "wasm32-unknown-unknown",
            "-p",
            name,
        ])
        .arg("--target-dir")
        .arg(folder().join("packs"))
        .current_dir(source(name))
        .output()
        .unwrap();
    assert!(cleaned.status.success(), "{}", text(&cleaned.stderr));
    assert_eq!(
        build(&source(name), "vbp-quota-again", &[]).bytes,
        first.bytes
    );
}

#[test]
fn new_knowledge_keeps_the_code() {
    let first = plugin("chronic-limits");
    let tables = folder().join("other-tables");
    std::fs::create_dir_all(&tables).unwrap();
    let file = source("chronic-limits").join("tables/catalogue.csv");
    let catalogue = std::fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = catalogue.lines().collect();
    std::fs::write(
        tables.join("catalogue.csv"),
        lines[..lines.len() - 1].join("\n"),
    )
    .unwrap();
    let second = build(
        &source("chronic-limits"),
        "chronic-limits-other",
        &[
            "--tables",
            tables.to_str().unwrap(),
            "--component",
            first.path.to_str().unwrap(),
        ],
    );
    assert_eq!(second.pack.component_digest, first.pack.component_digest);
    assert_ne!(second.pack.digest, first.pack.digest);
    let rows = |sealed: &Sealed| sealed.pack.tables["catalogue"].rows;
    assert_eq!(rows(&second) + 1, rows(first));
}

#[test]
fn a_replacement_without_one_of_the_tables_is_refused() {
    let tables = folder().join("no-tables");
    std::fs::create_dir_all(&tables).unwrap();
    let tables = tables.to_str().unwrap();
    let source = source("chronic-limits");
    let output = rulepack(&["build", source.to_str().unwrap(), "--tables", tables]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        format!("error: `{tables}` has neither `catalogue.csv` nor `catalogue.xlsx`\n")
    );
}

#[test]
fn a_new_pack_builds_to_the_same_bytes_in_any_folder_and_passes_its_cases() {
    let digests = ["one", "two"].map(|place| {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join(place);
        let source = source.to_str().unwrap();
        let output = rulepack(&["new", "3703/my-checks", "--out", source]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let sealed = build(Path::new(source), &format!("my-checks-{place}"), &[]);
        assert_eq!(sealed.pack.manifest.pack.name.to_string(), "3703/my-checks");
        let report = rulepack_json(&["test", sealed.path.to_str().unwrap()]);
        let cases = report["cases"].as_array().unwrap();
        assert!(!cases.is_empty());
        assert!(cases.iter().all(|case| case["passed"] == true), "{report}");
        Digest::of(&sealed.bytes)
    });
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn inspect_names_every_column_that_a_pack_reads() {
    let sealed = plugin("drg-checks");
    let output = rulepack(&["inspect", sealed.path.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    for columns in sealed.pack.imports.columns.values() {
        for column in columns {
            assert!(told.contains(&format!("    {column} ")), "{column}: {told}");
        }
    }
    for line in [
        "signed by  targets → 37",
        "payment-standards: supplied by the city",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
}
