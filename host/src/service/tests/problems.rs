//! Every kind of problem, provoked on a running server, and found in the description where it happened.

use std::collections::BTreeSet;
use std::fs;

use super::super::REVIEWS_AT_ONCE;
use super::server::{Answer, Server};
use super::tokens::token;
use super::*;
use crate::service::document::document;
use crate::service::kind::Kind;
use crate::tokens::Role;

/// Where a problem is provoked: method and described address; and the answer.
type Provoked = (&'static str, &'static str, Answer);

const CHECK: &str = "/api/v1/check";
const DECIDE: &str = "/api/v1/packs/{name_space}/{name}/decisions";
const DECISIONS: &str = "/api/v1/packs/37/limits/decisions";
const JSON: &str = "content-type: application/json";

/// Happen only where this program or the machine is at fault in ways that no request brings about.
const NEVER_PROVOKED: [&str; 2] = ["internal", "timeout"];

#[test]
fn every_kind_of_problem_happens_and_is_described_where_it_does() {
    let description = document();
    let mut happened = BTreeSet::new();
    for (method, path, answer) in of_requests().into_iter().chain(of_this_host()) {
        let media_type = "content-type: application/problem+json";
        assert!(answer.head.contains(media_type), "{}", answer.head);
        assert!(answer.head.contains("cache-control: no-store"));
        let problem = answer.json();
        assert_eq!(problem["status"], answer.status);
        let status = answer.status.to_string();
        let response = &description["paths"][path][method]["responses"][&status];
        let types = &response["content"]["application/problem+json"]["schema"]["allOf"][1];
        let types = types["properties"]["type"]["enum"].as_array();
        let types = types.unwrap_or_else(|| panic!("{method} {path} {problem}"));
        assert!(
            types.contains(&problem["type"]),
            "{method} {path} {problem}"
        );
        let kind = problem["type"].as_str().unwrap();
        happened.insert(kind.rsplit(':').next().unwrap().to_owned());
    }
    let known = Kind::ALL.iter().map(|kind| kind.word.to_owned());
    let mut known: BTreeSet<String> = known.collect();
    for word in NEVER_PROVOKED {
        assert!(known.remove(word));
    }
    assert_eq!(happened, known);
}

#[test]
fn every_kind_of_problem_stands_in_the_documentation() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/HOST-API.md");
    let page = fs::read_to_string(page).unwrap();
    for kind in Kind::ALL {
        let row = format!("| `{}` | {} | {} |", kind.word, kind.status, kind.meaning);
        assert!(page.contains(&row), "{row}");
    }
}

fn of_requests() -> Vec<Provoked> {
    let server = Server::start();
    let held = State::Held {
        reason: "looking into it".into(),
    };
    lock_with("1.0.0", held)
        .write(server.service.folder(), &NoFailures)
        .unwrap();
    let host = server.host();
    let (_, auditor) = token(&server, Role::Auditor);
    let (_, administrator) = token(&server, Role::Administrator);
    let get = |path: &str, head: &[&str]| server.send(&format!("GET {path}"), head, b"");
    let post = |path: &str, head: &[&str], body: &str| {
        server.send(&format!("POST {path}"), head, body.as_bytes())
    };
    let decide = |body: &str| post(DECISIONS, &[&host, JSON, &administrator], body);
    let foreign = ["host: attacker.example"];
    let unknown = [host.as_str(), "authorization: Bearer rulepack_0"];
    let rollback = r#"{"decision": "rollback", "reason": "wrong"}"#;
    vec![
        ("post", CHECK, post(CHECK, &[&host, JSON], "{")),
        ("post", CHECK, post(CHECK, &[&host], "{}")),
        ("post", DECIDE, decide(&" ".repeat(16 * 1024 + 1))),
        ("post", DECIDE, decide(rollback)),
        (
            "post",
            DECIDE,
            decide(r#"{"decision": "approve", "version": "9.0.0"}"#),
        ),
        ("get", "/api/v1/status", get("/api/v1/status", &unknown)),
        ("get", "/api/v1/findings", get("/api/v1/findings", &[&host])),
        (
            "get",
            "/api/v1/findings",
            get("/api/v1/findings?patient=P1", &[&host, &auditor]),
        ),
        (
            "get",
            "/api/v1/packs/{name_space}/{name}",
            get("/api/v1/packs/%ff/x", &[&host]),
        ),
        ("get", "/healthz", get("/healthz", &foreign)),
        (
            "post",
            "/",
            post("/", &[&host, JSON, "origin: https://attacker.example"], ""),
        ),
        ("get", "/healthz", post("/healthz", &[&host], "")),
    ]
}

fn of_this_host() -> Vec<Provoked> {
    let server = Server::start();
    let folder = server.service.folder().clone();
    let host = server.host();
    let check = || {
        let body = br#"{"stage": "before", "tables": {"patients": [{"patient": "P1"}]}}"#;
        server.send("POST /api/v1/check", &[&host, JSON], body)
    };
    // Nobody gets a turn.
    crate::files::replace(&folder.policy(), b"answer_within_seconds = 1\n").unwrap();
    server.service.reload().unwrap();
    let all = u32::try_from(REVIEWS_AT_ONCE).unwrap();
    let turns = server.service.turns.try_acquire_many(all).unwrap();
    let mut provoked = vec![("post", CHECK, check())];
    drop(turns);
    server.service.ready.store(false, Ordering::Release);
    provoked.push(("get", "/readyz", server.get("/readyz")));
    crate::files::replace(&folder.lock(), b"[").unwrap();
    provoked.push(("get", "/api/v1/updates", server.get("/api/v1/updates")));
    crate::files::replace(&folder.tokens(), b"{").unwrap();
    provoked.push(("post", CHECK, check()));
    let full = super::failing::Disk::filled();
    full.call(EXAMPLE.as_bytes());
    provoked.push(("get", "/readyz", full.get("/readyz")));
    provoked
}
