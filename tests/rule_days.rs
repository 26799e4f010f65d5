//! Time: which version, and which parameters, a claim meets. A year of claims, one a month, over three
//! versions of one rule of which one was published late, and over what a city set for a part of the year.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;

use common::bare_host::{BareHost, Days};
use common::packs::Source;
use common::rulepack;
use rulepack_audit::findings_file::FindingsReader;
use rulepack_host::lock::LockedVersion;
use serde_json::Value;

/// A host that has what a test gives it, and a year of claims.
struct Year {
    host: BareHost,
}

/// What a version of the rule is: its number, its limit in days, its first rule day, and the day from which
/// the host knew it.
struct Rule(&'static str, i64, &'static str, &'static str);

const FIRST: Rule = Rule("1.0.0", 84, "2026-01-01", "2025-12-20");
const SECOND: Rule = Rule("1.1.0", 60, "2026-05-01", "2026-04-20");
/// Made for March on, and published in September.
const LATE: Rule = Rule("1.2.0", 28, "2026-03-01", "2026-09-01");

impl Year {
    fn begin() -> Self {
        let year = Year {
            host: BareHost::begin(),
        };
        year.write_claims();
        year
    }

    /// One patient and one claim of seventy days a month, settled on its fifteenth.
    fn write_claims(&self) {
        let folder = self.host.path("claims");
        fs::create_dir(&folder).unwrap();
        let mut patients = "patient\n".to_owned();
        let mut enrolments = "patients,diseases,starts\n".to_owned();
        let mut encounters =
            "encounter,patients,current,care-types,admission-days,settlement-days\n".to_owned();
        let mut orders =
            "order,encounters,current,counted,items,quantities,amounts,days,supply-days,diseases\n"
                .to_owned();
        for month in 1..=12 {
            let day = format!("2026-{month:02}-15");
            let patient = format!("P{month:02}");
            patients.push_str(&format!("{patient}\n"));
            enrolments.push_str(&format!("{patient},M03900,2025-01-01\n"));
            encounters.push_str(&format!("E{month},{patient},1,140104,{day},{day}\n"));
            orders.push_str(&format!(
                "O{month},E{month},1,1,XC08CAA112A001010100001,2,100.00,{day},70,M03900\n"
            ));
        }
        for (name, text) in [
            ("patients", patients),
            ("enrolments", enrolments),
            ("encounters", encounters),
            ("orders", orders),
        ] {
            fs::write(folder.join(name).with_extension("csv"), text).unwrap();
        }
    }

    fn give_all_claims_to_one_patient(&self) {
        let claims = self.host.path("claims");
        for name in ["patients.csv", "enrolments.csv", "encounters.csv"] {
            let text = fs::read_to_string(claims.join(name)).unwrap();
            let of_one = (2..=12).fold(text, |text, month| {
                text.replace(&format!("P{month:02}"), "P01")
            });
            let lines: Vec<&str> = of_one.lines().collect();
            let kept = match name {
                "encounters.csv" => lines,
                _ => lines[..2].to_vec(),
            };
            fs::write(claims.join(name), kept.join("\n")).unwrap();
        }
    }

    /// Brings a version of the rule to the host.
    fn install(&self, rule: &Rule) -> LockedVersion {
        let Rule(number, days, from, known_from) = rule;
        let file = self.host.path(&format!("{number}.wasm"));
        let limit = days * 10_000;
        let (is, default) = (
            format!("version = \"{number}\""),
            format!("default = {limit}"),
        );
        Source::copy("chronic-limits", &self.host.path(number))
            .replace("pack.toml", "version = \"1.0.0\"", &is)
            .replace("pack.toml", "default = 840000", &default)
            .build(&file)
            .done();
        let path = format!("37/chronic-limits/{number}.wasm");
        self.host.install(&path, &file, &Days(from, known_from))
    }

    /// Brings what the city sets to the host.
    fn set(&self, number: &str, from: &str, lines: &str) {
        let text = format!(
            "[overlay]\npack = \"37/chronic-limits\"\nsetter = \"3703\"\nversion = \"{number}\"\n\
             basis = \"通知\"\neffective = {{ from = \"{from}\" }}\n\n{lines}"
        );
        let file = self.host.path("overlay.toml");
        fs::write(&file, text).unwrap();
        let path = format!("3703/37.chronic-limits/{number}.toml");
        self.host.install(&path, &file, &Days(from, from));
    }

    fn check(&self, options: &[&str]) -> Value {
        let claims = self.host.path("claims");
        let line = ["--json", "check", claims.to_str().unwrap()];
        let told = self.host.run(&[&line[..], options].concat());
        serde_json::from_str(&told.done()).unwrap()
    }

    /// The digest of the lock in force.
    fn lock(&self) -> String {
        self.host.lock().digest().to_string()
    }

    /// By month: the version that found its claim too long, its limit in days, and whether it applies in
    /// retrospect.
    fn findings(&self, options: &[&str]) -> BTreeMap<u32, (String, i64, bool)> {
        let answer = self.check(options);
        let found = answer["findings"].as_array().unwrap().iter();
        let found = found
            .filter(|found| found["rule"] == "CHR-02")
            .map(|found| {
                let patient = found["offending"][0]["patient"].as_str().unwrap();
                let path = found["pack"].as_str().unwrap();
                let version = path.split('/').next_back().unwrap();
                let message = found["message"].as_str().unwrap();
                let limit = message.split("超过 ").nth(1).unwrap();
                let limit = limit.split(' ').next().unwrap().parse().unwrap();
                let retroactive = found["retroactive"] == true;
                let version = version.trim_end_matches(".wasm").to_owned();
                (patient[1..].parse().unwrap(), (version, limit, retroactive))
            });
        found.collect()
    }
}

/// The same for these months.
fn months(
    months: RangeInclusive<u32>,
    version: &str,
    limit: i64,
    retroactive: bool,
) -> impl Iterator<Item = (u32, (String, i64, bool))> {
    months.map(move |month| (month, (version.to_owned(), limit, retroactive)))
}

#[test]
fn t4_each_claim_of_a_year_meets_the_version_of_its_day_although_one_came_late() {
    let year = Year::begin();
    year.install(&FIRST);
    year.install(&SECOND);
    let expected: BTreeMap<_, _> = months(5..=12, "1.1.0", 60, false).collect();
    assert_eq!(year.findings(&[]), expected);
    let (before, old) = (year.check(&[]), year.lock());

    let late = year.install(&LATE);
    let ordinary: BTreeMap<_, _> = months(5..=8, "1.1.0", 60, false)
        .chain(months(9..=12, "1.2.0", 28, false))
        .collect();
    assert_eq!(year.findings(&[]), ordinary);

    // Where its manifest states a basis, audits see it, apart; the service never does.
    year.host.put(LockedVersion {
        retroactive: true,
        ..late
    });
    let audited: BTreeMap<_, _> = months(3..=8, "1.2.0", 28, true)
        .chain(months(9..=12, "1.2.0", 28, false))
        .collect();
    assert_eq!(year.findings(&[]), audited);
    assert_eq!(year.findings(&["--stage", "before"]), ordinary);
    let told = year.check(&["--as-of", &old]);
    assert_eq!(told, before, "the same bytes under the old lock");
}

/// What an audit of the year finds by the rule of supply, written to a folder of the host: by month, the version,
/// and whether it is marked as retroactive.
fn audited(year: &Year, name: &str, options: &[&str]) -> BTreeMap<u32, (String, bool)> {
    let (claims, out) = (year.host.path("claims"), year.host.path(name));
    let (from, to) = (claims.to_str().unwrap(), out.to_str().unwrap());
    let line = ["audit", from, "--out", to, "--today", "2026-12-31"];
    let period = ["--period", "2026-01-01..2026-12-31"];
    let line = [&line[..], &period, options].concat();
    year.host.run(&line).done();
    let findings = FindingsReader::open(&out.join("findings.parquet")).unwrap();
    let found = findings.flat_map(Result::unwrap);
    let found = found.filter(|found| found.rule == "CHR-02").map(|found| {
        let month: u32 = found.encounter[1..].parse().unwrap();
        assert_eq!(found.day, format!("2026-{month:02}-15"));
        (month, (found.pack, found.retroactive))
    });
    found.collect()
}

/// The year with all versions and all claims those of one patient.
fn year_of_one_patient() -> Year {
    let year = Year::begin();
    for rule in [&FIRST, &SECOND, &LATE] {
        year.install(rule);
    }
    year.give_all_claims_to_one_patient();
    year
}

/// The late version states a basis in its manifest, and looks back to March.
fn look_back(year: &Year) {
    let mut versions = year.host.lock().versions.into_iter();
    let late = versions.find(|it| it.path.version().minor == 2).unwrap();
    year.host.put(LockedVersion {
        retroactive: true,
        ..late
    });
}

fn chronic_limits(number: &str) -> String {
    format!("37/chronic-limits/{number}.wasm")
}

#[test]
fn t4_in_an_audit_each_claim_of_one_patient_meets_the_version_of_its_own_day() {
    let year = year_of_one_patient();
    let second = (5..=8).map(|month| (month, (chronic_limits("1.1.0"), false)));
    let third = (9..=12).map(|month| (month, (chronic_limits("1.2.0"), false)));
    assert_eq!(audited(&year, "run", &[]), second.chain(third).collect());
    let old = year.lock();
    look_back(&year);
    assert_eq!(audited(&year, "old", &["--as-of", &old]).len(), 8);
}

#[test]
fn t4_an_audit_marks_what_nobody_could_know_on_the_day_of_service() {
    let year = year_of_one_patient();
    look_back(&year);
    // The version was published in September.
    let expected = (3..=12).map(|month| (month, (chronic_limits("1.2.0"), month < 9)));
    let found = audited(&year, "late", &["--findings", "csv"]);
    assert_eq!(found, expected.collect());
    let folder = year.host.path("late");
    let list = fs::read_to_string(folder.join("findings.csv")).unwrap();
    let is_marked = |line: &&str| line.contains(",CHR-02,") && line.contains(",2026-08-15,1,");
    assert_eq!(list.lines().filter(is_marked).count(), 1, "{list}");
    let folder = folder.to_str().unwrap();
    let own_list = format!("{folder}/list.csv");
    let told = rulepack(["audit", "report", folder, "--csv", &own_list]).done();
    let of_rule = told.lines().find(|line| line.contains("CHR-02")).unwrap();
    assert!(of_rule.ends_with(" 6"), "{told}");
    let list = fs::read_to_string(own_list).unwrap();
    let is_marked = |line: &&str| line.contains(",CHR-02,") && line.contains(",追溯,");
    assert_eq!(list.lines().filter(is_marked).count(), 6);
}

#[test]
fn t4_a_rule_day_far_from_today_is_marked_while_care_goes_on() {
    let year = Year::begin();
    year.install(&FIRST);
    let far = |options: &[&str]| year.check(options)["far_rule_days"].as_u64();
    let june = ["--today", "2026-06-15", "--stage", "during"];
    // All but May, June and July: 31, 0 and 30 days away.
    assert_eq!(far(&june), Some(9));
    assert_eq!(
        far(&["--today", "2026-06-15"]),
        Some(0),
        "an audit looks back"
    );
    let claims = year.host.path("claims");
    let line = [&["check", claims.to_str().unwrap()][..], &june].concat();
    let told = year.host.run(&line).done();
    let expected = "[rule day more than a month from today] 9\n";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn t14_each_claim_of_a_year_meets_the_parameters_of_its_day() {
    let year = Year::begin();
    year.install(&FIRST);
    let days = |days: i64, dates: &str| {
        let value = days * 10_000;
        format!("[[parameter]]\nname = \"days_max\"\nvalue = {value}\n{dates}\n")
    };
    let summer = "effective = { from = \"2026-06-01\", to = \"2026-07-31\" }";
    let autumn = "effective = { from = \"2026-10-01\" }";
    let lines = days(50, summer) + &days(40, autumn);
    year.set("1.0.0", "2026-03-01", &lines);
    let expected: BTreeMap<_, _> = months(6..=7, "1.0.0", 50, false)
        .chain(months(10..=12, "1.0.0", 40, false))
        .collect();
    assert_eq!(year.findings(&[]), expected);
    let old = year.lock();

    // The next overlay takes the place of the whole first one from its own day on.
    year.set("1.1.0", "2026-11-01", &days(30, ""));
    let expected: BTreeMap<_, _> = months(6..=7, "1.0.0", 50, false)
        .chain(months(10..=10, "1.0.0", 40, false))
        .chain(months(11..=12, "1.0.0", 30, false))
        .collect();
    assert_eq!(year.findings(&[]), expected);
    let under_the_old = year.findings(&["--as-of", &old]);
    assert_eq!(under_the_old[&12], ("1.0.0".to_owned(), 40, false));

    let unknown = "0".repeat(64);
    let claims = year.host.path("claims");
    let line = ["check", claims.to_str().unwrap(), "--as-of", &unknown];
    let refused = year.host.run(&line);
    assert_eq!(
        refused.failed(),
        format!(
            "error: the host keeps no lock with the digest `{unknown}`\n\
             hint: `sync`, `host status` and every receipt name the lock that was in force"
        )
    );
}
