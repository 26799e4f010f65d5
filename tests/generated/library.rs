//! The 88 rules of the national library over a generated hospital, beside the provincial packs: what is found
//! is exactly what was planted, and `docs/NATIONAL-LIBRARY.md` says how each rule is planted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use serde_json::Value;

use super::TODAY;
use super::common::bare_host::{BareHost, Days};
use super::common::packs::{self, pack};
use super::common::{rulepack, workspace};
use super::planted::{
    Row, assert_exactly_planted, assert_same, found, planted, rows, without_fuel,
};

/// The rules that judge by what a region sets, and what they lack where it does not.
const LEFT_TO_THE_REGION: [(&str, &str); 4] = [
    (
        "NL-11",
        "table `chronic-catalogue`, which the city supplies",
    ),
    ("NL-47", "parameter `internet_care_types`"),
    ("NL-60", "parameter `ct_items`"),
    ("NL-61", "parameter `mr_items`"),
];
/// The part of the page that is made.
const MARKS: [&str; 2] = [
    "<!-- planted: made from generated data, do not edit -->\n",
    "<!-- /planted -->\n",
];

/// A host with the library and the provincial packs.
fn bare() -> BareHost {
    let host = BareHost::begin();
    let edition = Days("2026-02-12", "2026-02-12");
    let library = pack("national-library");
    host.install("cn/national-library/1.0.0.wasm", &library, &edition);
    let always = Days("2024-01-01", "2024-01-01");
    for name in packs::ALL {
        host.install(&format!("37/{name}/1.0.0.wasm"), &pack(name), &always);
    }
    host
}

/// The same where the city has set what the library leaves to it.
fn host() -> &'static BareHost {
    static HOST: OnceLock<BareHost> = OnceLock::new();
    HOST.get_or_init(|| {
        let host = bare();
        let out = host.path("3703.toml");
        let source = workspace().join("examples/library-settings/3703.toml");
        let library = pack("national-library");
        rulepack([
            "overlay".as_ref(),
            "build".as_ref(),
            source.as_os_str(),
            "--out".as_ref(),
            out.as_os_str(),
            "--pack".as_ref(),
            library.as_os_str(),
        ])
        .done();
        let early = Days("2025-01-01", "2025-01-01");
        host.install("3703/cn.national-library/1.0.0.toml", &out, &early);
        host
    })
}

fn generate(lines: u64, seed: u64, folder: &Path) {
    generate_days(lines, seed, (TODAY, "3"), folder);
}

/// The same for these months up to this day.
fn generate_days(lines: u64, seed: u64, (end, months): (&str, &str), folder: &Path) {
    let (lines, seed) = (lines.to_string(), seed.to_string());
    let folder = folder.to_str().unwrap();
    let size = ["--lines", &lines, "--seed", &seed, "--out", folder];
    let days = ["--end", end, "--months", months];
    rulepack([&["generate", "--library"], &size[..], &days].concat()).done();
}

/// The report on a folder as JSON. The data breaks a rule that blocks, so the command ends with 3.
fn check(host: &BareHost, folder: &Path, options: &[&str]) -> String {
    let today = ["--today", TODAY];
    check_as_of(host, folder, &[&today[..], options].concat())
}

/// The same with the day that is taken as today among the options.
fn check_as_of(host: &BareHost, folder: &Path, options: &[&str]) -> String {
    let folder = folder.to_str().unwrap();
    host.run(&[&["--json", "check", folder], options].concat())
        .found_fault()
}

fn rule_of(told: &Value) -> &str {
    told["rule"].as_str().unwrap()
}

#[test]
fn all_rules_of_the_library_find_exactly_what_was_planted() {
    for seed in [1, 2] {
        let folder = tempfile::tempdir().unwrap();
        generate(1_000, seed, folder.path());
        let report = check(host(), folder.path(), &[]);
        assert_exactly_planted(folder.path(), &report);
        let report: Value = serde_json::from_str(&report).unwrap();
        let abstained = report["abstentions"].as_array().unwrap().iter();
        let national: Vec<&Value> = abstained
            .filter(|it| rule_of(it).starts_with("NL-"))
            .collect();
        assert!(national.is_empty(), "{national:?}");
    }
}

/// Months that begin before the library is in force, a last month that is not whole, and the earliest days.
#[test]
fn on_other_days_the_library_finds_exactly_what_was_planted_too() {
    for (seed, end, months) in [(3, "2026-06-15", "6"), (4, "2026-03-12", "1")] {
        let folder = tempfile::tempdir().unwrap();
        generate_days(1_000, seed, (end, months), folder.path());
        let report = check_as_of(host(), folder.path(), &["--today", end]);
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_same(&planted(folder.path()), &found(&report));
    }
}

