//! Exactly what is planted breaks the policies: they are written again here from their text.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rulepack_contract::units;
use tempfile::TempDir;

use super::super::catalogue::{CASES, CHRONIC_CARE_TYPES, DISEASES};
use super::{Row, Settings, day, generate, hospital, money, rows, settings, whole};

/// Rule and key of every planted hit of these rules; what is retained with its money. The lists of rounds are held
/// against the pack's own.
fn planted_hits(settings: &Settings, rules: &str) -> BTreeSet<(String, String)> {
    let planted = rows(settings, "planted").into_iter();
    let hits = planted.filter(|row| row["verdict"] == "hit" && row["rule"].starts_with(rules));
    hits.filter(|row| row["rule"] != "VBP-12")
        .map(|row| match row["rule"].as_str() {
            "VBP-11" => (
                row["rule"].clone(),
                format!("{} {}", row["key"], row["amount"]),
            ),
            _ => (row["rule"].clone(), row["key"].clone()),
        })
        .collect()
}

#[test]
fn chronic_lines_break_the_policy_exactly_where_that_is_planted() {
    for (seed, months) in [(0, 1), (1, 2), (2, 3), (3, 6), (4, 18), (5, 36)] {
        let folder = TempDir::new().unwrap();
        let settings = Settings {
            months,
            ..settings(4_000, seed, folder.path())
        };
        generate(&settings).unwrap();
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
                if !self.is_registered(patient, line) {
                    hit("CHR-06");
                }
                if line["items"].starts_with("XJ01") && whole(&line["supply-days"]) > 7 {
                    hit("CHR-09");
                }
                if on_hand(&lines[..=place]) > 112 {
                    hit("CHR-10");
                }
            }
            hits.extend(of_two_diseases(lines));
            hits.extend(self.crossing(patient, lines));
        }
        hits
    }

    /// Whether the disease of a line, or any where it names none, is registered on its day.
    fn is_registered(&self, patient: &str, line: &Row) -> bool {
        let named = &line["diseases"];
        let mut registered = self.registered.get(patient).into_iter().flatten();
        registered.any(|row| {
            let is_meant = named.is_empty() || row["diseases"] == *named;
            is_meant && row["starts"] <= line["days"] && line["days"] <= row["ends"]
        })
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
                        let days = day(&limit["period-ends"]) - day(&limit["period-starts"]);
                        let rule = if days < 100 { "CHR-08" } else { "CHR-05" };
                        hits.insert((rule.to_owned(), line["order"].clone()));
                        break;
                    }
                }
            }
        }
        hits
    }
}

/// The first line of each prescription whose lines name several diseases.
fn of_two_diseases(lines: &[Row]) -> BTreeSet<(String, String)> {
    let mut prescriptions: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for line in lines {
        let is_named = !line["prescriptions"].is_empty() && !line["diseases"].is_empty();
        if is_named && line["current"] == "1" {
            prescriptions
                .entry(&line["prescriptions"])
                .or_default()
                .push(line);
        }
    }
    prescriptions.retain(|_, of_one| {
        of_one
            .iter()
            .any(|it| it["diseases"] != of_one[0]["diseases"])
    });
    let firsts = prescriptions
        .into_values()
        .map(|of_one| of_one[0]["order"].clone());
    firsts.map(|order| ("CHR-07".to_owned(), order)).collect()
}

/// Days of the last line's drug that are on hand after it, where something was left before: one supply is taken after
/// the other.
fn on_hand(lines: &[Row]) -> i64 {
    let last = &lines[lines.len() - 1];
    let (mut end, mut left) = (0, 0);
    for line in lines.iter().filter(|line| line["items"] == last["items"]) {
        let start = i64::from(day(&line["days"]));
        left = (end - start).max(0);
        end = end.max(start) + whole(&line["supply-days"]);
    }
    match left > 0 && whole(&last["supply-days"]) > 0 {
        true => left + whole(&last["supply-days"]),
        false => 0,
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
        let elapsed = i64::from(today.min(end) - start + 1);
        let supplier_fell_short =
            ordered * 365 >= agreed * elapsed && delivered * 100 < ordered * 80;
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
        if other * 2 > agreed {
            hit("VBP-06");
        }
        let term = Term {
            agreement,
            days: start..=end.min(today),
            purchases: &purchases,
        };
        hits.extend(term.hits(row + 1, agreed));
    }
    assert_eq!(hits, planted_hits(&settings, "VBP"));
}

/// The purchases of an agreement's variety.
struct Term<'a> {
    agreement: &'a Row,
    days: std::ops::RangeInclusive<i32>,
    purchases: &'a [Row],
}

