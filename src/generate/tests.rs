//! The generated files as a stranger reads them: their shape, their order, their references.

mod conduct;
mod library;
mod policies;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use rulepack_contract::schema::{self, Kind};
use rulepack_contract::units;
use tempfile::TempDir;
use time::macros::date;

use super::{Extent, GenerateError, Settings, Summary, TableFormat, generate};

/// A row by column name.
type Row = HashMap<String, String>;

const TABLES: [&str; 11] = [
    "patients",
    "enrolments",
    "encounters",
    "diagnoses",
    "procedures",
    "orders",
    "accumulators",
    "institutions",
    "agreements",
    "purchases",
    "stock",
];

fn settings(lines: u64, seed: u64, directory: &Path) -> Settings {
    let directory = directory.join(format!("{lines}-{seed}"));
    Settings {
        lines,
        hospitals: 1,
        months: 3,
        seed,
        directory,
        end: date!(2026 - 06 - 30),
        extent: Extent::Plain,
        format: TableFormat::Csv,
    }
}

/// A hospital with these lines.
fn hospital(lines: u64, seed: u64) -> (TempDir, Settings, Summary) {
    let folder = TempDir::new().unwrap();
    let settings = settings(lines, seed, folder.path());
    let summary = generate(&settings).unwrap();
    (folder, settings, summary)
}

