//! A made-up hospital through the whole way: packs built, signed, published, brought to a host, and run
//! over generated data. What they find is exactly what the generator planted.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "generated/conduct.rs"]
mod conduct;
#[path = "generated/library.rs"]
mod library;
#[path = "generated/planted.rs"]
mod planted;

use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use common::nation::{Host, Nation};
use common::packs::{self, pack};
use common::rulepack;
use planted::{assert_exactly_planted, without_fuel};

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
