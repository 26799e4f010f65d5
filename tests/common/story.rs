//! Where most stories begin: a bureau that has published version 1.0.0 of a pack, and has sealed 1.0.1.

use std::path::PathBuf;

use super::nation::{Host, Nation, Registry};
use super::packs::{Source, pack};

/// The version that is published.
pub const OLD: &str = "37/chronic-limits/1.0.0.wasm";
/// The version that is sealed and not yet published.
pub const NEW: &str = "37/chronic-limits/1.0.1.wasm";

/// A nation with [`OLD`] published, its registry, and the file of [`NEW`].
pub struct Story {
    pub nation: Nation,
    pub registry: Registry,
    pub newer: PathBuf,
}

impl Story {
    pub fn begin() -> Self {
        let nation = Nation::found();
        let registry = nation.serve();
        nation.publish(&[&pack("chronic-limits")], &registry);
        let newer = sealed(&nation, "1.0.1");
        Story {
            nation,
            registry,
            newer,
        }
    }

    /// Sets up a hospital and brings it up to date.
    pub fn host(&self, name: &str) -> Host {
        let host = self.nation.host(name, &self.registry);
        host.sync().done();
        host
    }

    /// Publishes [`NEW`].
    pub fn publish_newer(&self) {
        self.nation.publish(&[&self.newer], &self.registry);
    }

    /// Drafts a change of the role `37` with a command, and tells what the draft says.
    pub fn draft(&self, command: &str) -> String {
        self.nation.run(&self.line(command)).done()
    }

    /// Why no such change is drafted.
    pub fn refused(&self, command: &str) -> String {
        self.nation.run(&self.line(command)).failed()
    }

    fn line(&self, command: &str) -> String {
        let address = &self.registry.address;
        format!("{command} --registry {address} --out {{}}/37.json")
    }

    /// Two officers sign `37.json` as drafted, and it is sent.
    pub fn publish_role(&self) {
        self.nation.sign("37.json", &["bureau-a", "bureau-b"]);
        self.nation.send(&[], &self.registry).done();
    }
}

/// The pack sealed with another version, around the same code.
pub fn sealed(nation: &Nation, version: &str) -> PathBuf {
    let file = nation.path(&format!("{version}.wasm"));
    let number = format!("version = \"{version}\"");
    Source::copy("chronic-limits", &nation.path(version))
        .replace("pack.toml", "version = \"1.0.0\"", &number)
        .build(&file)
        .done();
    file
}
