//! The hospital with conduct: exact in its lines, readable by the contract, recorded whole but where that is planted.

use std::collections::{BTreeMap, BTreeSet};

use rulepack_contract::schema;
use tempfile::TempDir;
use time::macros::date;

use super::{Extent, GenerateError, Settings, Summary, generate, hospital, money, rows, settings};

/// A hospital with conduct, with these lines.
fn with_conduct(lines: u64, seed: u64) -> (TempDir, Settings, Summary) {
    let folder = TempDir::new().unwrap();
    let settings = Settings {
        extent: Extent::Conduct,
        ..settings(lines, seed, folder.path())
    };
    let summary = generate(&settings).unwrap();
    (folder, settings, summary)
}

/// Keys and amounts of the planted hits of a rule.
fn planted(settings: &Settings, rule: &str) -> BTreeMap<String, i64> {
    let rows = rows(settings, "planted").into_iter();
    rows.filter(|row| row["rule"] == rule && row["verdict"] == "hit")
        .map(|row| (row["key"].clone(), money(&row["amount"])))
        .collect()
}

#[test]
fn the_lines_come_out_exactly_with_conduct_too() {
    for (lines, seed) in [(500, 1), (1_007, 2), (20_003, 3)] {
        let (_folder, settings, summary) = with_conduct(lines, seed);
        assert_eq!(rows(&settings, "orders").len() as u64, lines);
        let planted = rows(&settings, "planted").len() as u64;
        assert_eq!(summary.hits + summary.near_misses, planted);
    }
}

#[test]
fn its_two_tables_are_of_the_contract_and_written_with_it_alone() {
    let (_plain, plain, _) = hospital(1_000, 1);
    let (_folder, settings, _) = with_conduct(1_000, 1);
    for name in ["care-records", "examinations"] {
        assert!(!plain.directory.join(name).with_extension("csv").exists());
        let table = schema::table(name).unwrap().table();
        for column in rows(&settings, name)[0].keys() {
            assert!(table.column(column).is_some(), "{name} has no {column}");
        }
    }
}

#[test]
fn each_of_its_rules_is_planted_and_nearly_missed() {
    for (end, months) in [
        (date!(2026 - 06 - 30), 3),
        (date!(2026 - 12 - 05), 1),
        (date!(2024 - 01 - 31), 1),
        (date!(2026 - 02 - 28), 60),
    ] {
        let folder = TempDir::new().unwrap();
        let settings = Settings {
            extent: Extent::Conduct,
            end,
            months,
            ..settings(500, 5, folder.path())
        };
        generate(&settings).unwrap();
        let rows = rows(&settings, "planted");
        for rule in ["CND-25", "CND-26", "CND-27", "CND-28"] {
            for verdict in ["hit", "near-miss"] {
                let found = rows
                    .iter()
                    .any(|row| row["rule"] == rule && row["verdict"] == verdict);
                assert!(found, "{rule} {verdict} {end}");
            }
        }
    }
}

/// Examinations that were charged and not refunded, without any report of their line or item in the visit.
#[test]
fn every_examination_has_a_report_but_those_planted() {
    let (_folder, settings, _) = with_conduct(20_000, 6);
    let orders = rows(&settings, "orders");
    let refunded: BTreeSet<&str> = orders.iter().map(|row| row["reverses"].as_str()).collect();
    let reports = rows(&settings, "examinations");
    let reported: BTreeSet<(&str, &str)> = reports
        .iter()
        .map(|row| (row["encounters"].as_str(), row["items"].as_str()))
        .collect();
    let unreported: BTreeMap<String, i64> = orders
        .iter()
        .filter(|row| row["charge-types"] == "03" && row["current"] == "1")
        .filter(|row| row["reverses"].is_empty() && !refunded.contains(row["order"].as_str()))
        .filter(|row| !reported.contains(&(row["encounters"].as_str(), row["items"].as_str())))
        .map(|row| (row["order"].clone(), money(&row["amounts"])))
        .collect();
    assert_eq!(unreported, planted(&settings, "CND-26"));
    assert_eq!(unreported.len(), 2);
}

/// Lines of treatments that have a record are charged as often as recorded.
#[test]
fn treatments_are_charged_as_often_as_recorded_but_where_that_is_planted() {
    let (_folder, settings, _) = with_conduct(20_000, 7);
    let mut recorded: BTreeMap<String, i64> = BTreeMap::new();
    for row in rows(&settings, "care-records") {
        if !row["items"].is_empty() {
            let times = row["quantities"].parse().unwrap_or(1);
            *recorded.entry(row["encounters"].clone()).or_default() += times;
        }
    }
    let mut charged: BTreeMap<String, (String, i64, i64)> = BTreeMap::new();
    for row in rows(&settings, "orders") {
        if recorded.contains_key(&row["encounters"]) {
            let first = || (row["order"].clone(), 0, 0);
            let sums = charged
                .entry(row["encounters"].clone())
                .or_insert_with(first);
            sums.1 += row["quantities"].parse::<i64>().unwrap();
            sums.2 += money(&row["amounts"]);
        }
    }
    let beyond = charged.iter().filter_map(|(visit, (line, times, amount))| {
        let excess = times - recorded[visit];
        (excess > 0).then(|| (line.clone(), amount * excess / times))
    });
    let beyond: BTreeMap<String, i64> = beyond.collect();
    assert_eq!(beyond, planted(&settings, "CND-25"));
    assert_eq!(beyond.len(), 2);
}

#[test]
fn settings_that_leave_no_room_for_conduct_are_refused() {
    let folder = TempDir::new().unwrap();
    let refused = |change: fn(&mut Settings)| -> GenerateError {
        let mut settings = settings(1_000, 1, folder.path());
        settings.extent = Extent::Conduct;
        change(&mut settings);
        generate(&settings).unwrap_err()
    };
    let few = refused(|settings| (settings.lines, settings.hospitals) = (999, 2));
    let told = "`999` order lines with conduct: expected 1000 or more";
    assert_eq!(few.to_string(), told);
    let hint = few.hint();
    assert_eq!(hint.as_deref(), Some("every rule is planted at least once"));
    let early = refused(|settings| settings.end = date!(2024 - 01 - 30));
    let told = "last day `2024-01-30` with conduct: expected 2024-01-31 or later";
    assert_eq!(early.to_string(), told);
    let hint = "the tables of the rules are in force from 2024-01-01 on";
    assert_eq!(early.hint().as_deref(), Some(hint));
}
