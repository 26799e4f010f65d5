//! The service over a real connection, without packs: envelope, refusals, limits, counts and what never
//! leaves. What packs find is tested with whole packs beside the command.

mod air_gap;
mod canary;
mod check;
mod conforms;
mod decisions;
mod described;
mod failing;
mod faulty;
mod problems;
mod receipts;
mod reload;
pub(super) mod server;
mod tokens;
mod updates;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::client::NoFailures;
use crate::lock::{LockedVersion, State};
use crate::update::{UpdateError, UpdateReport};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::tuf;
use server::Server;

const EXAMPLE: &str = include_str!("../../../../examples/3101-order.json");

fn example_history() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/history")
}

fn lock_with(number: &str, state: State) -> Lock {
    let mut lock = Lock::default();
    lock.put(LockedVersion {
        path: format!("37/limits/{number}.wasm").parse().unwrap(),
        digest: Digest::of(number.as_bytes()),
        effective: tuf::Effective {
            from: "2024-01-01".parse().unwrap(),
            to: None,
        },
        known_from: "2024-01-01".parse().unwrap(),
        retroactive: false,
        jurisdictions: vec!["37".parse().unwrap()],
        channel: tuf::Channel::Stable,
        status: tuf::Status::Active,
        mandatory_by: None,
        for_versions: None,
        state,
    });
    lock
}

#[test]
fn the_example_is_answered_in_the_national_envelope_at_both_addresses() {
    let server = Server::start();
    for path in ["/", "/fsi/api/rsfComIfsService/callService"] {
        let answer = server.send(
            &format!("POST {path}"),
            &[&server.host(), "content-type: application/json"],
            EXAMPLE.as_bytes(),
        );
        assert_eq!(answer.status, 200);
        let json = answer.json();
        assert_eq!(json["infcode"], 0);
        assert_eq!(json["output"]["result"], serde_json::json!([]));
        assert_eq!(json["err_msg"], "no rule pack looked at this request");
        assert_eq!(json["output"]["rulepack"]["packs"], serde_json::json!([]));
        assert_eq!(json["refmsg_time"], "20261122093100250");
        let id = json["inf_refmsgid"].as_str().unwrap();
        assert!(id.starts_with("37030320261122093100"), "{id}");
        assert_eq!(id.len(), 30);
    }
}

#[test]
fn gbk_comes_back_as_gbk() {
    let server = Server::start();
    let body = crate::data::national::Charset::Gbk.encode(EXAMPLE);
    assert!(String::from_utf8(body.clone()).is_err());
    for content_type in [
        "content-type: application/json",
        "content-type: application/json; charset=GBK",
    ] {
        let answer = server.send("POST /", &[&server.host(), content_type], &body);
        assert_eq!(answer.json()["infcode"], 0);
        let expected = "content-type: application/json; charset=gbk";
        assert!(answer.head.contains(expected), "{}", answer.head);
    }
}

#[test]
fn what_is_wrong_with_a_request_is_said_in_the_envelope() {
    let server = Server::start();
    for (body, expected) in [
        ("{", "the body is not JSON: wrong at line 1, column 1"),
        (
            &*EXAMPLE.replacen("\"3101\"", "\"3104\"", 1),
            "`infno` is something else, expected `3101`, `3102` or `3103` (or what the region calls them)",
        ),
        (
            &*EXAMPLE.replacen("\"brdy\": \"1965-03-08\"", "\"brdy\": \"1965-13-08\"", 1),
            "`input.data.patient_dtos[0].brdy` is not a date, expected a day such as `2026-11-22`, not \
             after the admission",
        ),
    ] {
        let answer = server.call(body.as_bytes());
        assert_eq!(answer.status, 200);
        let json = answer.json();
        assert_eq!(json["infcode"], -1);
        assert_eq!(json["output"], serde_json::Value::Null);
        assert_eq!(json["err_msg"], expected);
    }
    let answer = server.call(b"\xff\xff\xff");
    let expected = "the body is neither in UTF-8 nor in GBK, expected one of them";
    assert_eq!(answer.json()["err_msg"], expected);
}

