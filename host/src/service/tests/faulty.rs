//! A service on files that are damaged or cannot be read: it serves with what is good, and says what is wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::decisions::{ID, finding};
use super::server::Server;
use super::{EXAMPLE, NoFailures, State, lock_with};
use crate::files;
use crate::findings::{FindingId, Findings};
use crate::lock::Lock;
use crate::settings::HostFolder;
use crate::tokens::{Role, Tokens};

fn faults(server: &Server) -> Vec<String> {
    let status = server.get("/api/v1/status").json();
    let faults = serde_json::from_value(status["faults"].clone()).unwrap();
    let counted = |faults: &Vec<String>| format!("rulepack_faults {}\n", faults.len());
    let page = server.get("/status").text();
    assert_eq!(page.matches("故障 · fault").count(), Vec::len(&faults));
    assert!(server.get("/metrics").text().contains(&counted(&faults)));
    faults
}

fn answers(server: &Server) -> Value {
    server.call(EXAMPLE.as_bytes()).json()["infcode"].clone()
}

#[test]
fn a_host_in_order_has_no_faults() {
    assert_eq!(faults(&Server::start()), Vec::<String>::new());
}

#[test]
fn a_policy_that_cannot_be_read_at_the_start_softens_nothing_and_is_told() {
    let server = Server::start_after(|host| {
        files::replace(&host.policy(), b"[failing]\nbefore = \"ajar\"\n").unwrap();
    });
    assert_eq!(answers(&server), 0);
    let told = faults(&server);
    let end = "; nothing is softened, and calls fail open until it is mended";
    assert!(
        told[0].contains("policy.toml` is not as expected: "),
        "{told:?}"
    );
    assert!(told[0].ends_with(end), "{told:?}");
    // Until one was read, none stays in force.
    assert!(!server.service.reload().unwrap());
    assert_eq!(faults(&server), told);
    files::replace(
        &server.service.folder().policy(),
        b"[failing]\nbefore = \"closed\"\n",
    )
    .unwrap();
    assert!(server.service.reload().unwrap());
    assert_eq!(faults(&server), Vec::<String>::new());
}

#[test]
fn a_policy_that_cannot_be_read_keeps_no_lock_from_being_taken_up() {
    let server = Server::start();
    let host = server.service.folder();
    files::replace(&host.policy(), b"[").unwrap();
    let reason = "withdrawn".to_owned();
    let lock = lock_with("1.0.0", State::Refused { reason });
    lock.write(host, &NoFailures).unwrap();
    assert!(server.service.reload().unwrap());
    let status = server.get("/api/v1/status").json();
    assert_eq!(status["lock"], lock.digest().to_string());
    let told = faults(&server);
    assert!(
        told[0].ends_with("; the policy before it stays in force"),
        "{told:?}"
    );
}

#[test]
fn a_policy_that_cannot_be_read_hides_neither_a_lock_nor_history_that_cannot_be_read() {
    let server = Server::start();
    let host = server.service.folder();
    for path in [host.policy(), host.lock()] {
        files::replace(&path, b"[").unwrap();
    }
    let away = host.root().join("away");
    fs::rename(host.history(), &away).unwrap();
    fs::write(host.history(), "no folder").unwrap();
    server.service.reload().unwrap_err();
    let told = faults(&server);
    let ends = [
        "; the history before it goes on to be looked at",
        "; the lock before it stays in force",
        "; the policy before it stays in force",
    ];
    assert_eq!(told.len(), ends.len(), "{told:?}");
    for (told, end) in told.iter().zip(ends) {
        assert!(told.ends_with(end), "{told}");
    }
    for path in [host.policy(), host.lock(), host.history()] {
        fs::remove_file(path).unwrap();
    }
    fs::rename(&away, host.history()).unwrap();
    server.service.reload().unwrap();
    assert_eq!(faults(&server), Vec::<String>::new());
}

#[test]
fn a_damaged_lock_is_the_last_one_again_at_the_start_and_while_serving() {
    let lock = lock_with("1.0.0", State::Active);
    let server = Server::start_after(|host| {
        lock.write(host, &NoFailures).unwrap();
        fs::write(host.lock(), "{").unwrap();
    });
    let end = "; the lock that was put in force last stands in its place";
    assert!(faults(&server)[0].ends_with(end));
    let host = server.service.folder();
    assert_eq!(Lock::read(host).unwrap(), lock);
    fs::remove_file(host.lock()).unwrap();
    assert!(!server.service.reload().unwrap());
    assert_eq!(Lock::read(host).unwrap(), lock);
    assert_eq!(
        server.get("/api/v1/status").json()["lock"],
        lock.digest().to_string()
    );
    assert!(faults(&server)[0].ends_with(end));
    // It is whole now.
    assert!(!server.service.reload().unwrap());
    assert_eq!(faults(&server), Vec::<String>::new());
    let warnings = server.get("/api/v1/updates").json()["warnings"].clone();
    let digest = lock.digest();
    let told = format!(
        "a damaged lock was set aside as `lock.json.damaged`; in force is the lock `{digest}`"
    );
    assert!(
        warnings.as_array().unwrap().contains(&json!(told)),
        "{warnings}"
    );
}

