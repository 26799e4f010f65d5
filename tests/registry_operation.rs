//! What an operator of a registry meets: stops in the middle of a publication, publications at once, the
//! drills of the guide, and repositories that are not as they should be.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(unix)]

#[path = "common/site.rs"]
mod site;
#[path = "common/smallest_pack.rs"]
mod smallest_pack;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;

use rulepack_protocol::tuf::RoleName;
use rulepack_registry::client::PublishFailed;
use rulepack_registry::{Client, Publication, Receipt, RefusalKind};

use site::{Bureau, Process, Site};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_rulepack"))
}

/// Runs `rulepack` in the site's place of folders; gives its code and what it printed on both ways.
fn run(site: &Site, line: &str) -> (i32, String) {
    let folder = site.path("");
    let folder = folder.to_str().unwrap().trim_end_matches('/').to_owned();
    let arguments: Vec<String> = line
        .split(' ')
        .map(|word| word.replace("{}", &folder))
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = site.command(&arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap().replace(&folder, "{}");
    (output.status.code().unwrap(), text)
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.unwrap().success());
}

/// Puts a kept copy in the place of a folder.
fn restore(kept: &Path, folder: &Path) {
    fs::remove_dir_all(folder).unwrap();
    copy(kept, folder);
}

fn kind(failed: &PublishFailed) -> Option<RefusalKind> {
    match failed {
        PublishFailed::Refused { kind, .. } => *kind,
        PublishFailed::Request(_) => None,
    }
}

fn publish(registry: &Process, bureau: &mut Bureau) -> Receipt {
    let (role, publication) = bureau.next();
    let receipt = registry.client().publish(&publication).unwrap();
    bureau.role = role;
    receipt
}

/// Sends SIGTERM, as a service manager does.
fn terminate(process: &Process) {
    let id = rustix::process::Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
}

/// Publishes on a thread of its own.
fn publishing(
    address: &str,
    publication: Publication,
) -> thread::JoinHandle<Result<Receipt, PublishFailed>> {
    let client = Client::new(address);
    thread::spawn(move || client.publish(&publication))
}

#[test]
#[cfg(debug_assertions)]
fn sigterm_in_the_middle_of_a_publication_finishes_it_first() {
    let bureau = Bureau::new("37", 30);
    let site = Site::found(program(), &[&bureau]);
    let signer = site.start_signer("");
    let mut registry = site.start_registry("pause RoleStored 1");
    let publishing = publishing(&registry.address, bureau.next().1);
    assert_eq!(registry.wait_for("reached "), "RoleStored");
    terminate(&registry);
    registry.go_on();
    let receipt = publishing.join().unwrap().unwrap();
    assert!(!receipt.already_published);
    registry.wait_for("stopped; what was being published is finished");
    assert_eq!(registry.ended().code(), Some(0));
    assert_eq!(site.shown(&bureau), 1);
    site.assert_valid();
    terminate(&signer);
    assert_eq!(signer.ended().code(), Some(0));
    assert!(!site.path("signer.sock").exists());
}

#[test]
#[cfg(debug_assertions)]
fn while_one_bureau_is_being_stored_another_waits_and_a_second_machine_is_told_of_the_conflict() {
    let (shandong, zhejiang) = (Bureau::new("37", 30), Bureau::new("33", 40));
    let site = Site::found(program(), &[&shandong, &zhejiang]);
    let _signer = site.start_signer("");
    let mut registry = site.start_registry("pause RoleStored 1");
    let first = publishing(&registry.address, shandong.next().1);
    assert_eq!(registry.wait_for("reached "), "RoleStored");
    // Both are on their way while the first one is held in the middle.
    let other = publishing(&registry.address, zhejiang.next().1);
    let rival = publishing(&registry.address, shandong.next_titled("另一台").1);
    registry.go_on();
    assert!(first.join().unwrap().is_ok());
    assert!(other.join().unwrap().is_ok());
    let refused = rival.join().unwrap().unwrap_err();
    assert_eq!(kind(&refused), Some(RefusalKind::VersionConflict));
    assert_eq!(
        refused.hint().unwrap(),
        "fetch the newest version of the role, add your change to it, and have it signed again"
    );
    assert_eq!((site.shown(&shandong), site.shown(&zhejiang)), (1, 1));
    site.assert_valid();
}

