//! What the integration tests share: the command itself, and the plugins built once with it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses a part; a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

use rulepack_protocol::pack::{self, Bounds, Pack};
use serde_json::Value;

/// The plugins of this workspace.
pub const PLUGINS: [&str; 7] = [
    "chronic-limits",
    "conduct",
    "consumables",
    "dip-checks",
    "drg-checks",
    "national-library",
    "vbp-quota",
];

/// A pack that the command built.
#[derive(Debug)]
pub struct Sealed {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The same, opened.
    pub pack: Pack,
}

/// A plugin, built once for all tests of a process.
pub fn plugin(name: &'static str) -> &'static Sealed {
    static BUILT: OnceLock<Mutex<BTreeMap<&str, &'static Sealed>>> = OnceLock::new();
    let built = BUILT.get_or_init(Mutex::default);
    let mut built = built.lock().unwrap_or_else(|error| error.into_inner());
    built
        .entry(name)
        .or_insert_with(|| Box::leak(Box::new(build(&source(name), name, &[]))))
}

/// The folder of a plugin's source.
pub fn source(plugin: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("plugins")
        .join(plugin)
}

/// Builds a source to a file of this name in the tests' folder.
pub fn build(source: &Path, name: &str, more: &[&str]) -> Sealed {
    let path = folder().join(format!("{name}.wasm"));
    let (source, out) = (source.to_str().unwrap(), path.to_str().unwrap());
    let output = rulepack(&[&["build", source, "--out", out], more].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    open(path)
}

/// Opens a sealed pack.
pub fn open(path: PathBuf) -> Sealed {
    let bytes = std::fs::read(&path).unwrap();
    let pack = pack::open(&bytes, &Bounds::NATIVE).unwrap();
    Sealed { path, bytes, pack }
}

/// Runs the command. Packs are compiled in one folder for all tests, without a network.
pub fn rulepack(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rulepack"))
        .args(arguments)
        .env("CARGO_TARGET_DIR", folder())
        .env("CARGO_NET_OFFLINE", "true")
        .output()
        .unwrap()
}

/// Runs the command and reads what it prints as JSON.
pub fn rulepack_json(arguments: &[&str]) -> Value {
    let output = rulepack(&[&["--json"], arguments].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Where tests build and write.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("packs")
}

/// A folder of the shared data, or `None`, said aloud, where it is not at hand.
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = std::env::var_os("RULEPACK_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let folder = data.join(name);
    if !folder.is_dir() {
        println!("skipped: `{name}` is not at hand (RULEPACK_SHARED_DATA)");
        return None;
    }
    Some(folder)
}

/// What a command printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
