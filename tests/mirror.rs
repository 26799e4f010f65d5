//! Copies of a repository: complete, verified, resumable, never newer than what they hold.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rulepack_host::client::{FailurePoint, Failures, FolderTransport, Mirror};

use common::nation::{Host, Nation};
use common::packs::copy_files;
use common::story::{self, NEW, OLD};
use common::web::{Twist, Web};
use common::{Ran, now, rulepack};

/// Tells the process that dies which repository it copies, whereto, and where it dies.
const FROM: &str = "RULEPACK_TEST_FROM";
const TO: &str = "RULEPACK_TEST_TO";
const POINT: &str = "RULEPACK_TEST_POINT";

/// A nation with a published pack, a copy of its repository, and a second version published since.
struct Story {
    nation: Nation,
    copy: PathBuf,
}

impl Story {
    fn begin() -> Self {
        let begun = story::Story::begin();
        let (nation, registry) = (&begun.nation, &begun.registry);
        let copy = nation.path("copy");
        let root = nation.path("root.json");
        let told = mirror(
            &registry.address,
            &copy,
            &["--root", root.to_str().unwrap()],
        )
        .done();
        assert!(told.contains("\n  name spaces  37\n"), "{told}");
        assert!(told.contains(" bytes), 1 fetched now\n"), "{told}");
        begun.publish_newer();
        let nation = begun.nation;
        Story { nation, copy }
    }

    /// The registry's own folder, as a source.
    fn repository(&self) -> PathBuf {
        self.nation.path("registry/repository")
    }

    /// A new host that follows a folder or an address.
    fn host(&self, name: &str, registry: &str) -> Host {
        self.nation
            .run(&format!(
                "init --dir {{}}/{name} --root {{}}/root.json --registry {registry} \
                 --institution H37030000001 --division 370303"
            ))
            .done();
        Host::at(self.nation.path(name))
    }
}

fn mirror(from: &str, to: &Path, options: &[&str]) -> Ran {
    let line = ["mirror", "--registry", from, "--to", to.to_str().unwrap()];
    rulepack([&line[..], options].concat())
}

/// The sealed file of a version in a copy.
fn file_of(copy: &Path, ending: &str) -> PathBuf {
    let folder = fs::read_dir(copy.join("targets/37/chronic-limits")).unwrap();
    let mut paths = folder.map(|entry| entry.unwrap().path());
    paths
        .find(|path| path.to_str().unwrap().ends_with(ending))
        .unwrap()
}

#[test]
fn any_static_server_or_folder_serves_a_copy() {
    let story = Story::begin();
    let web = Web::serve(&story.copy, Twist::Honest);
    let address = &web.address;
    let host = story.host("served", address);
    host.sync().done();
    assert_eq!(host.active(), [OLD]);

    let repository = story.repository();
    let told = mirror(
        repository.to_str().unwrap(),
        &story.copy,
        &["--follow", "37"],
    )
    .done();
    assert!(told.contains("\n  packs        2 ("), "{told}");
    assert!(told.contains(" bytes), 1 fetched now\n"), "{told}");
    let told = mirror(repository.to_str().unwrap(), &story.copy, &[]).done();
    assert!(told.contains(" bytes), 0 fetched now\n"), "{told}");
    host.sync().done();
    assert_eq!(host.active(), [OLD, NEW]);

    // A copy of a copy, over the plain server; and a host that is set up with the folder itself.
    let second = story.nation.path("second");
    let root = story.nation.path("root.json");
    mirror(address, &second, &["--root", root.to_str().unwrap()]).done();
    let host = story.host("of-a-folder", second.to_str().unwrap());
    host.sync().done();
    assert_eq!(host.active(), [OLD, NEW]);
}

#[test]
fn what_is_first_copied_without_a_root_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    let told = mirror(from.to_str().unwrap(), &to, &[]).failed();
    let own = to.join(".mirror");
    assert_eq!(
        told,
        format!(
            "error: there is no root in `{}`\nhint: give the national root with `--root` when the \
             copy is made for the first time",
            own.display()
        )
    );
    let no_root = folder.path().join("root.json");
    fs::write(&no_root, "{}").unwrap();
    let options = ["--root", no_root.to_str().unwrap()];
    let told = mirror(from.to_str().unwrap(), &to, &options).failed();
    assert!(told.starts_with("error: `root` is refused: "), "{told}");
    assert!(!own.join("trust.json").exists());
}

