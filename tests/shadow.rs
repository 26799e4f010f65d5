//! The shadow run of a new version with a real, changed knowledge table: what it counts, what waits for a
//! person, and what a server does meanwhile.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(all(unix, debug_assertions))]

mod common;

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

use common::nation::{Host, Nation, Registry};
use common::packs::{Source, copy_files, pack};
use common::serving::{Serving, eventually};
use common::{Ran, command, rulepack};

const OLD: &str = "37/chronic-limits/1.0.0.wasm";
const NEW: &str = "37/chronic-limits/1.1.0.wasm";
const MANDATORY: &str = "37/chronic-limits/1.2.0.wasm";

/// 1.1.0 no longer pays this drug for hypertension …
const DROPPED: &str = "XC07ABA065A001010100003";
/// … and pays this one, which the example of a request orders.
const ADDED: &str = "XC10AAA100A001010100008";

/// Made-up history, with identities planted in every key. Two encounters order the dropped drug (40 and 60
/// CNY), one the added drug (25 CNY) and one that neither version pays (10 CNY). An encounter of the year
/// before orders the dropped drug too, and is none of the run's business.
const HISTORY: [(&str, &str); 5] = [
    ("institutions.csv", "institution,levels\nH37030000001,02\n"),
    (
        "patients.csv",
        "patient,genders\n370303196503080011,1\n370303195001010022,2\n370303194002020033,1\nP2026000101,1\n",
    ),
    (
        "enrolments.csv",
        "patients,diseases,starts,ends\n370303196503080011,M03900,2024-01-01,\n\
         370303195001010022,M03900,2024-01-01,\n370303194002020033,M03900,2024-01-01,\n\
         P2026000101,M03900,2024-01-01,\n",
    ),
    (
        "encounters.csv",
        "encounter,patients,institutions,current,care-types,settlement-days,departments,doctors\n\
         张三-1,370303196503080011,H37030000001,1,14,2026-10-05,A03,李医生\n\
         张三-0,370303196503080011,H37030000001,1,14,2025-10-05,A03,李医生\n\
         王五-2,370303195001010022,H37030000001,1,14,2026-10-06,A03,李医生\n\
         赵六-3,370303194002020033,H37030000001,1,14,2026-10-07,B01,李医生\n",
    ),
    (
        "orders.csv",
        "order,encounters,current,charged,counted,items,days,quantities,amounts,diseases\n\
         张三-RX1,张三-1,1,1,1,XC07ABA065A001010100003,2026-10-05,1,40.00,M03900\n\
         张三-RX0,张三-0,1,1,1,XC07ABA065A001010100003,2025-10-05,1,70.00,M03900\n\
         王五-RX2,王五-2,1,1,1,XC07ABA065A001010100003,2026-10-06,1,60.00,M03900\n\
         赵六-RX3,赵六-3,1,1,1,XC10AAA100A001010100008,2026-10-07,1,25.00,M03900\n\
         赵六-RX4,赵六-3,1,1,1,XA02BCL033A001010100009,2026-10-07,1,10.00,M03900\n",
    ),
];

/// What must be in no report: keys of patients, encounters and orders, and who treated them.
const IDENTITIES: [&str; 8] = [
    "370303196503080011",
    "370303195001010022",
    "370303194002020033",
    "张三",
    "王五",
    "赵六",
    "RX",
    "李医生",
];

/// A nation, the folder of a host that runs 1.0.0, and repositories with 1.1.0, and with 1.2.0 as well,
/// which is the same and mandatory.
struct Story {
    nation: Nation,
    host: PathBuf,
    with_new: PathBuf,
    with_mandatory: PathBuf,
    /// As `with_new`, and 1.0.0 is withdrawn.
    with_withdrawal: PathBuf,
}

fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(|| {
        let nation = Nation::found();
        let registry = nation.serve();
        nation.publish(&[&pack("chronic-limits")], &registry);
        let host = nation.host("host", &registry);
        host.sync().done();
        let [new, mandatory] = ["1.1.0", "1.2.0"].map(|version| changed(&nation, version));
        nation.publish(&[&new], &registry);
        let with_new = nation.back_up("with-new").join("repository");
        drop(registry);
        let registry = withdrawn(&nation);
        let with_withdrawal = registry.join("repository");
        let registry = nation.serve();
        let (file, address) = (mandatory.display(), &registry.address);
        let line = format!("publish draft {file} --mandatory-by 2026-01-01 --registry {address}");
        nation.run(&format!("{line} --out {{}}/37.json")).done();
        nation.sign("37.json", &["bureau-a", "bureau-b"]);
        nation.send(&[&mandatory], &registry).done();
        let with_mandatory = nation.back_up("with-mandatory").join("repository");
        Story {
            host: host.folder().to_owned(),
            nation,
            with_new,
            with_mandatory,
            with_withdrawal,
        }
    })
}