#[test]
fn every_rule_of_the_library_is_planted_and_nearly_missed() {
    for days in [(TODAY, "3"), ("2026-03-12", "1"), ("2026-12-05", "6")] {
        let folder = tempfile::tempdir().unwrap();
        generate_days(1_000, 5, days, folder.path());
        let rows = rows(folder.path());
        for number in 1..=88 {
            let rule = format!("NL-{number:02}");
            for verdict in ["hit", "near-miss"] {
                let is = |row: &Row| row["rule"] == rule && row["verdict"] == verdict;
                assert!(rows.iter().any(is), "{rule} {verdict} {days:?}");
            }
        }
    }
}

#[test]
fn the_report_of_the_library_depends_neither_on_batches_nor_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    generate(1_000, 4, folder.path());
    let first = check(host(), folder.path(), &[]);
    assert_exactly_planted(folder.path(), &first);
    for (rows, threads) in [("1", "2"), ("50", "1"), ("500", "3")] {
        let options = ["--batch-rows", rows, "--threads", threads];
        let other = check(host(), folder.path(), &options);
        let is_same = without_fuel(&first) == without_fuel(&other);
        assert!(is_same, "batches of {rows} rows, {threads} threads");
    }
}

#[test]
fn where_the_region_sets_nothing_four_rules_abstain_and_the_others_find_the_same() {
    let folder = tempfile::tempdir().unwrap();
    generate(1_000, 6, folder.path());
    let report = check(&bare(), folder.path(), &[]);
    let report: Value = serde_json::from_str(&report).unwrap();
    let left = BTreeSet::from(LEFT_TO_THE_REGION.map(|(rule, _)| rule));
    let mut judged = planted(folder.path());
    judged.retain(|[_, rule, ..], _| !left.contains(&**rule));
    assert_same(&judged, &found(&report));
    let abstentions = report["abstentions"].as_array().unwrap().iter();
    let national = abstentions.map(rule_of).filter(|it| it.starts_with("NL-"));
    assert_eq!(national.collect::<BTreeSet<_>>(), left);
}

/// The titles of the rules, in the order of the catalogue.
fn titles() -> Vec<(String, String)> {
    let manifest = workspace().join("plugins/national-library/pack.toml");
    let manifest: toml::Table = fs::read_to_string(manifest).unwrap().parse().unwrap();
    let rules = manifest["rule"].as_array().unwrap().iter();
    let text = |rule: &toml::Value, name: &str| rule[name].as_str().unwrap().to_owned();
    rules
        .map(|rule| (text(rule, "id"), text(rule, "title")))
        .collect()
}

/// The part of the page that says how each rule is planted.
fn page(rows: &[Row]) -> String {
    let mut notes: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for row in rows {
        let told = notes.entry((&row["rule"], &row["verdict"])).or_default();
        let by_chance = row["note"].contains("happen to exceed");
        if !by_chance && !told.contains(&&*row["note"]) {
            told.push(&row["note"]);
        }
    }
    let mut page = String::from("| rule | title | breach | near miss | needs beside the data |\n");
    page.push_str("|---|---|---|---|---|\n");
    for (id, title) in titles() {
        let told = |verdict: &str| notes[&(&*id, verdict)].join(" / ");
        let left = LEFT_TO_THE_REGION.iter().find(|(rule, _)| *rule == id);
        let needs = left.map_or("", |(_, what)| what);
        let (hit, near) = (told("hit"), told("near-miss"));
        page.push_str(&format!("| {id} | {title} | {hit} | {near} | {needs} |\n"));
    }
    page
}

#[test]
fn the_page_of_the_library_says_how_each_rule_is_planted() {
    let folder = tempfile::tempdir().unwrap();
    generate(1_000, 1, folder.path());
    let made = page(&rows(folder.path()));
    let path = workspace().join("docs/NATIONAL-LIBRARY.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(MARKS[0]).unwrap();
    let (written, after) = rest.split_once(MARKS[1]).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let page = [before, MARKS[0], &made, MARKS[1], after].concat();
        fs::write(path, page).unwrap();
        return;
    }
    let hint = "run UPDATE_DOCS=1 cargo test --test generated the_page";
    assert!(written == made, "{hint}");
}

/// `cargo test --test generated -- --ignored --nocapture a_large`, with the times; `--release` is quicker.
#[test]
#[ignore = "two hundred thousand lines take a minute on two cores"]
fn a_large_hospital_breaks_exactly_the_rules_of_the_library_that_were_planted() {
    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    generate(200_000, 1, folder.path());
    println!("generated in {:?}", started.elapsed());
    host();
    let started = Instant::now();
    let report = check(host(), folder.path(), &["--threads", "2"]);
    println!("checked in {:?} on two threads", started.elapsed());
    assert_exactly_planted(folder.path(), &report);
    println!(
        "{} breaches",
        planted(folder.path()).values().flatten().count()
    );
}