#[test]
fn a_tampered_source_is_refused_and_the_copy_stays_as_it_was() {
    let story = Story::begin();
    let source = story.nation.path("source");
    copy_files(&story.repository(), &source);
    let file = file_of(&source, ".1.0.1.wasm");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let before = fs::read(story.copy.join("metadata/timestamp.json")).unwrap();
    let told = mirror(source.to_str().unwrap(), &story.copy, &[]).failed();
    assert!(
        told.starts_with(&format!("error: pack `{NEW}` has sha256 ")),
        "{told}"
    );
    assert_eq!(
        fs::read(story.copy.join("metadata/timestamp.json")).unwrap(),
        before
    );
    let host = story.host("host", story.copy.to_str().unwrap());
    host.sync().done();
    assert_eq!(host.active(), [OLD]);

    let told = mirror(
        story.repository().to_str().unwrap(),
        &story.copy,
        &["--max-mib", "0"],
    )
    .failed();
    assert!(told.starts_with("error: the packs take "), "{told}");
    assert!(
        told.contains(" bytes, expected at most 0\nhint: name fewer with `--follow`"),
        "{told}"
    );
}

#[test]
fn a_tampered_copy_is_refused_by_a_host_and_mended_by_the_next_run() {
    let story = Story::begin();
    let file = file_of(&story.copy, ".1.0.0.wasm");
    let sound = fs::read(&file).unwrap();
    let mut flipped = sound.clone();
    flipped[100] ^= 1;
    fs::write(&file, &flipped).unwrap();
    let host = story.host("host", story.copy.to_str().unwrap());
    let told = host.sync().found_fault();
    assert!(
        told.starts_with(&format!("refused   {OLD}: pack `{OLD}` has sha256 ")),
        "{told}"
    );

    mirror(story.repository().to_str().unwrap(), &story.copy, &[]).done();
    assert_eq!(fs::read(&file).unwrap(), sound);
    host.sync().done();
    assert_eq!(host.active(), [OLD, NEW]);

    // One byte of the metadata.
    let path = story.copy.join("metadata/timestamp.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"version\":", "\"version\":1", 1)).unwrap();
    let told = story
        .host("other", story.copy.to_str().unwrap())
        .sync()
        .failed();
    assert!(told.starts_with("error: `timestamp` "), "{told}");
}

/// Dies at once, without unwinding, when the point is reached.
struct DieAt(String);

impl Failures for DieAt {
    fn reach(&self, point: FailurePoint) -> std::io::Result<()> {
        if format!("{point:?}") == self.0 {
            std::process::abort();
        }
        Ok(())
    }
}

#[test]
#[ignore = "the process that dies: started by the other test"]
fn a_process_that_dies() {
    let (Some(from), Some(to)) = (std::env::var_os(FROM), std::env::var_os(TO)) else {
        println!("skipped: no repository is named ({FROM}, {TO})");
        return;
    };
    let mirror = Mirror {
        transport: &FolderTransport::new(from),
        folder: Path::new(&to),
        followed: &[],
        bytes_max: u64::MAX,
        now: now(),
        failures: &DieAt(std::env::var(POINT).unwrap()),
    };
    mirror.run().unwrap();
}

#[cfg(unix)]
#[test]
fn a_copy_that_was_killed_at_any_point_shows_the_old_state_or_the_new_one_and_is_completed() {
    use std::os::unix::process::ExitStatusExt as _;

    let story = Story::begin();
    for point in [
        FailurePoint::BeforeState,
        FailurePoint::AfterState,
        FailurePoint::AfterDownload,
        FailurePoint::MirrorPack,
        FailurePoint::MirrorMetadata,
        FailurePoint::MirrorTimestamp,
    ] {
        let copy = story.nation.path(&format!("{point:?}"));
        copy_files(&story.copy, &copy);
        let mut process = Command::new(std::env::current_exe().unwrap());
        process.args(["--exact", "a_process_that_dies", "--ignored"]);
        process.env(FROM, story.repository()).env(TO, &copy);
        process.env(POINT, format!("{point:?}"));
        let status = process.stdout(Stdio::null()).stderr(Stdio::null()).status();
        const SIGABRT: i32 = 6;
        assert_eq!(
            status.unwrap().signal(),
            Some(SIGABRT),
            "{point:?} was not reached"
        );

        let host = story.host(&format!("host-{point:?}"), copy.to_str().unwrap());
        host.sync().done();
        match point {
            FailurePoint::MirrorTimestamp => assert_eq!(host.active(), [OLD, NEW], "{point:?}"),
            _ => assert_eq!(host.active(), [OLD], "{point:?}"),
        }
        mirror(story.repository().to_str().unwrap(), &copy, &[]).done();
        let incoming = fs::read_dir(copy.join(".mirror/incoming")).unwrap();
        assert_eq!(incoming.count(), 0, "{point:?} leaves pieces behind");
        host.sync().done();
        assert_eq!(host.active(), [OLD, NEW], "{point:?}");
    }
}