/// A copy of the registry in which the version in force is withdrawn.
fn withdrawn(nation: &Nation) -> PathBuf {
    let copy = nation.back_up("with-withdrawal");
    let registry = Registry::serve(&copy);
    let address = &registry.address;
    let line = format!("yank 37/chronic-limits@1.0.0 --reason wrong --registry {address}");
    nation.run(&format!("{line} --out {{}}/37.json")).done();
    nation.sign("37.json", &["bureau-a", "bureau-b"]);
    nation.send(&[], &registry).done();
    copy
}

/// The pack with another table. The cases that the change contradicts go with it.
fn changed(nation: &Nation, version: &str) -> PathBuf {
    let (folder, sealed) = (
        nation.path(version),
        nation.path(&format!("{version}.wasm")),
    );
    let source = Source::copy("chronic-limits", &folder);
    let other = format!("version = \"{version}\"");
    source
        .replace("pack.toml", "version = \"1.0.0\"", &other)
        .replace(
            "tables/catalogue.csv",
            &format!("M03900,{DROPPED},"),
            &format!("M03900,{ADDED},"),
        );
    for case in fs::read_dir(folder.join("cases")).unwrap() {
        let path = case.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        if text.contains(DROPPED) || text.contains(ADDED) {
            fs::remove_file(path).unwrap();
        }
    }
    source.build(&sealed).done();
    sealed
}

/// A host of its own for a test, with history, that follows a repository.
struct Hospital {
    host: Host,
    _folder: TempDir,
}