#[test]
fn drill_the_registry_s_disk_is_restored_from_yesterday() {
    let mut bureau = Bureau::new("37", 30);
    let site = Site::found(program(), &[&bureau]);
    let signer = site.start_signer("");
    let registry = site.start_registry("");
    publish(&registry, &mut bureau);
    registry.kill();
    copy(&site.path("registry"), &site.path("yesterday"));
    let registry = site.start_registry("");
    let (_, lost) = bureau.next();
    assert_eq!(registry.client().publish(&lost).unwrap().timestamp, 3);
    registry.kill();
    restore(&site.path("yesterday"), &site.path("registry"));

    let serve = "registry serve --listen 127.0.0.1:0 --dir {}/registry --signer {}/signer.sock";
    let (code, told) = run(&site, serve);
    assert_eq!(code, 1);
    assert_eq!(
        told,
        "error: the repository cannot be brought to a valid state: the publication could not be \
         signed: the repository does not show the state that the signer signed last\n\
         hint: one of the two was restored from an older copy: restore the newer state, or go on \
         with what is there by `rulepack signer resume --above V`\n"
    );
    let resume = "signer resume --dir {}/signer --repository {}/registry/repository --above 3";
    let (code, told) = run(&site, resume);
    assert_eq!(
        (code, told.as_str()),
        (
            1,
            "error: the signer's folder `{}/signer` is in use by another process\n\
             hint: stop the signer first\n"
        )
    );
    signer.kill();
    assert_eq!(
        run(&site, resume),
        (0, "the signer goes on with version 4\n".to_owned())
    );
    let _signer = site.start_signer("");
    let registry = site.start_registry("");
    let receipt = registry.client().publish(&lost).unwrap();
    assert!(!receipt.already_published);
    assert!(receipt.timestamp > 3);
    site.assert_valid();
}

#[test]
fn drill_the_signer_s_folder_is_restored_from_yesterday() {
    let mut bureau = Bureau::new("37", 30);
    let site = Site::found(program(), &[&bureau]);
    copy(&site.path("signer"), &site.path("yesterday"));
    let signer = site.start_signer("");
    let registry = site.start_registry("");
    publish(&registry, &mut bureau);
    signer.kill();
    restore(&site.path("yesterday"), &site.path("signer"));
    let signer = site.start_signer("");
    // The server that was running goes on to serve, and publishes nothing.
    let (role, publication) = bureau.next();
    let refused = registry.client().publish(&publication).unwrap_err();
    assert_eq!(kind(&refused), Some(RefusalKind::Signer));
    assert_eq!(site.shown(&bureau), 1);
    signer.kill();
    let resume = "signer resume --dir {}/signer --repository {}/registry/repository --above";
    let (code, told) = run(&site, &format!("{resume} 2"));
    assert_eq!(code, 1);
    assert_eq!(
        told,
        "error: cannot resume above version 2, expected at least 3\n\
         hint: name the highest version of timestamp or snapshot that anybody may have seen\n"
    );
    assert_eq!(run(&site, &format!("{resume} 3")).0, 0);
    let _signer = site.start_signer("");
    registry.client().publish(&publication).unwrap();
    bureau.role = role;
    assert_eq!(site.shown(&bureau), 2);
    site.assert_valid();
}

#[test]
fn drill_the_signer_s_keys_are_stolen() {
    let mut bureau = Bureau::new("37", 30);
    let site = Site::found(program(), &[&bureau]);
    let signer = site.start_signer("");
    let registry = site.start_registry("");
    publish(&registry, &mut bureau);
    let (code, told) = run(&site, "signer keys --dir {}/signer --next");
    assert_eq!(
        (code, told.as_str()),
        (
            0,
            "made the signer's keys\n  {}/signer/registry-snapshot-2.pub\n  \
             {}/signer/registry-timestamp-2.pub\n\
             the key of registry-snapshot-2 is OPEN: no passphrase protects it, whoever reads the file can sign\n\
             the key of registry-timestamp-2 is OPEN: no passphrase protects it, whoever reads the file can sign\n"
        )
    );
    let root = Publication {
        metadata: [(RoleName::ROOT, site.keep_root(2, |_| {}))].into(),
        ..Publication::default()
    };
    // The signer that runs has read its keys before.
    let refused = registry.client().publish(&root).unwrap_err();
    assert_eq!(kind(&refused), Some(RefusalKind::Signer));
    assert_eq!(
        refused.hint().unwrap(),
        "start the signer with the keys that the newest root names"
    );
    signer.kill();
    let signer = site.start_signer("");
    registry.client().publish(&root).unwrap();
    site.assert_valid();
    // The stolen ones are worth nothing any more, and need not be there.
    signer.kill();
    for role in ["snapshot", "timestamp"] {
        fs::remove_file(site.path(&format!("signer/registry-{role}.key"))).unwrap();
    }
    let _signer = site.start_signer("");
    publish(&registry, &mut bureau);
    site.assert_valid();
}

