//! The same source gives the same bytes, in whatever folder, under whatever user; and `reproduce` says
//! where they differ.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::packs::{Source, copy_files};
use common::{command, rulepack};

/// What another user works with: an own folder, home, cargo home and target folder.
struct User<'a> {
    name: &'a str,
    folder: PathBuf,
}

impl<'a> User<'a> {
    /// A user with a copy of a source.
    fn with(name: &'a str, source: &Path, folder: PathBuf) -> Self {
        copy_files(source, &folder.join("work"));
        User { name, folder }
    }

    fn work(&self) -> PathBuf {
        self.folder.join("work")
    }

    /// Runs the command as this user; gives what it printed.
    fn run<const N: usize>(&self, arguments: [&Path; N]) -> String {
        let home = self.folder.join("home").join(self.name);
        let cargo_home = home.join("cargo");
        fs::create_dir_all(&cargo_home).unwrap();
        link_registry(&cargo_home);
        let mut command = command();
        set_rustup_home(&mut command);
        command.env("HOME", &home).env("CARGO_HOME", &cargo_home);
        command.env("USER", self.name).env("LOGNAME", self.name);
        command.env("CARGO_TARGET_DIR", self.folder.join("target of them"));
        let output = command.args(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The sources of dependencies, which no test downloads again.
fn link_registry(cargo_home: &Path) {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cargo");
    let own = std::env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from);
    #[cfg(unix)]
    std::os::unix::fs::symlink(own.join("registry"), cargo_home.join("registry")).unwrap();
    let config = own.join("config.toml");
    if config.exists() {
        fs::copy(config, cargo_home.join("config.toml")).unwrap();
    }
}

/// The toolchain stays where it is, whoever builds.
fn set_rustup_home(build: &mut Command) {
    if std::env::var_os("RUSTUP_HOME").is_none()
        && let Some(home) = std::env::var_os("HOME")
    {
        build.env("RUSTUP_HOME", Path::new(&home).join(".rustup"));
    }
}

#[cfg(unix)]
#[test]
fn two_users_in_two_folders_build_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    rulepack(["new", "37/twice", "--out", source.to_str().unwrap()]).done();
    let li = User::with("li.wei", &source, folder.path().join("a"));
    let deep = folder.path().join("another place/of some depth");
    let wang = User::with("wang.fang", &source, deep);
    let sealed = folder.path().join("sealed.wasm");
    li.run(["build".as_ref(), &li.work(), "--out".as_ref(), &sealed]);
    let told = wang.run(["reproduce".as_ref(), &sealed, &wang.work()]);
    assert_eq!(told.lines().last(), Some("the same bytes"));
    // Nothing was taken from, or left in, the folders of earlier builds.
    assert!(!wang.folder.join("target of them").exists());
    assert!(!wang.work().join("target").exists());
    let bytes = fs::read(sealed).unwrap();
    for name in ["li.wei", "another place", "target of them"] {
        let found = bytes
            .windows(name.len())
            .any(|part| part == name.as_bytes());
        assert!(!found, "`{name}` stands in the pack");
    }
}

#[test]
fn a_difference_is_named_by_its_part() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.wasm");
    Source::copy("chronic-limits", &folder.path().join("source"))
        .replace(
            "tables/catalogue.csv",
            "M03900,XC09AAB043A001010100002",
            "M03900,XOTHER",
        )
        .build(&other)
        .done();
    let source = common::workspace().join("plugins/chronic-limits");
    let line = ["reproduce".as_ref(), other.as_os_str(), source.as_os_str()];
    let told = rulepack(line).found_fault();
    assert!(told.contains("\ncode     the same ("), "{told}");
    let line = "unlike: rulepack:manifest, rulepack:table/catalogue";
    assert!(told.lines().last().unwrap().ends_with(line), "{told}");
}
