//! The hospital with the national library: exact in its lines, readable by the contract, clean elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rulepack_contract::schema;
use tempfile::TempDir;
use time::macros::date;

use super::super::library;
use super::super::random::Random;
use super::super::timeline::Timeline;
use super::{Extent, GenerateError, Settings, Summary, bytes, generate, hospital, rows, settings};

/// A hospital with the library, with these lines.
fn with_library(lines: u64, seed: u64) -> (TempDir, Settings, Summary) {
    let folder = TempDir::new().unwrap();
    let settings = Settings {
        extent: Extent::Library,
        ..settings(lines, seed, folder.path())
    };
    let summary = generate(&settings).unwrap();
    (folder, settings, summary)
}

#[test]
fn the_lines_come_out_exactly_with_the_library_too() {
    for (lines, seed) in [(1_000, 1), (1_007, 2), (20_003, 3)] {
        let (_folder, settings, summary) = with_library(lines, seed);
        assert_eq!(rows(&settings, "orders").len() as u64, lines);
        assert_eq!(summary.lines, lines);
        let planted = rows(&settings, "planted").len() as u64;
        assert_eq!(summary.hits + summary.near_misses, planted);
    }
}

#[test]
fn a_round_leaves_room_for_the_provincial_scenarios() {
    for (seed, end, months) in [
        (1, library::END_MIN, 1),
        (2, date!(2026 - 06 - 30), 3),
        (3, date!(2027 - 12 - 31), 60),
    ] {
        let timeline = Timeline::new(end, months);
        let patients = library::patients(&mut Random::new(seed), &timeline);
        let lines: u64 = patients.iter().map(|patient| patient.lines()).sum();
        assert!(lines <= library::LINES_MIN - 200, "{lines} lines");
        for encounter in patients.iter().flat_map(|patient| &patient.encounters) {
            assert!(encounter.admission >= timeline.history_start);
            assert!(encounter.discharge <= timeline.end);
            assert_eq!(encounter.current, encounter.discharge >= timeline.start);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_library() {
    let (_one, first, _) = with_library(1_000, 7);
    let (_two, again, _) = with_library(1_000, 7);
    let (_three, other, _) = with_library(1_000, 8);
    assert_eq!(bytes(&first), bytes(&again));
    assert_ne!(bytes(&first)["orders.csv"], bytes(&other)["orders.csv"]);
}

#[test]
fn columns_and_tables_of_the_library_are_written_with_it_alone() {
    let header = |settings: &Settings, table: &str| {
        let path = settings.directory.join(table).with_extension("csv");
        let text = fs::read_to_string(path).unwrap();
        text.lines().next().unwrap().to_owned()
    };
    let (_plain, plain, _) = hospital(1_000, 1);
    let (_full, full, _) = with_library(1_000, 1);
    for (table, more) in [
        ("encounters", ",maternity,planned-readmissions"),
        ("diagnoses", ",present-on-admission"),
        ("procedures", ",began,ended"),
        (
            "orders",
            ",started,stopped,executing-specialties,doctor-titles,catalogue-prices,price-ceilings,decoction-doses",
        ),
    ] {
        assert_eq!(header(&full, table), header(&plain, table) + more);
    }
    let names = |settings: &Settings| bytes(settings).into_keys().collect::<BTreeSet<_>>();
    let more: Vec<String> = names(&full).difference(&names(&plain)).cloned().collect();
    assert_eq!(more, ["data-defects.csv", "lab-results.csv"]);
    for name in names(&full) {
        let name = name.trim_end_matches(".csv");
        if name != "planted" {
            let table = schema::table(name).unwrap().table();
            let columns = header(&full, name);
            for column in columns.split(',').filter(|it| Some(*it) != table.key()) {
                assert!(table.column(column).is_some(), "{name} has no {column}");
            }
        }
    }
}

#[test]
fn every_planted_row_is_there() {
    let (_folder, settings, _) = with_library(1_000, 9);
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (table, key) in [
        ("encounters", Some("encounter")),
        ("orders", Some("order")),
        ("procedures", Some("procedure")),
        ("diagnoses", None),
        ("data-defects", None),
        ("stock", None),
        ("agreements", None),
        ("purchases", None),
    ] {
        let rows = rows(&settings, table);
        let numbered = (1..).zip(&rows);
        let of = numbered.map(|(number, row): (u32, _)| match key {
            Some(key) => row[key].clone(),
            None => number.to_string(),
        });
        keys.insert(table.to_owned(), of.collect());
    }
    for row in rows(&settings, "planted") {
        if row["table"] != "totals" {
            assert!(keys[&row["table"]].contains(&row["key"]), "{row:?}");
        }
    }
}

#[test]
fn settings_that_leave_no_room_for_the_library_are_refused() {
    let folder = TempDir::new().unwrap();
    let refused = |change: fn(&mut Settings)| -> GenerateError {
        let mut settings = settings(1_000, 1, folder.path());
        settings.extent = Extent::Library;
        change(&mut settings);
        generate(&settings).unwrap_err()
    };
    let few = refused(|settings| settings.lines = 999);
    let told = "`999` order lines with the national library: expected 1000 or more";
    assert_eq!(few.to_string(), told);
    let hint = few.hint();
    assert_eq!(hint.as_deref(), Some("every rule is planted at least once"));
    let early = refused(|settings| settings.end = date!(2026 - 03 - 11));
    let told = "last day `2026-03-11` with the national library: expected 2026-03-12 or later";
    assert_eq!(early.to_string(), told);
    let hint = "the 2025 edition of the rules is in force from 2026-02-12 on";
    assert_eq!(early.hint().as_deref(), Some(hint));
}
