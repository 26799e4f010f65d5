//! A small repository in a folder, made with keys of its own, in which any role may be made to have
//! expired: a root of two keepers, and the name space `37` of two officers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::{SecretKey, Signer as _};
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::NameSpace;
use rulepack_protocol::tuf::{
    Authority, Denials, Envelope, FilePin, Payload, RoleName, Root, Snapshot, Targets, Timestamp,
};

/// What a repository is to be like.
#[derive(Clone)]
pub struct Repository {
    /// The time that all expiries are counted from.
    pub now: Moment,
    /// The version of all roles but the root.
    pub version: u64,
    /// Days from `now` to the expiry of a role, where it is not the ordinary one.
    pub expires_in_days: BTreeMap<&'static str, i64>,
    /// What `37` denies.
    pub denied: Option<Digest>,
}

impl Repository {
    /// One in which everything is in force at `now`.
    pub fn new(now: Moment) -> Self {
        Repository {
            now,
            version: 1,
            expires_in_days: BTreeMap::new(),
            denied: None,
        }
    }

    /// The same with a role that expires so many days from now.
    pub fn expiring(&self, role: &'static str, days: i64) -> Self {
        let mut other = self.clone();
        other.expires_in_days.insert(role, days);
        other
    }

    /// The root as a host is set up with it: one that has not expired.
    pub fn root_file(&self, path: &Path) -> PathBuf {
        let root = self.root(1, self.now.plus_days(300));
        fs::write(path, signed(root, ["keeper.a", "keeper.b"])).unwrap();
        path.to_owned()
    }

    /// Writes all files.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let metadata = folder.join("metadata");
        fs::create_dir_all(&metadata).unwrap();
        let put = |role: &RoleName, version: u64, bytes: &[u8]| {
            fs::write(metadata.join(role.file_of_version(version)), bytes).unwrap();
            FilePin::of(version, bytes)
        };
        // A root that has expired is a second one: hosts are set up with the first.
        let first = signed(
            self.root(1, self.now.plus_days(300)),
            ["keeper.a", "keeper.b"],
        );
        put(&RoleName::ROOT, 1, &first);
        if self.expires_in_days.contains_key("root") {
            let second = signed(
                self.root(2, self.expiry("root", 300)),
                ["keeper.a", "keeper.b"],
            );
            put(&RoleName::ROOT, 2, &second);
        }
        let name_space: NameSpace = "37".parse().unwrap();
        let mut targets = Targets::new(self.expiry("targets", 300));
        targets.version = self.version;
        targets.delegate(&name_space, &authority(["officer.a", "officer.b"]));
        let mut bureau = Targets::new(self.expiry("37", 60));
        bureau.version = self.version;
        bureau.denials = self.denied.map(|digest| Denials {
            denied: [digest].into(),
            ..Denials::default()
        });
        let mut snapshot = Snapshot::new(self.expiry("snapshot", 5));
        snapshot.version = self.version;
        let space = RoleName::Space(name_space);
        let bureau = signed(bureau, ["officer.a", "officer.b"]);
        snapshot.pin(&space, put(&space, self.version, &bureau));
        let targets = signed(targets, ["keeper.a", "keeper.b"]);
        snapshot.pin(
            &RoleName::TARGETS,
            put(&RoleName::TARGETS, self.version, &targets),
        );
        let snapshot = signed(snapshot, ["snapshot"]);
        let pin = put(&RoleName::SNAPSHOT, self.version, &snapshot);
        let mut timestamp = Timestamp::new(self.expiry("timestamp", 1), pin);
        timestamp.version = self.version;
        put(
            &RoleName::TIMESTAMP,
            self.version,
            &signed(timestamp, ["timestamp"]),
        );
        folder.to_owned()
    }

    fn root(&self, version: u64, expires: Moment) -> Root {
        let keepers = authority(["keeper.a", "keeper.b"]);
        let (snapshot, timestamp) = (authority(["snapshot"]), authority(["timestamp"]));
        let mut root = Root::new(expires, &keepers, &keepers, &snapshot, &timestamp);
        root.version = version;
        root
    }

    fn expiry(&self, role: &str, ordinary_days: i64) -> Moment {
        let days = self.expires_in_days.get(role).copied();
        self.now.plus_days(days.unwrap_or(ordinary_days))
    }
}

fn key(person: &str) -> SecretKey {
    SecretKey::from_seed(
        *Digest::of(person.as_bytes()).as_bytes(),
        person.parse().unwrap(),
    )
}

fn authority<const N: usize>(persons: [&str; N]) -> Authority {
    let keys = persons.map(|person| key(person).public_key().clone());
    Authority::new(keys, u32::try_from(N).unwrap())
}

fn signed<T: Payload, const N: usize>(payload: T, persons: [&str; N]) -> Vec<u8> {
    let mut envelope = Envelope::unsigned(payload).unwrap();
    for person in persons {
        envelope.sign(&key(person)).unwrap();
    }
    envelope.to_bytes()
}
