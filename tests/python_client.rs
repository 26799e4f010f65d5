//! Our registry read by the Python reference client of TUF, beside a host of ours: on every repository
//! that our policy accepts they have the same packs, and no attack is believed by either.
//!
//! Needs Python with the package `tuf`; says `skipped: …` where there is none.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::nation::{Host, Nation};
use common::packs::{Source, pack};
use common::story::{NEW, OLD, sealed};
use common::web::{Twist, Web};
use common::workspace;
use rulepack_protocol::key::{LockedKey, SecretKey, Signer as _};
use rulepack_protocol::moment::Moment;
use rulepack_protocol::tuf::{
    Authority, Envelope, FilePin, Payload, RoleName, Root, Snapshot, Targets, Timestamp, TopRole,
};
use serde_json::{Value, json};

const CITY: &str = "3703/chronic-limits/1.0.0.wasm";

/// A nation, one host, and the Python client that starts from the same root.
struct Pair {
    nation: Nation,
    host: Host,
    python: PathBuf,
}

impl Pair {
    /// Version 1.0.0 of a pack is published, and both have it; `None` without Python.
    fn begin() -> Option<Self> {
        let python = python()?;
        let nation = Nation::found();
        let registry = nation.serve();
        nation.publish(&[&pack("chronic-limits")], &registry);
        let host = nation.host("host", &registry);
        let pair = Pair {
            nation,
            host,
            python,
        };
        pair.agree(&registry.address, &[OLD]);
        Some(pair)
    }

    /// Both read the repository at an address, and have exactly these packs, byte for byte.
    fn agree(&self, address: &str, paths: &[&str]) {
        self.host.follow(address);
        self.host.sync().done();
        assert_eq!(self.host.active(), paths);
        let told = self.python(address, &[OLD, NEW, CITY]);
        let ours: BTreeMap<String, String> = self.host_digests();
        let theirs: BTreeMap<String, String> =
            serde_json::from_value(told["have"].clone()).unwrap_or_else(|_| panic!("{told}"));
        assert_eq!(theirs, ours);
    }

    /// What the Python client says of a repository.
    fn python(&self, address: &str, names: &[&str]) -> Value {
        let mut command = Command::new(&self.python);
        command.arg(workspace().join("tests/python_client.py"));
        command.arg(self.nation.path("root.json"));
        command
            .arg(self.nation.path("python"))
            .arg(address)
            .args(names);
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Active packs of the host and their digests.
    fn host_digests(&self) -> BTreeMap<String, String> {
        let lock: Value = serde_json::from_str(&self.host.lock()).unwrap();
        let versions = lock["versions"].as_array().unwrap().iter();
        let active = versions.filter(|version| version["state"] == "active");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        active
            .map(|version| (text(&version["path"]), text(&version["digest"])))
            .collect()
    }

    /// Builds the pack with another version, or of another name space.
    fn variant(&self, name: &str, changes: &[(&str, &str)]) -> PathBuf {
        let file = self.nation.path(&format!("{name}.wasm"));
        let source = Source::copy("chronic-limits", &self.nation.path(name));
        for (old, new) in changes {
            source.replace("pack.toml", old, new);
        }
        source.build(&file).done();
        file
    }

    fn newer(&self) -> PathBuf {
        sealed(&self.nation, "1.0.1")
    }

    /// A secret key, by its path in the nation's folder.
    fn key(&self, path: &str) -> SecretKey {
        let text = fs::read_to_string(self.nation.path(path)).unwrap();
        LockedKey::read(text).unwrap().unlock(None).unwrap()
    }

    /// The repository in the hands of somebody who has the registry's keys.
    fn stolen(&self, name: &str) -> Stolen<'_> {
        let folder = self.nation.back_up(name).join("repository");
        Stolen { pair: self, folder }
    }
}

