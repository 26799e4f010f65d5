//! The native check over a real connection. What packs find by it is tested with whole packs beside the command.

use serde_json::{Value, json};

use super::super::REVIEWS_AT_ONCE;
use super::server::Server;
use super::*;

fn body(stage: &str) -> Value {
    json!({"stage": stage, "tables": {
        "patients": [{"patient": "P1"}, {"patient": "P2"}],
        "encounters": [{"encounter": "E1", "patients": "P1", "current": 1}],
        "orders": [{"order": "O1", "encounters": "E1", "amounts": 0.29}],
    }})
}

fn check(server: &Server, body: &[u8]) -> super::server::Answer {
    let head = [&*server.host(), "content-type: application/json"];
    server.send("POST /api/v1/check", &head, body)
}

#[test]
fn a_check_is_answered_recorded_and_counted() {
    let server = Server::start();
    let answer = check(&server, body("before").to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let checked = answer.json();
    assert_eq!(checked["proceed"], true);
    assert_eq!(checked["findings"], json!([]));
    assert_eq!(checked["summary"], "no rule pack looked at this request");
    let receipt = format!("/api/v1/receipts/{}", checked["receipt"].as_str().unwrap());
    let receipt = server.get(&receipt).json();
    assert!(
        receipt.to_string().contains("\"infno\":\"check\""),
        "{receipt}"
    );
    let counted = "rulepack_requests_total{infno=\"check\",result=\"done\"} 1\n";
    assert!(server.get("/metrics").text().contains(counted));
}

#[test]
fn a_check_is_refused_whole_with_the_place_and_without_the_value() {
    let server = Server::start();
    let with = |pointer: &str, value: Value| {
        let mut body = body("before");
        *body.pointer_mut(pointer).unwrap() = value;
        body.to_string().into_bytes()
    };
    for (bytes, title) in [
        (
            b"{".to_vec(),
            "the body is not JSON: wrong at line 1, column 1",
        ),
        (b"\"\xff\"".to_vec(), "the body is not in UTF-8"),
        (
            with("/tables/orders/0/amounts", "张三".into()),
            "`tables.orders[0].amounts` is not a number, expected an amount in CNY with at most \
             2 decimals, such as `12.30`",
        ),
        (
            with("/tables/orders/0/encounters", "张三".into()),
            "a row of the request cannot be used: column `encounters` of `orders`",
        ),
    ] {
        let answer = check(&server, &bytes);
        assert_eq!(answer.status, 400);
        let problem = answer.json();
        assert_eq!(problem["type"], "urn:rulepack:problem:request");
        assert_eq!(problem["title"], title);
    }
    let long = check(&server, &vec![b' '; 8 * 1024 * 1024 + 1]);
    assert_eq!(long.json()["type"], "urn:rulepack:problem:too-large");
}

#[test]
fn what_could_not_be_judged_fails_open_or_closed_by_stage() {
    let server = Server::start();
    lock_with("1.0.0", State::Active)
        .write(server.service.folder(), &NoFailures)
        .unwrap();
    let path = server.service.folder().policy();
    let policy = b"answer_within_seconds = 1\n[failing]\nduring = \"closed\"\n";
    crate::files::replace(&path, policy).unwrap();
    assert!(server.service.reload().unwrap());
    let stages = [("before", true), ("during", false), ("after", true)];
    for (stage, proceed) in stages {
        let checked = check(&server, body(stage).to_string().as_bytes()).json();
        assert_eq!(checked["proceed"], proceed, "{stage}");
        assert_eq!(checked["summary"], "1 packs that cannot be used");
        let broken = json!([{"pack": "37/limits/1.0.0.wasm", "problem": "unreadable"}]);
        assert_eq!(checked["broken"], broken);
    }
    let all = u32::try_from(REVIEWS_AT_ONCE).unwrap();
    let turns = server.service.turns.try_acquire_many(all).unwrap();
    for (stage, proceed) in stages {
        let answer = check(&server, body(stage).to_string().as_bytes());
        let problem = answer.json();
        assert_eq!(
            (answer.status, &problem["type"], &problem["proceed"]),
            (
                503,
                &json!("urn:rulepack:problem:unjudged"),
                &json!(proceed)
            )
        );
        assert_eq!(
            problem["title"],
            "nothing was judged: the answer took too long"
        );
    }
    drop(turns);
}

#[test]
fn history_is_added_unless_the_caller_says_not() {
    let server = Server::start();
    let mut beside = History::open(&server.service.folder().history()).unwrap();
    beside.import(&example_history()).unwrap();
    assert!(server.service.reload().unwrap());
    // A line that belongs to an encounter which this host alone knows.
    let request = |history: bool| {
        json!({"stage": "before", "history": history, "tables": {
            "patients": [{"patient": "P2026000101"}],
            "encounters": [{"encounter": "E1", "patients": "P2026000101", "current": 1}],
            "orders": [{"order": "NEW", "encounters": "M2026110101"}],
        }})
    };
    for (history, status) in [(true, 200), (false, 400)] {
        let answer = check(&server, request(history).to_string().as_bytes());
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}
