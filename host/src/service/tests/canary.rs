//! T15: a name and an identity number, fed through every field of a request and through history, appear in
//! no log line, metric or status, in no error, and in no file of the host.

use std::fmt::{self, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::server::Server;
use super::*;

const NAME: &str = "欧阳金丝雀";
const NUMBER: &str = "370303196503081234";

/// All that was logged by any thread of this process.
static LOGGED: Mutex<String> = Mutex::new(String::new());
static INSTALLED: Once = Once::new();

/// Keeps every field of every event and span, of every crate and level.
struct Everything;

struct Line<'l>(&'l mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Line(&mut logged()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut logged()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Line(&mut logged()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn logged() -> std::sync::MutexGuard<'static, String> {
    LOGGED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ways to all values that are no list or object.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| leaves(value, &format!("{path}/{name}"), found)),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .for_each(|(index, value)| leaves(value, &format!("{path}/{index}"), found)),
        _ => found.push(path.to_owned()),
    }
}

fn assert_absent(text: &str, place: &str) {
    assert!(!text.contains(NAME), "name in {place}");
    assert!(!text.contains(NUMBER), "number in {place}");
}

#[test]
fn a_canary_in_any_field_leaves_by_no_side_door() {
    INSTALLED.call_once(|| tracing::subscriber::set_global_default(Everything).unwrap());
    let server = Server::start();
    import_canary(&server);
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let mut paths = Vec::new();
    leaves(&example, "", &mut paths);
    assert!(paths.len() > 80, "{}", paths.len());
    let mut answered = 0;
    for canary in [NAME, NUMBER] {
        for path in &paths {
            let mut request = example.clone();
            *request.pointer_mut(path).unwrap() = canary.into();
            let answer = server.call(request.to_string().as_bytes()).json();
            assert_absent(answer["err_msg"].as_str().unwrap(), path);
            answered += usize::from(answer["infcode"] == 0);
        }
    }
    assert!(answered > 80, "{answered}");
    for page in [
        "/metrics",
        "/api/v1/status",
        "/api/v1/overrides",
        "/status",
        &format!("/api/v1/findings?encounter={NUMBER}"),
    ] {
        assert_absent(&server.get(page).text(), page);
    }
    feed_back_canary(&server);
    let log = logged();
    assert!(log.contains("call answered"));
    assert_absent(&log, "the log");
}

/// The canary in every field of a 3103, and in a reason that is kept.
fn feed_back_canary(server: &Server) {
    super::decisions::keep(server);
    let id = super::decisions::ID.to_string();
    let warning = serde_json::json!({"warn_rslt_id": id, "dspo_way": "1", "dspo_way_rea": NAME});
    let kept: Value = serde_json::from_str(&super::decisions::feedback("1", &warning)).unwrap();
    assert_eq!(
        server.call(kept.to_string().as_bytes()).json()["infcode"],
        0
    );
    let mut paths = Vec::new();
    leaves(&kept, "", &mut paths);
    for canary in [NAME, NUMBER] {
        for path in &paths {
            let mut request = kept.clone();
            *request.pointer_mut(path).unwrap() = canary.into();
            let answer = server.call(request.to_string().as_bytes()).json();
            assert_absent(&answer.to_string(), path);
        }
    }
    for page in ["/metrics", "/api/v1/status", "/api/v1/overrides", "/status"] {
        assert_absent(&server.get(page).text(), page);
    }
    let searched = search_files(server.service.folder().root());
    for part in [
        "findings/2026-11.log",
        "history/000001.rows",
        "history/000001.identities",
        "journal/",
    ] {
        assert!(
            searched.iter().any(|path| path.contains(part)),
            "{part}: {searched:?}"
        );
    }
}

/// Looks for the canaries in every file below a folder, as they stand and as other programs would spell them.
/// Answers which files there were.
fn search_files(folder: &std::path::Path) -> Vec<String> {
    let mut searched = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            searched.extend(search_files(&path));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for canary in [NAME, NUMBER] {
            let gbk = crate::data::national::Charset::Gbk.encode(canary);
            let utf16: Vec<u8> = canary.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let hex = hex::encode(canary).into_bytes();
            let escaped: String = canary
                .chars()
                .map(|c| format!("\\u{:04x}", c as u32))
                .collect();
            for spelt in [canary.as_bytes(), &gbk, &utf16, &hex, escaped.as_bytes()] {
                let found = bytes.windows(spelt.len()).any(|at| at == spelt);
                assert!(!found, "a canary in {}", path.display());
            }
        }
        searched.push(path.display().to_string());
    }
    searched
}

/// A patient whose id is the canary has history, with a row that cannot be used.
fn import_canary(server: &Server) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("patients.csv", format!("patient\n{NAME}\n{NUMBER}\n"));
    let encounters =
        format!("encounter,patients,doctors\nE1,{NAME},{NAME}\nE2,{NUMBER},{NUMBER}\n");
    write("encounters.csv", encounters);
    write(
        "orders.csv",
        format!("order,encounters\n{NAME},E1\n{NUMBER},E2\n"),
    );
    let mut beside = History::open(&server.service.folder().history()).unwrap();
    assert!(beside.import(folder.path()).unwrap().rejected.is_empty());
    crate::history::tests::rewrite(&server.service.folder().history(), |text| {
        let spoilt = format!("\"ages\":\"{NUMBER}{NAME}\",\"doctors\":");
        text.replace("\"doctors\":", &spoilt)
    });
    assert!(server.service.reload().unwrap());
}
