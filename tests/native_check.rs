//! The native check with a real pack, as a hospital's program calls it: the same findings as the national
//! transaction gives, for several patients at once, kept, decided on and executed anew.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(unix)]

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use common::nation::{Nation, Registry};
use common::packs::pack;
use common::serving::eventually;
use common::{command, rulepack, workspace};

const NATIVE: &str = include_str!("../examples/check-order.json");
const NATIONAL: &str = include_str!("../examples/3101-order.json");

/// A running host, killed where it is dropped.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut command = command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--dir"]);
        command.arg(folder).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("service at http://");
        let address = address.expect("it says where it serves").to_owned();
        Server { process, address }
    }

    /// The body of the answer, which has the status 200.
    fn send(&self, line: &str, token: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let (host, length) = (&self.address, body.len());
        let head = format!(
            "{line} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n{token}\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{text}");
        body.to_owned()
    }

    fn post(&self, path: &str, body: &str) -> Value {
        serde_json::from_str(&self.send(&format!("POST {path}"), "", body)).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A host that runs the example's pack and knows the example's patient.
fn host(nation: &Nation, registry: &Registry) -> PathBuf {
    nation.publish(&[&pack("chronic-limits")], registry);
    let host = nation.host("host", registry);
    host.sync().done();
    let folder = host.folder().to_owned();
    let history = workspace().join("examples/history");
    let dir = folder.to_str().unwrap();
    rulepack(["import", history.to_str().unwrap(), "--dir", dir]).done();
    folder
}

/// Rule and rows of each finding about a patient.
fn found(findings: &Value, patient: &str) -> Vec<(String, String)> {
    let findings = findings.as_array().unwrap().iter();
    let of_patient = findings.filter(|found| found["offending"][0]["patient"] == patient);
    let told = of_patient.map(|found| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&found["rule"]), text(&found["offending"][0]["key"]))
    });
    told.collect()
}

#[test]
fn several_patients_are_judged_as_by_the_national_transaction_and_executed_anew() {
    let nation = Nation::found();
    let registry = nation.serve();
    let folder = host(&nation, &registry);
    let server = Server::start(&folder);
    let checked = server.post("/api/v1/check", NATIVE);
    let expected = [("CHR-01".to_owned(), "O2026112201".to_owned())];
    assert_eq!(found(&checked["findings"], "P2026000101"), expected);
    let expected = [("CHR-01".to_owned(), "O2026112203".to_owned())];
    assert_eq!(found(&checked["findings"], "P2026000102"), expected);
    // 拦截
    assert_eq!(checked["proceed"], json!(false));
    let national = server.post("/", NATIONAL);
    let of_line = |result: &Value| result["rule_id"] == "CHR-01";
    let result = national["output"]["result"].as_array().unwrap();
    let national = result.iter().find(|result| of_line(result)).unwrap();
    let native = &checked["findings"][0];
    let message = native["message"].as_str().unwrap();
    assert!(national["vola_cont"].as_str().unwrap().ends_with(message));

    let id = native["id"].as_str().unwrap();
    let feedback = json!({"infno": "3103", "msgid": "1", "input": {"data": {"warn_type": "1", "warns": [
        {"warn_rslt_id": id, "dspo_way": "2", "dspo_way_rea": ""},
    ]}}});
    assert_eq!(server.post("/", &feedback.to_string())["infcode"], 0);
    executed_anew(&server, &folder, checked["receipt"].as_str().unwrap());
}

#[test]
fn a_call_finds_an_instance_that_was_made_ready_and_another_is_made_after_its_answer() {
    let nation = Nation::found();
    let registry = nation.serve();
    let server = Server::start(&host(&nation, &registry));
    let is_ready = || {
        let status = server.send("GET /api/v1/status", "", "");
        serde_json::from_str::<Value>(&status).unwrap()["ready"] == true
    };
    eventually("packs are loaded", is_ready);
    let found = || {
        let counts = server.send("GET /metrics", "", "");
        let line = counts
            .lines()
            .find_map(|line| line.strip_prefix("rulepack_instances_total{ready=\"yes\"} "));
        line.unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(found(), 0);
    let first = server.post("/api/v1/check", NATIVE);
    assert_eq!(found(), 1);
    // The second may come before one is made again, and says the same.
    eventually("another is made ready", || {
        let next = server.post("/api/v1/check", NATIVE);
        assert_eq!(next["packs"], first["packs"]);
        found() > 1
    });
}

/// The receipt of the check, replayed on the very bytes and on others.
fn executed_anew(server: &Server, folder: &Path, receipt: &str) {
    let receipt = server.send(&format!("GET /api/v1/receipts/{receipt}"), "", "");
    let (kept, input) = (folder.join("receipt.json"), folder.join("input.json"));
    std::fs::write(&kept, receipt).unwrap();
    std::fs::write(&input, NATIVE).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let arguments = [
        "replay".to_owned(),
        text(&kept),
        "--input".into(),
        text(&input),
        "--dir".into(),
        text(folder),
    ];
    rulepack(&arguments).done();
    std::fs::write(&input, NATIVE.replace("98.00", "97.00")).unwrap();
    let refused = rulepack(&arguments).failed();
    assert!(
        refused.contains("the input is not the one of this receipt"),
        "{refused}"
    );
}
