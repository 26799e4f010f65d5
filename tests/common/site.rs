//! A registry and its signer as the real processes that an operator runs, and bureaus that publish into
//! it. Shared by the tests of the registry and by the torture run of the benchmarks.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each user needs a part; a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::SystemTime;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::{PublicKey, SecretKey, Signer as _};
use rulepack_protocol::moment::Moment;
use rulepack_protocol::pack::{self, Bounds};
use rulepack_protocol::tuf::{
    Authority, Channel, Custom, Envelope, Hashes, Payload, RoleName, Root, Target, Targets,
};
use rulepack_registry::{Client, Publication};
use tempfile::TempDir;

use super::smallest_pack::sealed_from;

/// The folder of an operator: `registry/`, `signer/` and the socket.
pub struct Site {
    folder: TempDir,
    program: PathBuf,
}

/// A running process, killed where it is dropped.
pub struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
    input: Option<ChildStdin>,
    /// What it said it answers at: a socket, or `http://127.0.0.1:PORT`.
    pub address: String,
}

/// A bureau with three officers, of whom two sign.
pub struct Bureau {
    name_space: String,
    officers: Vec<SecretKey>,
    /// What it published last.
    pub role: Targets,
}

impl Site {
    /// Makes the signer's keys, has a root signed that names them, installs it through the signer, and
    /// delegates to the bureaus.
    pub fn found(program: &Path, bureaus: &[&Bureau]) -> Self {
        let site = Site {
            folder: tempfile::tempdir().unwrap(),
            program: program.to_owned(),
        };
        let signer = site.path("signer");
        site.done(&["signer", "keys", "--dir", signer.to_str().unwrap()]);
        fs::create_dir(site.path("registry")).unwrap();
        site.keep_root(1, |_| {});
        let signer = site.start_signer("");
        let (root, dir) = (site.path("1.root.json"), site.path("registry"));
        let (root, dir) = (root.to_str().unwrap(), dir.to_str().unwrap());
        let socket = signer.address.clone();
        site.done(&[
            "registry", "install", "--dir", dir, "--root", root, "--signer", &socket,
        ]);
        let registry = site.start_registry("");
        let mut top = Targets::new(today().plus_days(365));
        for bureau in bureaus {
            let authority = authority(&bureau.officers);
            top.delegate(&bureau.name_space.parse().unwrap(), &authority);
        }
        let publication = Publication {
            metadata: [(RoleName::TARGETS, signed(top, &keepers()))].into(),
            ..Publication::default()
        };
        registry.client().publish(&publication).unwrap();
        site
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the next root, signed, as `N.root.json`: of the newest pair of the signer's keys, and
    /// otherwise as `change` wants it.
    pub fn keep_root(&self, version: u64, change: impl FnOnce(&mut Root)) -> Vec<u8> {
        let pinner = |role: &str| {
            let files = fs::read_dir(self.path("signer")).unwrap();
            let mut names: Vec<_> = files
                .map(|entry| entry.unwrap().path())
                .filter(|path| {
                    let name = path.file_name().unwrap().to_str().unwrap();
                    name.starts_with(role) && name.ends_with(".pub")
                })
                .collect();
            names.sort_by_key(|path| path.as_os_str().len());
            let bytes = fs::read(names.last().unwrap()).unwrap();
            let key: PublicKey = serde_json::from_slice(&bytes).unwrap();
            Authority::new([key], 1)
        };
        let keepers = authority(&keepers());
        let mut root = Root::new(
            today().plus_days(365),
            &keepers,
            &keepers,
            &pinner("registry-snapshot"),
            &pinner("registry-timestamp"),
        );
        root.version = version;
        change(&mut root);
        let bytes = signed(root, &self::keepers());
        fs::write(self.path(&format!("{version}.root.json")), &bytes).unwrap();
        bytes
    }

    /// Starts the signer, with what happens at a failure point (or nothing).
    pub fn start_signer(&self, failure: &str) -> Process {
        let (dir, repository) = (self.path("signer"), self.repository());
        let socket = self.path("signer.sock");
        let mut command = self.command(&["signer", "run", "--dir"]);
        command.arg(dir).arg("--repository").arg(repository);
        command.arg("--socket").arg(socket);
        Process::start(command, failure, "signer at ")
    }

    /// Starts the signer for a web server under another user of the group.
    pub fn start_signer_for_group(&self) -> Process {
        let mut command = self.command(&["signer", "run", "--group", "--dir"]);
        command.arg(self.path("signer")).arg("--repository");
        command.arg(self.repository()).arg("--socket");
        command.arg(self.path("signer.sock"));
        Process::start(command, "", "signer at ")
    }

    /// Starts the registry at the signer's socket.
    pub fn start_registry(&self, failure: &str) -> Process {
        Process::start(self.registry_command(), failure, "registry at ")
    }

    /// Starts the registry, with so many seconds of processor time for the cases of a pack.
    pub fn start_registry_with_seconds(&self, case_seconds: u32) -> Process {
        let mut command = self.registry_command();
        command.arg("--case-seconds").arg(case_seconds.to_string());
        Process::start(command, "", "registry at ")
    }

    fn registry_command(&self) -> Command {
        let mut command = self.command(&["registry", "serve", "--listen", "127.0.0.1:0", "--dir"]);
        command.arg(self.path("registry")).arg("--signer");
        command.arg(self.path("signer.sock"));
        command
    }

    /// The repository.
    pub fn repository(&self) -> PathBuf {
        self.path("registry/repository")
    }

    /// The command, with an environment of its own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().env("RUST_LOG", "warn").args(arguments);
        command
    }

