//! What the tests of the command share: a hermetic way to run it, sealed packs, and a nation with its
//! registry, bureaus and hospitals.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses a part; a test fails by panicking"
)]

pub mod bare_host;
pub mod foreign;
pub mod foreign_keys;
pub mod forge;
pub mod nation;
pub mod packs;
pub mod repository;
pub mod story;
pub mod web;

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

use rulepack_protocol::moment::{Day, Moment};

/// What of the environment reaches the command: where programs and the Rust toolchain lie.
const KEPT_VARIABLES: [&str; 6] = [
    "PATH",
    "HOME",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "CARGO",
];

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Now, as the command reads it.
pub fn now() -> Moment {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Moment::from_unix(i64::try_from(now.as_secs()).unwrap()).unwrap()
}

/// Today in China, as the command reads it.
pub fn today() -> Day {
    let china = Moment::from_unix(now().unix() + 8 * 3600);
    china.unwrap().day()
}

/// The command with a cleared environment.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rulepack"));
    command.env_clear();
    for name in KEPT_VARIABLES {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // Packs are compiled in one folder for all tests, without a network.
    command.env("CARGO_TARGET_DIR", packs::folder());
    command.env("CARGO_NET_OFFLINE", "true");
    command
}

/// Runs `rulepack` to its end.
pub fn rulepack<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ran {
    let mut command = command();
    command.args(arguments);
    let output = command.output().unwrap();
    Ran {
        line: format!("{command:?}"),
        output,
    }
}

/// A run of the command, to be judged by [`Ran::done`] or [`Ran::failed`].
#[must_use = "say how it was to end"]
pub struct Ran {
    line: String,
    output: Output,
}

impl Ran {
    /// The text it printed; it ended with 0.
    pub fn done(self) -> String {
        self.ended(0).0
    }

    /// The reason it gave; it ended with 1 and printed nothing else. No panic is a reason.
    pub fn failed(self) -> String {
        let (stdout, stderr) = self.ended(1);
        assert_eq!(stdout, "");
        assert!(stderr.starts_with("error: "), "{stderr}");
        stderr.trim_end().to_owned()
    }

    /// The text that it printed; it was done and found what is not as it should be.
    pub fn found_fault(self) -> String {
        self.ended(3).0
    }

    /// It failed, or found what is not as it should be.
    pub fn not_done(self) {
        let code = self.output.status.code().unwrap_or(-1);
        assert!(matches!(code, 1 | 3), "{}", self.line);
        self.ended(code);
    }

    /// What it printed on both ways, having ended with this code.
    pub fn ended(self, code: i32) -> (String, String) {
        let Ran { line, output } = self;
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("panicked"), "{line}\n{stderr}");
        let status = output.status;
        assert_eq!(status.code(), Some(code), "{line}\n{stdout}\n{stderr}");
        (stdout, stderr)
    }
}
