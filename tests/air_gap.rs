//! A host without a network, fed from disks (T6): what an import tolerates, and what it never does.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use rulepack_host::client::FloorsStore;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use tempfile::TempDir;

use common::repository::Repository;
use common::{Ran, now, rulepack};

/// A host, and the disks that are carried to it.
struct Island {
    folder: TempDir,
    repository: Repository,
}

impl Island {
    fn new() -> Self {
        let island = Island {
            folder: tempfile::tempdir().unwrap(),
            repository: Repository::new(now()),
        };
        island.repository.root_file(&island.path("root.json"));
        island
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sets a host up that follows `37`.
    fn host(&self, name: &str, options: &[&str]) -> PathBuf {
        let (host, root, disk) = (self.path(name), self.path("root.json"), self.path("disk"));
        let mut line: Vec<&Path> = [
            "init",
            "--institution",
            "H37030000001",
            "--division",
            "370303",
        ]
        .map(Path::new)
        .to_vec();
        line.extend(["--follow", "37/*", "--dir"].map(Path::new));
        line.extend([
            host.as_path(),
            "--root".as_ref(),
            &root,
            "--registry".as_ref(),
            &disk,
        ]);
        line.extend(options.iter().map(Path::new));
        rulepack(line).done();
        host
    }

    /// A disk with a role that expired so many days ago.
    fn disk(&self, role: &'static str, days_ago: i64) -> PathBuf {
        let name = format!("{role}-{days_ago}");
        self.repository
            .expiring(role, -days_ago)
            .write(&self.path(&name))
    }
}

fn import(host: &Path, disk: &Path) -> Ran {
    rulepack([
        "sync".as_ref(),
        "--dir".as_ref(),
        host.as_os_str(),
        "--import".as_ref(),
        disk.as_os_str(),
    ])
}

fn last_good(host: &Path) -> Option<Moment> {
    FloorsStore::new(host.join("trust"))
        .read()
        .unwrap()
        .floors
        .last_good
}

#[test]
fn of_five_disks_each_with_one_expired_role_only_timestamp_and_snapshot_pass() {
    let island = Island::new();
    for (role, refusal) in [
        ("timestamp", None),
        ("snapshot", None),
        ("root", Some("error: `root` expired at ")),
        ("targets", Some("error: `targets` expired at ")),
    ] {
        let disk = island.disk(role, 3);
        let host = island.host(&format!("host-{role}"), &["--air-gapped"]);
        match refusal {
            None => {
                let told = import(&host, &disk).done();
                assert!(
                    told.contains(&format!("\ntolerated {role}: expired at ")),
                    "{told}"
                );
                assert!(last_good(&host).is_some());
            }
            Some(refusal) => {
                let told = import(&host, &disk).failed();
                assert!(told.starts_with(refusal), "{told}");
                assert_eq!(
                    last_good(&host),
                    None,
                    "{role}: the refresh was not completed"
                );
            }
        }
        // A plain refresh from the same disk tolerates none of them.
        let other = island.host(&format!("strict-{role}"), &["--air-gapped"]);
        let line = [
            "sync",
            "--dir",
            other.to_str().unwrap(),
            "--registry",
            disk.to_str().unwrap(),
        ];
        let told = rulepack(line).failed();
        assert!(
            told.starts_with(&format!("error: `{role}` expired at ")),
            "{told}"
        );
    }
    let host = island.host("host-37", &["--air-gapped"]);
    let told = import(&host, &island.disk("37", 3)).found_fault();
    assert!(told.contains("failed    37: `37` expired at "), "{told}");
}

#[test]
fn a_host_that_is_not_set_to_air_gapped_imports_nothing() {
    let island = Island::new();
    let host = island.host("host", &[]);
    for role in ["timestamp", "snapshot", "root", "targets", "37"] {
        assert_eq!(
            import(&host, &island.disk(role, 3)).failed(),
            "error: the host is not set to air-gapped, so nothing is imported from a disk\n\
             hint: use `sync --registry DIR`, which tolerates nothing; or write `[air_gap]` into \
             `host.toml`"
        );
    }
    assert_eq!(last_good(&host), None);
}

#[test]
fn a_disk_that_is_not_there_is_no_registry_without_files() {
    let island = Island::new();
    let host = island.host("host", &["--air-gapped"]);
    let missing = island.path("missing");
    let named = missing.display();
    let reason = format!(
        "error: `{named}` is no folder\nhint: name a registry by its address, `http://…` or `https://…`, or by a \
         folder that holds a copy of one"
    );
    assert_eq!(import(&host, &missing).failed(), reason);
    let [copy, root] = ["copy", "root.json"].map(|name| island.path(name));
    let [from, to, root] = [&missing, &copy, &root].map(|path| path.to_str().unwrap());
    let mirror = ["mirror", "--registry", from, "--to", to, "--root", root];
    assert_eq!(rulepack(mirror).failed(), reason);
}

#[test]
fn the_tolerance_ends_where_the_settings_say() {
    let island = Island::new();
    let host = island.host("host", &["--air-gapped"]);
    let told = import(&host, &island.disk("timestamp", 31)).failed();
    assert!(told.starts_with("error: `timestamp` expired at "), "{told}");
    import(&host, &island.disk("timestamp", 29)).done();

    let host = island.host("short", &["--air-gapped", "--tolerance-days", "2"]);
    let told = import(&host, &island.disk("snapshot", 3)).failed();
    assert!(told.starts_with("error: `snapshot` expired at "), "{told}");
    let text = fs::read_to_string(host.join("host.toml")).unwrap();
    assert!(text.ends_with("[air_gap]\ntolerance_days = 2\n"), "{text}");
}

#[test]
fn an_older_disk_undoes_neither_a_denial_nor_a_floor() {
    let island = Island::new();
    let host = island.host("host", &["--air-gapped"]);
    let older = island.disk("timestamp", 3);
    let denied = Digest::of(b"a pack with a fault");
    let newer = Repository {
        version: 2,
        denied: Some(denied),
        ..island.repository.clone()
    };
    let newer = newer.write(&island.path("newer"));
    import(&host, &newer).done();
    let before = FloorsStore::new(host.join("trust")).read().unwrap();
    let told = import(&host, &older).failed();
    assert!(
        told.starts_with(
            "error: `timestamp` contradicts what this host has seen: \
             version 2 was seen before, now version 1 is served"
        ),
        "{told}"
    );
    let after = FloorsStore::new(host.join("trust")).read().unwrap();
    assert_eq!(after, before);
    let is_denied = after
        .floors
        .denials
        .values()
        .any(|list| list.denied.contains(&denied));
    assert!(is_denied);
}

#[test]
fn a_pipe_on_a_disk_does_not_hang_the_host() {
    let island = Island::new();
    let host = island.host("host", &["--air-gapped"]);
    let disk = island.repository.write(&island.path("disk"));
    let timestamp = disk.join("metadata/timestamp.json");
    fs::remove_file(&timestamp).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(&timestamp)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: there is no `mkfifo`");
        return;
    }
    assert_eq!(
        import(&host, &disk).failed(),
        "error: `metadata/timestamp.json` cannot be read: it is not a file"
    );
}
