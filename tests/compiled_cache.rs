//! The host's cache of compiled packs: what a start saves by it, and that nothing but this host's own
//! machine code ever comes out of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../host/engine/tests/guest/mod.rs"]
#[allow(dead_code, reason = "this file uses a part of it")]
mod guest;

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use guest::Guest;
use rulepack_contract::data::Batch;
use rulepack_engine::worker::{Worker, WorkerError};
use rulepack_host::lock::{LockedVersion, State};
use rulepack_host::packs::{PackError, Packs};
use rulepack_host::settings::{HostFolder, Settings};
use rulepack_host::subscription::Subscription;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::pack;
use rulepack_protocol::tuf::{Channel, Effective, Status};
use tempfile::TempDir;

/// A host with one pack, which is in force.
struct Host {
    root: TempDir,
    version: LockedVersion,
}

impl Host {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = HostFolder::at(root.path());
        let division = "370303".parse().unwrap();
        folder
            .create(&Settings {
                registry: "http://127.0.0.1:1".into(),
                updates: rulepack_host::settings::Updates::default(),
                history: rulepack_host::settings::HistorySettings::default(),
                air_gap: None,
                hold_rekeyed: false,
                institution: "H37030000001".into(),
                subscriptions: Subscription::defaults(&division),
                division,
                canary: false,
            })
            .unwrap();
        let component = Guest::default().component();
        let bytes = pack::seal(&component, &guest::manifest(), &BTreeMap::new(), &[]).unwrap();
        let digest = Digest::of(&bytes);
        fs::create_dir_all(folder.packs()).unwrap();
        fs::write(folder.packs().join(format!("{digest}.wasm")), bytes).unwrap();
        let version = LockedVersion {
            path: "37/test/1.0.0.wasm".parse().unwrap(),
            digest,
            effective: Effective {
                from: "2024-01-04".parse().unwrap(),
                to: None,
            },
            known_from: "2024-01-04".parse().unwrap(),
            retroactive: false,
            jurisdictions: vec!["37".parse().unwrap()],
            channel: Channel::Stable,
            status: Status::Active,
            mandatory_by: None,
            for_versions: None,
            state: State::Active,
        };
        Host { root, version }
    }

    fn folder(&self) -> HostFolder {
        HostFolder::at(self.root.path())
    }

    /// Starts, loads the pack, and lets it answer.
    fn start(&self, executable: &str) -> Result<(), PackError> {
        let packs = Packs::with_worker(self.folder(), guest::engine(), Worker::new(executable));
        let pack = packs.get(&self.version, false)?;
        let batch = Batch::patients(guest::data(1), 0..1);
        let evaluation = pack.loaded.evaluate(&batch, &guest::review()).unwrap();
        assert_eq!(evaluation.answer, Default::default());
        Ok(())
    }

    fn start_with_worker(&self) {
        self.start(env!("CARGO_BIN_EXE_rulepack")).unwrap();
    }

    /// A start that cannot make anything: what it has, it has from the cache.
    fn starts_from_cache(&self) -> bool {
        match self.start("/nowhere/rulepack") {
            Ok(()) => true,
            Err(PackError::Worker(WorkerError::Start { .. })) => false,
            Err(other) => panic!("{other}"),
        }
    }

    /// The files of the cache.
    fn entries(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder().compiled()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_host_that_starts_again_compiles_nothing_and_keeps_it_private() {
    let host = Host::new();
    assert!(!host.starts_from_cache(), "there is nothing yet");
    host.start_with_worker();
    assert!(host.starts_from_cache());
    let entries = host.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!(mode(&entries[0]), 0o600);
    assert_eq!(mode(&host.folder().compiled()), 0o700);
    assert_eq!(mode(&host.folder().compiled_secret()), 0o600);
}

#[test]
fn what_could_not_be_made_is_not_tried_for_every_request_but_after_an_update() {
    let host = Host::new();
    let worker = host.root.path().join("worker");
    let packs = Packs::with_worker(host.folder(), guest::engine(), Worker::new(&worker));
    let expected = format!(
        "the worker `{}` cannot be started: No such file or directory (os error 2)",
        worker.display()
    );
    let get = || packs.get(&host.version, false);
    assert_eq!(get().unwrap_err().to_string(), expected);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rulepack"), &worker).unwrap();
    let again = get().unwrap_err();
    assert!(matches!(again, PackError::Failed(_)), "{again}");
    assert_eq!(again.to_string(), expected);
    packs.try_again();
    get().unwrap();
}

#[test]
fn an_entry_with_any_altered_part_is_never_loaded_and_is_made_anew() {
    let host = Host::new();
    host.start_with_worker();
    let entry = host.entries().remove(0);
    let good = fs::read(&entry).unwrap();
    let last = good.len() - 1;
    // Magic, tag, key, mark of the preparation, length of the dictionary, and the machine code.
    for at in [0, 4, 36, 68, 77, 200, good.len() / 2, last] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        fs::write(&entry, &bytes).unwrap();
        assert!(!host.starts_from_cache(), "byte {at}");
    }
    for length in [0, 3, 40, last] {
        fs::write(&entry, &good[..length]).unwrap();
        assert!(!host.starts_from_cache(), "cut at {length}");
    }
    host.start_with_worker();
    assert!(host.starts_from_cache(), "it was made anew");
}

