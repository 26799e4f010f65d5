//! A host without a registry: its lock holds what a test writes there, with days of the test's choice.

use std::fs;
use std::path::{Path, PathBuf};

use rulepack_host::client::NoFailures;
use rulepack_host::lock::{Lock, LockedVersion, State};
use rulepack_host::settings::{HistorySettings, HostFolder, Settings, Updates};
use rulepack_host::subscription::Subscription;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Effective};
use rulepack_protocol::names::Division;
use rulepack_protocol::tuf::{Channel, Status};
use tempfile::TempDir;

use super::{Ran, rulepack};

/// A host in Zibo, and a folder around it.
pub struct BareHost {
    folder: TempDir,
}

/// From which rule day on a version is made, and from which day on the host knows it.
pub struct Days<'a>(pub &'a str, pub &'a str);

impl BareHost {
    /// A host that has nothing yet.
    pub fn begin() -> Self {
        let host = BareHost {
            folder: tempfile::tempdir().unwrap(),
        };
        let division: Division = "370303".parse().unwrap();
        let settings = Settings {
            registry: "nowhere".into(),
            institution: "H37030000001".into(),
            subscriptions: Subscription::defaults(&division),
            division,
            canary: false,
            hold_rekeyed: false,
            updates: Updates::default(),
            history: HistorySettings::default(),
            air_gap: None,
        };
        host.host().create(&settings).unwrap();
        host
    }

    /// A path in the folder around the host.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The host's folder.
    pub fn host(&self) -> HostFolder {
        HostFolder::at(self.path("host"))
    }

    /// The lock in force.
    pub fn lock(&self) -> Lock {
        Lock::read(&self.host()).unwrap()
    }

    /// Puts the sealed pack or overlay in this file in force under a path.
    pub fn install(&self, path: &str, file: &Path, days: &Days) -> LockedVersion {
        let bytes = fs::read(file).unwrap();
        let day = |text: &str| text.parse::<Day>().unwrap();
        let version = LockedVersion {
            path: path.parse().unwrap(),
            digest: Digest::of(&bytes),
            effective: Effective {
                from: day(days.0),
                to: None,
            },
            known_from: day(days.1),
            retroactive: false,
            jurisdictions: vec!["37".parse().unwrap()],
            channel: Channel::Stable,
            status: Status::Active,
            mandatory_by: None,
            for_versions: None,
            state: State::Active,
        };
        let (folder, ending) = match version.path.is_overlay() {
            true => (self.host().overlays(), "toml"),
            false => (self.host().packs(), "wasm"),
        };
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{}.{ending}", version.digest)), bytes).unwrap();
        self.put(version.clone());
        version
    }

    /// Puts a version into the lock, or changes what the lock says of it.
    pub fn put(&self, version: LockedVersion) {
        let mut lock = self.lock();
        lock.put(version);
        lock.write(&self.host(), &NoFailures).unwrap();
    }

    /// Runs a command on the host.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let folder = self.path("host");
        rulepack([arguments, &["--dir", folder.to_str().unwrap()]].concat())
    }
}