    /// Runs the command; it ends with 0.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let (stdout, stderr) = (output.stdout, output.stderr);
        let stdout = String::from_utf8(stdout).unwrap();
        let told = String::from_utf8_lossy(&stderr);
        assert_eq!(output.status.code(), Some(0), "{stdout}{told}");
        stdout
    }

    /// `registry check` finds nothing wrong.
    pub fn assert_valid(&self) {
        self.done(&["registry", "check", self.repository().to_str().unwrap()]);
    }

    /// Notes the bytes of every version of every role that can be seen, in the repository and in what
    /// the signer remembers: no version has two contents, now or ever.
    pub fn note_versions(&self, seen: &mut BTreeMap<String, Digest>) {
        let mut note = |name: String, bytes: &[u8]| {
            let digest = Digest::of(bytes);
            let before = *seen.entry(name.clone()).or_insert(digest);
            assert_eq!(before, digest, "`{name}` had other bytes before");
        };
        for entry in fs::read_dir(self.repository().join("metadata")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let bytes = fs::read(&path).unwrap();
            match name.as_str() {
                "timestamp.json" => note(name_of_timestamp(&bytes), &bytes),
                _ => note(name, &bytes),
            }
        }
        let memory = fs::read(self.path("signer/memory.json")).unwrap();
        let memory: serde_json::Value = serde_json::from_slice(&memory).unwrap();
        let last = &memory["last"]["signed"];
        if let (Some(timestamp), Some(snapshot)) =
            (last["timestamp"].as_str(), last["snapshot"].as_str())
        {
            note(
                name_of_timestamp(timestamp.as_bytes()),
                timestamp.as_bytes(),
            );
            let version = &last["snapshot_version"];
            note(format!("{version}.snapshot.json"), snapshot.as_bytes());
        }
    }

    /// The version of a bureau's role that the repository shows; 0 before the first.
    pub fn shown(&self, bureau: &Bureau) -> u64 {
        let tree = rulepack_registry::store::Tree::new(self.repository());
        let state = rulepack_registry::state::State::read(&tree).unwrap();
        state.version(&bureau.name_space.parse().unwrap())
    }
}

