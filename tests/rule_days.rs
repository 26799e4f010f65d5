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
use std::path::PathBuf;

use common::packs::Source;
use common::rulepack;
use rulepack_host::client::NoFailures;
use rulepack_host::lock::{Lock, LockedVersion, State};
use rulepack_host::settings::{HostFolder, Settings, Updates};
use rulepack_host::subscription::Subscription;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Effective;
use rulepack_protocol::names::Division;
use rulepack_protocol::tuf::{Channel, Status};
use serde_json::Value;
use tempfile::TempDir;

/// A host that has what a test gives it, and a year of claims.
struct Year {
    folder: TempDir,
    lock: Lock,
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
            folder: tempfile::tempdir().unwrap(),
            lock: Lock::default(),
        };
        let division: Division = "370303".parse().unwrap();
        let settings = Settings {
            registry: "nowhere".into(),
            institution: "H37030000001".into(),
            subscriptions: Subscription::defaults(&division),
            division,
            canary: false,
            hold_rekeyed: false,
            updates: Updates::default(),
            air_gap: None,
        };
        year.host().create(&settings).unwrap();
        year.write_claims();
        year
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn host(&self) -> HostFolder {
        HostFolder::at(self.path("host"))
    }

    /// One patient and one claim of seventy days a month, settled on its fifteenth.
    fn write_claims(&self) {
        let folder = self.path("claims");
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

    /// Brings a version of the rule to the host.
    fn install(&mut self, rule: &Rule) -> LockedVersion {
        let Rule(number, days, from, known_from) = rule;
        let file = self.path(&format!("{number}.wasm"));
        let limit = days * 10_000;
        let source = Source::copy("chronic-limits", &self.path(number));
        source
            .replace(
                "pack.toml",
                "version = \"1.0.0\"",
                &format!("version = \"{number}\""),
            )
            .replace(
                "pack.toml",
                "default = 840000",
                &format!("default = {limit}"),
            )
            .build(&file)
            .done();
        let bytes = fs::read(&file).unwrap();
        let version = LockedVersion {
            path: format!("37/chronic-limits/{number}.wasm").parse().unwrap(),
            digest: Digest::of(&bytes),
            effective: Effective {
                from: from.parse().unwrap(),
                to: None,
            },
            known_from: known_from.parse().unwrap(),
            retroactive: false,
            jurisdictions: vec!["37".parse().unwrap()],
            channel: Channel::Stable,
            status: Status::Active,
            mandatory_by: None,
            for_versions: None,
            state: State::Active,
        };
        let packs = self.host().packs();
        fs::create_dir_all(&packs).unwrap();
        fs::write(packs.join(format!("{}.wasm", version.digest)), bytes).unwrap();
        self.put(version.clone());
        version
    }

    /// Brings what the city sets to the host.
    fn set(&mut self, like: &LockedVersion, number: &str, from: &str, lines: &str) {
        let text = format!(
            "[overlay]\npack = \"37/chronic-limits\"\nsetter = \"3703\"\nversion = \"{number}\"\n\
             basis = \"通知\"\neffective = {{ from = \"{from}\" }}\n\n{lines}"
        );
        let digest = Digest::of(text.as_bytes());
        let overlays = self.host().overlays();
        fs::create_dir_all(&overlays).unwrap();
        fs::write(overlays.join(format!("{digest}.toml")), text).unwrap();
        self.put(LockedVersion {
            path: format!("3703/37.chronic-limits/{number}.toml")
                .parse()
                .unwrap(),
            digest,
            effective: Effective {
                from: from.parse().unwrap(),
                to: None,
            },
            known_from: from.parse().unwrap(),
            ..like.clone()
        });
    }

    fn put(&mut self, version: LockedVersion) {
        self.lock.put(version);
        self.lock.write(&self.host(), &NoFailures).unwrap();
    }

    fn check(&self, options: &[&str]) -> Value {
        let (host, claims) = (self.path("host"), self.path("claims"));
        let line = ["--json", "check", claims.to_str().unwrap(), "--dir"];
        let told = rulepack([&line[..], &[host.to_str().unwrap()], options].concat());
        serde_json::from_str(&told.done()).unwrap()
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
    months: std::ops::RangeInclusive<u32>,
    version: &str,
    limit: i64,
    retroactive: bool,
) -> impl Iterator<Item = (u32, (String, i64, bool))> {
    months.map(move |month| (month, (version.to_owned(), limit, retroactive)))
}

#[test]
fn t4_each_claim_of_a_year_meets_the_version_of_its_day_although_one_came_late() {
    let mut year = Year::begin();
    year.install(&FIRST);
    year.install(&SECOND);
    let expected: BTreeMap<_, _> = months(5..=12, "1.1.0", 60, false).collect();
    assert_eq!(year.findings(&[]), expected);
    let (before, old) = (year.check(&[]), year.lock.digest().to_string());

    let late = year.install(&LATE);
    let ordinary: BTreeMap<_, _> = months(5..=8, "1.1.0", 60, false)
        .chain(months(9..=12, "1.2.0", 28, false))
        .collect();
    assert_eq!(year.findings(&[]), ordinary);

    // Where its manifest states a basis, audits see it, apart; the service never does.
    year.put(LockedVersion {
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

#[test]
fn t14_each_claim_of_a_year_meets_the_parameters_of_its_day() {
    let mut year = Year::begin();
    let version = year.install(&FIRST);
    let days = |days: i64, dates: &str| {
        let value = days * 10_000;
        format!("[[parameter]]\nname = \"days_max\"\nvalue = {value}\n{dates}\n")
    };
    let summer = "effective = { from = \"2026-06-01\", to = \"2026-07-31\" }";
    let autumn = "effective = { from = \"2026-10-01\" }";
    let lines = days(50, summer) + &days(40, autumn);
    year.set(&version, "1.0.0", "2026-03-01", &lines);
    let expected: BTreeMap<_, _> = months(6..=7, "1.0.0", 50, false)
        .chain(months(10..=12, "1.0.0", 40, false))
        .collect();
    assert_eq!(year.findings(&[]), expected);
    let old = year.lock.digest().to_string();

    // The next overlay takes the place of the whole first one from its own day on.
    year.set(&version, "1.1.0", "2026-11-01", &days(30, ""));
    let expected: BTreeMap<_, _> = months(6..=7, "1.0.0", 50, false)
        .chain(months(10..=10, "1.0.0", 40, false))
        .chain(months(11..=12, "1.0.0", 30, false))
        .collect();
    assert_eq!(year.findings(&[]), expected);
    let under_the_old = year.findings(&["--as-of", &old]);
    assert_eq!(under_the_old[&12], ("1.0.0".to_owned(), 40, false));

    let unknown = "0".repeat(64);
    let (host, claims) = (year.path("host"), year.path("claims"));
    let refused = rulepack([
        "check",
        claims.to_str().unwrap(),
        "--dir",
        host.to_str().unwrap(),
        "--as-of",
        &unknown,
    ]);
    assert_eq!(
        refused.failed(),
        format!(
            "error: the host keeps no lock with the digest `{unknown}`\n\
             hint: `sync`, `host status` and every receipt name the lock that was in force"
        )
    );
}
