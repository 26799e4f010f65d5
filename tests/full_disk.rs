//! A disk that is full while a hospital's server runs: the system refuses to let its files grow. What asks
//! meanwhile is answered by the hospital's policy and told so; nothing torn stays; and once there is room the
//! same process goes on.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::nation::{Host, Nation};
use common::packs::pack;
use common::serving::{EXAMPLE, eventually};
use common::{rulepack, today};
use rulepack_host::journal::{entries_in, find, verify};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

/// A server whose files the system can keep from growing.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        // A refused write is to be an error, as on a full disk, and not a signal.
        let program = env!("CARGO_BIN_EXE_rulepack");
        let script = "trap '' XFSZ; exec \"$0\" \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, program]);
        command.args(["serve", "--listen", "127.0.0.1:0", "--dir"]);
        command.arg(folder).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("service at ").unwrap().to_owned();
        let server = Server { process, address };
        eventually("ready", || server.status("/readyz") == 200);
        server
    }

    /// No file of the server grows beyond so many bytes from now on.
    fn limit(&self, bytes: Option<u64>) {
        let pid = Pid::from_child(&self.process);
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(pid), Resource::Fsize, limit).unwrap();
    }

    fn post(&self, request: &str) -> Value {
        let sent = ureq::post(format!("{}/", self.address))
            .header("content-type", "application/json")
            .send(request);
        let bytes = sent.unwrap().body_mut().read_to_vec().unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    fn status(&self, path: &str) -> u16 {
        match ureq::get(format!("{}{path}", self.address)).call() {
            Ok(answer) => answer.status().as_u16(),
            Err(ureq::Error::StatusCode(status)) => status,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Where it ended by itself there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn host(nation: &Nation) -> Host {
    let registry = nation.serve();
    nation.publish(&[&pack("chronic-limits")], &registry);
    let host = nation.host("host", &registry);
    host.sync().done();
    let policy = "[failing]\nbefore = \"open\"\nduring = \"closed\"\n";
    fs::write(host.folder().join("policy.toml"), policy).unwrap();
    host
}

/// An order that lasts too long.
fn request() -> String {
    let mut request: Value = serde_json::from_str(EXAMPLE).unwrap();
    let encounter = &mut request["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0];
    for order in encounter["fsi_order_dtos"].as_array_mut().unwrap() {
        order["prd_days"] = "100".into();
    }
    request.to_string()
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

fn receipt(answer: &Value) -> String {
    let receipt = answer["output"]["rulepack"]["receipt"].as_str();
    receipt.unwrap().to_owned()
}

fn findings_of(folder: &Path) -> PathBuf {
    let month = &today().to_string()[..7];
    folder.join(format!("findings/{month}.log"))
}

#[test]
fn a_server_on_a_full_disk_answers_by_policy_and_goes_on_by_itself() {
    let nation = Nation::found();
    let host = host(&nation);
    let server = Server::start(host.folder());
    let request = request();
    let first = server.post(&request);
    assert!(!first["output"]["result"].as_array().unwrap().is_empty());

    // Half a group fits.
    let journal = host.folder().join("journal");
    let file = journal.join("000001.jsonl");
    let before = fs::read(&file).unwrap();
    server.limit(Some(length(&file) + 300));
    let said = "nothing was judged: the verdict cannot be recorded by this host";
    for (request, infcode) in [
        (request.clone(), 0),
        (request.replacen("\"3101\"", "\"3102\"", 1), -1),
    ] {
        let answer = server.post(&request);
        assert_eq!(
            (&answer["infcode"], &answer["err_msg"]),
            (&json!(infcode), &json!(said))
        );
    }
    assert_eq!(
        (server.status("/readyz"), server.status("/healthz")),
        (503, 200)
    );
    let status = verify(&journal, None).unwrap().unwrap();
    assert!(status.verdicts == 1 && fs::read(&file).unwrap().starts_with(&before));

    server.limit(None);
    // Nobody has to ask for it.
    eventually("recording", || server.status("/readyz") == 200);
    let second = server.post(&request);
    assert_eq!(
        second["output"]["result"].as_array().map(Vec::len),
        first["output"]["result"].as_array().map(Vec::len)
    );
    for answer in [&first, &second] {
        assert!(find(&journal, &receipt(answer)).unwrap().is_some());
    }
    drop(server);
    let verified = verify(&journal, None).unwrap().unwrap();
    assert_eq!((verified.verdicts, verified.interruptions), (2, 1));
    assert_eq!((verified.cuts, verified.unsealed_bytes), (0, 0));
    let mut lost = 0;
    entries_in(&journal, 0..i64::MAX, |entry| {
        if let rulepack_host::journal::Event::Interrupted { unrecorded, .. } = entry.event {
            lost += unrecorded;
        }
    })
    .unwrap();
    // Each of the two is recorded as a verdict and, in vain, as one that was not reviewed.
    assert!(lost >= 2, "{lost}");
    // It starts on what it left.
    Server::start(host.folder()).post(&request);
}

#[test]
fn findings_that_could_not_be_kept_are_told_and_the_next_ones_are_kept() {
    let nation = Nation::found();
    let host = host(&nation);
    let request = request();
    let server = Server::start(host.folder());
    for _ in 0..12 {
        server.post(&request);
    }
    drop(server);
    // A journal begins anew, so that the file of findings is the longest one.
    let journal = host.folder().join("journal");
    fs::rename(&journal, nation.path("journal-before")).unwrap();
    let server = Server::start(host.folder());
    let findings = findings_of(host.folder());
    let kept = fs::read(&findings).unwrap();
    server.limit(Some(length(&findings) + 100));
    let answer = server.post(&request);
    let said = "the findings could not be kept: no 3103 can refer to them";
    assert_eq!(
        (&answer["infcode"], &answer["err_msg"]),
        (&json!(0), &json!(said))
    );
    assert!(!answer["output"]["result"].as_array().unwrap().is_empty());
    assert_eq!(fs::read(&findings).unwrap(), kept);

    server.limit(None);
    let answer = server.post(&request);
    assert_eq!(answer["err_msg"], "");
    let id = &answer["output"]["result"][0]["jr_id"];
    let decide = |server: &Server| {
        let warning = json!({"warn_rslt_id": id, "dspo_way": "1", "dspo_way_rea": "病情需要"});
        let data = json!({"warn_type": "1", "warns": [warning]});
        let feedback = json!({"infno": "3103", "msgid": "1", "input": {"data": data}});
        server.post(&feedback.to_string())["infcode"] == 0
    };
    assert!(decide(&server));
    drop(server);
    assert!(decide(&Server::start(host.folder())));
    let told = rulepack([
        "journal",
        "verify",
        "--dir",
        host.folder().to_str().unwrap(),
    ])
    .done();
    assert!(!told.contains("warnings"), "{told}");
}
