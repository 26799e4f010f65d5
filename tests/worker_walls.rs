//! The walls around a bounded process (threat T11): what it has, what it has not, and what its parent
//! makes of one that misbehaves. Scripts of `tests/worker` stand for broken ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs::{self, File};
use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rulepack_engine::Limits;
use rulepack_engine::worker::{Bounds, CaseOutcome, Kind, Worker, WorkerError};

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a worker makes of bytes that are no pack: these never read them.
fn cases(worker: &Worker) -> Result<Vec<CaseOutcome>, WorkerError> {
    worker.cases(&Limits::default(), b"no pack")
}

/// One whose executable is a script of `tests/worker`.
fn script(name: &str) -> Worker {
    Worker {
        bounds: Bounds {
            wall_seconds: 60,
            ..Bounds::default()
        },
        ..Worker::new(workspace().join("tests/worker").join(name))
    }
}

#[test]
fn an_answer_that_is_garbage_oversized_cut_or_no_json_is_refused() {
    let told = |name| cases(&script(name)).unwrap_err().to_string();
    let malformed = "the answer of the worker for `cases` is malformed: ";
    let longest = 32 * 1024 * 1024;
    assert_eq!(
        told("garbage.sh"),
        format!("{malformed}a frame of 3199076778277757287 bytes, expected at most {longest}")
    );
    assert_eq!(
        told("oversized.sh"),
        format!(
            "{malformed}a frame of {} bytes, expected at most {longest}",
            u64::MAX
        )
    );
    assert_eq!(told("cut.sh"), format!("{malformed}the frame ends early"));
    assert!(told("lies.sh").starts_with(&format!("{malformed}key must be a string")));
    assert_eq!(
        told("endless.sh"),
        format!(
            "{malformed}a frame of {} bytes, expected at most {longest}",
            longest + 1
        )
    );
}

#[test]
fn a_worker_that_is_killed_or_missing_or_silent_is_told_apart() {
    assert_eq!(
        cases(&script("killed.sh")).unwrap_err().to_string(),
        "the worker for `cases` ended without an answer (signal: 9 (SIGKILL))"
    );
    let missing = Worker::new("/nowhere/rulepack");
    assert_eq!(
        cases(&missing).unwrap_err().to_string(),
        "the worker `/nowhere/rulepack` cannot be started: No such file or directory (os error 2)"
    );
    let mut silent = script("silent.sh");
    silent.bounds.wall_seconds = 1;
    let begun = Instant::now();
    let error = cases(&silent).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the worker for `cases` had no answer after 1 s and was ended"
    );
    assert!(matches!(
        error,
        WorkerError::Wall {
            kind: Kind::Cases,
            ..
        }
    ));
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "it was ended, not waited for"
    );
}

#[test]
fn a_worker_has_no_environment_no_folder_and_nothing_that_its_parent_holds_open() {
    let _store = File::open(workspace().join("Cargo.toml")).unwrap();
    let _signer = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = cases(&script("look.sh")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the worker for `cases` ended without an answer (exit status: 42)"
    );
}

#[test]
fn a_worker_refuses_to_work_with_a_descriptor_that_it_inherited() {
    let mut shell = Command::new("/bin/sh");
    let executable = env!("CARGO_BIN_EXE_rulepack");
    let line = format!(
        "exec 9</etc/passwd; exec {executable} worker cases --memory-mib=4096 --cpu-seconds=9"
    );
    let output = shell
        .args(["-c", &line])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let (length, said) = output.stdout.split_first_chunk().unwrap();
    assert_eq!(u64::from_le_bytes(*length), said.len() as u64);
    assert_eq!(
        std::str::from_utf8(said).unwrap(),
        r#"{"unable":"descriptor 9 (`/etc/passwd`) was inherited"}"#
    );
}

#[test]
fn the_limits_of_the_system_stand_before_the_first_byte_is_read() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rulepack"))
        .args(["worker", "compile", "--memory-mib=1024", "--cpu-seconds=9"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let path = format!("/proc/{}/limits", child.id());
    let limit = |limits: &str, name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let mut words = line[name.len()..].split_whitespace();
        [
            words.next().unwrap().to_owned(),
            words.next().unwrap().to_owned(),
        ]
    };
    // It waits for its job, which never comes; its walls stand before.
    let limits = (0..10_000)
        .find_map(|_| {
            let limits = fs::read_to_string(Path::new(&path)).unwrap();
            thread::yield_now();
            thread::sleep(Duration::from_millis(1));
            (limit(&limits, "Max cpu time")[0] == "9").then_some(limits)
        })
        .expect("the limits were never set");
    assert_eq!(limit(&limits, "Max cpu time"), ["9", "10"]);
    assert_eq!(
        limit(&limits, "Max address space"),
        ["1073741824", "1073741824"]
    );
    assert_eq!(limit(&limits, "Max file size"), ["0", "0"]);
    assert_eq!(limit(&limits, "Max core file size"), ["0", "0"]);
    assert_eq!(limit(&limits, "Max open files"), ["64", "64"]);
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut said = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut said).unwrap();
    assert!(said.ends_with(br#"{"unable":"the frame ends early"}"#));
}