fn rows(settings: &Settings, table: &str) -> Vec<Row> {
    let path = settings.directory.join(table).with_extension("csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn bytes(settings: &Settings) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(&settings.directory)
        .unwrap()
        .map(Result::unwrap);
    entries
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect()
}

fn day(text: &str) -> i32 {
    units::parse_day(text).unwrap()
}

fn money(text: &str) -> i64 {
    units::parse_decimal(text, 2).unwrap()
}

fn whole(text: &str) -> i64 {
    if text.is_empty() {
        0
    } else {
        text.parse().unwrap()
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let (_one, first, _) = hospital(1_000, 7);
    let (_two, again, _) = hospital(1_000, 7);
    let (_three, other, _) = hospital(1_000, 8);
    assert_eq!(bytes(&first), bytes(&again));
    assert_ne!(bytes(&first)["orders.csv"], bytes(&other)["orders.csv"]);
    assert_ne!(
        bytes(&first)["purchases.csv"],
        bytes(&other)["purchases.csv"]
    );
}

#[test]
fn the_lines_come_out_exactly() {
    for (lines, seed) in [
        (10, 1),
        (11, 2),
        (199, 3),
        (200, 4),
        (499, 5),
        (1_001, 6),
        (5_000, 7),
    ] {
        let (_folder, settings, summary) = hospital(lines, seed);
        assert_eq!(rows(&settings, "orders").len() as u64, lines);
        assert_eq!(summary.lines, lines);
        assert_eq!(summary.patients, rows(&settings, "patients").len() as u64);
        assert_eq!(
            summary.encounters,
            rows(&settings, "encounters").len() as u64
        );
    }
}

#[test]
fn every_column_is_of_the_contract_and_every_reference_resolves() {
    let (_folder, settings, _) = hospital(2_000, 11);
    let keys: HashMap<&str, BTreeSet<String>> = TABLES
        .iter()
        .filter_map(|name| {
            let key = schema::table(name).unwrap().table().key()?;
            Some((
                *name,
                rows(&settings, name)
                    .iter()
                    .map(|row| row[key].clone())
                    .collect(),
            ))
        })
        .collect();
    for name in TABLES {
        let table = schema::table(name).unwrap().table();
        let rows = rows(&settings, name);
        assert!(!rows.is_empty(), "{name} has rows");
        for (column, value) in rows.iter().flatten().filter(|(_, value)| !value.is_empty()) {
            if Some(column.as_str()) == table.key() {
                continue;
            }
            let place = table
                .column(column)
                .unwrap_or_else(|| panic!("{name} has no {column}"));
            let sound = match table.columns[place].kind {
                Kind::Row(target) => keys[target.table().name].contains(value),
                Kind::Day => units::parse_day(value).is_ok(),
                Kind::Instant => units::parse_instant(value).is_ok(),
                Kind::Code | Kind::Token => true,
                Kind::Flag => value == "0" || value == "1",
                kind => units::parse_decimal(value, units::places(kind).unwrap_or(0)).is_ok(),
            };
            assert!(sound, "{name} {column} `{value}`");
        }
    }
}

#[test]
fn rows_are_in_the_order_of_the_contract_and_lie_in_their_encounters() {
    let (_folder, settings, _) = hospital(3_000, 12);
    let encounters = rows(&settings, "encounters");
    assert!(
        encounters
            .is_sorted_by_key(|row| { (row["patients"].clone(), row["admission-days"].clone()) })
    );
    let orders = rows(&settings, "orders");
    assert!(orders.is_sorted_by_key(|row| (row["encounters"].clone(), row["days"].clone())));
    let by_key: HashMap<&str, &Row> = encounters
        .iter()
        .map(|row| (row["encounter"].as_str(), row))
        .collect();
    for order in &orders {
        let encounter = by_key[order["encounters"].as_str()];
        assert!(order["days"] >= encounter["admission-days"]);
        assert!(order["days"] <= encounter["discharge-days"]);
        assert_eq!(order["current"], encounter["current"]);
    }
    for encounter in &encounters {
        let reviewed = encounter["discharge-days"].as_str() >= "2026-04-01";
        assert_eq!(encounter["current"] == "1", reviewed);
        assert!(encounter["discharge-days"].as_str() <= "2026-06-30");
    }
}

#[test]
fn every_breach_has_a_hit_and_a_near_miss_from_two_hundred_lines_on() {
    let rules = [
        "CHR-01", "CHR-02", "CHR-03", "CHR-05", "CHR-06", "CHR-07", "CHR-08", "CHR-09", "CHR-10",
        "DRG-01", "DRG-02", "DRG-03", "DRG-04", "VBP-01", "VBP-02", "VBP-03", "VBP-04", "VBP-06",
        "VBP-07", "VBP-08", "VBP-09", "VBP-10", "VBP-11", "VBP-12",
    ];
    let (_folder, settings, summary) = hospital(200, 13);
    let planted = rows(&settings, "planted");
    for rule in rules {
        for verdict in ["hit", "near-miss"] {
            let found = planted
                .iter()
                .any(|row| row["rule"] == rule && row["verdict"] == verdict);
            assert!(found, "{rule} {verdict}");
        }
    }
    assert_eq!(summary.hits + summary.near_misses, planted.len() as u64);
    let (_small, small, _) = hospital(199, 13);
    assert!(
        rows(&small, "planted")
            .iter()
            .all(|row| row["pack"] == "37/vbp-quota")
    );
}

#[test]
fn planted_breaches_grow_with_the_lines() {
    let (_folder, settings, _) = hospital(5_000, 14);
    let planted = rows(&settings, "planted");
    let over = planted
        .iter()
        .filter(|row| row["rule"] == "CHR-05" && row["verdict"] == "hit");
    assert_eq!(over.count(), 10);
}

#[test]
fn stock_balances_and_begins_where_the_month_before_ended() {
    let (_folder, settings, _) = hospital(10, 32);
    let stock = rows(&settings, "stock");
    let sum = |row: &Row, columns: &[&str]| -> i64 {
        columns.iter().map(|column| whole(&row[*column])).sum()
    };
    for row in &stock {
        let comes = sum(row, &["opening", "received", "patient-returns", "adjusted"]);
        assert_eq!(comes, sum(row, &["supplier-returns", "issued", "closing"]));
    }
    for pair in stock
        .windows(2)
        .filter(|pair| pair[0]["items"] == pair[1]["items"])
    {
        assert_eq!(pair[0]["closing"], pair[1]["opening"]);
    }
    let received: i64 = stock.iter().map(|row| whole(&row["received"])).sum();
    let delivered: i64 = rows(&settings, "purchases")
        .iter()
        .map(|row| whole(&row["delivered"]))
        .sum();
    assert_eq!(received, delivered, "what was bought was stocked");
}

#[test]
fn money_adds_up() {
    let (_folder, settings, _) = hospital(2_000, 41);
    let mut totals: HashMap<String, i64> = HashMap::new();
    for order in rows(&settings, "orders")
        .iter()
        .filter(|order| order["counted"] == "1")
    {
        let parts = ["own-pays", "self-pays", "covered-amounts"];
        let parts: i64 = parts.iter().map(|part| money(&order[*part])).sum();
        assert_eq!(parts, money(&order["amounts"]));
        *totals.entry(order["encounters"].clone()).or_default() += money(&order["amounts"]);
    }
    for encounter in rows(&settings, "encounters") {
        let total = money(&encounter["total-amounts"]);
        assert_eq!(
            totals.get(&encounter["encounter"]).copied().unwrap_or(0),
            total
        );
        let parts = ["own-pays", "self-pays", "pooled-fund-pays"];
        assert_eq!(
            parts
                .iter()
                .map(|part| money(&encounter[*part]))
                .sum::<i64>(),
            total
        );
    }
}

#[test]
fn settings_out_of_bounds_are_refused() {
    let folder = TempDir::new().unwrap();
    let fails = |change: fn(&mut Settings)| {
        let mut settings = settings(1_000, 1, folder.path());
        change(&mut settings);
        generate(&settings).unwrap_err().to_string()
    };
    assert_eq!(
        fails(|settings| settings.lines = 9),
        "`9` order lines: expected 10 to 100000000"
    );
    assert_eq!(
        fails(|settings| settings.months = 0),
        "`0` months: expected 1 to 60"
    );
    assert_eq!(
        fails(|settings| settings.end = date!(1999 - 12 - 31)),
        "last day `1999-12-31`: expected a day of the years 2010 to 2100"
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing was written"
    );
}

#[test]
fn a_folder_that_holds_something_is_refused() {
    let (_folder, settings, _) = hospital(10, 1);
    let error = generate(&settings).unwrap_err();
    let path = settings.directory.display();
    assert_eq!(error.to_string(), format!("folder `{path}` is not empty"));
    let hint = "name a new folder, so that no older file is taken for a generated one";
    assert_eq!(error.hint().as_deref(), Some(hint));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let mut settings = settings(10, 1, folder.path());
    settings.directory = file.clone();
    let error = generate(&settings).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot write `{}`", file.display())
    );
    assert!(matches!(error, GenerateError::Write { .. }));
    assert_eq!(error.hint(), None);
}
