//! What a host remembers, what falls, and what never does.

use super::fixture::*;
use crate::digest::Digest;
use crate::trust::{Floors, Freshness};
use crate::tuf::*;

fn after(repository: &Repository, floors: Floors) -> Result<Floors, String> {
    let trusted = refresh(&repository.publish(), floors, Freshness::at(now()));
    trusted
        .map(|trusted| trusted.completed_floors())
        .map_err(|error| told(&error))
}

#[test]
fn floors_survive_being_written_and_read() {
    let floors = after(&Repository::new(), Floors::default()).unwrap();
    let text = serde_json::to_string(&floors).unwrap();
    assert_eq!(serde_json::from_str::<Floors>(&text).unwrap(), floors);
    assert_eq!(floors.paths.len(), 3);
}

#[test]
fn a_path_is_first_seen_on_a_day_in_china() {
    let files = Repository::new().publish();
    let seen = |at: &str| {
        let freshness = Freshness::at(at.parse().unwrap());
        let trusted = refresh(&files, Floors::default(), freshness).unwrap();
        let targets = trusted.resolve(&[space("37")]).targets;
        targets.iter().map(|it| it.first_seen.to_string()).min()
    };
    assert_eq!(seen("2026-11-22T15:59:59Z").unwrap(), "2026-11-22");
    assert_eq!(seen("2026-11-22T16:30:00Z").unwrap(), "2026-11-23");
}

#[test]
fn a_path_never_changes_its_bytes() {
    let mut repository = Repository::new();
    let floors = after(&repository, Floors::default()).unwrap();
    let target_path = path("37/vbp-quota/1.0.0.wasm");
    let province = repository.province();
    province.version += 1;
    let target = province.targets.get_mut(&target_path).unwrap();
    let before = target.hashes.sha256;
    target.hashes = Hashes {
        sha256: Digest::of(b"other"),
    };
    repository.next();
    let trusted = refresh(&repository.publish(), floors, Freshness::at(now())).unwrap();
    assert_eq!(
        told(&trusted.resolve(&[space("37")]).failed[&space("37")]),
        format!(
            "`37` contradicts what this host has seen: `37/vbp-quota/1.0.0.wasm` was seen before with \
             sha256 {before}, now it is {}",
            Digest::of(b"other")
        )
    );
    assert_eq!(
        trusted.completed_floors().paths[&target_path].digest,
        before
    );
}

#[test]
fn a_snapshot_may_not_leave_out_a_file() {
    let mut repository = Repository::new();
    let floors = after(&repository, Floors::default()).unwrap();
    repository.spaces.remove(&space("3703"));
    repository.next();
    assert_eq!(
        after(&repository, floors).unwrap_err(),
        "`snapshot` contradicts what this host has seen: `3703.json` was pinned at version 1, now it is \
         left out"
    );
}

#[test]
fn new_signer_keys_let_timestamp_and_snapshot_fall_and_nothing_else() {
    let mut repository = Repository::new();
    repository.snapshot.version = 1_000_000;
    repository.timestamp.version = 1_000_000;
    repository.province().version = 5;
    let floors = after(&repository, Floors::default()).unwrap();
    let (snapshot, timestamp) = (key("signer", 60), key("signer", 61));
    repository.root.version = 2;
    repository
        .root
        .set_authority(TopRole::Snapshot, &authority(&[&snapshot], 1));
    repository
        .root
        .set_authority(TopRole::Timestamp, &authority(&[&timestamp], 1));
    repository.sign_with("snapshot", vec![snapshot]);
    repository.sign_with("timestamp", vec![timestamp]);
    repository.snapshot.version = 1;
    repository.timestamp.version = 1;
    let next = after(&repository, floors.clone()).unwrap();
    assert_eq!(next.roles[&RoleName::TIMESTAMP].version, 1);
    // The province's own keys are the old ones, so its floor stands.
    repository.province().version = 4;
    let trusted = refresh(&repository.publish(), floors, Freshness::at(now())).unwrap();
    assert_eq!(
        told(&trusted.resolve(&[space("37")]).failed[&space("37")]),
        "`37` contradicts what this host has seen: version 5 was seen before, now version 4 is served"
    );
}

