//! A nation as the commands make it: keepers of the root, a bureau for Shandong (`37`), a registry on
//! loopback, and hospitals that follow it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use tempfile::TempDir;

use super::packs::copy_files;
use super::{Ran, command, rulepack};

/// The keepers, the bureau and the registry's folder, with nothing published but the delegation.
pub struct Nation {
    folder: TempDir,
}

/// A registry that serves on loopback until it is dropped.
pub struct Registry {
    process: Child,
    /// `http://127.0.0.1:PORT`
    pub address: String,
}

/// A hospital's host.
pub struct Host {
    folder: PathBuf,
}

impl Nation {
    /// Makes the keys, has the root signed by two of three keepers, installs it, and delegates `37` to
    /// a bureau of three officers of whom two must sign.
    pub fn found() -> Self {
        let nation = Nation {
            folder: tempfile::tempdir().unwrap(),
        };
        for role in ["root", "targets", "bureau"] {
            for person in ["a", "b", "c"] {
                let name = format!("{role}-{person}");
                nation
                    .run(&format!("key new {name} --out {{}}/keys --no-passphrase"))
                    .done();
            }
        }
        nation.run("registry keys --dir {}/registry").done();
        nation
            .run(
                "root init --key {}/keys/root-a.pub --key {}/keys/root-b.pub \
                 --key {}/keys/root-c.pub --targets-key {}/keys/targets-a.pub \
                 --targets-key {}/keys/targets-b.pub --targets-key {}/keys/targets-c.pub \
                 --snapshot-key {}/registry/signer/registry-snapshot.pub \
                 --timestamp-key {}/registry/signer/registry-timestamp.pub --out {}/root.json",
            )
            .done();
        nation.sign("root.json", &["root-a", "root-b"]);
        nation
            .run("registry install --dir {}/registry --root {}/root.json")
            .done();
        nation
            .run(
                "delegate 37 --key {}/keys/bureau-a.pub --key {}/keys/bureau-b.pub \
                 --key {}/keys/bureau-c.pub --out {}/targets.json",
            )
            .done();
        nation.sign("targets.json", &["targets-a", "targets-b"]);
        let registry = nation.serve();
        nation
            .run(&format!(
                "publish send {{}}/targets.json --registry {}",
                registry.address
            ))
            .done();
        nation
    }

    /// A path in the nation's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command line in which `{}` stands for the nation's folder.
    pub fn run(&self, line: &str) -> Ran {
        let folder = self.folder.path().to_str().unwrap();
        let arguments = line.split_whitespace();
        rulepack(arguments.map(|argument| argument.replace("{}", folder)))
    }

    /// Has a file signed.
    pub fn sign(&self, file: &str, persons: &[&str]) {
        for person in persons {
            self.run(&format!("sign {{}}/{file} --key {{}}/keys/{person}.key"))
                .done();
        }
    }

    /// Serves the registry.
    pub fn serve(&self) -> Registry {
        Registry::serve(&self.path("registry"))
    }

    /// Keeps a copy of the registry's folder as it is now.
    pub fn back_up(&self, name: &str) -> PathBuf {
        let copy = self.path(name);
        copy_files(&self.path("registry"), &copy);
        copy
    }

    /// Drafts the next version of the bureau's role with these packs, as `37.json`.
    pub fn draft(&self, packs: &[&Path], registry: &Registry) {
        let mut line = "publish draft --out {}/37.json --registry ".to_owned();
        line.push_str(&registry.address);
        for pack in packs {
            line.push_str(&format!(" {}", pack.display()));
        }
        self.run(&line).done();
    }

    /// Sends `37.json` and the packs that it newly lists.
    pub fn send(&self, packs: &[&Path], registry: &Registry) -> Ran {
        let mut line = "publish send {}/37.json --registry ".to_owned();
        line.push_str(&registry.address);
        for pack in packs {
            line.push_str(&format!(" --pack {}", pack.display()));
        }
        self.run(&line)
    }

    /// Drafts, has two officers sign, and sends.
    pub fn publish(&self, packs: &[&Path], registry: &Registry) {
        self.draft(packs, registry);
        self.sign("37.json", &["bureau-a", "bureau-b"]);
        self.send(packs, registry).done();
    }

    /// Sets up a hospital in Zibo.
    pub fn host(&self, name: &str, registry: &Registry) -> Host {
        let address = &registry.address;
        self.run(&format!(
            "init --dir {{}}/{name} --root {{}}/root.json --registry {address} \
             --institution H37030000001 --division 370303"
        ))
        .done();
        Host {
            folder: self.path(name),
        }
    }
}

impl Registry {
    /// Serves a registry's folder on a free port of loopback.
    pub fn serve(folder: &Path) -> Self {
        let mut command = command();
        command.args(["registry", "serve", "--listen", "127.0.0.1:0", "--dir"]);
        command.arg(folder).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        for line in lines {
            if let Some(address) = line.unwrap().strip_prefix("registry at ") {
                let address = address.to_owned();
                return Registry { process, address };
            }
        }
        panic!("the registry ended with {}", process.wait().unwrap());
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // Where it ended by itself there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Host {
    /// The host in a folder.
    pub fn at(folder: PathBuf) -> Self {
        Host { folder }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Brings its packs up to date.
    pub fn sync(&self) -> Ran {
        self.run("sync", &[])
    }

    /// Checks data.
    pub fn check(&self, data: &Path, options: &[&str]) -> Ran {
        let data = data.to_str().unwrap();
        self.run("check", &[&[data], options].concat())
    }

    /// What a person decides about versions, by `host` and these arguments.
    pub fn decide(&self, arguments: &[&str]) -> Ran {
        let folder = self.folder.to_str().unwrap();
        rulepack([&["host"], arguments, &["--dir", folder]].concat())
    }

    /// The lines of its status that begin with these words.
    pub fn status(&self, words: &str) -> Vec<String> {
        let told = self.decide(&["status"]).done();
        let lines = told.lines().filter(|line| line.starts_with(words));
        lines.map(str::to_owned).collect()
    }

    /// Follows another registry from now on: an address, or a folder with a copy of a repository.
    pub fn follow(&self, registry: &str) {
        let path = self.folder.join("host.toml");
        let text = fs::read_to_string(&path).unwrap();
        let (_, rest) = text.split_once('\n').unwrap();
        let first = format!("registry = \"{registry}\"\n");
        fs::write(&path, first + rest).unwrap();
    }

    /// Follows this alone from now on.
    pub fn subscribe(&self, subscription: &str) {
        let path = self.folder.join("host.toml");
        let text = fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once("subscriptions = [").unwrap();
        let (_, after) = rest.split_once(']').unwrap();
        let text = format!("{before}subscriptions = [\"{subscription}\"]{after}");
        fs::write(&path, text).unwrap();
    }

    /// The lock in force, byte for byte.
    pub fn lock(&self) -> String {
        fs::read_to_string(self.folder.join("lock.json")).unwrap()
    }

    /// The versions in the lock that are active.
    pub fn active(&self) -> Vec<String> {
        let lock: serde_json::Value = serde_json::from_str(&self.lock()).unwrap();
        let versions = lock["versions"].as_array().unwrap().iter();
        versions
            .filter(|version| version["state"] == "active" && version["status"] == "active")
            .map(|version| version["path"].as_str().unwrap().to_owned())
            .collect()
    }

    fn run(&self, name: &str, arguments: &[&str]) -> Ran {
        let folder = self.folder.to_str().unwrap();
        rulepack([&[name, "--dir", folder], arguments].concat())
    }
}