#[test]
fn a_damaged_line_of_findings_stops_nobody_and_the_others_are_found() {
    let later = FindingId {
        answer: ID.answer + 1,
        place: 0,
    };
    let server = Server::start_after(|host| {
        let findings = Findings::open(host).unwrap();
        for id in [ID, later] {
            findings.keep(vec![finding(id)]).unwrap();
        }
        damage_first_line(host);
    });
    assert_eq!(answers(&server), 0);
    let told = "`findings/2026-11.log` has 1 damaged lines, the first is line 1";
    assert_eq!(faults(&server), [told]);
    let decided = |id: FindingId| {
        let warning = json!({"warn_rslt_id": id.to_string(), "dspo_way": "2"});
        let body = super::decisions::feedback("1", &warning);
        server.call(body.as_bytes()).json()["infcode"].clone()
    };
    assert_eq!((decided(ID), decided(later)), (json!(-1), json!(0)));
    let aside = server.service.folder().findings().join("2026-11.damaged");
    assert!(aside.exists());
}

fn damage_first_line(host: &HostFolder) {
    let path = host.findings().join("2026-11.log");
    let mut bytes = fs::read(&path).unwrap();
    bytes[10] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn t15_tokens_that_cannot_be_read_at_the_start_let_nobody_in_and_need_no_new_start() {
    let mut shown = String::new();
    let server = Server::start_after(|host| {
        let today = "2026-11-22".parse().unwrap();
        shown = Tokens::make(&host.tokens(), Role::His, "HIS", today)
            .unwrap()
            .1;
        fs::set_permissions(host.tokens(), fs::Permissions::from_mode(0o644)).unwrap();
    });
    let header = format!("authorization: Bearer {shown}");
    let ask = |head: &[&str]| {
        let host = server.host();
        let head = [&[&*host, "content-type: application/json"], head].concat();
        server.send("POST /", &head, EXAMPLE.as_bytes())
    };
    for head in [&[][..], &[&*header]] {
        let answer = ask(head);
        assert_eq!(answer.status, 503);
        assert_eq!(
            answer.json()["err_msg"],
            "the tokens of this host cannot be read"
        );
    }
    assert_eq!(server.get("/api/v1/status").status, 503);
    assert_eq!(server.get("/healthz").status, 200);
    // Beyond loopback as well: what is not read opens nothing.
    let everywhere = "0.0.0.0:8480".parse().unwrap();
    server.service.may_listen(everywhere).unwrap();
    let tokens = server.service.folder().tokens();
    fs::set_permissions(tokens, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(ask(&[&header]).status, 200);
    assert_eq!(ask(&[]).status, 401);
}

#[test]
fn t10_where_what_a_verdict_rests_on_cannot_be_kept_none_is_given_and_it_is_told_until_it_can() {
    let server = Server::start_after(|host| fs::write(host.kept(), "no folder").unwrap());
    let answer = server.call(EXAMPLE.as_bytes()).json();
    let expected = "nothing was judged: the verdict cannot be recorded by this host";
    assert_eq!(answer["err_msg"], expected);
    let told = faults(&server);
    let end = "; no verdict that rests on it is given until it can be used";
    assert!(told[0].ends_with(end), "{told:?}");
    let host = server.service.folder();
    let journal = || fs::read_to_string(host.journal().join("000001.jsonl")).unwrap();
    let reason = "\"reason\":\"the verdict cannot be recorded by this host\"";
    assert!(journal().contains(reason) && !journal().contains("\"verdict\":"));
    fs::remove_file(host.kept()).unwrap();
    let answer = server.call(EXAMPLE.as_bytes()).json();
    assert_eq!(answer["err_msg"], "no rule pack looked at this request");
    assert_eq!(faults(&server), Vec::<String>::new());
    assert!(journal().contains("\"verdict\":"));
    // What was kept before is enough for the next verdict.
    let host = server.service.folder();
    files::replace(&host.policy(), b"[failing]\nbefore = \"closed\"\n").unwrap();
    server.service.reload().unwrap();
    let away = host.root().join("away");
    fs::rename(host.kept(), &away).unwrap();
    fs::write(host.kept(), "no folder").unwrap();
    answers(&server);
    assert!(faults(&server)[0].ends_with(end));
    // Which holds no more once no verdict would rest on it.
    fs::remove_file(host.policy()).unwrap();
    server.service.reload().unwrap();
    assert_eq!(faults(&server), Vec::<String>::new());
    assert_eq!(answers(&server), 0);
}