#[test]
fn other_content_types_and_long_bodies_are_refused() {
    let server = Server::start();
    let host = server.host();
    for head in [&[&*host][..], &[&*host, "content-type: text/plain"][..]] {
        let answer = server.send("POST /", head, EXAMPLE.as_bytes());
        assert_eq!(answer.status, 415);
        let expected = "the content type is not `application/json`";
        assert_eq!(answer.json()["err_msg"], expected);
    }
    let long = vec![b' '; 8 * 1024 * 1024];
    let answer = server.call(&long);
    assert_eq!(
        (answer.status, &answer.json()["infcode"]),
        (200, &(-1).into())
    );
    let answer = server.call(&[long, vec![b' ']].concat());
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["err_msg"], "the body is longer than 8 MiB");
}

#[test]
fn a_page_of_another_site_reaches_nothing() {
    let server = Server::start();
    for (host, origin, status) in [
        ("evil.example", None, 421),
        ("127.0.0.1", None, 421),
        ("his.example:443", None, 200),
        ("his.example:443", Some("https://his.example:443"), 200),
        ("his.example:443", Some("https://evil.example"), 403),
        ("his.example:443", Some("null"), 403),
    ] {
        let mut head = vec![
            format!("host: {host}"),
            "content-type: application/json".into(),
        ];
        head.extend(origin.map(|origin| format!("origin: {origin}")));
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        let answer = server.send("POST /", &head, EXAMPLE.as_bytes());
        assert_eq!(answer.status, status, "{head:?}");
    }
    let answer = server.send("GET /status", &["host: evil.example"], b"");
    assert_eq!(answer.status, 421);
    assert_eq!(
        answer.json()["type"],
        serde_json::json!("urn:rulepack:problem:host")
    );
}

#[test]
fn only_loopback_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let service = Arc::new(server::service(&folder));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime.block_on(async {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        serve(listener, service, std::future::pending()).await
    });
    let error = error.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("`0.0.0.0:"), "{text}");
    assert!(
        text.ends_with("` is not an address of loopback, expected one such as `127.0.0.1:8480`"),
        "{text}"
    );
    assert!(
        error
            .hint()
            .unwrap()
            .contains("`rulepack token new --role his`")
    );
}

#[test]
fn what_could_not_be_judged_is_in_the_answer() {
    let server = Server::start();
    let held = State::Held {
        reason: "looking into it".into(),
    };
    lock_with("1.0.0", held)
        .write(server.service.folder(), &NoFailures)
        .unwrap();
    assert!(server.service.reload().unwrap());
    assert!(!server.service.reload().unwrap());
    let json = server.call(EXAMPLE.as_bytes()).json();
    assert_eq!(json["infcode"], 0);
    assert_eq!(json["err_msg"], "1 packs without a version in force");
    assert_eq!(
        json["output"]["rulepack"]["gaps"],
        serde_json::json!(["37/limits"])
    );

    lock_with("1.0.1", State::Active)
        .write(server.service.folder(), &NoFailures)
        .unwrap();
    server.service.reload().unwrap();
    let json = server.call(EXAMPLE.as_bytes()).json();
    assert_eq!(json["err_msg"], "1 packs that cannot be used");
    assert_eq!(
        json["output"]["rulepack"]["broken"],
        serde_json::json!([{"pack": "37/limits/1.0.1.wasm", "problem": "unreadable"}])
    );
    let status = server.get("/api/v1/status").json();
    assert_eq!(status["packs"][0]["state"], "broken");
    assert_eq!(status["packs"][0]["reason"], "unreadable");
    assert_eq!(status["packs"][0]["in_use"], false);
}