impl Term<'_> {
    /// The rules about prices, substitutes and orders. The first year that is held has none before it.
    fn hits(&self, row: usize, agreed: i64) -> Vec<(String, String)> {
        let mut hits = Vec::new();
        let mut hit = |rule: &str, row: usize| hits.push((rule.to_owned(), row.to_string()));
        if self.has_high_price() {
            hit("VBP-07", row);
        }
        if self.agreement["rounds"] == "GC-9" && self.substitutes_grew() {
            hit("VBP-08", row);
        }
        for order in self.large_orders(agreed) {
            hit("VBP-09", order);
        }
        for order in self.frequent_orders() {
            hit("VBP-10", order);
        }
        if let Some(retained) = self.retained(agreed).filter(|retained| *retained > 0) {
            let planted = format!("{row} {}", units::format_decimal(retained, 2));
            hits.push(("VBP-11".to_owned(), planted));
        }
        hits
    }

    fn lines(&self) -> impl Iterator<Item = &Row> {
        let variety = &self.agreement["varieties"];
        let lines = self.purchases.iter();
        lines.filter(move |line| line["varieties"] == *variety)
    }

    /// Row numbers of the first of four orders or more within seven days.
    fn frequent_orders(&self) -> Vec<usize> {
        let places = self.purchases.iter().enumerate();
        let own = places.filter(|(_, line)| {
            let is_own = line["varieties"] == self.agreement["varieties"];
            is_own && line["selected"] == "1" && self.days.contains(&day(&line["ordered-days"]))
        });
        let orders: Vec<(usize, i32)> = own
            .map(|(place, line)| (place + 1, day(&line["ordered-days"])))
            .collect();
        let runs = orders.windows(4).filter(|run| run[3].1 - run[0].1 < 7);
        runs.map(|run| run[0].0).collect()
    }

    /// What of the money saved on an agreement stays with the hospital, where its year ended within the last one.
    fn retained(&self, agreed: i64) -> Option<i64> {
        let (start, end) = (*self.days.start(), day(&self.agreement["ends"]));
        let today = day("2026-06-30");
        if end > today || end <= today - 365 {
            return None;
        }
        let price = |text: &str| units::parse_decimal(text, 6).unwrap();
        let (mut spent, mut done, mut other, mut ordered, mut delivered) = (0, 0, 0, 0, 0);
        for line in self
            .lines()
            .filter(|line| (start..=end).contains(&day(&line["stocked-days"])))
        {
            let kept = whole(&line["delivered"]) - whole(&line["returned"]);
            spent += kept * price(&line["unit-prices"]) / 10_000;
            if line["selected"] == "1" {
                done += kept;
                ordered += whole(&line["ordered"]);
                delivered += whole(&line["delivered"]);
            } else {
                other += kept;
            }
        }
        let budget = agreed * price(&self.agreement["previous-prices"]) / 10_000;
        let by_supplier = ordered >= agreed && delivered * 5 < ordered * 4;
        let failed = done < agreed && other > done && !by_supplier;
        let rounded = |tenths: i64| (tenths + 5).div_euclid(10);
        let base = rounded(budget * 6) - rounded(spent * 6);
        Some(if failed { 0 } else { (base + 1).div_euclid(2) })
    }

    fn has_high_price(&self) -> bool {
        let price = |row: &Row, column: &str| units::parse_decimal(&row[column], 6).unwrap();
        let selected = price(self.agreement, "selected-prices");
        let mut lines = self
            .lines()
            .filter(|line| self.days.contains(&day(&line["stocked-days"])));
        lines.any(|line| line["selected"] == "0" && price(line, "unit-prices") > selected * 2)
    }

    fn substitutes_grew(&self) -> bool {
        let stocked = |years: i32, flag: &str| -> i64 {
            let lines = self.lines().filter(|line| {
                self.days
                    .contains(&(day(&line["stocked-days"]) + 365 * years))
            });
            lines
                .filter(|line| line[flag] == "1")
                .map(|line| whole(&line["delivered"]) - whole(&line["returned"]))
                .sum()
        };
        let (this, last) = (stocked(0, "substitutes"), stocked(1, "substitutes"));
        let larger = this * stocked(1, "selected") > last * stocked(0, "selected");
        this * 100 > last * 130 && larger
    }

    /// Row numbers of orders for more than a quarter of the year, or half as much again as the mean of those before.
    fn large_orders(&self, agreed: i64) -> Vec<usize> {
        let mut earlier: Vec<i64> = Vec::new();
        let mut found = Vec::new();
        for (place, line) in self.purchases.iter().enumerate() {
            if line["varieties"] != self.agreement["varieties"] || line["selected"] != "1" {
                continue;
            }
            let ordered = whole(&line["ordered"]);
            let sum: i64 = earlier.iter().sum();
            let count = i64::try_from(earlier.len()).unwrap();
            let stands_out = count >= 6 && ordered * count * 2 > sum * 3;
            let in_term = self.days.contains(&day(&line["ordered-days"]));
            if in_term && (ordered * 365 > agreed * 90 || stands_out) {
                found.push(place + 1);
            }
            earlier.push(ordered);
        }
        found
    }
}
