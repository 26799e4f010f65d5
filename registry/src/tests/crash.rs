//! A stop at every named point leaves the old or the new state, and a retry finishes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::fixture::*;
use crate::failure::{FailurePoint, FailurePoints, NoFailure};
use crate::publish::Refusal;
use crate::state::State;
use crate::store::MetadataFile;

struct StopAt(FailurePoint);

impl FailurePoints for StopAt {
    fn reached(&self, point: FailurePoint) -> io::Result<()> {
        if point == self.0 {
            return Err(io::Error::other("stopped"));
        }
        Ok(())
    }
}

/// Notes the bytes of every version of snapshot and timestamp that were ever shown.
fn shown(world: &World) -> BTreeMap<String, Vec<u8>> {
    let folder = world.folder.path().join("repository").join("metadata");
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        if name == "timestamp.json" {
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            name = format!("{}.timestamp", value["signed"]["version"]);
        }
        files.insert(name, bytes);
    }
    files
}

fn count_files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { count_files(&path) } else { 1 })
        .sum()
}

#[test]
fn a_stop_at_any_point_leaves_the_old_or_the_new_state_and_a_retry_finishes() {
    for point in FailurePoint::ALL {
        let world = World::with_delegations();
        let stopped = world.try_open(Arc::new(StopAt(point)), now()).unwrap();
        let refusal = stopped.publish(&first_release().to_bytes()).unwrap_err();
        let told = match point {
            FailurePoint::SuccessorVerified
            | FailurePoint::SuccessorWritten
            | FailurePoint::SuccessorRecorded => "the publication could not be signed",
            _ => "the publication could not be stored",
        };
        assert_eq!(refusal.to_string(), told, "{point:?}");
        drop(stopped);
        let before = shown(&world);

        let registry = world.open();
        let state = State::read(registry.tree()).unwrap();
        let version = state.version(&"37".parse().unwrap());
        let happened = point >= FailurePoint::SuccessorRecorded;
        assert_eq!(version, u64::from(happened), "{point:?}");
        // Nothing of an unfinished publication stays behind.
        let repository = world.folder.path().join("repository");
        let packs = count_files(&repository.join("targets"));
        assert_eq!(packs, usize::from(happened), "{point:?}");
        let file = MetadataFile::Version("37".parse().unwrap(), 1);
        let role = registry.tree().metadata(&file).unwrap();
        assert_eq!(role.is_some(), happened, "{point:?}");
        assert_eq!(count_files(&repository.join("staging")), 0, "{point:?}");
        assert_eq!(
            registry.index().search("").unwrap().len(),
            usize::from(happened)
        );

        let receipt = registry.publish(&first_release().to_bytes()).unwrap();
        assert_eq!(receipt.already_published, happened, "{point:?}");
        assert_eq!(receipt.timestamp, 2);
        for (name, bytes) in shown(&world) {
            let earlier = before.get(&name);
            assert!(
                earlier.is_none_or(|earlier| *earlier == bytes),
                "{point:?} {name}"
            );
        }
    }
}

#[test]
fn another_publication_after_a_stop_does_not_inherit_anything() {
    let world = World::with_delegations();
    let stopped = world
        .try_open(Arc::new(StopAt(FailurePoint::RoleStored)), now())
        .unwrap();
    stopped.publish(&first_release().to_bytes()).unwrap_err();
    // The same process goes on: the next publication clears up first.
    let other = sealed("37/other", "1.0.0", "另一个");
    let metadata = signed(space(1, &[&other]), &officers(SHANDONG)[..2]);
    drop(stopped);
    let registry = world.open();
    registry
        .publish(&upload("37", metadata, &[&other]).to_bytes())
        .unwrap();
    let found = registry.index().search("").unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name.to_string(), "37/other");
}