/// A Python that has the package; its own environment is kept, as it may name where packages lie.
fn python() -> Option<PathBuf> {
    let is_ready = Command::new("python3")
        .args(["-c", "import tuf.ngclient"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !is_ready {
        println!(
            "skipped: no python3 with the package `tuf`, so no second client reads the registry"
        );
    }
    is_ready.then(|| PathBuf::from("python3"))
}

/// A copy of the repository, changed and signed at will with the keys of the registry.
struct Stolen<'a> {
    pair: &'a Pair,
    folder: PathBuf,
}

impl Stolen<'_> {
    fn metadata(&self, name: &str) -> PathBuf {
        self.folder.join("metadata").join(name)
    }

    /// The snapshot in force.
    fn snapshot(&self) -> Snapshot {
        let timestamp: Envelope<Timestamp> = parse(&self.metadata("timestamp.json"));
        let version = timestamp.signed().meta.snapshot.version;
        let snapshot: Envelope<Snapshot> =
            parse(&self.metadata(&format!("{version}.snapshot.json")));
        snapshot.signed().clone()
    }

    /// Puts a snapshot in force as the next version, until the timestamp expires.
    fn put_in_force(&self, mut snapshot: Snapshot, expires: Option<Moment>) {
        let [snapshot_key, timestamp_key] = ["snapshot", "timestamp"].map(|role| {
            self.pair
                .key(&format!("registry/signer/registry-{role}.key"))
        });
        let path = self.metadata("timestamp.json");
        let mut timestamp = parse::<Timestamp>(&path).signed().clone();
        snapshot.bump(snapshot.expires).unwrap();
        let bytes = signed(snapshot.clone(), &[&snapshot_key]);
        fs::write(
            self.metadata(&format!("{}.snapshot.json", snapshot.version)),
            &bytes,
        )
        .unwrap();
        timestamp
            .bump(expires.unwrap_or(timestamp.expires))
            .unwrap();
        timestamp.meta.snapshot = FilePin::of(snapshot.version, &bytes);
        fs::write(path, signed(timestamp, &[&timestamp_key])).unwrap();
    }

    /// Puts `37.json`, as it is, in force.
    fn put_role(&self) {
        let bytes = fs::read(self.pair.nation.path("37.json")).unwrap();
        let version = Envelope::<Targets>::parse(&bytes).unwrap().signed().version;
        fs::write(self.metadata(&format!("{version}.37.json")), &bytes).unwrap();
        let mut snapshot = self.snapshot();
        let role: RoleName = "37".parse().unwrap();
        snapshot.pin(&role, FilePin::of(version, &bytes));
        self.put_in_force(snapshot, None);
    }

    /// Any static web server can serve it.
    fn serve(&self) -> Web {
        Web::serve(&self.folder, Twist::Honest)
    }

    /// The host takes nothing from it and keeps what it had; the Python client says this.
    fn refused_by_both(&self, python: &Value) {
        let told = self.pair.python(&self.serve().address, &[OLD, NEW]);
        assert_eq!(told, *python);
        self.refused_by_host();
    }

    /// The host keeps what it had.
    fn refused_by_host(&self) {
        self.pair.host.follow(self.folder.to_str().unwrap());
        let before = self.pair.host.active();
        self.pair.host.sync().not_done();
        assert_eq!(self.pair.host.active(), before);
    }
}

fn parse<T: Payload>(path: &Path) -> Envelope<T> {
    Envelope::parse(&fs::read(path).unwrap()).unwrap()
}

fn signed<T: Payload>(payload: T, keys: &[&SecretKey]) -> Vec<u8> {
    let mut envelope = Envelope::unsigned(payload).unwrap();
    for key in keys {
        envelope.sign(*key).unwrap();
    }
    envelope.to_bytes()
}

#[test]
fn both_clients_read_a_new_version_a_city_and_a_new_root_alike() {
    let Some(pair) = Pair::begin() else { return };
    let nation = &pair.nation;
    let registry = nation.serve();
    nation.publish(&[&pair.newer()], &registry);
    pair.agree(&registry.address, &[OLD, NEW]);

    // The province delegates to its city, which publishes a pack of its own.
    for person in ["a", "b"] {
        let line = format!("key new city-{person} --out {{}}/keys --no-passphrase");
        nation.run(&line).done();
    }
    let keys = "--key {}/keys/city-a.pub --key {}/keys/city-b.pub";
    let line = format!("delegate 3703 {keys} --from {{}}/37.json --out {{}}/37.json");
    nation.run(&line).done();
    nation.sign("37.json", &["bureau-a", "bureau-b"]);
    nation.send(&[], &registry).done();
    let of_the_city = [
        ("\"37/chronic-limits\"", "\"3703/chronic-limits\""),
        ("jurisdictions = [\"37\"]", "jurisdictions = [\"3703\"]"),
    ];
    let city = pair.variant("city", &of_the_city);
    let (city, to) = (city.display(), format!("--registry {}", registry.address));
    let draft = format!("publish draft {city} --out {{}}/3703.json {to}");
    nation.run(&draft).done();
    nation.sign("3703.json", &["city-a", "city-b"]);
    let send = format!("publish send {{}}/3703.json --pack {city} {to}");
    nation.run(&send).done();
    pair.agree(&registry.address, &[OLD, NEW, CITY]);

    // A keeper of the root is replaced; the one who left can sign no root any more.
    let stolen = pair.stolen("rotated");
    let mut root = parse::<Root>(&nation.path("root.json")).signed().clone();
    let [a, b, c] = ["a", "b", "c"].map(|person| pair.key(&format!("keys/root-{person}.key")));
    root.bump(root.expires).unwrap();
    let keepers = [&a, &b].map(|key| key.public_key().clone());
    root.set_authority(TopRole::Root, &Authority::new(keepers, 2));
    fs::write(
        stolen.metadata("2.root.json"),
        signed(root.clone(), &[&a, &b]),
    )
    .unwrap();
    pair.agree(&stolen.serve().address, &[OLD, NEW, CITY]);
    root.bump(root.expires).unwrap();
    fs::write(stolen.metadata("3.root.json"), signed(root, &[&a, &c])).unwrap();
    stolen.refused_by_both(&json!({"refused": "UnsignedMetadataError"}));
}

