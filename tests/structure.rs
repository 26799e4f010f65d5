//! The shape of the workspace: which crate may depend on which, and what no source file may do.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The edges of the design (`docs/ARCHITECTURE.md`). Dev-dependencies of the root package are exempt:
/// its tests use everything.
const EDGES: &[(&str, &[&str])] = &[
    ("rulepack-contract", &[]),
    ("rulepack-protocol", &["rulepack-contract"]),
    ("rulepack-sdk", &["rulepack-contract"]),
    ("chronic-limits", &["rulepack-sdk"]),
    ("conduct", &["rulepack-sdk"]),
    ("consumables", &["rulepack-sdk"]),
    ("dip-checks", &["rulepack-sdk"]),
    ("drg-checks", &["rulepack-sdk"]),
    ("national-library", &["rulepack-sdk"]),
    ("vbp-quota", &["rulepack-sdk"]),
    // Of the measurements beside others, a workspace of its own.
    ("four-families", &["rulepack-sdk"]),
    (
        "rulepack-build",
        &["rulepack-contract", "rulepack-protocol"],
    ),
    (
        "rulepack-engine",
        &["rulepack-contract", "rulepack-protocol"],
    ),
    (
        "rulepack-host",
        &["rulepack-contract", "rulepack-engine", "rulepack-protocol"],
    ),
    (
        "rulepack-audit",
        &[
            "rulepack-contract",
            "rulepack-engine",
            "rulepack-host",
            "rulepack-protocol",
        ],
    ),
    (
        "rulepack-registry",
        &["rulepack-contract", "rulepack-protocol"],
    ),
];

/// Crates that may depend on everything.
const TOPS: &[&str] = &[
    "rulepack",
    "rulepack-bench",
    "rulepack-fuzz",
    "rulepack-peers",
    "peers-common",
    "peer-regorus",
    "peer-zen",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder with this ending, build output left out.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                files(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

fn workspace_files(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&root(), ending, &mut found);
    found.sort();
    found
}

#[test]
fn crates_depend_only_along_the_edges_of_the_design() {
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let mut seen = 0;
    for path in workspace_files("Cargo.toml") {
        let manifest: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let Some(name) = manifest.get("package").map(|p| p["name"].as_str().unwrap()) else {
            continue;
        };
        if TOPS.contains(&name) || !path.strip_prefix(root()).is_ok_and(is_member) {
            continue;
        }
        let allowed = allowed
            .get(name)
            .unwrap_or_else(|| panic!("crate `{name}` is not in the list of edges"));
        seen += 1;
        for dependency in dependencies(&manifest) {
            let own = dependency.starts_with("rulepack") || EDGES.iter().any(|e| e.0 == dependency);
            assert!(
                !own || allowed.contains(&dependency.as_str()),
                "`{name}` must not depend on `{dependency}`"
            );
        }
    }
    assert_eq!(seen, EDGES.len(), "every crate of the list exists");
}

/// Templates of new packs are no members.
fn is_member(path: &Path) -> bool {
    !path.components().any(|part| part.as_os_str() == "template")
}

/// All but dev-dependencies, for every target.
fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let mut tables: Vec<&toml::Table> = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        tables.extend(targets.values().filter_map(toml::Value::as_table));
    }
    let mut names = Vec::new();
    for table in tables {
        for section in ["dependencies", "build-dependencies"] {
            if let Some(section) = table.get(section).and_then(toml::Value::as_table) {
                names.extend(section.keys().cloned());
            }
        }
    }
    names
}

