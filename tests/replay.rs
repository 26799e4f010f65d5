//! A verdict is executed anew under what held when it was given, whatever holds today, here and on another machine.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(all(unix, debug_assertions))]

mod common;
mod plugins;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rulepack_host::client::NoFailures;
use rulepack_host::journal::{Event, Journal, Setup, find, read_key};
use rulepack_host::receipt::Receipt;
use serde_json::Value;

use common::bare_host::{BareHost, Days};
use common::serving::{EXAMPLE, Serving, eventually};
use common::{Ran, rulepack};
use plugins::plugin;

/// The bureau's own packs may read nothing.
const NARROW: &str = "[37]\nby = \"李明\"\nday = \"2026-11-22\"\ncolumns = []\n";
const SOFTENED: &str = "[[soften]]\npack = \"37/chronic-limits\"\nrule = \"CHR-02\"\nto = \"remind\"\n\
                        until = \"2099-12-31\"\nreason = \"目录更新中\"\n";
const REGION: &str = "[request]\npatn_id = \"psn_no\"\n";

fn host() -> BareHost {
    let host = BareHost::begin();
    let days = Days("2020-01-01", "2020-01-01");
    let path = "37/chronic-limits/1.0.0.wasm";
    host.install(path, &plugin("chronic-limits").path, &days);
    host
}

/// A verdict: its receipt and the request, as files.
struct Given {
    receipt: PathBuf,
    request: PathBuf,
    verdict: Value,
}

/// Asks a server whose packs are loaded, and keeps what is needed for a replay.
fn give(host: &BareHost, server: &Serving, request: &str, name: &str) -> Given {
    eventually("the packs are loaded", || {
        server.get("/api/v1/status")["ready"] == true
    });
    let answer = server.ask(request);
    let id = answer["output"]["rulepack"]["receipt"].as_str().unwrap();
    let receipt = server.get(&format!("/api/v1/receipts/{id}"));
    let given = Given {
        receipt: host.path(&format!("{name}.receipt")),
        request: host.path(&format!("{name}.request")),
        verdict: receipt["journal"]["entry"]["event"]["verdict"].clone(),
    };
    fs::write(&given.receipt, receipt.to_string()).unwrap();
    fs::write(&given.request, request).unwrap();
    given
}

