//! The generated files as a stranger reads them: their shape, their references, and that exactly what
//! is planted breaks the policies. The rules are written again here from the text of the policies.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use rulepack_contract::schema::{self, Kind};
use rulepack_contract::units;
use tempfile::TempDir;
use time::macros::date;

use super::catalogue::{CASES, CHRONIC_CARE_TYPES, DISEASES};
use super::{GenerateError, Settings, Summary, generate};

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
        months: 3,
        seed,
        directory,
        end: date!(2026 - 06 - 30),
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
        "CHR-01", "CHR-02", "CHR-03", "CHR-05", "DRG-01", "DRG-02", "DRG-03", "DRG-04", "VBP-01",
        "VBP-02", "VBP-03", "VBP-04",
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
    let early = planted
        .iter()
        .filter(|row| row["rule"] == "CHR-03" && row["verdict"] == "hit");
    assert_eq!(early.count(), 10);
}

/// Rule, table and key of every planted hit of these rules.
fn planted_hits(settings: &Settings, rules: &str) -> BTreeSet<(String, String)> {
    rows(settings, "planted")
        .into_iter()
        .filter(|row| row["verdict"] == "hit" && row["rule"].starts_with(rules))
        .map(|row| (row["rule"].clone(), row["key"].clone()))
        .collect()
}

#[test]
fn chronic_lines_break_the_policy_exactly_where_that_is_planted() {
    for seed in 0..6 {
        let (_folder, settings, _) = hospital(4_000, seed);
        let hits = Chronic::read(&settings).hits();
        assert_eq!(hits, planted_hits(&settings, "CHR"), "seed {seed}");
    }
}

/// Chronic lines of a hospital, by patient.
struct Chronic {
    lines: BTreeMap<String, Vec<Row>>,
    registered: HashMap<String, Vec<Row>>,
    accumulators: Vec<Row>,
}

impl Chronic {
    /// Lines of chronic visits with what was not refunded, each with its patient.
    fn read(settings: &Settings) -> Self {
        let visits: HashMap<String, Row> = rows(settings, "encounters")
            .into_iter()
            .filter(|row| CHRONIC_CARE_TYPES.contains(&row["care-types"].as_str()))
            .map(|row| (row["encounter"].clone(), row))
            .collect();
        let orders = rows(settings, "orders");
        let refunded: BTreeSet<String> = orders
            .iter()
            .map(|order| order["reverses"].clone())
            .collect();
        let mut lines: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for order in orders {
            let gone = refunded.contains(&order["order"]) || !order["reverses"].is_empty();
            if let Some(visit) = visits.get(&order["encounters"]).filter(|_| !gone) {
                lines
                    .entry(visit["patients"].clone())
                    .or_default()
                    .push(order);
            }
        }
        let mut registered: HashMap<String, Vec<Row>> = HashMap::new();
        for row in rows(settings, "enrolments") {
            registered
                .entry(row["patients"].clone())
                .or_default()
                .push(row);
        }
        Self {
            lines,
            registered,
            accumulators: rows(settings, "accumulators"),
        }
    }

    /// The disease named by the line, or the only registration in force.
    fn disease(&self, patient: &str, line: &Row) -> String {
        if !line["diseases"].is_empty() {
            return line["diseases"].clone();
        }
        let in_force: Vec<&Row> = self.registered[patient]
            .iter()
            .filter(|row| row["starts"] <= line["days"] && line["days"] <= row["ends"])
            .collect();
        assert_eq!(
            in_force.len(),
            1,
            "a line without disease has one registration"
        );
        in_force[0]["diseases"].clone()
    }

    fn hits(&self) -> BTreeSet<(String, String)> {
        let mut hits = BTreeSet::new();
        for (patient, lines) in &self.lines {
            for (place, line) in lines
                .iter()
                .enumerate()
                .filter(|(_, line)| line["current"] == "1")
            {
                let mut hit = |rule: &str| hits.insert((rule.to_owned(), line["order"].clone()));
                let disease = self.disease(patient, line);
                let disease = DISEASES.iter().find(|known| known.code == disease).unwrap();
                let mut covered = disease.drugs.into_iter().chain(disease.test);
                if !covered.any(|item| item.code == line["items"]) {
                    hit("CHR-01");
                }
                if whole(&line["supply-days"]) > 84 {
                    hit("CHR-02");
                }
                if lines[..place]
                    .iter()
                    .any(|earlier| too_early(earlier, line))
                {
                    hit("CHR-03");
                }
            }
            hits.extend(self.crossing(patient, lines));
        }
        hits
    }