/// Tests build packs without a network, and cargo fetches for this machine nothing that other targets alone need.
#[test]
fn packs_are_built_of_what_is_fetched_with_the_workspace() {
    for path in workspace_files("Cargo.toml") {
        let manifest: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let targets = manifest.get("target").and_then(toml::Value::as_table);
        for target in targets.into_iter().flat_map(toml::Table::keys) {
            let is_of_packs_alone = target.contains("wasm") && !target.contains("not(");
            assert!(!is_of_packs_alone, "`{target}` in {}", path.display());
        }
    }
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    let long: Vec<String> = workspace_files(".rs")
        .into_iter()
        .map(|path| (fs::read_to_string(&path).unwrap().lines().count(), path))
        .filter(|(lines, _)| *lines > 500)
        .map(|(lines, path)| format!("{lines} {}", path.display()))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn libraries_never_print_or_read_the_environment() {
    let forbidden = [
        "println!(",
        "eprintln!(",
        "print!(",
        "eprint!(",
        "std::env::",
        "env::var",
    ];
    let libraries = ["wit/src", "registry/", "host/", "sdk/src", "plugins/"];
    let mut seen = 0;
    for path in workspace_files(".rs") {
        let relative = path.strip_prefix(root()).unwrap().display().to_string();
        let is_build_script = relative.ends_with("build.rs") && !relative.contains("/src/");
        let is_test = relative.contains("/tests/") || relative.ends_with("tests.rs");
        if !libraries.iter().any(|folder| relative.starts_with(folder))
            || is_build_script
            || is_test
        {
            continue;
        }
        seen += 1;
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for word in forbidden {
            let uses = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .any(|line| line.contains(word));
            assert!(!uses, "`{relative}` uses `{word}`");
        }
    }
    assert!(seen > 30, "only {seen} files were looked at");
}

#[test]
fn the_plain_tuf_client_is_made_by_one_command_alone() {
    // Outside of its folder, who may speak of each: the client without our policy, and the installation of
    // a cryptographic provider, of which a process has one.
    let words: [(&str, &[&str]); 2] = [
        ("plain_tuf", &["src/commands/tuf.rs", "src/main.rs"]),
        (
            "install_default_provider",
            &["registry/protocol/src/trust/provider.rs"],
        ),
    ];
    let mut seen = 0;
    for path in workspace_files(".rs") {
        let relative = path.strip_prefix(root()).unwrap().display().to_string();
        if relative.starts_with("src/plain_tuf/") || relative.contains("tests/") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (word, allowed) in words {
            if text.contains(word) {
                assert!(allowed.contains(&&*relative), "`{relative}` uses `{word}`");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 3, "each of these files exists and uses its word");
}

/// Lines of code, comments left out, of all source files outside tests that hold a word.
fn uses_of(word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for path in workspace_files(".rs") {
        let relative = path.strip_prefix(root()).unwrap().display().to_string();
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let mut lines = code.lines().map(str::trim_start);
        let is_test = relative.contains("tests/") || relative.ends_with("tests.rs");
        if !is_test && lines.any(|line| !line.starts_with("//") && line.contains(word)) {
            found.push(relative);
        }
    }
    found
}

/// Whoever wants a verified file, a registry, a host, `verify` or `mirror`, gets it from the module `trust`
/// of the protocol, which applies the policy: no other place can verify, or make what it gives out.
#[test]
fn nothing_is_verified_but_by_the_module_that_applies_the_policy() {
    const TRUST: &str = "registry/protocol/src/trust/";
    // The plain client of any TUF repository, whose targets are no packs.
    const PLAIN: [&str; 2] = ["src/plain_tuf/", "src/commands/tuf.rs"];
    let verifier = uses_of("sigstore_tuf");
    assert!(!verifier.is_empty());
    for file in verifier {
        let allowed = file.starts_with(TRUST) || PLAIN.iter().any(|plain| file.starts_with(plain));
        assert!(allowed, "`{file}` names the verifier itself");
    }
    for maker in [
        "ResolvedTarget {",
        "Verified {",
        "Verified::read",
        "Verified::<",
    ] {
        for file in uses_of(maker) {
            assert!(file.starts_with(TRUST), "`{file}` says `{maker}`");
        }
    }
    // What makes it so: neither can be made outside the crate.
    let source = |name: &str| fs::read_to_string(root().join(TRUST).join(name)).unwrap();
    assert!(source("resolve.rs").contains("#[non_exhaustive]\npub struct ResolvedTarget {"));
    assert!(source("verified.rs").contains("pub(super) fn read("));
    // And the plain client has nothing to do with packs.
    for file in uses_of("plain_tuf") {
        let allowed = ["src/main.rs", "src/commands/tuf.rs"].contains(&file.as_str());
        assert!(
            allowed || file.starts_with(PLAIN[0]),
            "`{file}` uses the plain client"
        );
    }
}