/// An order that lasts too long (CHR-02).
fn too_long() -> String {
    let mut request: Value = serde_json::from_str(EXAMPLE).unwrap();
    let encounter = &mut request["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0];
    for order in encounter["fsi_order_dtos"].as_array_mut().unwrap() {
        order["prd_days"] = "100".into();
    }
    request.to_string()
}

/// One verdict under narrow grants, and one under a policy and a region; none of the three holds any more.
fn two_days() -> (BareHost, [Given; 2]) {
    let host = host();
    let folder = host.host();
    fs::write(folder.grants(), NARROW).unwrap();
    let server = Serving::start(folder.root(), &[]);
    let narrow = give(&host, &server, &too_long(), "narrow");
    drop(server);
    fs::remove_file(folder.grants()).unwrap();
    fs::write(folder.policy(), SOFTENED).unwrap();
    let region = host.path("region.toml");
    fs::write(&region, REGION).unwrap();
    let server = Serving::start(folder.root(), &["--region", region.to_str().unwrap()]);
    let request = too_long().replace("patn_id", "psn_no");
    let softened = give(&host, &server, &request, "softened");
    fs::remove_file(folder.policy()).unwrap();
    fs::remove_file(region).unwrap();
    (host, [narrow, softened])
}

fn replay(given: [&Path; 2], folder: &Path, threads: &str) -> Ran {
    let [receipt, request] = given.map(|path| path.to_str().unwrap());
    let folder = folder.to_str().unwrap();
    let arguments = ["replay", receipt, "--input", request, "--dir", folder];
    rulepack([&arguments[..], &["--threads", threads]].concat())
}

fn export(given: &Given, host: &BareHost, to: &Path, options: &[&str]) -> Ran {
    let paths = [&given.receipt, &given.request].map(|path| path.to_str().unwrap());
    let arguments = ["receipt", "export", paths[0], "--input", paths[1], "--to"];
    host.run(&[&arguments[..], &[to.to_str().unwrap()], options].concat())
}

#[test]
fn t10_a_replay_takes_grants_policy_and_region_of_the_day_and_not_those_of_today() {
    let (host, given) = two_days();
    let count = |given: &Given, what: &str| given.verdict[what].as_array().map_or(0, Vec::len);
    let [narrow, softened] = &given;
    assert!(count(narrow, "findings") == 0 && count(narrow, "not_evaluable") > 0);
    assert!(count(softened, "findings") > 0 && count(softened, "softened") > 0);
    for one in &given {
        let files = [&*one.receipt, &*one.request];
        let expected = format!(": identical, {} findings", count(one, "findings"));
        for threads in ["1", "4"] {
            let told = replay(files, host.host().root(), threads).done();
            assert!(told.contains(&expected), "{told}");
        }
    }
    // What is kept is believed by its digest alone.
    let grants = narrow.verdict["packs"][0]["grants"].as_str().unwrap();
    let kept = host.host().kept().join(format!("grants-{grants}.json"));
    assert_eq!(fs::read_to_string(&kept).unwrap(), "{\"only\":[]}");
    fs::remove_file(&kept).unwrap();
    fs::write(&kept, "\"all\"").unwrap();
    let files = [&*narrow.receipt, &*narrow.request];
    let refused = replay(files, host.host().root(), "1").failed();
    assert!(
        refused.contains("was altered: what it says has the digest"),
        "{refused}"
    );
    // Without it, as after an earlier release, it is those of today, and that is said.
    fs::remove_file(&kept).unwrap();
    let told = replay(files, host.host().root(), "1").found_fault();
    let expected = format!("grants of 37/chronic-limits/1.0.0.wasm: receipt `{grants}`, now `");
    assert!(told.contains(&expected), "{told}");
}

#[test]
fn a_hospital_reads_its_status_a_receipt_and_a_replay_in_chinese() {
    let (host, [_, given]) = two_days();
    let [receipt, request] = [&given.receipt, &given.request].map(|path| path.to_str().unwrap());
    // No refresh was ever completed: its status has something to look at.
    let status = in_chinese(&host, &["host", "status"], Ran::found_fault);
    let [verified, replayed] = [
        rulepack(["receipt", "verify", receipt, "--lang", "zh"]).done(),
        in_chinese(&host, &["replay", receipt, "--input", request], Ran::done),
    ];
    for (told, expected) in [
        (&status, "前置机 H37030000001，区划 370303，"),
        (&status, "\n  最近更新 从未\n"),
        (
            &status,
            "\n生效　　 37/chronic-limits/1.0.0.wasm，自 2020-01-01\n",
        ),
        (&verified, "判定回执，应答号 "),
        (
            &verified,
            "\n  规则包　 37/chronic-limits/1.0.0.wasm 计算量 ",
        ),
        (&verified, "\n  疑点　　 CHR-02 "),
        (&verified, "\n  经办确认 未与医保局的记录核对"),
        (&replayed, "：重算结果一致，"),
        (&replayed, " 条疑点\n  37/chronic-limits/1.0.0.wasm 计算量 "),
    ] {
        assert!(told.contains(expected), "`{expected}` in {told}");
    }
}

/// What a command says in Chinese: as many lines as in English.
fn in_chinese(host: &BareHost, command: &[&str], ended: impl Fn(Ran) -> String) -> String {
    let english = ended(host.run(command));
    let chinese = ended(host.run(&[command, &["--lang", "zh"]].concat()));
    assert_eq!(english.lines().count(), chinese.lines().count());
    chinese
}

#[test]
fn t10_what_a_verdict_rests_on_is_gathered_and_gives_the_same_bytes_on_another_machine() {
    let (host, given) = two_days();
    let elsewhere = tempfile::tempdir().unwrap();
    let mut there = Vec::new();
    for (number, one) in given.iter().enumerate() {
        let to = elsewhere.path().join(number.to_string());
        let told = export(one, &host, &to, &[]).done();
        assert!(
            told.contains("  history   none; the verdict looked at none"),
            "{told}"
        );
        let again = export(one, &host, &to, &[]).failed();
        assert!(
            again.ends_with("is there already\nhint: choose another folder"),
            "{again}"
        );
        let here = replay([&one.receipt, &one.request], host.host().root(), "1").done();
        there.push((to, here));
    }
    // Nothing of the host is left, neither its folder nor the files of the request.
    drop(host);
    for (to, here) in there {
        let files = [to.join("receipt.json"), to.join("request")];
        for threads in ["1", "4"] {
            let told = replay([&files[0], &files[1]], &to.join("host"), threads).done();
            assert_eq!(told, here);
        }
        for private in ["host.key", "tokens.json", "findings", "journal"] {
            assert!(!to.join("host").join(private).exists(), "{private}");
        }
    }
}

#[test]
fn a_verdict_that_looked_at_the_history_is_gathered_with_it_only_where_a_person_says_so() {
    let host = host();
    let server = Serving::start(host.host().root(), &[]);
    let during = EXAMPLE.replacen("3101", "3102", 1);
    give(&host, &server, &during, "first");
    let second = EXAMPLE.replace("M2026112201", "M2026112299");
    let given = give(
        &host,
        &server,
        &second.replace("O2026112201", "O2026112299"),
        "second",
    );
    assert!(
        given.verdict["recalled"]["rows"].as_u64().unwrap() > 0,
        "{}",
        given.verdict
    );
    for patient in ["P2026000102", "P2026000103"] {
        server.ask(&during.replace("P2026000101", patient));
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let to = elsewhere.path().join("gathered");
    let refused = export(&given, &host, &to, &[]).failed();
    let expected =
        "error: the verdict looked at the history of the hospital, which names other patients";
    assert!(refused.starts_with(expected), "{refused}");
    assert!(!to.exists());
    export(&given, &host, &to, &["--with-history"]).done();
    // More was told meanwhile, of other patients: this verdict did not see it, and nobody else is to.
    let lines = |folder: &Path, name: &str| {
        let path = folder.join("history/seen").join(name);
        fs::read_to_string(path).unwrap().lines().count()
    };
    for name in ["000001.identities", "000001.rows"] {
        assert_eq!(lines(host.host().root(), name), 3, "{name}");
        assert_eq!(lines(&to.join("host"), name), 1, "{name}");
    }
    drop((server, host));
    let files = [to.join("receipt.json"), to.join("request")];
    let told = replay([&files[0], &files[1]], &to.join("host"), "2").done();
    assert!(told.contains(": identical, "), "{told}");
}

#[test]
fn a_check_that_asked_for_no_history_is_gathered_and_executed_without() {
    let host = host();
    let server = Serving::start(host.host().root(), &[]);
    give(
        &host,
        &server,
        &EXAMPLE.replacen("3101", "3102", 1),
        "first",
    );
    let native = include_str!("../examples/check-order.json");
    let request = native.replacen('{', "{\"history\": false,", 1);
    let answer = server.check(&request);
    let id = answer["receipt"].as_str().unwrap();
    let receipt = server.get(&format!("/api/v1/receipts/{id}"));
    let given = Given {
        receipt: host.path("check.receipt"),
        request: host.path("check.request"),
        verdict: receipt["journal"]["entry"]["event"]["verdict"].clone(),
    };
    fs::write(&given.receipt, receipt.to_string()).unwrap();
    fs::write(&given.request, request).unwrap();
    // There was some, and it was of no account.
    assert!(!given.verdict["history"]["seen"].is_null());
    let elsewhere = tempfile::tempdir().unwrap();
    let to = elsewhere.path().join("gathered");
    export(&given, &host, &to, &[]).done();
    drop((server, host));
    for none in ["history", "data.secret", "identity.secret"] {
        assert!(!to.join("host").join(none).exists(), "{none}");
    }
    let files = [to.join("receipt.json"), to.join("request")];
    let told = replay([&files[0], &files[1]], &to.join("host"), "1").done();
    assert!(told.contains(": identical, "), "{told}");
}

#[test]
fn what_an_earlier_release_did_not_keep_is_gathered_as_it_was_used() {
    let (host, [narrow, softened]) = two_days();
    let folder = host.host();
    let elsewhere = tempfile::tempdir().unwrap();
    let [narrow_to, softened_to] = ["narrow", "softened"].map(|name| elsewhere.path().join(name));
    let kept = |given: &Given, setting: &str, digest: &Value| {
        let digest = digest.as_str().unwrap();
        assert!(given.receipt.exists());
        folder.kept().join(format!("{setting}-{digest}.json"))
    };
    let grants = kept(&narrow, "grants", &narrow.verdict["packs"][0]["grants"]);
    fs::remove_file(grants).unwrap();
    // Under those of today it comes out otherwise, here already.
    let today = elsewhere.path().join("today");
    assert!(!export(&narrow, &host, &today, &[]).is_good());
    fs::write(folder.grants(), NARROW).unwrap();
    export(&narrow, &host, &narrow_to, &[]).done();
    let region = kept(&softened, "region", &softened.verdict["region"]);
    fs::remove_file(region).unwrap();
    let to = &softened_to;
    export(&softened, &host, to, &[]).failed();
    assert!(!to.exists() && !to.with_extension("partial").exists());
    let region = host.path("region.toml");
    fs::write(&region, REGION).unwrap();
    let told = export(
        &softened,
        &host,
        to,
        &["--region", region.to_str().unwrap()],
    )
    .done();
    assert!(told.ends_with("/host\n"), "{told}");
    drop(host);
    for to in [narrow_to, softened_to] {
        let files = [to.join("receipt.json"), to.join("request")];
        let told = replay([&files[0], &files[1]], &to.join("host"), "1").done();
        assert!(told.contains(": identical, "), "{told}");
    }
}

/// The same verdict in a receipt of a release that did not name the region: entered by the host's own key.
fn without_region(host: &BareHost, given: &Given) -> Given {
    let receipt = fs::read(&given.receipt).unwrap();
    let receipt = Receipt::parse(&receipt, None).unwrap();
    let mut verdict = receipt.verdict().unwrap().clone();
    verdict.region = None;
    let answer = verdict.answer.clone();
    let setup = Setup {
        folder: host.path("journal-of-then"),
        institution: receipt.journal.institution.clone(),
        clock: || 1_795_339_860_000,
        failures: Arc::new(NoFailures),
    };
    let folder = setup.folder.clone();
    let journal = Journal::open(setup, read_key(&host.host()).unwrap()).unwrap();
    journal.record(Event::Verdict(Box::new(verdict))).unwrap();
    drop(journal);
    let found = find(&folder, &answer).unwrap().unwrap();
    let receipt = Receipt::new(found, receipt.salt);
    let old = Given {
        receipt: host.path("old.receipt"),
        request: given.request.clone(),
        verdict: serde_json::to_value(receipt.verdict().unwrap()).unwrap(),
    };
    fs::write(&old.receipt, serde_json::to_vec(&receipt).unwrap()).unwrap();
    old
}

#[test]
fn a_receipt_that_names_no_region_is_gathered_with_the_one_told_and_replayed_as_is_printed() {
    let (host, [_, softened]) = two_days();
    let old = without_region(&host, &softened);
    assert!(old.verdict["region"].is_null());
    let elsewhere = tempfile::tempdir().unwrap();
    let to = elsewhere.path().join("gathered");
    // Read by the national names, it is no request.
    let refused = export(&old, &host, &to, &[]).failed();
    assert!(refused.contains("patn_id"), "{refused}");
    let region = host.path("region.toml");
    fs::write(&region, REGION).unwrap();
    let told = export(&old, &host, &to, &["--region", region.to_str().unwrap()]).done();
    drop(host);
    let line = told.lines().last().unwrap();
    let line = line.trim().strip_prefix("there     rulepack ").unwrap();
    assert!(line.ends_with("/gathered/region.toml"), "{line}");
    let told = rulepack(line.split(' ')).done();
    let expected = format!(
        ": identical, {} findings",
        old.verdict["findings"].as_array().unwrap().len()
    );
    assert!(told.contains(&expected), "{told}");
}

#[test]
fn what_a_stop_left_of_an_export_is_cleared_by_the_next_one_and_nothing_else_is() {
    let (host, [narrow, _]) = two_days();
    let elsewhere = tempfile::tempdir().unwrap();
    let to = elsewhere.path().join("gathered");
    let partial = elsewhere.path().join("gathered.partial");
    fs::create_dir(&partial).unwrap();
    fs::write(partial.join("thesis"), "mine").unwrap();
    let refused = export(&narrow, &host, &to, &[]).failed();
    assert!(
        refused.contains("gathered.partial` is there already"),
        "{refused}"
    );
    assert!(partial.join("thesis").exists());
    fs::rename(partial.join("thesis"), partial.join("receipt.json")).unwrap();
    fs::create_dir(partial.join("host")).unwrap();
    fs::write(partial.join("host").join("data.secret"), "secret").unwrap();
    // Another export that gathers there at this time keeps what it has.
    let other = fs::File::open(&partial).unwrap();
    other.lock().unwrap();
    let refused = export(&narrow, &host, &to, &[]).failed();
    let expected = format!(
        "error: another export gathers in `{}` at this time\nhint: wait until it is done, or choose another folder",
        partial.display()
    );
    assert_eq!(refused, expected);
    assert!(partial.join("host").join("data.secret").exists());
    drop(other);
    export(&narrow, &host, &to, &[]).done();
    assert!(!partial.exists() && !to.join("host").join("data.secret").exists());
}

#[test]
fn a_host_killed_while_it_keeps_a_setting_has_given_no_verdict_that_names_it() {
    for point in ["BeforeSetting", "SettingKept"] {
        let host = host();
        let folder = host.host();
        let server = Serving::start_failing(folder.root(), &format!("kill {point} 1"));
        eventually("the packs are loaded", || {
            server.get("/api/v1/status")["ready"] == true
        });
        assert!(server.try_send(EXAMPLE).is_none(), "{point}");
        server.killed();
        let journal = fs::read_to_string(folder.journal().join("000001.jsonl")).unwrap();
        assert!(!journal.contains("\"verdict\""), "{point}");
        let server = Serving::start(folder.root(), &[]);
        let given = give(&host, &server, EXAMPLE, "after");
        let told = replay([&given.receipt, &given.request], folder.root(), "1").done();
        assert!(told.contains(": identical, "), "{point}: {told}");
    }
}