#[test]
fn a_repository_of_yesterday_is_noticed_by_the_signer() {
    let world = World::with_delegations();
    let timestamp = world
        .folder
        .path()
        .join("repository/metadata/timestamp.json");
    let yesterday = fs::read(&timestamp).unwrap();
    let registry = world.open();
    registry.publish(&first_release().to_bytes()).unwrap();
    let later = sealed("37/limits", "1.0.1", "限额");
    let first = sealed("37/limits", "1.0.0", "限额");
    let metadata = signed(space(2, &[&first, &later]), &officers(SHANDONG)[..2]);
    registry
        .publish(&upload("37", metadata, &[&later]).to_bytes())
        .unwrap();
    drop(registry);
    fs::write(&timestamp, yesterday).unwrap();
    let error = world.try_open(Arc::new(NoFailure), now()).err().unwrap();
    assert_eq!(
        crate::http::problem::causes(&error),
        [
            "the publication could not be signed",
            "the repository does not show the state that the signer signed last"
        ]
    );
}

#[test]
fn timestamp_and_snapshot_are_prolonged_at_half_of_their_lifetimes() {
    let world = World::with_delegations();
    assert!(!world.open().prolong().unwrap());
    let half_a_day = "2026-11-22T20:00:00Z".parse().unwrap();
    let registry = world.try_open(Arc::new(NoFailure), half_a_day).unwrap();
    let snapshot = |registry: &crate::Registry| {
        let pins = State::read(registry.tree()).unwrap().pins.unwrap();
        (
            pins.timestamp.signed().version,
            pins.snapshot.signed().version,
        )
    };
    assert!(registry.prolong().unwrap());
    assert_eq!(snapshot(&registry), (2, 1));
    drop(registry);
    let registry = world
        .try_open(Arc::new(NoFailure), now().plus_days(4))
        .unwrap();
    assert!(registry.prolong().unwrap());
    assert_eq!(snapshot(&registry), (3, 2));
}

#[test]
fn the_index_is_built_again_after_it_was_deleted_or_spoiled() {
    let world = World::with_delegations();
    let registry = world.open();
    registry.publish(&first_release().to_bytes()).unwrap();
    let expected = registry.index().search("").unwrap();
    drop(registry);
    let index = world.folder.path().join("repository").join("index");
    fs::remove_dir_all(&index).unwrap();
    assert_eq!(world.open().index().search("").unwrap(), expected);
    fs::remove_dir_all(&index).unwrap();
    fs::write(&index, b"spoiled").unwrap();
    let registry = world.open();
    assert_eq!(registry.index().search("").unwrap(), expected);
    drop(registry);
    let repository = world.folder.path().join("repository");
    assert_eq!(crate::reindex(&repository).unwrap(), expected.len());
    assert_eq!(world.open().index().search("").unwrap(), expected);
}

#[test]
fn points_are_passed_in_their_order() {
    struct Note(Arc<Mutex<Vec<FailurePoint>>>);
    impl FailurePoints for Note {
        fn reached(&self, point: FailurePoint) -> io::Result<()> {
            self.0.lock().unwrap().push(point);
            Ok(())
        }
    }
    let world = World::with_delegations();
    let passed = Arc::new(Mutex::new(Vec::new()));
    let registry = world
        .try_open(Arc::new(Note(Arc::clone(&passed))), now())
        .unwrap();
    let published: Result<_, Refusal> = registry.publish(&first_release().to_bytes());
    published.unwrap();
    use FailurePoint::*;
    let stored = [
        [FileWritten, UploadStaged],
        [FileWritten, TargetStored],
        [FileWritten, RoleStored],
    ];
    let signed = [
        SuccessorVerified,
        SuccessorWritten,
        SuccessorRecorded,
        SuccessorReceived,
    ];
    let shown = [
        FileWritten,
        SnapshotStored,
        FileWritten,
        TimestampStored,
        StagingCleared,
        IndexUpdated,
    ];
    let expected = [stored.as_flattened(), &signed, &shown].concat();
    assert_eq!(*passed.lock().unwrap(), expected);
    assert!(
        FailurePoint::ALL
            .iter()
            .all(|point| expected.contains(point))
    );
}
