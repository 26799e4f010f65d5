//! The client on a repository in a folder: what is believed, stored, and left after a kill.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::Path;

use rulepack_protocol::key::{SecretKey, Signer};
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::{NameSpace, TargetPath};
use rulepack_protocol::trust::Freshness;
use rulepack_protocol::tuf::{
    Authority, Channel, Custom, Effective, Envelope, FilePin, Payload, RoleName, Root, Snapshot,
    Status, Target, Targets, Timestamp,
};

use super::*;

mod mirror;
mod network;
mod recovery;
mod state;

const PACK: &[u8] = b"\0asm, or so";

fn now() -> Moment {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

fn key(person: &str, seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32], person.parse().unwrap())
}

fn officers() -> [SecretKey; 2] {
    [key("li.wei", 1), key("wang.fang", 2)]
}

fn authority(keys: &[SecretKey], threshold: u32) -> Authority {
    Authority::new(keys.iter().map(|key| key.public_key().clone()), threshold)
}

fn write<T: Payload>(folder: &Path, role: &RoleName, payload: &T, keys: &[SecretKey]) -> FilePin {
    let mut envelope = Envelope::unsigned(payload.clone()).unwrap();
    for key in keys {
        envelope.sign(key).unwrap();
    }
    let path = folder
        .join("metadata")
        .join(role.file_of_version(payload.version()));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, envelope.to_bytes()).unwrap();
    FilePin::of(payload.version(), &envelope.to_bytes())
}

fn pack() -> (TargetPath, Target) {
    let path: TargetPath = "37/a/1.0.0.wasm".parse().unwrap();
    let custom = Custom {
        name: path.pack().clone(),
        version: path.version().clone(),
        contract: "rulepack:rules@0.1.0".to_owned(),
        effective: Effective {
            from: now().day(),
            to: None,
        },
        jurisdictions: vec!["37".parse().unwrap()],
        channel: Channel::Stable,
        status: Status::Active,
        imports: Vec::new(),
        published: now().day(),
        mandatory_by: None,
        reason: None,
        extra: Default::default(),
    };
    let pin = FilePin::of(1, PACK);
    (
        path,
        Target {
            length: pin.length,
            hashes: pin.hashes,
            custom,
        },
    )
}

/// Publishes everything with `version` for all but root and `targets`.
fn publish(folder: &Path, version: u64) {
    let versions = Versions {
        province: version,
        snapshot: version,
        timestamp: version,
        ..Versions::default()
    };
    publish_as(folder, &versions, &Keys::default());
}

/// What a repository's files are numbered.
#[derive(Clone)]
struct Versions {
    root: u64,
    targets: u64,
    province: u64,
    snapshot: u64,
    timestamp: u64,
}

impl Default for Versions {
    fn default() -> Self {
        Self {
            root: 1,
            targets: 1,
            province: 1,
            snapshot: 1,
            timestamp: 1,
        }
    }
}

/// Who signs below the root.
struct Keys {
    targets: [SecretKey; 2],
    province: [SecretKey; 2],
    snapshot: [SecretKey; 1],
    timestamp: [SecretKey; 1],
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            targets: officers(),
            province: officers(),
            snapshot: [key("signer", 9)],
            timestamp: [key("signer", 9)],
        }
    }
}

fn publish_as(folder: &Path, versions: &Versions, keys: &Keys) {
    let (officers, year) = (officers(), now().plus_days(300));
    let mut root = Root::new(
        year,
        &authority(&officers, 2),
        &authority(&keys.targets, 2),
        &authority(&keys.snapshot, 1),
        &authority(&keys.timestamp, 1),
    );
    root.version = versions.root;
    write(folder, &RoleName::ROOT, &root, &officers);
    let (name, mut targets) = ("37".parse::<NameSpace>().unwrap(), Targets::new(year));
    targets.version = versions.targets;
    targets.delegate(&name, &authority(&keys.province, 2));
    let mut province = Targets::new(now().plus_days(60));
    province.version = versions.province;
    let (path, target) = pack();
    let file = folder
        .join("targets")
        .join(path.file_of(&target.hashes.sha256));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, PACK).unwrap();
    province.add_target(path, target).unwrap();
    let mut snapshot = Snapshot::new(now().plus_days(5));
    snapshot.version = versions.snapshot;
    let role = RoleName::Space(name);
    snapshot.pin(&role, write(folder, &role, &province, &keys.province));
    let role = RoleName::TARGETS;
    snapshot.pin(&role, write(folder, &role, &targets, &keys.targets));
    let pin = write(folder, &RoleName::SNAPSHOT, &snapshot, &keys.snapshot);
    let mut timestamp = Timestamp::new(now().plus_days(1), pin);
    timestamp.version = versions.timestamp;
    write(folder, &RoleName::TIMESTAMP, &timestamp, &keys.timestamp);
}

struct Host {
    registry: tempfile::TempDir,
    state: tempfile::TempDir,
    store: FloorsStore,
}

