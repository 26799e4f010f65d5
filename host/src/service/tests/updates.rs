//! Packs, updates and the decisions of an administrator, over a real connection.

use serde_json::{Value, json};

use super::server::{Answer, Server};
use super::tokens::token;
use super::*;
use crate::lock::LockedVersion;
use crate::tokens::Role;
use crate::update::course::{Came, Course, Stage, Step};

/// Three versions: in force, waiting, and refused.
fn lock() -> Lock {
    let mut lock = lock_with("1.0.0", State::Active);
    let version = |number: &str, state: State| LockedVersion {
        path: format!("37/limits/{number}.wasm").parse().unwrap(),
        state,
        ..lock.versions[0].clone()
    };
    let waiting = State::Waiting {
        reason: "`host.toml` asks for approval".into(),
    };
    let refused = State::Refused {
        reason: "case `a`: it differs".into(),
    };
    let (waiting, refused) = (version("1.1.0", waiting), version("1.2.0", refused));
    lock.put(LockedVersion {
        mandatory_by: Some("2027-01-01".parse().unwrap()),
        ..waiting
    });
    lock.put(refused);
    lock
}

#[test]
fn each_step_of_an_update_is_told_with_what_came_of_it() {
    let (server, _) = start();
    let (folder, lock) = (server.service.folder(), lock());
    let now = "2026-11-22T01:30:00Z".parse().unwrap();
    let verified = || Stage::at(now, Step::Verify, Came::Passed, "signed by 2");
    let shadow = Stage::at(now, Step::Shadow, Came::Asks, "11 findings changed");
    Course::note(folder, &lock.versions[1], [verified(), shadow]);
    let coming = LockedVersion {
        path: "37/limits/1.3.0.wasm".parse().unwrap(),
        ..lock.versions[0].clone()
    };
    Course::note(folder, &coming, [verified()]);
    let first = json!({"step": "verify", "came": "passed", "at": "2026-11-22T01:30:00Z",
                       "milliseconds": 0, "told": "signed by 2"});
    let updates = server.get("/api/v1/updates").json();
    assert_eq!(
        updates["coming"],
        json!([{"path": "37/limits/1.3.0.wasm", "stages": [first]}])
    );
    assert_eq!(updates["versions"][1].get("stages"), None);
    let stages = &updates["versions"][0]["stages"];
    assert_eq!(stages[0], first);
    assert_eq!(stages[1]["told"], "11 findings changed");
    for address in ["/api/v1/packs", "/api/v1/packs/37/limits"] {
        assert_eq!(server.get(address).json()[1]["stages"], *stages);
    }
}

fn start() -> (Server, String) {
    let server = Server::start();
    lock().write(server.service.folder(), &NoFailures).unwrap();
    server.service.reload().unwrap();
    let (_, administrator) = token(&server, Role::Administrator);
    (server, administrator)
}

fn decide(server: &Server, token: &str, body: &Value) -> Answer {
    let head = [&*server.host(), "content-type: application/json", token];
    let line = "POST /api/v1/packs/37/limits/decisions";
    server.send(line, &head, body.to_string().as_bytes())
}

