//! Puts the SDK, the contract and the template of a pack into the command, for `rulepack new`; and the
//! time of the build, before which no host believes its clock.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Single files that a new pack takes over, and what they are called there.
const FILES: [(&str, &str); 3] = [
    ("Cargo.lock", "Cargo.lock"),
    ("rust-toolchain.toml", "rust-toolchain.toml"),
    ("plugins/clippy.toml", "clippy.toml"),
];

/// Folders that it takes over; the first is what it begins with.
const FOLDERS: [(&str, &str); 3] = [("sdk/template", ""), ("sdk", "sdk/"), ("wit", "wit/")];

/// What of them it does not take: the template is taken already, and is what the SDK's own test reads.
const LEFT_OUT: [&str; 2] = ["sdk/template", "sdk/tests"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!(
        "cargo::rustc-env=RULEPACK_BUILT_SECONDS={}",
        built_seconds()
    );
    let root = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets the folder");
    let root = Path::new(&root);
    let mut code = String::from("&[\n");
    for (from, to) in FILES {
        embed(&mut code, &root.join(from), to);
    }
    for (from, to) in FOLDERS {
        println!("cargo::rerun-if-changed={from}");
        let folder = root.join(from);
        for file in files(&folder, root, from) {
            let inner = file.strip_prefix(&folder).expect("it lies in the folder");
            let inner = inner.to_str().expect("our file names are ASCII");
            embed(
                &mut code,
                &file,
                &format!("{to}{}", inner.replace('\\', "/")),
            );
        }
    }
    code.push_str("]\n");
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&out).join("new_pack.rs"), code).expect("OUT_DIR is writable");
}

fn embed(code: &mut String, file: &Path, name: &str) {
    println!("cargo::rerun-if-changed={}", file.display());
    writeln!(code, "    ({name:?}, include_bytes!({file:?})),").expect("strings take text");
}

/// All files below a folder, in the order of their paths.
fn files(folder: &Path, root: &Path, part: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let hidden = path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            name.starts_with('.') || name == "target"
        });
        let left_out = part == "sdk" && LEFT_OUT.iter().any(|other| path == root.join(other));
        if hidden || left_out {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, root, part));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// `SOURCE_DATE_EPOCH`, by which a release says its date and builds the same again; else now.
fn built_seconds() -> u64 {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok();
    let now = || std::time::SystemTime::UNIX_EPOCH.elapsed();
    given
        .and_then(|seconds| seconds.parse().ok())
        .or_else(|| Some(now().ok()?.as_secs()))
        .unwrap_or_default()
}
