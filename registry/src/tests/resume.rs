//! Restored backups: of the registry's disk, of the signer's folder, and what the operator does then.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rulepack_protocol::trust::{Floors, Freshness, Limits, RootChain, TrustError};
use rulepack_protocol::tuf::Payload as _;

use super::fixture::*;
use crate::failure::NoFailure;
use crate::http::problem::causes;
use crate::signer::resume;
use crate::state::State;
use crate::store::Tree;
use crate::{Publication, Registry};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copied = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).unwrap();
        }
    }
}

/// Keeps a copy of a folder, and puts it back.
struct Backup(tempfile::TempDir);

impl Backup {
    fn of(folder: &Path) -> Self {
        let kept = tempfile::tempdir().unwrap();
        copy(folder, &kept.path().join("kept"));
        Backup(kept)
    }

    fn restore(&self, folder: &Path) {
        fs::remove_dir_all(folder).unwrap();
        copy(&self.0.path().join("kept"), folder);
    }
}

fn second_release() -> Publication {
    let first = sealed("37/limits", "1.0.0", "限额");
    let later = sealed("37/limits", "1.0.1", "限额");
    let metadata = signed(space(2, &[&first, &later]), &officers(SHANDONG)[..2]);
    upload("37", metadata, &[&later])
}

fn versions(registry: &Registry) -> (u64, u64) {
    let pins = State::read(registry.tree()).unwrap().pins.unwrap();
    (
        pins.timestamp.signed().version,
        pins.snapshot.signed().version,
    )
}

/// What a host that has followed so far remembers, after it looked at this tree.
fn look(tree: &Tree, floors: Floors) -> Result<Floors, TrustError> {
    let state = State::read(tree).unwrap();
    let pins = state.pins.unwrap();
    let chain = RootChain::start(&state.root.to_bytes(), floors, Limits::default())?;
    let root = chain.finish(Freshness::at(now()))?;
    let timestamp = root.timestamp(&pins.timestamp.to_bytes())?;
    let snapshot = timestamp.snapshot(&pins.snapshot.to_bytes())?;
    let version = snapshot.targets_pin()?.version;
    let bytes = crate::host_view::read(tree, &"targets".parse().unwrap(), version).unwrap();
    Ok(snapshot.targets(&bytes)?.completed_floors())
}

const DISAGREES: [&str; 2] = [
    "the publication could not be signed",
    "the repository does not show the state that the signer signed last",
];

#[test]
fn a_restored_disk_of_the_registry_is_noticed_and_goes_on_above_what_hosts_have_seen() {
    let world = World::with_delegations();
    let (repository, signer) = folders(&world);
    world.open().publish(&first_release().to_bytes()).unwrap();
    let yesterday = Backup::of(&repository);
    let registry = world.open();
    registry.publish(&second_release().to_bytes()).unwrap();
    assert_eq!(versions(&registry), (3, 3));
    let host = look(registry.tree(), Floors::default()).unwrap();
    drop(registry);

    // The signer could show its last successor on top of yesterday's state, were it not for the files
    // of the bureau that it pins.
    yesterday.restore(&repository);
    let error = world.try_open(Arc::new(NoFailure), now()).err().unwrap();
    assert_eq!(causes(&error), DISAGREES);
    let tree = Tree::new(&repository);
    let error = resume(&signer, &tree, 2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot resume above version 2, expected at least 3"
    );
    assert_eq!(
        error.hint().unwrap(),
        "name the highest version of timestamp or snapshot that anybody may have seen"
    );
    resume(&signer, &tree, 3).unwrap();

    // The bureau sends what it kept, byte for byte, and a host that saw it the first time goes on.
    let registry = world.open();
    let receipt = registry.publish(&second_release().to_bytes()).unwrap();
    assert!(!receipt.already_published);
    assert_eq!(versions(&registry), (4, 4));
    look(registry.tree(), host).unwrap();
}

