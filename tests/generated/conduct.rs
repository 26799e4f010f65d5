//! The rules of conduct about what is recorded, reported and bundled (CND-25 to CND-28) over a generated hospital: what
//! is found is exactly what was planted, and the other rules about patients find nothing.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use super::TODAY;
use super::common::bare_host::{BareHost, Days};
use super::common::packs::pack;
use super::common::{rulepack, workspace};
use super::planted::{assert_same, found, planted, without_fuel};

/// Rules about sums that ordinary charges of a small hospital break by chance.
const OF_CHANCE: [&str; 3] = ["CND-14", "CND-19", "CND-21"];
const EARLY: Days = Days("2024-01-01", "2024-01-01");

/// A host with the pack, where the province has supplied nothing.
fn bare() -> BareHost {
    let host = BareHost::begin();
    host.install("37/conduct/1.0.0.wasm", &pack("conduct"), &EARLY);
    host
}

/// The same where it has supplied both lists.
fn host() -> &'static BareHost {
    static HOST: OnceLock<BareHost> = OnceLock::new();
    HOST.get_or_init(|| {
        let host = bare();
        let out = host.path("37.toml");
        rulepack([
            "overlay".as_ref(),
            "build".as_ref(),
            workspace()
                .join("examples/conduct-settings/37.toml")
                .as_os_str(),
            "--out".as_ref(),
            out.as_os_str(),
            "--pack".as_ref(),
            pack("conduct").as_os_str(),
        ])
        .done();
        host.install("37/37.conduct/1.0.0.toml", &out, &EARLY);
        host
    })
}

/// A hospital with these options.
fn generate(options: &[&str], folder: &Path) {
    let folder = folder.to_str().unwrap();
    let always = ["generate", "--conduct", "--out", folder];
    rulepack([&always[..], options].concat()).done();
}

/// The report on a folder as JSON. No rule of conduct blocks.
fn check(host: &BareHost, folder: &Path, options: &[&str]) -> String {
    let folder = folder.to_str().unwrap();
    let check = ["--json", "check", folder, "--today"];
    host.run(&[&check[..], options].concat()).done()
}

/// What is planted for the pack is what it found.
fn assert_exactly_planted_in_conduct(folder: &Path, report: &str) {
    let report: Value = serde_json::from_str(report).unwrap();
    for part in ["broken", "gaps", "rejected", "no_verdict"] {
        assert_eq!(report[part], serde_json::json!([]), "{part}");
    }
    let mut planted = planted(folder);
    planted.retain(|[pack, ..], _| pack == "37/conduct");
    let mut found = found(&report);
    found.retain(|[_, rule, ..], _| !OF_CHANCE.contains(&&**rule));
    assert_same(&planted, &found);
}

#[test]
fn the_rules_of_conduct_find_exactly_what_was_planted() {
    for (seed, end, months) in [
        ("1", TODAY, "3"),
        ("2", "2026-06-15", "6"),
        ("3", "2026-03-31", "1"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        generate(
            &["--seed", seed, "--end", end, "--months", months],
            folder.path(),
        );
        let report = check(host(), folder.path(), &[end]);
        assert_exactly_planted_in_conduct(folder.path(), &report);
    }
}

#[test]
fn in_two_hospitals_conduct_finds_what_was_planted_in_each() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--lines", "25000", "--hospitals", "2", "--seed", "4"];
    generate(&options, folder.path());
    let first = check(host(), folder.path(), &[TODAY]);
    assert_exactly_planted_in_conduct(folder.path(), &first);
    let options = [TODAY, "--batch-rows", "50", "--threads", "2"];
    let other = check(host(), folder.path(), &options);
    assert!(
        without_fuel(&first) == without_fuel(&other),
        "batches or threads"
    );
}

#[test]
fn where_the_province_supplies_no_lists_two_rules_of_conduct_are_silent() {
    let folder = tempfile::tempdir().unwrap();
    generate(&["--seed", "5"], folder.path());
    let report: Value = serde_json::from_str(&check(&bare(), folder.path(), &[TODAY])).unwrap();
    let mut judged = planted(folder.path());
    judged.retain(|[_, rule, ..], _| rule == "CND-25" || rule == "CND-26");
    let mut found = found(&report);
    found.retain(|[_, rule, ..], _| !OF_CHANCE.contains(&&**rule));
    assert_same(&judged, &found);
}