fn in_force(server: &Server) -> Vec<String> {
    let packs = server.get("/api/v1/packs/37/limits").json();
    let packs = packs.as_array().unwrap().iter();
    // None can be loaded here: what the lock puts in force is then told as broken.
    let broken = packs.filter(|pack| pack["state"] == "broken");
    broken
        .map(|pack| pack["pack"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn updates_tell_what_waits_is_held_refused_or_mandatory() {
    let (server, administrator) = start();
    let updates = server.get("/api/v1/updates").json();
    assert_eq!(
        updates["versions"],
        json!([
            {"pack": "37/limits/1.1.0.wasm", "state": "waiting", "effective_from": "2024-01-01",
             "reason": "`host.toml` asks for approval", "mandatory_by": "2027-01-01"},
            {"pack": "37/limits/1.2.0.wasm", "state": "refused", "effective_from": "2024-01-01",
             "reason": "case `a`: it differs"},
        ])
    );
    assert_eq!(
        updates["warnings"],
        json!([
            "no refresh was ever completed",
            "the file of 37/limits/1.0.0.wasm cannot be read, so it is not used; the next `sync` brings it again",
        ])
    );
    let hold = json!({"decision": "hold", "reason": "等待市局答复"});
    assert_eq!(decide(&server, &administrator, &hold).status, 200);
    let updates = server.get("/api/v1/updates").json();
    assert_eq!(updates["holds"], json!({"37/limits": "等待市局答复"}));
    let packs = server.get("/api/v1/packs").json();
    assert_eq!(packs.as_array().unwrap().len(), 3);
    assert_eq!(packs[1]["mandatory_by"], "2027-01-01");
    assert_eq!(server.get("/api/v1/packs/37/none").status, 404);
}

#[test]
fn an_administrator_approves_rolls_back_holds_and_releases_and_it_is_in_force_when_answered() {
    let (server, administrator) = start();
    let done = |body: Value| {
        let answer = decide(&server, &administrator, &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let decided = answer.json();
        assert_eq!(decided["lock"], server.get("/api/v1/status").json()["lock"]);
        decided
    };
    done(json!({"decision": "approve", "version": "1.1.0"}));
    assert_eq!(in_force(&server), ["37/limits/1.1.0.wasm"]);
    let back = done(json!({"decision": "rollback", "reason": "误报"}));
    assert_eq!(
        (&back["put_aside"], &back["in_force"]),
        (
            &json!("37/limits/1.1.0.wasm"),
            &json!("37/limits/1.0.0.wasm")
        )
    );
    assert_eq!(in_force(&server), ["37/limits/1.0.0.wasm"]);
    done(json!({"decision": "hold", "reason": "误报"}));
    done(json!({"decision": "release"}));
    let lock = Lock::read(server.service.folder()).unwrap();
    assert!(lock.holds.is_empty());
}

#[test]
fn a_decision_that_took_effect_is_answered_so_whatever_else_cannot_be_read() {
    let (server, administrator) = start();
    let approve = json!({"decision": "approve", "version": "1.1.0"});
    assert_eq!(decide(&server, &administrator, &approve).status, 200);
    let host = server.service.folder();
    crate::files::replace(&host.policy(), b"[").unwrap();
    std::fs::remove_dir_all(host.history()).unwrap();
    std::fs::write(host.history(), "no folder").unwrap();
    // Nobody is told to try again what would go back twice.
    let back = json!({"decision": "rollback", "reason": "误报"});
    let answer = decide(&server, &administrator, &back);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["in_force"], "37/limits/1.0.0.wasm");
    assert_eq!(in_force(&server), ["37/limits/1.0.0.wasm"]);
}

#[test]
fn what_no_person_may_decide_is_refused_and_changes_nothing() {
    let (server, administrator) = start();
    let before = Lock::read(server.service.folder()).unwrap();
    for (body, status, title) in [
        (
            json!({"decision": "approve", "version": "1.2.0"}),
            409,
            "`37/limits/1.2.0.wasm` was refused, and cannot be approved: case `a`: it differs",
        ),
        (
            json!({"decision": "rollback", "reason": "误报"}),
            409,
            "nothing below `37/limits/1.0.0.wasm` may be gone back to: no lower version is known",
        ),
        (
            json!({"decision": "release"}),
            404,
            "`a hold of 37/limits` is not in the lock",
        ),
        (json!({"decision": "hold", "reason": " "}), 400, ""),
        (json!({"decision": "hold", "reason": "a\nb"}), 400, ""),
        (
            json!({"decision": "hold", "reason": "因".repeat(501)}),
            400,
            "",
        ),
        (json!({"decision": "approve", "version": "1"}), 400, ""),
        (json!({"decision": "release", "reason": "x"}), 400, ""),
    ] {
        let answer = decide(&server, &administrator, &body);
        assert_eq!(answer.status, status, "{body}");
        let told = answer.json()["title"].as_str().unwrap().to_owned();
        let malformed = "the body is not as described, expected `decision` `hold` or `rollback` with a \
                         `reason`, `approve` with a `version`, or `release`";
        let expected = if title.is_empty() { malformed } else { title };
        assert_eq!(told, expected);
    }
    assert_eq!(Lock::read(server.service.folder()).unwrap(), before);
}
