//! What was planted in a generated hospital, and what a review found in it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// What identifies a breach: pack, rule, and the table, key and patient of its first offending row. Sums have
/// no row in the data: their key is the money that is summed, their patient the institution.
pub type Breach = [String; 5];

/// The fen at stake in each breach; where sums are alike, in each of them.
pub type Breaches<T> = BTreeMap<Breach, Vec<T>>;

/// The rates of which a stay that counts is a measure and no finding: infections that arose in hospital,
/// readmissions, and bundles of examinations on admission.
const RATES: [&str; 3] = ["NL-62", "NL-63", "CND-27"];

/// The rule of which what stays with the hospital is a measure, and the rule that lists the rounds of purchases.
const RETAINED: &str = "VBP-11";
const ROUND: &str = "VBP-12";

/// A row of `planted.csv` by column.
pub type Row = BTreeMap<String, String>;

/// The rows of `planted.csv`.
pub fn rows(folder: &Path) -> Vec<Row> {
    let mut rows = csv::Reader::from_path(folder.join("planted.csv")).unwrap();
    rows.deserialize().map(Result::unwrap).collect()
}

/// The planted hits, and the fen at stake where the policy gives them.
pub fn planted(folder: &Path) -> Breaches<Option<i64>> {
    let mut hits: Breaches<Option<i64>> = BTreeMap::new();
    for row in rows(folder) {
        if row["verdict"] == "hit" {
            let amount = Some(row["amount"].as_str()).filter(|amount| !amount.is_empty());
            let fen: Option<i64> = amount.map(|yuan| yuan.replace('.', "").parse().unwrap());
            let mut breach =
                ["pack", "rule", "table", "key", "patient"].map(|name| row[name].clone());
            if let (true, Some(fen)) = (row["table"] == "totals", fen) {
                breach[3] = fen.to_string();
            }
            hits.entry(breach).or_default().push(fen);
        }
    }
    hits
}

/// What was found, with the fen at stake.
pub fn found(report: &Value) -> Breaches<i64> {
    let mut breaches: Breaches<i64> = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        let row = &finding["offending"][0];
        let amount = finding["amount"].as_i64().unwrap();
        let mut breach = breach(finding, row);
        if row["table"] == "totals" {
            breach[3] = amount.to_string();
            breach[4] = text(&row["institution"]);
        }
        breaches.entry(breach).or_default().push(amount);
    }
    for measure in report["measures"].as_array().unwrap() {
        let counts = RATES.iter().any(|rate| measure["rule"] == *rate);
        let numerator = measure["numerator"].as_i64().unwrap();
        let breach = || breach(measure, &measure["about"]);
        if counts && numerator == 1 {
            breaches.entry(breach()).or_default().push(0);
        }
        if measure["rule"] == RETAINED && numerator > 0 {
            breaches.entry(breach()).or_default().push(numerator);
        }
    }
    for notice in of_rounds(report) {
        let breach = breach(notice, &notice["about"][0]);
        breaches.entry(breach).or_default().push(0);
    }
    breaches
}

/// The lists of rounds of purchases.
fn of_rounds(report: &Value) -> impl Iterator<Item = &Value> {
    let notices = report["notices"].as_array().unwrap().iter();
    notices.filter(|notice| notice["rule"] == ROUND)
}

/// The figures of the planted lists of rounds are those of the lists that were told.
fn assert_same_rounds(folder: &Path, report: &Value) {
    let numbers = |text: &str| -> Vec<u32> {
        let texts = text.split(|character: char| !character.is_ascii_digit());
        texts.filter_map(|number| number.parse().ok()).collect()
    };
    let is_list = |row: &Row| row["rule"] == ROUND && row["verdict"] == "hit";
    let planted = rows(folder).into_iter().filter(is_list);
    let mut planted: Vec<_> = planted.map(|row| numbers(&row["note"])).collect();
    let told = of_rounds(report).map(|notice| {
        let message = text(&notice["message"]);
        // Behind the name of the round; shares stand in brackets behind their counts.
        let (_, figures) = message.split_once("：").unwrap();
        let figures = figures
            .split(['（', '）'])
            .filter(|part| !part.contains('%'));
        numbers(&figures.collect::<String>())
    });
    let mut told: Vec<_> = told.collect();
    planted.sort();
    told.sort();
    assert_eq!(told, planted);
}

fn breach(told: &Value, row: &Value) -> Breach {
    let path = text(&told["pack"]);
    let (pack, _version) = path.rsplit_once('/').unwrap();
    let [rule, table, key, patient] =
        [&told["rule"], &row["table"], &row["key"], &row["patient"]].map(text);
    [pack.to_owned(), rule, table, key, patient]
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The findings are the planted hits: none too many, none too few, each with its amount; and everything
/// else of the report is sound.
pub fn assert_exactly_planted(folder: &Path, report: &str) {
    let report: Value = serde_json::from_str(report).unwrap();
    for part in ["broken", "gaps", "rejected", "not_evaluable", "no_verdict"] {
        assert_eq!(report[part], serde_json::json!([]), "{part}");
    }
    assert_same(&planted(folder), &found(&report));
    assert_same_rounds(folder, &report);
}

/// What was found is what was planted, as often and with the same money.
pub fn assert_same(planted: &Breaches<Option<i64>>, found: &Breaches<i64>) {
    assert!(!planted.is_empty());
    let planted_keys: Vec<_> = planted
        .iter()
        .map(|(it, times)| (it, times.len()))
        .collect();
    let found_keys: Vec<_> = found.iter().map(|(it, times)| (it, times.len())).collect();
    assert_eq!(found_keys, planted_keys);
    for (breach, amounts) in planted {
        for (amount, found) in amounts.iter().zip(&found[breach]) {
            if let Some(amount) = amount {
                assert_eq!(found, amount, "{breach:?}");
            }
        }
    }
}

/// Fuel is spent by the batch; everything else is by the patient.
pub fn without_fuel(report: &str) -> String {
    let lines = report.lines().filter(|line| !line.contains("\"fuel\": "));
    lines.collect::<Vec<_>>().join("\n")
}
