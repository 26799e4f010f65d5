//! The nested cargo that compiles a pack's crate.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;

/// The tools that compile packs, and where they work. The caller finds them: nothing here reads the
/// environment.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// `cargo`, by path or by name.
    pub cargo: PathBuf,
    /// `rustc` of the same toolchain.
    pub rustc: PathBuf,
    /// `rustup`, where there is one: it is asked for the target where that is missing.
    pub rustup: Option<PathBuf>,
    /// The environment of the caller. What an outer cargo sets in it is not passed on.
    pub environment: Vec<(OsString, OsString)>,
    /// Where packs are compiled: a folder of their own, for a nested cargo would wait for ours.
    pub target_folder: PathBuf,
    /// Folders whose paths must not be seen in the result, with what stands for them: the workspace, the
    /// home of cargo. The folder of the pack and `target_folder` are always among them.
    pub hidden_folders: Vec<(PathBuf, String)>,
}

/// Why a crate cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// A tool cannot be run.
    #[error("cannot run `{tool}`: {source}")]
    Run {
        /// The tool.
        tool: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder of the source cannot be found.
    #[error("cannot find `{path}`: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The standard library for the target is not there.
    #[error("the toolchain has no target `{TARGET}`")]
    TargetMissing,
    /// The compiler refused the crate.
    #[error("cargo cannot build `{folder}`:\n{messages}")]
    Cargo {
        /// The folder of the crate.
        folder: PathBuf,
        /// What cargo said.
        messages: String,
    },
    /// No module came out.
    #[error("cargo built `{0}`, but no WebAssembly module: the crate has no library")]
    NoModule(PathBuf),
    /// The module cannot be read.
    #[error("cannot read the module `{path}`: {source}")]
    Module {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl CompileError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            CompileError::TargetMissing => Some(format!("run `rustup target add {TARGET}`")),
            CompileError::Run { .. } => Some("install Rust from https://rustup.rs".to_owned()),
            _ => None,
        }
    }
}

/// What packs are compiled for: it imports nothing of itself, unlike the targets with WASI.
const TARGET: &str = "wasm32-unknown-unknown";

/// The settings that every pack is built with, whatever its own workspace says.
const PROFILE: [&str; 8] = [
    "profile.release.lto='fat'",
    "profile.release.codegen-units=1",
    "profile.release.panic='abort'",
    "profile.release.opt-level=3",
    "profile.release.strip='symbols'",
    "profile.release.debug=false",
    "profile.release.incremental=false",
    "profile.release.overflow-checks=true",
];

/// What a caller's cargo may hand on, of all the variables that begin with `CARGO_`.
const HANDED_ON: [&str; 5] = [
    "CARGO_HOME",
    "CARGO_NET_",
    "CARGO_HTTP_",
    "CARGO_REGISTR",
    "CARGO_SOURCE_",
];

/// Compiles the library crate in `folder`, and returns the module.
pub(crate) fn compile(folder: &Path, toolchain: &Toolchain) -> Result<Vec<u8>, CompileError> {
    let folder = folder
        .canonicalize()
        .map_err(|source| CompileError::Folder {
            path: folder.to_owned(),
            source,
        })?;
    ensure_target(&folder, toolchain)?;
    let manifest = folder.join("Cargo.toml");
    let mut cargo = command(&toolchain.cargo, &folder, toolchain);
    // `rustc --crate-type` compiles the crate as a module alone, whatever types it has for native builds.
    cargo
        .args([
            "rustc",
            "--release",
            "--lib",
            "--crate-type",
            "cdylib",
            "--target",
            TARGET,
        ])
        .args([
            "--message-format",
            "json-render-diagnostics",
            "--manifest-path",
        ])
        .arg(&manifest)
        .arg("--target-dir")
        .arg(&toolchain.target_folder)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(&folder, toolchain));
    for setting in PROFILE {
        cargo.args(["--config", setting]);
    }
    let output = run(cargo, &toolchain.cargo)?;
    if !output.status.success() {
        return Err(CompileError::Cargo {
            folder,
            messages: String::from_utf8_lossy(&output.stderr)
                .trim_end()
                .to_owned(),
        });
    }
    let path = module_path(&output.stdout, &manifest).ok_or(CompileError::NoModule(folder))?;
    std::fs::read(&path).map_err(|source| CompileError::Module { path, source })
}

/// Asks rustup for the target where the standard library for it is missing.
fn ensure_target(folder: &Path, toolchain: &Toolchain) -> Result<(), CompileError> {
    if has_target(folder, toolchain)? {
        return Ok(());
    }
    let Some(rustup) = &toolchain.rustup else {
        return Err(CompileError::TargetMissing);
    };
    let mut add = command(rustup, folder, toolchain);
    add.args(["target", "add", TARGET]);
    let added = run(add, rustup)?.status.success();
    if added && has_target(folder, toolchain)? {
        return Ok(());
    }
    Err(CompileError::TargetMissing)
}

fn has_target(folder: &Path, toolchain: &Toolchain) -> Result<bool, CompileError> {
    let mut print = command(&toolchain.rustc, folder, toolchain);
    print.args(["--print", "target-libdir", "--target", TARGET]);
    let output = run(print, &toolchain.rustc)?;
    let libraries = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(output.status.success() && Path::new(&libraries).is_dir())
}