#[test]
fn without_a_signer_only_loopback_is_served_and_it_is_said() {
    let site = Site::found(program(), &[]);
    let (code, told) = run(&site, "registry serve --listen 0.0.0.0:0 --dir {}/registry");
    assert_eq!(code, 1);
    assert_eq!(
        told,
        "error: `0.0.0.0:0` is not loopback, and without `--signer` the signer's keys are in this \
         process\nhint: run `rulepack signer run` under another user and give its socket by \
         `--signer`\n"
    );
    let (code, told) = run(
        &site,
        "registry serve --listen 127.0.0.1:0 --dir {}/registry",
    );
    assert_eq!(code, 1);
    assert_eq!(
        told,
        "error: `{}/registry/signer` holds no key `registry-snapshot.key`\n\
         hint: make the keys with `rulepack signer keys`\n"
    );
}

#[test]
fn only_its_user_or_its_group_too_may_connect_to_the_signer() {
    let site = Site::found(program(), &[]);
    let mode = || {
        let metadata = fs::metadata(site.path("signer.sock")).unwrap();
        metadata.permissions().mode() & 0o777
    };
    let signer = site.start_signer("");
    assert_eq!(mode(), 0o600);
    // The socket of a signer that was killed is replaced.
    signer.kill();
    let _signer = site.start_signer_for_group();
    assert_eq!(mode(), 0o660);
}

#[test]
fn the_server_holds_no_key_and_needs_none() {
    let mut bureau = Bureau::new("37", 30);
    let site = Site::found(program(), &[&bureau]);
    let _signer = site.start_signer("");
    let registry = site.start_registry("");
    publish(&registry, &mut bureau);
    let mut below = vec![site.path("registry")];
    while let Some(path) = below.pop() {
        if path.is_dir() {
            below.extend(fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
        } else {
            assert!(path.extension().is_none_or(|e| e != "key"), "{path:?}");
        }
    }
}

#[test]
fn check_ends_with_3_and_names_what_is_wrong() {
    let mut bureau = Bureau::new("37", 30);
    let site = Site::found(program(), &[&bureau]);
    let signer = site.start_signer("");
    let registry = site.start_registry("");
    publish(&registry, &mut bureau);
    drop((registry, signer));
    let (code, told) = run(&site, "registry check {}/registry");
    assert_eq!(code, 0);
    assert!(
        told.ends_with("\neverything is as it should be\n"),
        "{told}"
    );
    fs::write(site.repository().join("metadata/notes.txt"), "x").unwrap();
    let (code, told) = run(&site, "registry check {}/registry");
    assert_eq!(code, 3);
    let fault = "1 faults:\n  `{}/registry/repository/metadata/notes.txt` does not belong to the \
                 repository\n";
    assert!(told.ends_with(fault), "{told}");
    let (code, told) = run(&site, "registry check {}/nowhere");
    assert_eq!(code, 1);
    assert_eq!(
        told,
        "error: `{}/nowhere` holds no repository\n\
         hint: name a folder with `metadata/`, or a registry's folder\n"
    );
}

#[test]
fn a_deleted_or_spoiled_index_is_built_again_and_loses_nothing_that_was_signed() {
    let mut bureau = Bureau::new("37", 30);
    let site = Site::found(program(), &[&bureau]);
    let _signer = site.start_signer("");
    let registry = site.start_registry("");
    publish(&registry, &mut bureau);
    publish(&registry, &mut bureau);
    registry.kill();
    let index = site.repository().join("index");
    fs::remove_dir_all(&index).unwrap();
    let (code, told) = run(&site, "registry reindex --dir {}/registry");
    assert_eq!(
        (code, told.as_str()),
        (0, "built the index again: 2 versions of packs\n")
    );
    let database = index.join("db");
    let length = usize::try_from(fs::metadata(&database).unwrap().len()).unwrap();
    fs::write(&database, vec![0xa5; length]).unwrap();
    fs::write(index.join("conf"), "spoiled").unwrap();
    let mut command = site.command(&["registry", "serve", "--listen", "127.0.0.1:0", "--dir"]);
    command.arg(site.path("registry")).arg("--signer");
    command.arg(site.path("signer.sock"));
    let registry = Process::start(
        command,
        "",
        "the index was thrown away and built again from ",
    );
    assert!(
        registry.address.starts_with("the files: "),
        "{}",
        registry.address
    );
    registry.kill();
    assert_eq!(run(&site, "registry reindex --dir {}/registry").1, told);
    site.assert_valid();
}