fn name_of_timestamp(bytes: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    format!("{}.timestamp.json", value["signed"]["version"])
}

impl Process {
    /// Starts a process, with what happens at a failure point, and waits for the line that begins so.
    pub fn start(mut command: Command, failure: &str, announces: &str) -> Self {
        if !failure.is_empty() {
            command.env("RULEPACK_FAILURE_POINT", failure);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let input = child.stdin.take();
        let mut process = Process {
            child,
            lines,
            input,
            address: String::new(),
        };
        process.address = process.wait_for(announces);
        process
    }

    /// Reads lines until one begins so; gives the rest of it.
    pub fn wait_for(&mut self, beginning: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.lines.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "ended without `{beginning}`");
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.trim_end().to_owned();
            }
        }
    }

    /// Lets a process go on that pauses at a failure point.
    pub fn go_on(&mut self) {
        self.input.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub fn ended(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Ends it by SIGKILL.
    pub fn kill(self) {
        drop(self);
    }

    /// A client of the registry.
    pub fn client(&self) -> Client {
        Client::new(&self.address)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Where it ended by itself there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Bureau {
    /// The bureau of a name space, which published nothing yet.
    pub fn new(name_space: &str, seed: u8) -> Self {
        let mut role = Targets::new(today().plus_days(60));
        role.version = 0;
        Bureau {
            name_space: name_space.to_owned(),
            officers: officers(seed),
            role,
        }
    }

    /// The next version of the role, with one more version of its one pack.
    pub fn next(&self) -> (Targets, Publication) {
        self.next_titled("限额")
    }

    /// The same with another title of the pack: what a second machine would make.
    pub fn next_titled(&self, title: &str) -> (Targets, Publication) {
        let name = format!("{}/limits", self.name_space);
        let version = format!("1.0.{}", self.role.version + 1);
        self.next_with(sealed_from(&name, &version, title, "2126-01-01"))
    }

    /// The same with a pack that was sealed elsewhere.
    pub fn next_with(&self, bytes: Vec<u8>) -> (Targets, Publication) {
        let mut role = self.role.clone();
        role.version += 1;
        let opened = pack::open(&bytes, &Bounds::NATIVE).unwrap();
        let target = Target {
            length: bytes.len() as u64,
            hashes: Hashes {
                sha256: Digest::of(&bytes),
            },
            custom: Custom::of(&opened, Channel::Stable, today().day()),
        };
        let Custom { name, version, .. } = &target.custom;
        let path: rulepack_protocol::names::TargetPath =
            format!("{name}/{version}.wasm").parse().unwrap();
        role.add_target(path.clone(), target).unwrap();
        let publication = Publication {
            metadata: [(
                self.name_space.parse().unwrap(),
                signed(role.clone(), &self.officers[..2]),
            )]
            .into(),
            targets: [(path, bytes)].into(),
        };
        (role, publication)
    }

    /// The name space.
    pub fn name_space(&self) -> &str {
        &self.name_space
    }
}

/// Now, by the real clock: the processes have no other.
pub fn today() -> Moment {
    let seconds = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    Moment::from_unix(i64::try_from(seconds).unwrap()).unwrap()
}

/// The keepers of root and `targets`.
fn keepers() -> Vec<SecretKey> {
    officers(200)
}

fn officers(seed: u8) -> Vec<SecretKey> {
    let officer = |seed: u8| SecretKey::from_seed([seed; 32], format!("p{seed}").parse().unwrap());
    (seed..seed + 3).map(officer).collect()
}

fn authority(officers: &[SecretKey]) -> Authority {
    Authority::new(officers.iter().map(|key| key.public_key().clone()), 2)
}

fn signed<T: Payload>(payload: T, keys: &[SecretKey]) -> Vec<u8> {
    let mut envelope = Envelope::unsigned(payload).unwrap();
    for key in keys {
        envelope.sign(key).unwrap();
    }
    envelope.to_bytes()
}
