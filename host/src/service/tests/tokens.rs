//! Tokens and roles over a real connection.

use serde_json::json;

use super::EXAMPLE;
use super::decisions::{feedback, keep};
use super::server::Server;
use crate::tokens::{Role, Tokens};

pub(super) fn token(server: &Server, role: Role) -> (String, String) {
    let path = server.service.folder().tokens();
    let today = "2026-11-22".parse().unwrap();
    let (token, text) = Tokens::make(&path, role, "test", today).unwrap();
    (token.id, format!("authorization: Bearer {text}"))
}

fn post(server: &Server, token: Option<&str>) -> super::server::Answer {
    let host = server.host();
    let mut head = vec![host.as_str(), "content-type: application/json"];
    head.extend(token);
    server.send("POST /", &head, EXAMPLE.as_bytes())
}

fn get(server: &Server, path: &str, token: &str) -> super::server::Answer {
    server.send(&format!("GET {path}"), &[&server.host(), token], b"")
}

#[test]
fn without_tokens_only_the_role_of_the_his_is_open() {
    let server = Server::start();
    assert_eq!(post(&server, None).status, 200);
    assert_eq!(server.get("/metrics").status, 200);
    let answer = server.get("/api/v1/findings");
    assert_eq!(answer.status, 403);
    assert!(
        answer
            .head
            .contains("content-type: application/problem+json")
    );
    assert_eq!(
        answer.json(),
        json!({
            "type": "urn:rulepack:problem:role",
            "title": "the token has another role than this address asks for",
            "status": 403,
        })
    );
    // A wrong token is worse than none.
    assert_eq!(
        post(&server, Some("authorization: Bearer rulepack_0")).status,
        401
    );
}

#[test]
fn each_address_asks_for_its_role_and_a_revoked_token_is_refused_at_once() {
    let server = Server::start();
    let (_, auditor) = token(&server, Role::Auditor);
    let (_, administrator) = token(&server, Role::Administrator);
    // The HIS has no token yet, so nothing changes for it.
    assert_eq!(post(&server, None).status, 200);
    let (id, his) = token(&server, Role::His);
    let answer = post(&server, None);
    assert_eq!(answer.status, 401);
    assert!(answer.head.contains("www-authenticate: bearer"));
    let expected = "expected `Authorization: Bearer` with a token of this host";
    assert_eq!(
        (&answer.json()["infcode"], &answer.json()["err_msg"]),
        (&json!(-1), &json!(expected))
    );
    assert_eq!(post(&server, Some(&his)).status, 200);
    assert_eq!(post(&server, Some(&auditor)).status, 403);
    for (path, token, status) in [
        ("/api/v1/findings", &auditor, 200),
        ("/api/v1/findings", &administrator, 403),
        ("/api/v1/findings", &his, 403),
        ("/api/v1/status", &administrator, 200),
        ("/metrics", &auditor, 200),
    ] {
        assert_eq!(get(&server, path, token).status, status, "{path}");
    }
    assert_eq!(server.get("/status").status, 401);
    assert_eq!(server.get("/healthz").status, 200);
    Tokens::revoke(&server.service.folder().tokens(), &id).unwrap();
    assert_eq!(post(&server, Some(&his)).status, 401);
}

#[test]
fn tokens_that_cannot_be_read_open_nothing() {
    let server = Server::start();
    // It serves: with such tokens it would not begin to.
    assert_eq!(server.get("/healthz").status, 200);
    crate::files::replace(&server.service.folder().tokens(), b"{").unwrap();
    let answer = post(&server, None);
    assert_eq!(answer.status, 503);
    let expected = "the tokens of this host cannot be read";
    assert_eq!(answer.json()["err_msg"], expected);
    assert_eq!(server.get("/api/v1/status").status, 503);
}

#[test]
fn an_auditor_finds_what_was_found_and_decided_also_as_an_inert_table() {
    let server = Server::start();
    keep(&server);
    let (_, auditor) = token(&server, Role::Auditor);
    let id = super::decisions::ID.to_string();
    let warning = json!({"warn_rslt_id": id, "dspo_way": "1", "dspo_way_rea": "=病情,需要"});
    assert_eq!(
        server.call(feedback("1", &warning).as_bytes()).json()["infcode"],
        0
    );
    let found = get(
        &server,
        "/api/v1/findings?rule=LIM-01&doctor=%3DD1",
        &auditor,
    )
    .json();
    assert_eq!(found[0]["id"], id);
    assert_eq!(found[0]["encounter"], "E1");
    assert_eq!(found[0]["decision"]["way"], "continued");
    assert_eq!(
        get(&server, "/api/v1/findings?encounter=E2", &auditor).json(),
        json!([])
    );
    let all = "pack=37/limits&version=1.0.0&stage=before&certainty=violation&action=review&\
               decision=continued&from=2026-11-22&to=2026-11-22&before=000000000000990000&limit=1";
    let found = get(&server, &format!("/api/v1/findings?{all}"), &auditor);
    assert_eq!(found.json()[0]["id"], id, "{}", found.text());
    let table = get(&server, "/api/v1/findings?format=csv", &auditor);
    assert!(table.head.contains("content-type: text/csv"));
    let text = table.text();
    let row = text.lines().nth(1).unwrap();
    assert!(
        row.contains(",123.00,P1,E1,内科,'=D1,超量,continued,\"'=病情,需要\""),
        "{row}"
    );
    let answer = get(&server, "/api/v1/findings?patient=P1", &auditor);
    assert_eq!(
        (answer.status, answer.json()["type"].clone()),
        (400, json!("urn:rulepack:problem:query"))
    );
}
