//! `check` finds each thing that is not as it should be, and names it.

use std::fs;
use std::path::PathBuf;

use super::fixture::*;
use crate::check::check;
use crate::store::Tree;

/// A repository with one pack of Shandong.
fn published() -> (World, PathBuf) {
    let world = World::with_delegations();
    world.open().publish(&first_release().to_bytes()).unwrap();
    let repository = world.folder.path().join("repository");
    (world, repository)
}

fn faults(repository: &PathBuf) -> Vec<String> {
    let found = check(&Tree::new(repository), now());
    found.faults.iter().map(ToString::to_string).collect()
}

fn pack(repository: &PathBuf) -> (PathBuf, String) {
    let folder = repository.join("targets/37/limits");
    let path = fs::read_dir(folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let name = path.strip_prefix(repository).unwrap().display().to_string();
    (path, name)
}

#[test]
fn a_sound_repository_has_no_fault() {
    let (_world, repository) = published();
    let found = check(&Tree::new(&repository), now());
    assert!(found.is_good(), "{:?}", found.faults);
    let roles: Vec<_> = found
        .roles
        .iter()
        .map(|(r, v)| format!("{r} {v}"))
        .collect();
    assert_eq!(roles.len(), 5);
    assert!(roles.contains(&"37 1".to_owned()) && roles.contains(&"timestamp 2".to_owned()));
    let length = fs::metadata(pack(&repository).0).unwrap().len();
    assert_eq!((found.packs, found.pack_bytes), (1, length));
}

#[test]
fn a_repository_that_has_a_root_alone_has_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let metadata = folder.path().join("metadata");
    fs::create_dir(&metadata).unwrap();
    let bytes = signed(root(), &officers(ROOT)[..2]);
    fs::write(metadata.join("1.root.json"), bytes).unwrap();
    assert!(check(&Tree::new(folder.path()), now()).is_good());
}

#[test]
fn a_missing_and_an_altered_pack_are_named() {
    let (_world, repository) = published();
    let (path, name) = pack(&repository);
    let mut bytes = fs::read(&path).unwrap();
    bytes[10] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert_eq!(
        faults(&repository),
        [format!(
            "`{name}` does not have the length and sha256 that are signed"
        )]
    );
    fs::remove_file(&path).unwrap();
    assert_eq!(faults(&repository), [format!("`{name}` is missing")]);
}

#[test]
fn an_altered_role_is_refused_as_a_host_would() {
    let (_world, repository) = published();
    let path = repository.join("metadata/1.37.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("37/limits", "37/limitz")).unwrap();
    let found = faults(&repository);
    assert!(
        found[0].starts_with("a host would refuse it: `37` is not what was pinned: "),
        "{found:?}"
    );
    fs::remove_file(&path).unwrap();
    assert_eq!(
        faults(&repository)[0],
        "a host would refuse it: `1.37.json` is missing in the repository"
    );
}

#[test]
fn an_expired_role_is_told_and_a_backup_is_checked_as_of_its_day() {
    let (_world, repository) = published();
    let tree = Tree::new(&repository);
    let found = check(&tree, now().plus_days(2));
    let faults: Vec<_> = found.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        ["a host would refuse it: `timestamp` expired at 2026-11-23T08:00:00Z"]
    );
    assert!(check(&tree, now()).is_good());
}

#[test]
fn what_lies_around_is_named() {
    let (_world, repository) = published();
    let strays = [
        "metadata/2.37.json",
        "metadata/9.snapshot.json",
        "metadata/1.33.json",
        "metadata/notes.txt",
        "targets/37/limits/stray.wasm",
        "targets/stray",
        "stray",
    ];
    for stray in strays {
        fs::write(repository.join(stray), b"{}").unwrap();
    }
    fs::create_dir(repository.join("staging/upload")).unwrap();
    let mut expected: Vec<_> = strays
        .iter()
        .map(|stray| repository.join(stray).display().to_string())
        .map(|path| format!("`{path}` does not belong to the repository"))
        .collect();
    let staged = repository.join("staging/upload");
    expected.push(format!(
        "`{}` is left of a publication that was not finished",
        staged.display()
    ));
    let mut found = faults(&repository);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn an_earlier_version_that_was_altered_is_named() {
    let (world, repository) = published();
    let first = sealed("37/limits", "1.0.0", "限额");
    let second = signed(space(2, &[&first]), &officers(SHANDONG)[..2]);
    world
        .open()
        .publish(&upload("37", second, &[]).to_bytes())
        .unwrap();
    assert_eq!(faults(&repository), Vec::<String>::new());
    let path = repository.join("metadata/1.37.json");
    fs::copy(repository.join("metadata/2.37.json"), path).unwrap();
    assert_eq!(
        faults(&repository),
        ["`metadata/1.37.json` is damaged: `1.37.json` says that it is version 2"]
    );
}
