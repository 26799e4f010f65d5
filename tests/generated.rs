//! A made-up hospital through the whole way: packs built, signed, published, brought to a host, and run
//! over generated data. What they find is exactly what the generator planted.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use serde_json::Value;

use common::nation::{Host, Nation};
use common::packs::{self, pack};
use common::rulepack;

/// The last day of the generated data.
const TODAY: &str = "2026-06-30";

/// A host with the three packs, set up once.
fn host() -> &'static Host {
    static HOST: OnceLock<(Nation, Host)> = OnceLock::new();
    let (_, host) = HOST.get_or_init(|| {
        let nation = Nation::found();
        let sealed = packs::ALL.map(pack);
        let sealed: Vec<&Path> = sealed.iter().map(AsRef::as_ref).collect();
        let registry = nation.serve();
        nation.publish(&sealed, &registry);
        let host = nation.host("host", &registry);
        host.sync().done();
        (nation, host)
    });
    host
}

fn generate(lines: u64, seed: u64, folder: &Path) {
    let (lines, seed) = (lines.to_string(), seed.to_string());
    let folder = folder.to_str().unwrap();
    let options = ["--lines", &lines, "--seed", &seed, "--out", folder];
    rulepack([&["generate", "--months", "3"], &options[..]].concat()).done();
}

/// The report on a folder as JSON. The data breaks a rule that blocks, so the command ends with 3.
fn check(folder: &Path, options: &[&str]) -> String {
    let always = ["--json", "--today", TODAY];
    let ran = host().check(folder, &[&always[..], options].concat());
    ran.found_fault()
}

/// What identifies a breach: pack, rule, and the table, key and patient of its first offending row.
type Breach = [String; 5];

/// The planted hits, and the fen at stake where the policy gives them.
fn planted(folder: &Path) -> BTreeMap<Breach, Option<i64>> {
    let mut rows = csv::Reader::from_path(folder.join("planted.csv")).unwrap();
    let mut hits = BTreeMap::new();
    for row in rows.deserialize() {
        let row: BTreeMap<String, String> = row.unwrap();
        if row["verdict"] == "hit" {
            let breach = ["pack", "rule", "table", "key", "patient"].map(|name| row[name].clone());
            let amount = Some(row["amount"].as_str()).filter(|amount| !amount.is_empty());
            let fen = amount.map(|yuan| yuan.replace('.', "").parse().unwrap());
            assert_eq!(hits.insert(breach, fen), None, "planted twice");
        }
    }
    hits
}

/// What was found, with the fen at stake.
fn found(report: &Value) -> BTreeMap<Breach, i64> {
    let mut breaches = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        let row = &finding["offending"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let path = text(&finding["pack"]);
        let (pack, _version) = path.rsplit_once('/').unwrap();
        let [rule, table, key, patient] = [
            &finding["rule"],
            &row["table"],
            &row["key"],
            &row["patient"],
        ]
        .map(text);
        let breach = [pack.to_owned(), rule, table, key, patient];
        let amount = finding["amount"].as_i64().unwrap();
        let before = breaches.insert(breach.clone(), amount);
        assert_eq!(before, None, "found twice: {breach:?}");
    }
    breaches
}

/// The findings are the planted hits: none too many, none too few, each with its amount; and everything
/// else of the report is sound.
fn assert_exactly_planted(folder: &Path, report: &str) {
    let report: Value = serde_json::from_str(report).unwrap();
    for part in ["broken", "gaps", "rejected", "not_evaluable", "no_verdict"] {
        assert_eq!(report[part], serde_json::json!([]), "{part}");
    }
    let (planted, found) = (planted(folder), found(&report));
    assert!(!planted.is_empty());
    let planted_keys: Vec<_> = planted.keys().collect();
    let found_keys: Vec<_> = found.keys().collect();
    assert_eq!(found_keys, planted_keys);
    for (breach, amount) in &planted {
        if let Some(amount) = amount {
            assert_eq!(found[breach], *amount, "{breach:?}");
        }
    }
}

#[test]
fn three_hospitals_break_exactly_the_rules_that_were_planted() {
    for seed in [1, 2, 3] {
        let folder = tempfile::tempdir().unwrap();
        generate(1_000, seed, folder.path());
        assert_exactly_planted(folder.path(), &check(folder.path(), &[]));
    }
}

#[test]
fn the_report_depends_neither_on_the_size_of_batches_nor_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    generate(1_000, 4, folder.path());
    let first = check(folder.path(), &[]);
    assert_exactly_planted(folder.path(), &first);
    for (rows, threads) in [("1", "2"), ("50", "4"), ("50", "1"), ("10000", "2")] {
        let other = check(folder.path(), &["--batch-rows", rows, "--threads", threads]);
        assert_eq!(
            without_fuel(&first),
            without_fuel(&other),
            "batches of {rows} rows, {threads} threads"
        );
    }
}

/// Fuel is spent by the batch; everything else is by the patient.
fn without_fuel(report: &str) -> String {
    let lines = report.lines().filter(|line| !line.contains("\"fuel\": "));
    lines.collect::<Vec<_>>().join("\n")
}

/// `cargo test --test generated -- --ignored --nocapture`, with the times; `--release` is quicker.
#[test]
#[ignore = "a million lines take two minutes on two cores"]
fn a_million_lines_break_exactly_the_rules_that_were_planted() {
    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    generate(1_000_000, 1, folder.path());
    println!("generated in {:?}", started.elapsed());
    host();
    let started = Instant::now();
    let one = check(folder.path(), &[]);
    println!("checked in {:?} on one thread", started.elapsed());
    assert_exactly_planted(folder.path(), &one);
    let started = Instant::now();
    let two = check(folder.path(), &["--threads", "2", "--batch-rows", "2000"]);
    println!("checked in {:?} on two threads", started.elapsed());
    let is_same = without_fuel(&one) == without_fuel(&two);
    assert!(is_same, "the report depends on threads or batches");
}