#[test]
fn neither_client_goes_back_takes_the_expired_or_lets_a_role_be_hidden() {
    let Some(pair) = Pair::begin() else { return };
    let earlier = pair.stolen("earlier");
    let registry = pair.nation.serve();
    pair.nation.publish(&[&pair.newer()], &registry);
    pair.agree(&registry.address, &[OLD, NEW]);
    earlier.refused_by_both(&json!({"refused": "BadVersionNumberError"}));

    let expired = pair.stolen("expired");
    let past = Moment::from_unix(1_000_000_000).unwrap();
    expired.put_in_force(expired.snapshot(), Some(past));
    expired.refused_by_both(&json!({"refused": "ExpiredMetadataError"}));

    let hiding = pair.stolen("hiding");
    let mut snapshot = hiding.snapshot();
    snapshot.meta.remove("37.json").unwrap();
    hiding.put_in_force(snapshot, None);
    hiding.refused_by_both(&json!({"refused": "RepositoryError"}));
}

#[test]
fn neither_client_takes_one_signature_of_two() {
    let Some(pair) = Pair::begin() else { return };
    let registry = pair.nation.serve();
    pair.nation.draft(&[&pair.newer()], &registry);
    pair.nation.sign("37.json", &["bureau-c"]);
    let stolen = pair.stolen("stolen");
    stolen.put_role();
    let unsigned = "UnsignedMetadataError";
    stolen.refused_by_both(&json!({"have": {}, "lack": {OLD: unsigned, NEW: unsigned}}));
}

#[test]
fn neither_client_takes_a_path_of_another_name_space() {
    let Some(pair) = Pair::begin() else { return };
    let registry = pair.nation.serve();
    let changes = [
        ("\"37/chronic-limits\"", "\"11/chronic-limits\""),
        ("jurisdictions = [\"37\"]", "jurisdictions = [\"11\"]"),
    ];
    let foreign = pair.variant("foreign", &changes);
    let draft = format!(
        "publish draft {} --role 37 --out {{}}/37.json --registry {}",
        foreign.display(),
        registry.address
    );
    pair.nation.run(&draft).done();
    pair.nation.sign("37.json", &["bureau-a", "bureau-b"]);
    let stolen = pair.stolen("stolen");
    stolen.put_role();
    let path = "11/chronic-limits/1.0.0.wasm";
    let told = pair.python(&stolen.serve().address, &[path]);
    assert_eq!(told, json!({"have": {}, "lack": {path: "not listed"}}));
    stolen.refused_by_host();
}

#[test]
fn neither_client_takes_swapped_bytes() {
    let Some(pair) = Pair::begin() else { return };
    let registry = pair.nation.serve();
    let newer = pair.newer();
    pair.nation.publish(&[&newer], &registry);
    let stolen = pair.stolen("stolen");
    let digest = rulepack_protocol::digest::Digest::of(&fs::read(&newer).unwrap());
    let file = format!("targets/37/chronic-limits/{digest}.1.0.1.wasm");
    let old = fs::read(pack("chronic-limits")).unwrap();
    fs::write(stolen.folder.join(file), &old).unwrap();
    let digest = rulepack_protocol::digest::Digest::of(&old);
    stolen.refused_by_both(&json!({
        "have": {OLD: digest.to_string()}, "lack": {NEW: "LengthOrHashMismatchError"},
    }));
    pair.agree(&registry.address, &[OLD, NEW]);
}
