//! What a call is answered where this host is at fault: by its policy, and never in silence.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::super::REVIEWS_AT_ONCE;
use super::server::Server;
use super::{EXAMPLE, NoFailures, State, lock_with};
use crate::client::{FailurePoint, Failures};

fn with_policy(server: &Server, text: &str) {
    let path = server.service.folder().policy();
    crate::files::replace(&path, text.as_bytes()).unwrap();
    assert!(server.service.reload().unwrap());
}

fn during() -> String {
    EXAMPLE.replacen("3101", "3102", 1)
}

#[test]
fn a_pack_that_cannot_be_loaded_fails_open_or_closed_by_stage() {
    let server = Server::start();
    lock_with("1.0.0", State::Active)
        .write(server.service.folder(), &NoFailures)
        .unwrap();
    with_policy(&server, "[failing]\nduring = \"closed\"\n");
    for (body, infcode) in [(EXAMPLE.to_owned(), 0), (during(), -1)] {
        let answer = server.call(body.as_bytes()).json();
        assert_eq!(answer["infcode"], infcode);
        assert_eq!(answer["err_msg"], "1 packs that cannot be used");
        assert_eq!(
            answer["output"]["rulepack"]["broken"],
            json!([{"pack": "37/limits/1.0.0.wasm", "problem": "unreadable"}])
        );
    }
    let status = server.get("/api/v1/status").json();
    assert_eq!(
        status["policy"]["failing"],
        json!({"before": "open", "during": "closed"})
    );
}

#[test]
fn an_answer_that_takes_too_long_fails_open_or_closed_by_stage() {
    let server = Server::start();
    with_policy(
        &server,
        "answer_within_seconds = 1\n[failing]\nduring = \"closed\"\n",
    );
    // Nobody gets a turn.
    let all = u32::try_from(REVIEWS_AT_ONCE).unwrap();
    let turns = server.service.turns.try_acquire_many(all).unwrap();
    let expected = "nothing was judged: the answer took too long";
    let answer = server.call(EXAMPLE.as_bytes()).json();
    assert_eq!(
        (&answer["infcode"], &answer["err_msg"]),
        (&json!(0), &json!(expected))
    );
    assert_eq!(answer["output"]["result"], json!([]));
    let answer = server.call(during().as_bytes()).json();
    assert_eq!(
        (&answer["infcode"], &answer["err_msg"]),
        (&json!(-1), &json!(expected))
    );
    drop(turns);
    assert_eq!(server.call(during().as_bytes()).json()["infcode"], 0);
    let counted = "rulepack_requests_total{infno=\"3102\",result=\"failed\"} 1\n";
    assert!(server.get("/metrics").text().contains(counted));
}

#[test]
fn a_policy_that_cannot_be_read_leaves_the_old_one_in_force() {
    let server = Server::start();
    with_policy(&server, "[failing]\nbefore = \"closed\"\n");
    let path = server.service.folder().policy();
    crate::files::replace(&path, b"[failing]\nbefore = \"ajar\"\n").unwrap();
    assert!(!server.service.reload().unwrap());
    let status = server.get("/api/v1/status").json();
    let told = status["faults"][0].as_str().unwrap();
    assert!(told.contains("policy.toml` is not as expected: "), "{told}");
    assert_eq!(status["policy"]["failing"]["before"], "closed");
}

/// A disk that is full for the journal from a moment on.
#[derive(Default)]
pub(super) struct Disk(AtomicBool);

impl Disk {
    /// A server that recorded its start, and whose disk is full now.
    pub(super) fn filled() -> Server {
        let disk = Arc::new(Disk::default());
        let server = Server::start_with(disk.clone());
        // Its packs are loaded while it serves.
        while server.get("/readyz").status != 200 {}
        disk.0.store(true, Ordering::SeqCst);
        server
    }
}

impl Failures for Disk {
    fn reach(&self, point: FailurePoint) -> io::Result<()> {
        match point == FailurePoint::JournalGroup && self.0.load(Ordering::SeqCst) {
            true => Err(io::Error::other("no space left")),
            false => Ok(()),
        }
    }
}

#[test]
fn a_host_that_cannot_record_answers_nothing_and_says_so() {
    let server = Disk::filled();
    let answer = server.call(EXAMPLE.as_bytes()).json();
    // 3101 fails open by default: the order goes on, and the answer says that nothing was judged.
    let expected = "nothing was judged: the verdict cannot be recorded by this host";
    assert_eq!(
        (&answer["infcode"], &answer["err_msg"]),
        (&json!(0), &json!(expected))
    );
    let ready = server.get("/readyz");
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["type"], "urn:rulepack:problem:not-recording");
    assert_eq!(server.get("/healthz").status, 200);
    assert!(
        server
            .get("/metrics")
            .text()
            .contains("rulepack_recording 0\n")
    );
    let native = br#"{"stage": "during", "tables": {"patients": [{"patient": "P1"}]}}"#;
    let head = [&*server.host(), "content-type: application/json"];
    let problem = server.send("POST /api/v1/check", &head, native).json();
    assert_eq!(problem["type"], "urn:rulepack:problem:unjudged");
    assert_eq!(problem["title"], expected);
}
