//! A host as a real process, killed by SIGKILL at every durable step of its journal: every request that was
//! answered is recorded, and what was not is cut with a message.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(all(unix, debug_assertions))]

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use rulepack_host::client::FailurePoint;
use rulepack_host::journal::{Survey, find, verify};

use common::nation::Nation;
use common::{command, rulepack};

const EXAMPLE: &str = include_str!("../examples/3101-order.json");

/// Each point, and whether the entry of the request that meets it survives.
const POINTS: [(FailurePoint, bool); 4] = [
    (FailurePoint::JournalGroup, false),
    (FailurePoint::JournalTorn, false),
    (FailurePoint::JournalWritten, true),
    (FailurePoint::JournalSynced, true),
];

/// A running host.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path, failure: &str) -> Self {
        let mut command = command();
        command.env("RULEPACK_FAILURE_POINT", failure);
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

    /// The number of the answer; `None` where the server went away instead.
    fn call(&self) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let (host, length) = (&self.address, EXAMPLE.len());
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n"
        );
        // One that dies closes the connection at any moment.
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(EXAMPLE.as_bytes());
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        let (_, body) = text.split_once("\r\n\r\n")?;
        let json: serde_json::Value = serde_json::from_str(body).ok()?;
        json["output"]["rulepack"]["receipt"]
            .as_str()
            .map(str::to_owned)
    }

    fn killed(mut self) {
        let status = self.process.wait().unwrap();
        const SIGKILL: i32 = 9;
        assert_eq!(status.signal(), Some(SIGKILL));
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn host(nation: &Nation, name: &str) -> PathBuf {
    let folder = nation.path(name);
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let repository = nation.path("registry/repository");
    rulepack([
        "init",
        "--dir",
        &path(&folder),
        "--root",
        &path(&nation.path("root.json")),
        "--registry",
        &path(&repository),
        "--institution",
        "H37030000001",
        "--division",
        "370303",
    ])
    .done();
    folder
}

fn journal(folder: &Path) -> Survey {
    verify(&folder.join("journal"), None).unwrap().unwrap()
}

#[test]
fn a_host_killed_at_any_point_of_its_journal_has_recorded_whatever_it_answered() {
    let nation = Nation::found();
    for (point, survives) in POINTS {
        let folder = host(&nation, &format!("{point:?}"));
        // The first group is the start of the service, the second the first request.
        let server = Server::start(&folder, &format!("kill {point:?} 3"));
        let answered = server.call().expect("the first request is answered");
        assert_eq!(server.call(), None, "{point:?}");
        server.killed();

        let server = Server::start(&folder, "");
        let again = server.call().unwrap();
        server.kill();
        for answer in [&answered, &again] {
            let found = find(&folder.join("journal"), answer).unwrap();
            found.unwrap().check().unwrap();
        }
        let verified = journal(&folder);
        assert_eq!(verified.verdicts, 2 + u64::from(survives), "{point:?}");
        let torn = point == FailurePoint::JournalTorn;
        assert_eq!(verified.cuts, u64::from(torn), "{point:?}");
    }
}

#[test]
fn a_host_killed_under_load_has_recorded_whatever_it_answered() {
    let nation = Nation::found();
    let folder = host(&nation, "load");
    let mut answered = Vec::new();
    for kill_at in [40, 90] {
        let failure = format!("kill JournalTorn {kill_at}");
        let server = Server::start(&folder, &failure);
        std::thread::scope(|scope| {
            let call = || scope.spawn(|| std::iter::from_fn(|| server.call()).collect());
            let threads: Vec<_> = (0..6).map(|_| call()).collect();
            for thread in threads {
                let mut part: Vec<String> = thread.join().unwrap();
                answered.append(&mut part);
            }
        });
        server.killed();
    }
    Server::start(&folder, "").kill();
    assert!(answered.len() >= 100, "{}", answered.len());
    let verified = journal(&folder);
    assert_eq!((verified.cuts, verified.unsealed_bytes), (2, 0));
    for answer in &answered {
        let found = find(&folder.join("journal"), answer).unwrap();
        assert!(found.is_some(), "{answer}");
    }
}