/// A tool in the folder of the pack, so that its own `rust-toolchain.toml` counts.
fn command(tool: &Path, folder: &Path, toolchain: &Toolchain) -> Command {
    let mut command = Command::new(tool);
    let handed_on = |name: &str| HANDED_ON.iter().any(|prefix| name.starts_with(prefix));
    let outer = |name: &str| {
        (name.starts_with("CARGO") && !handed_on(name))
            || name.starts_with("RUSTC")
            || name.starts_with("RUSTDOC")
            || matches!(
                name,
                "RUSTFLAGS" | "MAKEFLAGS" | "TARGET" | "OUT_DIR" | "PROFILE"
            )
    };
    let environment = toolchain.environment.iter();
    let kept = environment.filter(|(name, _)| !name.to_str().is_some_and(outer));
    command
        .env_clear()
        .envs(kept.map(|(name, value)| (name, value)))
        .current_dir(folder);
    command
}

fn run(mut command: Command, tool: &Path) -> Result<Output, CompileError> {
    command.output().map_err(|source| CompileError::Run {
        tool: tool.to_owned(),
        source,
    })
}

/// The compiler's flags, as cargo reads them: separated by 0x1f. Of several folders that hold a file the
/// compiler takes the last, so the more precise ones come later.
fn flags(folder: &Path, toolchain: &Toolchain) -> OsString {
    let mut hidden: Vec<(&Path, &str)> = toolchain
        .hidden_folders
        .iter()
        .map(|(path, name)| (path.as_path(), name.as_str()))
        .collect();
    hidden.push((folder, "/pack"));
    // Code that build scripts write is compiled where they wrote it.
    hidden.push((&toolchain.target_folder, "/target"));
    hidden.sort_by_key(|(path, _)| path.as_os_str().len());
    let mut flags = OsString::new();
    for (path, name) in hidden {
        if !flags.is_empty() {
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(path);
        flags.push("=");
        flags.push(name);
    }
    flags
}

/// A line of cargo's output, as far as it is of interest.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

fn module_path(output: &[u8], manifest: &Path) -> Option<PathBuf> {
    let lines = output.split(|byte| *byte == b'\n');
    let messages = lines.filter_map(|line| serde_json::from_slice::<Message>(line).ok());
    messages
        .filter(|message| {
            message.reason == "compiler-artifact" && message.manifest_path == manifest
        })
        .flat_map(|message| message.filenames)
        .find(|file| {
            file.extension()
                .is_some_and(|extension| extension == "wasm")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toolchain(cargo: &str) -> Toolchain {
        Toolchain {
            cargo: cargo.into(),
            rustc: cargo.into(),
            rustup: None,
            environment: [
                ("CARGO_PKG_NAME", "x"),
                ("RUSTFLAGS", "-x"),
                ("CARGO_HOME", "/c"),
                ("PATH", "/b"),
            ]
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec(),
            target_folder: "/t".into(),
            hidden_folders: vec![("/work/space".into(), "/workspace".to_owned())],
        }
    }

    #[test]
    fn a_missing_tool_or_folder_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = compile(folder.path(), &toolchain("/nowhere/cargo")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot run `/nowhere/cargo`: "),
            "{error}"
        );
        assert_eq!(error.hint().unwrap(), "install Rust from https://rustup.rs");
        let missing = folder.path().join("missing");
        let error = compile(&missing, &toolchain("cargo")).unwrap_err();
        assert!(error.to_string().starts_with("cannot find `"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_missing_target_says_what_to_type() {
        let folder = tempfile::tempdir().unwrap();
        // `false` answers every question with a failure, as a compiler without the target does.
        let error = compile(folder.path(), &toolchain("/bin/false")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the toolchain has no target `wasm32-unknown-unknown`"
        );
        assert_eq!(
            error.hint().unwrap(),
            "run `rustup target add wasm32-unknown-unknown`"
        );
    }

    #[test]
    fn an_outer_cargo_does_not_reach_the_nested_one() {
        let command = command(Path::new("cargo"), Path::new("/"), &toolchain("cargo"));
        let names: Vec<_> = command
            .get_envs()
            .map(|(name, _)| name.to_owned())
            .collect();
        assert_eq!(names, ["CARGO_HOME", "PATH"]);
    }

    #[test]
    fn the_most_precise_folder_is_hidden_last() {
        let flags = flags(Path::new("/work/space/plugins/a"), &toolchain("cargo"));
        assert_eq!(
            flags.to_str().unwrap(),
            "--remap-path-prefix=/t=/target\u{1f}\
             --remap-path-prefix=/work/space=/workspace\u{1f}\
             --remap-path-prefix=/work/space/plugins/a=/pack"
        );
    }

    #[test]
    fn the_module_is_found_in_what_cargo_says() {
        let output = br#"
{"reason":"compiler-artifact","manifest_path":"/b/Cargo.toml","filenames":["/t/b.wasm"]}
not json
{"reason":"compiler-artifact","manifest_path":"/a/Cargo.toml","filenames":["/t/a.rlib","/t/a.wasm"]}
{"reason":"build-finished","success":true}"#;
        let found = module_path(output, Path::new("/a/Cargo.toml"));
        assert_eq!(found, Some("/t/a.wasm".into()));
        assert_eq!(module_path(output, Path::new("/c/Cargo.toml")), None);
    }
}
