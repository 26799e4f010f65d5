//! Totals of institutions with the packs that declare them: summed by the host from whole months, read by the
//! rules, and told where they are not whole.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod plugins;

use std::fs;
use std::path::{Path, PathBuf};

use plugins::{folder, plugin, rulepack_json};
use rulepack_host::settings::{HistorySettings, HostFolder, Settings, Updates};
use rulepack_host::subscription::Subscription;
use rulepack_protocol::names::Division;
use serde_json::Value;

const LINES: &str = "order,encounters,days,departments,charge-types,items,amounts\n\
    O1,E1,2026-01-05,内科,09,X1,60.00\n\
    O2,E1,2026-01-05,内科,08,C1,10.00\n\
    O3,E1,2026-01-05,内科,05,T1,30.00\n\
    O4,E2,2026-02-01,内科,09,X1,5.00\n\
    O5,E2,2026-02-01,内科,05,T1,95.00\n";

/// A folder of data with these lines.
fn data(name: &str, lines: &str, coverage: &str) -> PathBuf {
    let folder = folder().join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    write("institutions.csv", "institution\nH1\n");
    write("patients.csv", "patient\nP1\n");
    write(
        "encounters.csv",
        "encounter,patients,institutions\nE1,P1,H1\nE2,P1,H1\n",
    );
    write("orders.csv", lines);
    if !coverage.is_empty() {
        write("coverage.csv", coverage);
    }
    folder
}

fn check(pack: &'static str, data: &Path) -> Value {
    let pack = plugin(pack).path.to_str().unwrap();
    let period = [
        "--period",
        "2026-01-01..2026-02-28",
        "--today",
        "2026-06-30",
    ];
    let arguments = [
        &["check", data.to_str().unwrap(), "--pack", pack][..],
        &period,
    ]
    .concat();
    rulepack_json(&arguments)
}

/// Numerator and denominator of each measure of a rule.
fn measures(report: &Value, rule: &str) -> Vec<(i64, i64)> {
    let measures = report["measures"].as_array().unwrap().iter();
    let of_rule = measures.filter(|measure| measure["rule"] == rule);
    let fen = |measure: &Value, name: &str| measure[name].as_i64().unwrap();
    of_rule
        .map(|measure| (fen(measure, "numerator"), fen(measure, "denominator")))
        .collect()
}

fn missing<'r>(report: &'r Value, list: &str, rule: &str) -> Vec<&'r Value> {
    let of_rule = report[list].as_array().unwrap().iter();
    let of_rule = of_rule.filter(|one| one["rule"] == rule);
    of_rule.map(|one| &one["missing"]).collect()
}

#[test]
fn shares_of_cost_by_department_and_institution_are_those_of_the_lines() {
    let data = data("whole-months", LINES, "");
    let conduct = check("conduct", &data);
    // 药占比 and 耗占比 of January, 药占比 of February.
    let mut shares = measures(&conduct, "CND-14");
    shares.sort_unstable();
    assert_eq!(shares, [(500, 10_000), (1_000, 10_000), (6_000, 10_000)]);
    let findings = conduct["findings"].as_array().unwrap();
    let found: Vec<&Value> = findings
        .iter()
        .filter(|one| one["rule"] == "CND-14")
        .collect();
    assert_eq!(found.len(), 1, "{findings:?}");
    assert_eq!(
        found[0]["message"],
        "科室 内科 当月（2026-01-01 起）药占比 60%，超过 40%"
    );
    assert!(missing(&conduct, "not_evaluable", "CND-14").is_empty());
    assert!(missing(&conduct, "not_evaluable", "CND-15").is_empty());
    let national = check("national-library", &data);
    for (rule, expected) in [
        ("NL-56", [(500, 10_000), (6_000, 10_000)]),
        ("NL-58", [(0, 10_000), (1_000, 10_000)]),
        ("NL-59", [(3_000, 10_000), (9_500, 10_000)]),
    ] {
        let mut shares = measures(&national, rule);
        shares.sort_unstable();
        assert_eq!(shares, expected, "{rule}");
        assert!(
            missing(&national, "not_evaluable", rule).is_empty(),
            "{rule}"
        );
    }
    assert_eq!(measures(&national, "NL-57").len(), 2);
}

#[test]
fn what_was_imported_is_summed_as_the_files_are() {
    let data = data("imported", LINES, "");
    let host = folder().join("imported-host");
    let _ = fs::remove_dir_all(&host);
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    HostFolder::at(&host).create(&settings()).unwrap();
    rulepack_json(&["import", &text(&data), "--dir", &text(&host)]);
    let pack = text(&plugin("conduct").path);
    let period = [
        "--period",
        "2026-01-01..2026-02-28",
        "--today",
        "2026-06-30",
    ];
    let host = text(&host);
    let arguments = [&["check", "--dir", &host, "--pack", &pack][..], &period].concat();
    let mut shares = measures(&rulepack_json(&arguments), "CND-14");
    shares.sort_unstable();
    assert_eq!(shares, [(500, 10_000), (1_000, 10_000), (6_000, 10_000)]);
}

fn settings() -> Settings {
    let division: Division = "370303".parse().unwrap();
    Settings {
        registry: "http://127.0.0.1:1".into(),
        institution: "H37030000001".into(),
        subscriptions: Subscription::defaults(&division),
        division,
        canary: false,
        hold_rekeyed: false,
        updates: Updates::default(),
        history: HistorySettings::default(),
        air_gap: None,
    }
}

#[test]
fn what_is_not_whole_is_told_and_not_summed() {
    let coverage = "table,presence,history_start,reach\norders,partial,,\n";
    let report = check("conduct", &data("partial", LINES, coverage));
    assert!(measures(&report, "CND-14").is_empty());
    let told = missing(&report, "not_evaluable", "CND-14")[0].to_string();
    assert!(
        told.contains("\"totals.amounts\"") && told.contains("\"orders (partial)\""),
        "{told}"
    );
    // One line of January does not say its department: February alone is summed.
    let lines = LINES.replace("O3,E1,2026-01-05,内科", "O3,E1,2026-01-05,");
    let report = check("conduct", &data("one-line", &lines, ""));
    assert_eq!(measures(&report, "CND-14"), [(500, 10_000)]);
    let told = missing(&report, "abstentions", "CND-14");
    assert_eq!(told, [&serde_json::json!(["orders.departments"])]);
}
