//! A version that does not work once it is in force: the host goes back by itself, says so, and never beyond
//! what its bureau allows (T9). The packs are real components that trap.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "common/guest_pack.rs"]
mod guest_pack;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

use common::nation::{Host, Nation};
use common::packs::copy_files;
use common::serving::Serving;
use common::{rulepack, workspace};

const GOOD: &str = "37/test/1.0.0.wasm";
const BAD: &str = "37/test/1.1.0.wasm";
const MANDATORY: &str = "37/test/1.2.0.wasm";

/// A pack of one rule for 3101. The good one finds nothing, the others trap at everybody.
fn sealed(nation: &Nation, version: &str, evaluate: &'static str) -> PathBuf {
    let path = nation.path(&format!("{version}.wasm"));
    guest_pack::write(&path, version, evaluate);
    path
}

/// Folders of hosts that run the good version; the bad one above it; and a mandatory one above both.
struct Story {
    _nation: Nation,
    good: PathBuf,
    repository_with_bad: PathBuf,
    with_bad: PathBuf,
    with_mandatory: PathBuf,
}

fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(|| {
        let nation = Nation::found();
        let registry = nation.serve();
        nation.publish(&[&sealed(&nation, "1.0.0", "")], &registry);
        let host = nation.host("host", &registry);
        host.sync().done();
        let good = nation.path("good");
        copy_files(host.folder(), &good);
        nation.publish(&[&sealed(&nation, "1.1.0", "unreachable")], &registry);
        let repository_with_bad = nation.back_up("bad").join("repository");
        host.sync().done();
        let with_bad = nation.path("with-bad");
        copy_files(host.folder(), &with_bad);
        let mandatory = sealed(&nation, "1.2.0", "unreachable");
        let (file, address) = (mandatory.display(), &registry.address);
        let line = format!("publish draft {file} --mandatory-by 2026-01-01 --registry {address}");
        nation.run(&format!("{line} --out {{}}/37.json")).done();
        nation.sign("37.json", &["bureau-a", "bureau-b"]);
        nation.send(&[&mandatory], &registry).done();
        host.sync().done();
        Story {
            with_mandatory: host.folder().to_owned(),
            good,
            repository_with_bad,
            with_bad,
            _nation: nation,
        }
    })
}

/// A host of its own for a test.
fn host(from: &Path, settings: &str) -> (TempDir, Host) {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("host");
    copy_files(from, &own);
    let file = own.join("host.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text + settings).unwrap();
    (folder, Host::at(own))
}

fn status(host: &Host) -> Value {
    let folder = host.folder().to_str().unwrap();
    let told = rulepack(["host", "status", "--json", "--dir", folder]).found_fault();
    serde_json::from_str(&told).unwrap()
}

/// What the journal has of watches.
fn watched(host: &Host) -> Vec<Value> {
    let mut found = Vec::new();
    for file in fs::read_dir(host.folder().join("journal")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap_or_default();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        found.extend(lines.filter_map(|line| line["entry"]["event"].get("watch").cloned()));
    }
    found
}

#[test]
fn t9_a_version_that_traps_is_put_aside_for_the_one_before_by_the_host_itself() {
    let (_folder, host) = host(&story().with_bad, "");
    let server = Serving::start(host.folder(), &[]);
    // One patient, however often, is no ground to go back on; three are.
    for patient in ["P1", "P1", "P1", "P2", "P3"] {
        let answer = server.call_of(patient);
        let none = &answer["output"]["rulepack"]["no_verdict"][0];
        assert_eq!(
            (&none["pack"], &none["kind"]),
            (&json!(BAD), &json!("trap"))
        );
    }
    // The switch is atomic: the next request meets the version before, and gets its verdict.
    let answer = server.call();
    assert_eq!(answer["output"]["rulepack"]["packs"][0]["pack"], GOOD);
    assert_eq!(answer["output"]["rulepack"]["no_verdict"], json!([]));
    assert_eq!(host.active(), [GOOD]);
    let status = status(&host);
    let reason = "3 of 5 patients got no verdict from it";
    let told = format!("{BAD}: fell back to {GOOD} by itself: {reason}");
    assert_eq!(status["warnings"], json!([told]));
    let held = format!("the host fell back by itself: {reason}");
    assert_eq!(status["versions"][1]["state"]["held"]["reason"], held);
    drop(server);
    let event = json!({"pack": BAD, "outcome": "fell-back", "patients": 5, "faults": 3});
    assert_eq!(watched(&host), [event]);
}

#[test]
fn t9_a_mandatory_version_that_traps_stays_and_the_host_says_that_it_cannot_go_back() {
    let (_folder, host) = host(&story().with_mandatory, "");
    let server = Serving::start(host.folder(), &[]);
    for patient in ["P1", "P2", "P3", "P4"] {
        let answer = server.call_of(patient);
        let none = &answer["output"]["rulepack"]["no_verdict"][0];
        assert_eq!(none["pack"], MANDATORY);
    }
    let told = format!(
        "{MANDATORY}: 3 of 3 patients got no verdict from it, and the host cannot go back: \
         `{MANDATORY}` is mandatory since 2026-01-01, and cannot be put aside"
    );
    assert_eq!(status(&host)["warnings"], json!([told]));
    drop(server);
    let event =
        json!({"pack": MANDATORY, "outcome": "cannot-fall-back", "patients": 3, "faults": 3});
    assert_eq!(watched(&host), [event]);
}

#[test]
fn a_host_that_watches_nothing_goes_on_without_verdicts() {
    let (_folder, host) = host(&story().with_bad, "\n[updates.watch]\ndays = 0\n");
    let server = Serving::start(host.folder(), &[]);
    for patient in ["P1", "P2", "P3", "P4"] {
        assert_eq!(
            server.call_of(patient)["output"]["rulepack"]["no_verdict"][0]["pack"],
            BAD
        );
    }
    assert_eq!(host.active(), [GOOD, BAD]);
}

#[test]
fn a_version_that_traps_on_the_history_waits_for_a_person_and_is_never_used() {
    let (_folder, host) = host(&story().good, "");
    let history = workspace().join("examples/history");
    let (history, folder) = (history.to_str().unwrap(), host.folder().to_str().unwrap());
    rulepack(["import", history, "--dir", folder]).done();
    host.follow(story().repository_with_bad.to_str().unwrap());
    let told = host.sync().done();
    let reason =
        "the shadow run asks for a person: 1 patients or institutions get no verdict from it alone";
    let line = format!("waiting   {BAD}: {reason} (at most 0)");
    assert_eq!(told.lines().next(), Some(&*line));
    assert_eq!(host.active(), [GOOD]);
}