#[test]
fn care_in_another_city_is_judged_by_the_rules_of_this_host_and_told() {
    let server = Server::start();
    for (place, elsewhere) in [("370300", false), ("370303", false), ("370100", true)] {
        let told = format!("\"mdtrtarea_admvs\": \"{place}\"");
        let body = EXAMPLE.replace("\"mdtrtarea_admvs\": \"370300\"", &told);
        let json = server.call(body.as_bytes()).json();
        assert_eq!(json["infcode"], 0);
        let err_msg = json["err_msg"].as_str().unwrap();
        let sentence = "; the place of care is another city than this host's";
        assert_eq!(err_msg.ends_with(sentence), elsewhere, "{err_msg}");
        let marked = &json["output"]["rulepack"]["elsewhere"];
        assert_eq!(marked.as_bool().unwrap_or(false), elsewhere);
    }
}

#[test]
fn a_lock_that_cannot_be_read_leaves_the_old_one_in_force() {
    let server = Server::start();
    let before = server.get("/api/v1/status").json()["lock"].clone();
    crate::files::replace(&server.service.folder().lock(), b"[").unwrap();
    let error = server.service.reload().unwrap_err().to_string();
    assert!(error.contains("lock.json` is not a lock: "), "{error}");
    assert_eq!(server.get("/api/v1/status").json()["lock"], before);
}

#[test]
fn history_that_another_process_imports_is_taken_up() {
    let server = Server::start();
    let mut beside = History::open(&server.service.folder().history()).unwrap();
    let imported = beside.import(&example_history()).unwrap();
    assert!(imported.rejected.is_empty(), "{:?}", imported.rejected);
    assert!(server.service.reload().unwrap());
    let json = server.call(EXAMPLE.as_bytes()).json();
    assert_eq!(json["err_msg"], "no rule pack looked at this request");
    assert_eq!(
        json["output"]["rulepack"]["left_out"],
        serde_json::json!([])
    );
}

#[test]
fn rows_of_history_that_are_left_out_are_counted_by_column() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("patients.csv", "patient\nP2026000101\n");
    write("encounters.csv", "encounter,patients\nE1,P2026000101\n");
    write("orders.csv", "order,encounters\nL1,E1\nL2,E1\n");
    write("institutions.csv", "institution\nH1\n");
    let history = server.service.folder().history();
    let mut beside = History::open(&history).unwrap();
    assert!(beside.import(folder.path()).unwrap().rejected.is_empty());
    // As a segment of another release would be, with a value that this one cannot read.
    crate::history::tests::rewrite(&history, |text| {
        text.replace("\"L1\"", "\"L1\",\"days\":\"unknown\"")
    });
    assert!(server.service.reload().unwrap());
    let json = server.call(EXAMPLE.as_bytes()).json();
    assert_eq!(
        json["err_msg"],
        "no rule pack looked at this request; 1 rows of history left out for `orders.days`"
    );
    assert_eq!(
        json["output"]["rulepack"]["left_out"],
        serde_json::json!([{"table": "orders", "column": "days", "rows": 1}])
    );
}