#[test]
fn a_pushed_province_recovers_with_new_keys_of_its_own_and_of_the_signer() {
    let mut repository = Repository::new();
    repository.province().version = 2_000_000_000;
    let floors = after(&repository, Floors::default()).unwrap();
    let new = [key("li.wei", 70), key("wang.fang", 71)];
    repository.targets.version = 2;
    repository
        .targets
        .delegate(&space("37"), &authority(&[&new[0], &new[1]], 2));
    repository.sign_with("37", new.into());
    repository.province().version = 7;
    repository.next();
    let before = after(&repository, floors.clone()).unwrap_err();
    assert_eq!(
        before,
        "`snapshot` contradicts what this host has seen: `37.json` was pinned at version 2000000000, now \
         version 7 is"
    );
    let snapshot = key("signer", 60);
    repository.root.version = 2;
    repository
        .root
        .set_authority(TopRole::Snapshot, &authority(&[&snapshot], 1));
    repository.sign_with("snapshot", vec![snapshot]);
    let next = after(&repository, floors.clone()).unwrap();
    assert_eq!(next.roles[&"37".parse().unwrap()].version, 7);
    // The floor fell, and the bytes remembered under its version with it.
    repository.province().version = 2_000_000_000;
    let next = after(&repository, floors).unwrap();
    assert_eq!(next.roles[&"37".parse().unwrap()].version, 2_000_000_000);
}

#[test]
fn a_pushed_national_role_recovers_with_new_officers_and_a_new_snapshot_key() {
    let mut repository = Repository::new();
    repository.targets.version = 2_000_000_000;
    let floors = after(&repository, Floors::default()).unwrap();
    repository.root.version = 2;
    repository.targets.version = 2;
    repository.next();
    let snapshot = key("signer", 60);
    let keys = authority(&[&snapshot], 1);
    repository.root.set_authority(TopRole::Snapshot, &keys);
    repository.sign_with("snapshot", vec![snapshot]);
    let seen = "version 2000000000 was seen before, now version 2 is served";
    assert_eq!(
        after(&repository, floors.clone()).unwrap_err(),
        format!("`targets` contradicts what this host has seen: {seen}")
    );
    let new = [key("new.one", 51), key("new.two", 52)];
    let keys = authority(&[&new[0], &new[1]], 2);
    repository.root.set_authority(TopRole::Targets, &keys);
    repository.sign_with("targets", new.into());
    let next = after(&repository, floors).unwrap();
    assert_eq!(next.roles[&RoleName::TARGETS].version, 2);
}

#[test]
fn denials_are_only_added_to_until_the_root_changes() {
    let mut repository = Repository::new();
    let digest = Digest::of(b"stolen");
    repository.province().denials = Some(Denials {
        denied: [digest].into(),
        minimum: Default::default(),
        reasons: Default::default(),
    });
    let floors = after(&repository, Floors::default()).unwrap();
    let province: RoleName = "37".parse().unwrap();
    repository.province().denials = None;
    repository.province().version += 1;
    repository.next();
    let floors = after(&repository, floors).unwrap();
    assert!(floors.denials[&province].denied.contains(&digest));
    repository.root.version = 2;
    repository.next();
    let floors = after(&repository, floors).unwrap();
    assert!(floors.denials.is_empty());
}

#[test]
fn a_version_of_two_to_the_thirty_one_is_refused() {
    let mut repository = Repository::new();
    repository.timestamp.version = VERSION_LAST + 1;
    let error = Envelope::unsigned(repository.timestamp.clone()).unwrap_err();
    assert_eq!(
        told(&error),
        "version 2147483648 is not between 1 and 2147483647"
    );
    // A thief of keys has other tools: such a file is refused by whoever verifies it.
    let publish = |role: RoleName, value: serde_json::Value, keys: &[_]| {
        let mut repository = Repository::new();
        repository.files.insert(role, raw_signed(&value, keys));
        repository
    };
    let value = |file: &[u8]| {
        let mut value: serde_json::Value = serde_json::from_slice(file).unwrap();
        value["signed"]["version"] = (VERSION_LAST + 1).into();
        value["signed"].take()
    };
    let files = Repository::new().publish();
    let malformed = "is malformed: version 2147483648 is not between 1 and 2147483647";
    for (role, keys) in [
        (RoleName::ROOT, Vec::from(root_keys())),
        (RoleName::TIMESTAMP, vec![key("signer", 11)]),
    ] {
        let repository = publish(role.clone(), value(&files[&role]), &keys);
        assert_eq!(refusal(&repository), format!("`{role}` {malformed}"));
    }
    repository.timestamp.version = VERSION_LAST;
    let mut last = repository.timestamp.clone();
    assert_eq!(
        told(&last.bump(now()).unwrap_err()),
        "version 2147483647 is the last possible one"
    );
}
