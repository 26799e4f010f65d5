//! The compromise drills of `docs/DRILLS.md`, played for real: keys are stolen, registries and mirrors are
//! in bad hands, and the operators do what the page tells them to.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "drills/repositories.rs"]
mod repositories;
#[path = "drills/stolen_keys.rs"]
mod stolen_keys;

use std::fs;
use std::path::{Path, PathBuf};

use rulepack_host::client::{
    FloorsStore, FolderTransport, NoFailures, RefreshError, Refreshed, refresh,
};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::PublicKey;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::trust::Freshness;
use rulepack_protocol::tuf::{
    Authority, Envelope, Payload, RoleName, Root, Targets, Timestamp, TopRole,
};

use common::forge;
use common::nation::{Host, Nation, Registry};
use common::packs::{Source, copy_files, pack};
use common::rulepack;
use common::web::{Twist, Web};

const PACK: &str = "37/chronic-limits/1.0.0.wasm";

/// A nation, its registry, and a hospital in Zibo that runs Shandong's one pack.
struct Drill {
    nation: Nation,
    registry: Option<Registry>,
    host: Host,
}

impl Drill {
    fn begin() -> Self {
        let nation = Nation::found();
        let registry = nation.serve();
        nation.publish(&[&pack("chronic-limits")], &registry);
        let host = nation.host("host", &registry);
        host.sync().done();
        assert_eq!(host.active(), [PACK]);
        Drill {
            nation,
            registry: Some(registry),
            host,
        }
    }

    /// A copy of the repository, to be served by a thief or carried on a disk.
    fn copy(&self, name: &str) -> PathBuf {
        self.nation.back_up(name).join("repository")
    }

    fn registry(&self) -> &Registry {
        self.registry.as_ref().unwrap()
    }

    fn address(&self) -> &str {
        &self.registry().address
    }

    fn signer(&self) -> PathBuf {
        self.nation.path("registry/signer")
    }

    fn key(&self, name: &str) -> PathBuf {
        self.nation.path(&format!("keys/{name}.key"))
    }

    fn new_key(&self, name: &str) {
        let line = format!("key new {name} --out {{}}/keys --no-passphrase");
        self.nation.run(&line).done();
    }

    fn authority(&self, keys: &[PathBuf]) -> Authority {
        let key = |path: &PathBuf| -> PublicKey {
            serde_json::from_slice(&fs::read(path.with_extension("pub")).unwrap()).unwrap()
        };
        Authority::new(
            keys.iter().map(key),
            u32::try_from(keys.len().min(2)).unwrap(),
        )
    }

    /// Writes the next root, unsigned.
    fn next_root(&self, change: impl FnOnce(&mut Root)) {
        let path = self.nation.path("root.json");
        let mut root = forge::read::<Root>(&path).signed().clone();
        root.bump(root.expires).unwrap();
        change(&mut root);
        fs::write(&path, Envelope::unsigned(root).unwrap().to_bytes()).unwrap();
    }

    /// Writes the next version of a bureau's published file, unsigned.
    fn next_role(&self, file: &str, change: impl FnOnce(&mut Targets)) {
        let metadata = self.nation.path("registry/repository/metadata");
        let versions = (1..).map(|version| metadata.join(format!("{version}.{file}")));
        let published = versions.take_while(|path| path.exists()).last().unwrap();
        let mut role = forge::read::<Targets>(&published).signed().clone();
        role.bump(role.expires).unwrap();
        change(&mut role);
        let bytes = Envelope::unsigned(role).unwrap().to_bytes();
        fs::write(self.nation.path(file), bytes).unwrap();
    }

    fn send(&self, files: &str) -> common::Ran {
        let address = self.address();
        let files: Vec<_> = files
            .split(' ')
            .map(|file| format!("{{}}/{file}"))
            .collect();
        let line = format!("publish send {} --registry {address}", files.join(" "));
        self.nation.run(&line)
    }

    /// Ends the registry and starts it again.
    fn restart(&mut self) {
        self.registry = None;
        self.registry = Some(self.nation.serve());
        self.host.follow(self.address());
    }

    /// The host refuses what a folder or an address holds, with this reason, and runs what it ran.
    fn refused(&self, registry: &str, reason: &str) {
        let active = self.host.active();
        self.host.follow(registry);
        let told = self.host.sync().failed();
        let first = told.lines().next().unwrap();
        assert_eq!(first, format!("error: {reason}"));
        assert_eq!(self.host.active(), active);
        self.host.follow(self.address());
    }

    /// What the host's client makes of a folder at another time, on a copy of the host's memory.
    fn refresh_at(&self, repository: &Path, now: Moment) -> Result<Refreshed, RefreshError> {
        let copy = tempfile::tempdir().unwrap();
        copy_files(&self.host.folder().join("trust"), copy.path());
        let store = FloorsStore::new(copy.path());
        let followed = ["37".parse().unwrap()];
        let transport = FolderTransport::new(repository);
        refresh(
            &transport,
            &store,
            &followed,
            Freshness::at(now),
            &NoFailures,
        )
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