    /// The first line of each limit that crosses it.
    fn crossing(&self, patient: &str, lines: &[Row]) -> BTreeSet<(String, String)> {
        let mut hits = BTreeSet::new();
        for limit in self
            .accumulators
            .iter()
            .filter(|row| row["patients"] == patient)
        {
            let mut spent = money(&limit["amounts"]);
            for line in lines {
                let within = limit["period-starts"] <= line["days"]
                    && line["days"] <= limit["period-ends"]
                    && line["current"] == "1";
                if within && self.disease(patient, line) == limit["subjects"] {
                    spent += money(&line["covered-amounts"]);
                    if spent > money(&limit["amount-limits"]) {
                        hits.insert(("CHR-05".to_owned(), line["order"].clone()));
                        break;
                    }
                }
            }
        }
        hits
    }
}

/// Whether the same item comes again more than a week before its supply ends.
fn too_early(earlier: &Row, line: &Row) -> bool {
    let supplied = whole(&earlier["supply-days"]);
    earlier["items"] == line["items"]
        && supplied > 0
        && i64::from(day(&line["days"]) - day(&earlier["days"])) < supplied - 7
}

#[test]
fn stays_break_the_policy_exactly_where_that_is_planted() {
    let (_folder, settings, _) = hospital(8_000, 21);
    let mut hits = BTreeSet::new();
    let orders = rows(&settings, "orders");
    let operated: BTreeSet<&str> = orders
        .iter()
        .filter(|order| order["charge-types"] == "06" && order["charged"] == "1")
        .map(|order| order["encounters"].as_str())
        .collect();
    let coded = |table: &str| {
        let mut codes: HashMap<String, Vec<String>> = HashMap::new();
        for row in rows(&settings, table) {
            codes
                .entry(row["encounters"].clone())
                .or_default()
                .push(row["codes"].clone());
        }
        codes
    };
    let (diagnoses, procedures) = (coded("diagnoses"), coded("procedures"));
    let stays = rows(&settings, "encounters").into_iter();
    for stay in stays.filter(|row| row["care-types"] == "21" && row["current"] == "1") {
        let key = &stay["encounter"];
        let group = stay["payment-groups"].as_str();
        let diagnoses = diagnoses[key].clone();
        let procedures = procedures.get(key).cloned().unwrap_or_default();
        let mut hit = |rule: &str| hits.insert((rule.to_owned(), key.clone()));
        let known = CASES
            .iter()
            .find(|case| case.diagnoses == diagnoses && case.procedures == procedures);
        if known.is_some_and(|case| case.group != group) {
            hit("DRG-01");
        }
        if group.as_bytes()[1].is_ascii_uppercase()
            && group.as_bytes()[1] <= b'J'
            && !operated.contains(key.as_str())
        {
            hit("DRG-02");
        }
        if diagnoses[0].starts_with('J') && procedures.iter().any(|code| code.starts_with("51.")) {
            hit("DRG-03");
        }
        if diagnoses[0] == "M16.100" {
            hit("DRG-04");
        }
    }
    assert_eq!(hits, planted_hits(&settings, "DRG"));
}

#[test]
fn purchases_break_the_policy_exactly_where_that_is_planted() {
    let (_folder, settings, _) = hospital(10, 31);
    let today = day("2026-06-30");
    let purchases = rows(&settings, "purchases");
    let mut hits = BTreeSet::new();
    for (row, agreement) in rows(&settings, "agreements").iter().enumerate() {
        let [start, end] = [day(&agreement["starts"]), day(&agreement["ends"])];
        let agreed = whole(&agreement["base-quantities"]);
        let (mut done, mut other, mut ordered, mut delivered) = (0, 0, 0, 0);
        for line in purchases
            .iter()
            .filter(|line| line["varieties"] == agreement["varieties"])
        {
            let stocked = day(&line["stocked-days"]);
            if stocked < start || stocked > end.min(today) {
                continue;
            }
            let net = whole(&line["delivered"]) - whole(&line["returned"]);
            if line["selected"] == "1" {
                done += net;
                ordered += whole(&line["ordered"]);
                delivered += whole(&line["delivered"]);
            } else {
                other += net;
            }
        }
        let mut hit = |rule: &str| hits.insert((rule.to_owned(), (row + 1).to_string()));
        let supplier_fell_short = ordered >= agreed && delivered * 100 < ordered * 80;
        let elapsed = i64::from(today.min(end) - start + 1);
        if end <= today && done < agreed && !supplier_fell_short {
            hit("VBP-01");
        }
        if done < agreed && other * 2 > done + other {
            hit("VBP-02");
        }
        if elapsed > 61 && end > today && ordered == 0 {
            hit("VBP-03");
        }
        if end > today && done * 365 < agreed * elapsed && !supplier_fell_short {
            hit("VBP-04");
        }
    }
    assert_eq!(hits, planted_hits(&settings, "VBP"));
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
        "`9` order lines: expected 10 to 1000000"
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