impl Host {
    fn new() -> Self {
        let (registry, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        publish(registry.path(), 1);
        let store = FloorsStore::new(state.path());
        let root = fs::read(registry.path().join("metadata/1.root.json")).unwrap();
        store.init(&root).unwrap();
        Self {
            registry,
            state,
            store,
        }
    }

    fn refresh(&self, failures: &dyn Failures) -> Result<Refreshed, RefreshError> {
        self.refresh_at(now(), failures)
    }

    fn refresh_at(&self, now: Moment, failures: &dyn Failures) -> Result<Refreshed, RefreshError> {
        let transport = FolderTransport::new(self.registry.path());
        let followed = ["37".parse().unwrap()];
        refresh(
            &transport,
            &self.store,
            &followed,
            Freshness::at(now),
            failures,
        )
    }

    fn download(&self) -> Result<Vec<u8>, DownloadError> {
        let found = self.refresh(&NoFailures).unwrap().resolution.targets;
        let transport = FolderTransport::new(self.registry.path());
        let file = download(&transport, &found[0], self.state.path(), &NoFailures)?;
        Ok(fs::read(file.path()).unwrap())
    }
}

#[test]
fn a_refresh_finds_the_packs_of_followed_name_spaces_and_remembers_them() {
    let host = Host::new();
    let first = host.refresh(&NoFailures).unwrap();
    assert!(first.changed && first.resolution.failed.is_empty());
    assert_eq!(
        first.resolution.targets[0].path.to_string(),
        "37/a/1.0.0.wasm"
    );
    assert!(!host.refresh(&NoFailures).unwrap().changed);
    let state = host.store.read().unwrap();
    assert_eq!(state.floors.last_good, Some(now()));
    assert_eq!(state.files.len(), 5);
    assert_eq!(host.download().unwrap(), PACK);
}

#[test]
fn an_older_registry_is_refused_and_the_state_stays() {
    let host = Host::new();
    publish(host.registry.path(), 2);
    host.refresh(&NoFailures).unwrap();
    let before = host.store.read().unwrap();
    publish(host.registry.path(), 1);
    assert_eq!(
        host.refresh(&NoFailures).unwrap_err().to_string(),
        "`timestamp` contradicts what this host has seen"
    );
    assert_eq!(host.store.read().unwrap(), before);
}

#[test]
fn a_changed_byte_or_length_of_a_pack_is_refused() {
    let host = Host::new();
    let (path, target) = pack();
    let digest = target.hashes.sha256;
    let file = host
        .registry
        .path()
        .join("targets")
        .join(path.file_of(&digest));
    let mut bytes = PACK.to_vec();
    bytes[3] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let text = host.download().unwrap_err().to_string();
    let found = FilePin::of(1, &bytes).hashes.sha256;
    assert_eq!(
        text,
        format!("pack `37/a/1.0.0.wasm` has sha256 {found}, signed was {digest}")
    );
    bytes.push(0);
    fs::write(&file, &bytes).unwrap();
    let text = "pack `37/a/1.0.0.wasm` has another length than the signed 11 bytes";
    assert_eq!(host.download().unwrap_err().to_string(), text);
    fs::remove_file(&file).unwrap();
    let text = "pack `37/a/1.0.0.wasm` is not in the registry";
    assert_eq!(host.download().unwrap_err().to_string(), text);
}

/// Stops at one point, as a kill would.
struct StopAt(FailurePoint, Cell<bool>);

impl Failures for StopAt {
    fn reach(&self, point: FailurePoint) -> io::Result<()> {
        if point != self.0 {
            return Ok(());
        }
        self.1.set(true);
        Err(io::Error::other("killed"))
    }
}

#[test]
fn a_kill_at_any_point_of_a_refresh_leaves_the_old_state_or_the_new_one() {
    for point in [FailurePoint::BeforeState, FailurePoint::AfterState] {
        let host = Host::new();
        host.refresh(&NoFailures).unwrap();
        let old = host.store.read().unwrap();
        publish(host.registry.path(), 2);
        let stop = StopAt(point, Cell::new(false));
        host.refresh(&stop).unwrap_err();
        assert!(stop.1.get());
        let left = host.store.read().unwrap();
        assert_eq!(left == old, point == FailurePoint::BeforeState);
        for digest in left.files.values() {
            host.store.file(digest).unwrap();
        }
        host.refresh(&NoFailures).unwrap();
        let timestamp = &host.store.read().unwrap().floors.roles[&RoleName::TIMESTAMP];
        assert_eq!(timestamp.version, 2);
    }
}

#[test]
fn no_mutated_byte_of_a_pack_is_taken() {
    let host = Host::new();
    let refreshed = host.refresh(&NoFailures).unwrap();
    let (path, target) = pack();
    let path = path.file_of(&target.hashes.sha256);
    let file = host.registry.path().join("targets").join(path);
    let transport = FolderTransport::new(host.registry.path());
    let found = &refreshed.resolution.targets[0];
    for index in 0..PACK.len() {
        for bit in 0..8 {
            let mut bytes = PACK.to_vec();
            bytes[index] ^= 1 << bit;
            fs::write(&file, &bytes).unwrap();
            let taken = download(&transport, found, host.state.path(), &NoFailures);
            assert!(
                matches!(taken, Err(DownloadError::Digest { .. })),
                "bit {bit} of byte {index}"
            );
        }
    }
}

#[test]
fn a_missing_name_space_disturbs_nothing_else() {
    let host = Host::new();
    fs::remove_file(host.registry.path().join("metadata/1.37.json")).unwrap();
    let refreshed = host.refresh(&NoFailures).unwrap();
    let failed = &refreshed.resolution.failed[&"37".parse().unwrap()];
    assert_eq!(failed.to_string(), "the metadata of `37` is not there");
}

#[test]
fn more_bytes_than_allowed_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("large"), [0; 100]).unwrap();
    let transport = FolderTransport::new(folder.path());
    let text = transport.fetch("large", 99, None).unwrap_err().to_string();
    assert_eq!(text, "`large` is larger than 99 bytes");
    assert!(matches!(
        transport.fetch("large", 100, None),
        Ok(Fetched::Bytes { .. })
    ));
    assert_eq!(transport.fetch("none", 1, None).unwrap(), Fetched::NotFound);
}
