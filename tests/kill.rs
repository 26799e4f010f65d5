//! A host whose process dies in the middle of an update: what lies on its disk is the old state or the
//! new one, whole, and the next update finishes what was begun.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use rulepack_engine::{Engine, Limits};
use rulepack_host::client::{FailurePoint, Failures};
use rulepack_host::lock::Lock;
use rulepack_host::packs::Packs;
use rulepack_host::settings::HostFolder;
use rulepack_host::update::Updater;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::tuf::{Envelope, Payload as _, Root};

use common::nation::{Host, Nation};
use common::packs::copy_files;
use common::story::{NEW, OLD, Story};

/// Every named point of an update, in the order in which it is reached.
const POINTS: [FailurePoint; 8] = [
    FailurePoint::BeforeRoot,
    FailurePoint::BeforeState,
    FailurePoint::AfterState,
    FailurePoint::AfterDownload,
    FailurePoint::PackStored,
    FailurePoint::BeforeLock,
    FailurePoint::LockKept,
    FailurePoint::AfterLock,
];

/// Tells the process that dies which host it updates, and where it dies.
const HOST: &str = "RULEPACK_TEST_HOST";
const POINT: &str = "RULEPACK_TEST_POINT";

/// Dies at once, without unwinding, when the point is reached.
struct DieAt(String);

impl Failures for DieAt {
    fn reach(&self, point: FailurePoint) -> io::Result<()> {
        if format!("{point:?}") == self.0 {
            std::process::abort();
        }
        Ok(())
    }
}

#[test]
#[ignore = "the process that dies: started by the other test"]
fn a_process_that_dies() {
    let Some(folder) = std::env::var_os(HOST) else {
        println!("skipped: no host is named ({HOST})");
        return;
    };
    let folder = HostFolder::at(folder);
    let point = std::env::var(POINT).unwrap();
    let settings = folder.settings().unwrap();
    let packs = Packs::new(folder.clone(), Engine::new(Limits::default()).unwrap());
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let now = Moment::from_unix(i64::try_from(now).unwrap()).unwrap();
    let updater = Updater {
        folder: &folder,
        settings: &settings,
        packs: &packs,
        now,
        today: now.day(),
    };
    updater.update_with(&DieAt(point)).unwrap();
}

/// A host, and a repository in a folder with a newer root and a newer pack than it has.
fn begin() -> (Nation, Host) {
    let story = Story::begin();
    let host = story.host("host");
    let (nation, address) = (&story.nation, &story.registry.address);

    let bytes = fs::read(nation.path("root.json")).unwrap();
    let mut root = Envelope::<Root>::parse(&bytes).unwrap().signed().clone();
    root.bump(root.expires).unwrap();
    let unsigned = Envelope::unsigned(root).unwrap().to_bytes();
    fs::write(nation.path("root.json"), unsigned).unwrap();
    nation.sign("root.json", &["root-a", "root-c"]);
    nation
        .run(&format!("publish send {{}}/root.json --registry {address}"))
        .done();

    story.publish_newer();
    let repository = nation.path("registry/repository");
    host.follow(repository.to_str().unwrap());
    (story.nation, host)
}

/// Updates the host in a process that dies at a point.
fn die_at(point: FailurePoint, host: &Path) {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "a_process_that_dies", "--ignored"]);
    process.env(HOST, host).env(POINT, format!("{point:?}"));
    let status = process
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    const SIGABRT: i32 = 6;
    assert_eq!(status.signal(), Some(SIGABRT), "{point:?} was not reached");
}

/// Every pack and every lock has the bytes that its name says.
fn assert_whole(folder: &HostFolder) {
    let named = |folder: PathBuf, ending: &str| -> Vec<PathBuf> {
        let paths = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|found| found == ending))
            .collect()
    };
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let packs = named(folder.packs(), "wasm");
    assert!(!packs.is_empty());
    for path in packs {
        let digest = Digest::of(&fs::read(&path).unwrap());
        assert_eq!(digest.to_string(), name(&path));
    }
    for path in named(folder.locks(), "json") {
        let lock: Lock = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(lock.digest().to_string(), name(&path));
    }
}

#[test]
fn a_host_killed_at_any_point_of_an_update_has_the_old_state_or_the_new_one() {
    let (nation, host) = begin();
    let before = host.lock();
    for point in POINTS {
        let folder = nation.path(&format!("{point:?}"));
        copy_files(host.folder(), &folder);
        die_at(point, &folder);

        let killed = Host::at(folder);
        match point {
            FailurePoint::AfterLock => assert_eq!(killed.active(), [OLD, NEW], "{point:?}"),
            _ => assert_eq!(killed.lock(), before, "{point:?}"),
        }
        let folder = HostFolder::at(killed.folder());
        assert_whole(&folder);

        killed.sync().done();
        assert_eq!(killed.active(), [OLD, NEW], "{point:?}");
        assert_whole(&folder);
        assert!(Lock::read(&folder).is_ok());
    }
}