#[test]
fn after_a_resume_timestamp_and_snapshot_are_renewed_at_once_and_pin_no_more_than_the_disk_holds() {
    let world = World::with_delegations();
    let (repository, signer) = folders(&world);
    let yesterday = Backup::of(&repository);
    world.open().publish(&first_release().to_bytes()).unwrap();
    let host = look(&Tree::new(&repository), Floors::default()).unwrap();
    yesterday.restore(&repository);
    resume(&signer, &Tree::new(&repository), 7).unwrap();
    let registry = world.open();
    assert!(registry.prolong().unwrap());
    assert_eq!(versions(&registry), (8, 8));
    assert!(!registry.prolong().unwrap());
    // The host saw a release that is not there: it stays with what it has until the bureau sends it.
    let error = look(registry.tree(), host.clone()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`snapshot` contradicts what this host has seen"
    );
    registry.publish(&first_release().to_bytes()).unwrap();
    look(registry.tree(), host).unwrap();
}

#[test]
fn a_restored_folder_of_the_signer_is_noticed_and_no_version_is_signed_twice() {
    let world = World::with_delegations();
    let (repository, signer) = folders(&world);
    let yesterday = Backup::of(&signer);
    world.open().publish(&first_release().to_bytes()).unwrap();
    world.open().publish(&second_release().to_bytes()).unwrap();
    yesterday.restore(&signer);
    let error = world.try_open(Arc::new(NoFailure), now()).err().unwrap();
    assert_eq!(causes(&error), DISAGREES);
    // One more than the repository shows may have been signed and lost with the disk.
    let tree = Tree::new(&repository);
    let error = resume(&signer, &tree, 3).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot resume above version 3, expected at least 4"
    );
    resume(&signer, &tree, 4).unwrap();
    let registry = world.open();
    assert!(registry.prolong().unwrap());
    assert_eq!(versions(&registry), (5, 5));
}

#[test]
fn a_lost_folder_of_the_signer_is_as_a_restored_one() {
    let world = World::with_delegations();
    let (repository, signer) = folders(&world);
    fs::remove_dir_all(&signer).unwrap();
    let error = world.try_open(Arc::new(NoFailure), now()).err().unwrap();
    assert_eq!(causes(&error), DISAGREES);
    resume(&signer, &Tree::new(&repository), 2).unwrap();
    assert!(world.open().prolong().unwrap());
}

#[test]
fn a_damaged_record_stops_the_signer() {
    let world = World::with_delegations();
    let (_, signer) = folders(&world);
    let record = signer.join("memory.json");
    let sound = fs::read(&record).unwrap();
    fs::write(&record, &sound[..sound.len() / 2]).unwrap();
    let error = world.signer(&[1], &[2]).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the signer's record `memory.json` is damaged"
    );
    assert_eq!(
        error.hint().unwrap(),
        "restore the signer's folder; nothing is signed without it"
    );
}

#[test]
fn a_root_under_which_was_signed_cannot_be_taken_back_even_by_a_resume() {
    let world = World::with_delegations();
    let (repository, signer) = folders(&world);
    let mut next = root();
    next.bump(next.expires).unwrap();
    let publication = Publication {
        metadata: [("root".parse().unwrap(), signed(next, &officers(ROOT)[..2]))].into(),
        ..Publication::default()
    };
    let registry = world.open();
    registry.publish(&publication.to_bytes()).unwrap();
    drop(registry);
    fs::remove_file(repository.join("metadata/2.root.json")).unwrap();
    let error = resume(&signer, &Tree::new(&repository), 100).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the signer has signed under root version 2, which the repository does not show"
    );
    assert_eq!(
        error.hint().unwrap(),
        "put the missing `N.root.json` back into `metadata/`, from a mirror or the keepers"
    );
    let refusal = world
        .open()
        .publish(&first_release().to_bytes())
        .unwrap_err();
    assert_eq!(
        causes(&refusal),
        ["the signer has signed under root version 2, which the repository does not show"]
    );
}

#[test]
fn nobody_resumes_at_the_end_of_all_versions() {
    let world = World::with_delegations();
    let (repository, signer) = folders(&world);
    let error = resume(&signer, &Tree::new(&repository), u64::MAX).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot resume above version 18446744073709551615, expected at most 1073741823"
    );
}

fn folders(world: &World) -> (std::path::PathBuf, std::path::PathBuf) {
    let folder = world.folder.path();
    (folder.join("repository"), folder.join("signer"))
}