#[test]
fn metrics_count_calls_by_transaction_and_result() {
    let server = Server::start();
    server.call(EXAMPLE.as_bytes());
    server.call(EXAMPLE.replacen("3101", "3102", 1).as_bytes());
    server.call(EXAMPLE.replacen("brdy", "x", 1).as_bytes());
    server.call(b"{");
    let answer = server.get("/metrics");
    assert!(
        answer
            .head
            .contains("content-type: text/plain; version=0.0.4")
    );
    let text = answer.text();
    for line in [
        "rulepack_requests_total{infno=\"3101\",result=\"done\"} 1\n",
        "rulepack_requests_total{infno=\"3101\",result=\"refused\"} 1\n",
        "rulepack_requests_total{infno=\"3102\",result=\"done\"} 1\n",
        "rulepack_requests_total{infno=\"unread\",result=\"refused\"} 1\n",
        "rulepack_request_seconds_bucket{le=\"+Inf\"} 4\n",
        "rulepack_request_seconds_count 4\n",
        "rulepack_instances_total{ready=\"yes\"} 0\n",
        "rulepack_instances_total{ready=\"no\"} 0\n",
        "rulepack_active_packs 0\n",
        "rulepack_recording 1\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("rulepack_last_refresh_age_seconds"));
}

#[test]
fn pages_are_plain_and_nothing_else_is_there() {
    let server = Server::start();
    let reason = "<script>alert(1)</script>".to_owned();
    lock_with("1.0.0", State::Refused { reason })
        .write(server.service.folder(), &NoFailures)
        .unwrap();
    server.service.reload().unwrap();
    let page = server.get("/status");
    assert!(
        page.head
            .contains("content-security-policy: default-src 'none'; style-src 'self';")
    );
    assert!(page.head.contains("cache-control: no-store"));
    assert!(
        page.text()
            .contains("&lt;script&gt;alert(1)&lt;/script&gt;")
    );
    assert!(!page.text().contains("<script"));
    assert_eq!(server.get("/healthz").text(), "ok\n");
    assert_eq!(server.get("/readyz").status, 200);
    assert_eq!(server.get("/style.css").status, 200);
    assert_eq!(server.get("/nothing").status, 404);
    assert_eq!(server.get("/").status, 405);
}

#[test]
fn a_service_is_ready_only_once_its_packs_are_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let service = server::service(&folder);
    assert!(!Status::of(&service).ready);
    service.warm();
    assert!(Status::of(&service).ready);
}

#[test]
fn updates_that_fail_are_told_and_stop_nothing() {
    let mut server = Server::start();
    // A spelling mistake there is no failure of an update.
    crate::files::replace(&server.service.folder().policy(), b"[").unwrap();
    let tries = Arc::new(AtomicUsize::new(0));
    let (enough, reached) = tokio::sync::oneshot::channel();
    let mut enough = Some(enough);
    let counted = Arc::clone(&tries);
    let pauses: Pauses = Box::new(move |failures| {
        // After the third try, the first that fails, wait for ever.
        if counted.load(Ordering::SeqCst) < 3 {
            assert_eq!(failures, 0);
            return Duration::ZERO;
        }
        assert_eq!(failures, 1);
        if let Some(enough) = enough.take() {
            enough.send(()).unwrap();
        }
        Duration::from_secs(86_400)
    });
    let tried = Arc::clone(&tries);
    let sync = move |service: &Service| match tried.fetch_add(1, Ordering::SeqCst) {
        0 => Ok(None),
        1 => {
            lock_with("2.0.0", State::Active).write(service.folder(), &NoFailures)?;
            Ok(Some(UpdateReport::default()))
        }
        _ => Err(UpdateError::from(LockError::Io {
            path: "lock.json".into(),
            source: io::Error::other("disk full"),
        })),
    };
    let service = Arc::clone(&server.service);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let polling = tokio::spawn(poll(service, pauses, sync));
        reached.await.unwrap();
        polling.abort();
    });
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    let status = server.get("/api/v1/status").json();
    assert_eq!(
        status["last_sync"]["error"],
        "cannot use `lock.json`: disk full"
    );
    assert_eq!(status["last_sync"]["at"], "2026-11-22 09:31:00");
    assert_eq!(status["refresh_age_seconds"], 0);
    assert_eq!(status["packs"][0]["pack"], "37/limits/2.0.0.wasm");
    assert!(
        server
            .get("/status")
            .text()
            .contains("失败 · failed: cannot use")
    );
    assert!(
        server
            .get("/metrics")
            .text()
            .contains("rulepack_last_refresh_age_seconds 0\n")
    );
    assert_eq!(server.call(EXAMPLE.as_bytes()).json()["infcode"], 0);
    assert!(server.stop().unwrap().is_ok());
}