#[test]
fn an_entry_of_another_host_is_refused() {
    let (ours, theirs) = (Host::new(), Host::new());
    ours.start_with_worker();
    theirs.start_with_worker();
    let (entry, foreign) = (ours.entries().remove(0), theirs.entries().remove(0));
    assert_eq!(
        entry.file_name(),
        foreign.file_name(),
        "the same pack, the same key"
    );
    fs::copy(foreign, entry).unwrap();
    assert!(!ours.starts_from_cache());
}

#[test]
fn an_entry_under_the_name_of_another_is_refused() {
    let host = Host::new();
    host.start_with_worker();
    let entry = host.entries().remove(0);
    let mut changed = Host::new();
    fs::remove_file(changed.folder().compiled_secret()).ok();
    fs::copy(
        host.folder().compiled_secret(),
        changed.folder().compiled_secret(),
    )
    .unwrap();
    // Another pack under the same secret: its key is another one.
    let mut manifest = guest::manifest();
    manifest.pack.title = "another".into();
    let component = Guest::default().component();
    let bytes = pack::seal(&component, &manifest, &BTreeMap::new(), &[]).unwrap();
    changed.version.digest = Digest::of(&bytes);
    let path = changed.folder().packs();
    fs::write(path.join(format!("{}.wasm", changed.version.digest)), bytes).unwrap();
    changed.start_with_worker();
    let other = changed.entries().remove(0);
    assert_ne!(entry.file_name(), other.file_name());
    fs::copy(entry, other).unwrap();
    assert!(!changed.starts_from_cache());
}

#[test]
fn a_cache_that_others_can_write_or_that_cannot_be_made_is_done_without() {
    let host = Host::new();
    host.start_with_worker();
    fs::set_permissions(host.folder().compiled(), Permissions::from_mode(0o770)).unwrap();
    assert!(!host.starts_from_cache());
    host.start_with_worker();
    fs::remove_dir_all(host.folder().compiled()).unwrap();
    // As where the disk is full: nothing can be made there.
    fs::write(host.folder().compiled(), "in the way").unwrap();
    assert!(!host.starts_from_cache());
    host.start_with_worker();
}

#[test]
fn an_entry_that_cannot_be_written_leaves_nothing_behind_and_stops_nothing() {
    let host = Host::new();
    host.start_with_worker();
    let entry = host.entries().remove(0);
    fs::remove_file(&entry).unwrap();
    fs::create_dir(&entry).unwrap();
    fs::write(entry.join("in the way"), "").unwrap();
    host.start_with_worker();
    assert_eq!(host.entries(), [entry], "no half entry");
}

#[test]
fn what_is_set_for_a_pack_is_part_of_the_key() {
    use rulepack_engine::cache::Key;
    use rulepack_engine::{Engine, Grants, Limits, LoadInput};
    let component = Guest::default().component();
    let bytes = pack::seal(&component, &guest::manifest(), &BTreeMap::new(), &[]).unwrap();
    let pack = pack::open(&bytes, &pack::Bounds::NATIVE).unwrap();
    let engine = guest::engine();
    let key = |input: &LoadInput| Key::new(&engine, &pack, input);
    let plain = LoadInput::default();
    assert_eq!(key(&plain), key(&plain));
    let granted = LoadInput {
        grants: Grants::Only([].into()),
        ..LoadInput::default()
    };
    assert_ne!(key(&plain), key(&granted));
    let mut set = LoadInput::default();
    let value = rulepack_contract::parameters::ParameterValue::Integer(7);
    set.parameters.insert("days_max".into(), value);
    assert_ne!(key(&plain), key(&set));
    let other = Engine::new(Limits {
        instances: 5,
        ..Limits::default()
    });
    assert_ne!(key(&plain), Key::new(&other.unwrap(), &pack, &plain));
}

#[test]
fn a_faulty_cache_is_told_on_standard_error_and_named() {
    let host = Host::new();
    fs::write(host.folder().compiled(), "in the way").unwrap();
    let pack = host
        .folder()
        .packs()
        .join(format!("{}.wasm", host.version.digest));
    let table = host.root.path().join("patients.csv");
    fs::write(&table, "patient\nP1\n").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rulepack"));
    command.arg("check").arg(&table).arg("--pack").arg(pack);
    let output = command.arg("--dir").arg(host.root.path()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("compiled packs are not kept"), "{told}");
    assert!(
        told.contains("is not a folder for this user alone (mode 644, expected 700)"),
        "{told}"
    );
}