impl Hospital {
    fn new(repository: &Path, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("host");
        copy_files(&story().host, &own);
        let data = folder.path().join("history");
        fs::create_dir(&data).unwrap();
        for (name, text) in HISTORY {
            fs::write(data.join(name), text).unwrap();
        }
        let arguments = [
            "import",
            data.to_str().unwrap(),
            "--dir",
            own.to_str().unwrap(),
        ];
        rulepack(arguments).done();
        let file = own.join("host.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text + settings).unwrap();
        let host = Host::at(own);
        host.follow(repository.to_str().unwrap());
        let _folder = folder;
        Hospital { host, _folder }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let folder = self.host.folder().to_str().unwrap();
        rulepack([&["host"], arguments, &["--dir", folder]].concat())
    }

    fn sync_killed_in_the_shadow_run(&self) {
        let mut sync = command();
        sync.env("RULEPACK_FAILURE_POINT", "kill ShadowRun 1");
        sync.args(["sync", "--dir"]).arg(self.host.folder());
        let ended = sync.output().unwrap();
        const SIGKILL: i32 = 9;
        assert_eq!(ended.status.signal(), Some(SIGKILL), "{ended:?}");
    }

    fn shadow(&self, options: &[&str]) -> Ran {
        self.run(&[&["shadow", "37/chronic-limits@1.1.0"], options].concat())
    }

    fn status(&self) -> Value {
        let ran = self.run(&["status", "--json"]);
        let text = match ran.is_good() {
            true => ran.done(),
            false => ran.found_fault(),
        };
        serde_json::from_str(&text).unwrap()
    }

    /// The steps of a version as `step came`.
    fn steps(&self, path: &str) -> Vec<String> {
        let status = self.status();
        let versions = status["versions"].as_array().unwrap();
        let version = versions.iter().find(|version| version["path"] == path);
        let stages = version.unwrap()["stages"].as_array().unwrap().iter();
        let words =
            stages.map(|stage| format!("{} {}", text(&stage["step"]), text(&stage["came"])));
        words.collect()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn tally(findings: u64, fen: i64) -> Value {
    json!({"findings": findings, "amount": fen})
}

#[test]
fn gained_and_lost_findings_are_counted_exactly_and_the_report_names_nobody() {
    let hospital = Hospital::new(&story().with_new, "");
    let told = hospital.host.sync().done();
    assert_eq!(told.lines().next(), Some(&*format!("activated {NEW}")));
    let report = hospital.shadow(&["--json"]).done();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["old"], &report["new"]), (&json!(OLD), &json!(NEW)));
    assert_eq!(
        report["reviewed"],
        json!({"from": "2026-07-10", "to": "2026-10-07", "patients": 3, "patients_in_all": 3,
               "encounters": 3, "institutions": 1, "left_out": 0})
    );
    let change = json!({"before": tally(2, 3_500), "after": tally(3, 11_000),
        "gained": tally(2, 10_000), "lost": tally(1, 2_500), "altered": tally(0, 0)});
    assert_eq!(report["all"], change);
    let rules = report["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 1, "{rules:?}");
    assert_eq!(
        (&rules[0]["rule"], &rules[0]["change"]),
        (&json!("CHR-01"), &change)
    );
    let departments = report["departments"].as_array().unwrap().iter();
    let departments: Vec<_> = departments
        .map(|of| {
            (
                &of["department"],
                &of["change"]["gained"],
                &of["change"]["lost"],
            )
        })
        .collect();
    let (a03, b01) = (json!("A03"), json!("B01"));
    assert_eq!(
        departments,
        [
            (&a03, &tally(2, 10_000), &tally(0, 0)),
            (&b01, &tally(0, 0), &tally(1, 2_500))
        ]
    );
    let kinds = report["examples"].as_array().unwrap().iter();
    let kinds: Vec<_> = kinds
        .map(|example| (text(&example["kind"]), &example["amount"]))
        .collect();
    assert_eq!(
        kinds,
        [
            ("gained", &json!(6_000)),
            ("gained", &json!(4_000)),
            ("lost", &json!(2_500))
        ]
    );
    names_nobody_but_on_this_host(&hospital, &report);
}

fn names_nobody_but_on_this_host(hospital: &Hospital, report: &Value) {
    let page = hospital.host.folder().join("report.html");
    let shown = hospital.shadow(&["--html", page.to_str().unwrap()]).done();
    let line = "2 findings before and 3 after in 3 patients: 2 gained, 1 lost, 0 altered (75 % of all, 125.00 CNY)";
    assert!(shown.contains(line), "{shown}");
    let zh = hospital.shadow(&["--lang", "zh"]).done();
    let line = "  结果　　 3 名参保人的疑点由 2 条变为 3 条：新增 2，减少 1，变化 0（占全部 75 %，125.00 元）\n";
    assert!(zh.contains(line), "{zh}");
    let page = fs::read_to_string(page).unwrap();
    for part in [
        "按规则 · By rule",
        "按科室 · By department",
        "<svg ",
        "新增 · gained",
        "60.00",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let kept = hospital
        .host
        .folder()
        .join("updates/37/chronic-limits/1.1.0.json");
    let kept = fs::read_to_string(kept).unwrap();
    for identity in IDENTITIES {
        for (what, text) in [("page", &page), ("text", &shown), ("file", &kept)] {
            assert!(!text.contains(identity), "`{identity}` is in the {what}");
        }
        assert!(
            !report.to_string().contains(identity),
            "`{identity}` is in the JSON"
        );
    }
    for foreign in ["<script", "http://", "https://", "src=", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let reference = text(&report["examples"][0]["rows"][0]);
    let row = hospital.shadow(&["--row", reference]).done();
    assert!(
        row.contains("key       王五-RX2\npatient   370303195001010022\n"),
        "{row}"
    );
    let row = hospital
        .shadow(&["--row", reference, "--lang", "zh"])
        .done();
    let keys = "主键　　 王五-RX2\n参保人　 370303195001010022\n";
    assert!(row.contains(keys), "{row}");
    let refused = hospital.shadow(&["--row", "orders:0000000000"]).failed();
    assert!(
        refused.starts_with("error: `orders:0000000000` names no row of this host's history\n")
    );
}

#[test]
fn every_step_is_shown_and_a_first_sync_has_no_history_to_compare() {
    let hospital = Hospital::new(&story().with_new, "");
    let first = [
        "verify passed",
        "inspect passed",
        "compile passed",
        "cases passed",
    ];
    let rest = ["shadow skipped", "decision passed", "switch passed"];
    assert_eq!(hospital.steps(OLD), [&first[..], &rest[..]].concat());
    let told = hospital.run(&["status"]).done();
    assert!(told.contains("  no history to compare\n"), "{told}");
    hospital.host.sync().done();
    let rest = ["shadow passed", "decision passed", "switch passed"];
    assert_eq!(hospital.steps(NEW), [&first[..], &rest[..]].concat());
}

#[test]
fn above_a_threshold_a_version_waits_and_a_server_keeps_the_old_one_until_a_person_approves() {
    let settings = "\n[updates.shadow]\nchanged_few = 2\n";
    let hospital = Hospital::new(&story().with_new, settings);
    let server = Serving::start(hospital.host.folder(), &["--poll", "1"]);
    let state = || hospital.status()["versions"][1]["state"].clone();
    eventually("the new version waits", || state()["waiting"].is_object());
    let reason = "the shadow run asks for a person: 3 findings changed, 75 % of all (at most 10 %)";
    assert_eq!(state()["waiting"]["reason"], reason);
    assert_eq!(hospital.steps(NEW)[4..], ["shadow asks", "decision asks"]);
    assert_eq!(server.versions(), [OLD]);
    assert_eq!(
        hospital.shadow(&[]).found_fault().lines().last(),
        Some(reason)
    );

    hospital.run(&["approve", "37/chronic-limits@1.1.0"]).done();
    eventually("the approved version answers", || {
        server.versions() == [NEW]
    });
    assert_eq!(
        hospital.steps(NEW)[5..7],
        ["decision passed", "switch passed"]
    );
}

#[test]
fn a_kill_in_the_middle_of_the_shadow_run_leaves_the_old_version_and_decides_nothing() {
    let settings = "\n[updates.shadow]\nchanged_few = 2\n";
    let hospital = Hospital::new(&story().with_new, settings);
    hospital.sync_killed_in_the_shadow_run();
    assert_eq!(hospital.host.active(), [OLD]);
    let coming = hospital.status()["coming"].clone();
    assert_eq!(coming[0]["path"], NEW);
    assert_eq!(coming[0]["stages"][4]["came"], "running");
    let waits = |told: String| {
        assert!(
            told.starts_with(&format!("waiting   {NEW}: the shadow")),
            "{told}"
        )
    };
    waits(hospital.host.sync().done());

    // Nor does it where a version that waits is compared again, because what was kept of it is lost.
    fs::remove_dir_all(hospital.host.folder().join("updates/37")).unwrap();
    hospital.sync_killed_in_the_shadow_run();
    waits(hospital.host.sync().done());
    assert_eq!(hospital.host.active(), [OLD]);
}

#[test]
fn t3_what_is_withdrawn_stops_before_the_shadow_run_of_what_is_new() {
    let hospital = Hospital::new(&story().with_withdrawal, "");
    assert_eq!(hospital.host.active(), [OLD]);
    hospital.sync_killed_in_the_shadow_run();
    assert_eq!(hospital.host.active(), Vec::<String>::new());
    let stopped = "it was withdrawn (撤回): wrong";
    assert_eq!(
        hospital.status()["versions"][0]["state"]["refused"]["reason"],
        stopped
    );
}

#[test]
fn t9_a_mandatory_version_is_active_whatever_the_shadow_run_says() {
    let settings = "\n[updates.shadow]\nchanged_few = 0\nchanged_percent = 0\n";
    let hospital = Hospital::new(&story().with_mandatory, settings);
    let told = hospital.host.sync().done();
    let waits = format!(
        "waiting   {NEW}: the shadow run asks for a person: 3 findings changed, 75 % of all (at most 0 %)"
    );
    let lines: Vec<&str> = told.lines().take(2).collect();
    assert_eq!(lines, [format!("activated {MANDATORY}"), waits]);
    assert_eq!(hospital.host.active(), [OLD, MANDATORY]);
    let steps = hospital.steps(MANDATORY);
    assert_eq!(
        steps[4..],
        ["shadow asks", "decision passed", "switch passed"]
    );
}

#[test]
fn t9_an_abnormal_rate_of_findings_holds_the_pack_and_the_version_goes_on() {
    let settings = "\n[updates.watch]\npatients_min = 1\nrate_times = 1\n";
    let hospital = Hospital::new(&story().with_new, settings);
    hospital
        .host
        .follow(story().nation.path("no-repository").to_str().unwrap());
    let server = Serving::start(hospital.host.folder(), &["--poll", "1"]);
    // The old version finds the drug of the example; the new one pays it.
    assert_eq!(server.call()["output"]["result"][0]["rule_id"], "CHR-01");
    drop_after_counting(server, &hospital);
    hospital.host.follow(story().with_new.to_str().unwrap());
    hospital.host.sync().done();
    let server = Serving::start(hospital.host.folder(), &["--poll", "1"]);
    assert_eq!(server.versions(), [NEW]);
    eventually("the pack is held", || {
        hospital.status()["holds"] != json!({})
    });
    let reason = "abnormal rate of findings: 0 % of 1 patients, 100 % of 1 with the version before";
    let status = hospital.status();
    assert_eq!(status["holds"]["37/chronic-limits"], reason);
    let warning = format!("{NEW}: {reason}; the pack is held, its version goes on");
    assert_eq!(status["warnings"], json!([warning]));
    assert_eq!(server.versions(), [NEW]);
    hospital
        .run(&["hold", "37/chronic-limits", "--release"])
        .done();
    assert_eq!(hospital.status()["warnings"], json!([]));
}

/// Waits until what the server counted is kept, and ends it.
fn drop_after_counting(server: Serving, hospital: &Hospital) {
    let kept = hospital.host.folder().join("updates/watch.json");
    let has_counted = || fs::read_to_string(&kept).is_ok_and(|text| text.contains(OLD));
    eventually("counts are kept", has_counted);
    drop(server);
}
