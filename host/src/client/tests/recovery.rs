//! Recovery from a fast-forward (T13), as the public conformance suite of TUF has it, on the host's own
//! store: thieves of keys push a version to the last possible one, and the nation comes back from it. Our
//! rules differ from TUF's in one place: a role falls only where its own keys were replaced too.

use rulepack_protocol::tuf::VERSION_LAST;

use super::*;

const PUSHED: u64 = VERSION_LAST;

/// A host that took a repository with one pushed version.
fn pushed(versions: &Versions) -> Host {
    let host = Host::new();
    publish_as(host.registry.path(), versions, &Keys::default());
    let refreshed = host.refresh(&NoFailures).unwrap();
    assert!(refreshed.resolution.failed.is_empty());
    host
}

/// Publishes these versions under a second root and these keys.
fn recover(host: &Host, versions: Versions, keys: &Keys) -> Result<Refreshed, String> {
    let versions = Versions {
        root: 2,
        ..versions
    };
    publish_as(host.registry.path(), &versions, keys);
    host.refresh(&NoFailures).map_err(|error| {
        let source = std::error::Error::source(&error);
        source.map_or_else(|| error.to_string(), ToString::to_string)
    })
}

fn floor(host: &Host, role: &RoleName) -> u64 {
    host.store.read().unwrap().floors.roles[role].version
}

#[test]
fn a_pushed_timestamp_falls_with_a_new_timestamp_key_and_not_without() {
    let host = pushed(&Versions {
        timestamp: PUSHED,
        ..Versions::default()
    });
    let next = Versions {
        timestamp: 2,
        ..Versions::default()
    };
    assert_eq!(
        recover(&host, next.clone(), &Keys::default()).unwrap_err(),
        "version 2147483647 was seen before, now version 2 is served"
    );
    let host = pushed(&Versions {
        timestamp: PUSHED,
        ..Versions::default()
    });
    let keys = Keys {
        timestamp: [key("signer", 61)],
        ..Keys::default()
    };
    recover(&host, next, &keys).unwrap();
    assert_eq!(floor(&host, &RoleName::TIMESTAMP), 2);
}

#[test]
fn a_pushed_snapshot_falls_with_a_new_snapshot_key_and_not_without() {
    let host = pushed(&Versions {
        snapshot: PUSHED,
        ..Versions::default()
    });
    let next = Versions {
        snapshot: 2,
        timestamp: 2,
        ..Versions::default()
    };
    let keys = Keys {
        snapshot: [key("signer", 60)],
        ..Keys::default()
    };
    recover(&host, next.clone(), &keys).unwrap();
    assert_eq!(floor(&host, &RoleName::SNAPSHOT), 2);
    let host = pushed(&Versions {
        snapshot: PUSHED,
        ..Versions::default()
    });
    assert_eq!(
        recover(&host, next, &Keys::default()).unwrap_err(),
        "version 2147483647 was seen before, now version 2 is served"
    );
}

#[test]
fn a_pushed_province_falls_with_new_keys_of_its_own_and_of_the_snapshot_and_not_with_one_of_them() {
    let push = || {
        pushed(&Versions {
            province: PUSHED,
            ..Versions::default()
        })
    };
    let next = Versions {
        targets: 2,
        province: 3,
        snapshot: 2,
        timestamp: 2,
        ..Versions::default()
    };
    let province = || [key("li.wei", 70), key("wang.fang", 71)];
    let snapshot = || [key("signer", 60)];
    let role: RoleName = "37".parse().unwrap();
    let name = "37".parse().unwrap();

    let host = push();
    let keys = Keys {
        province: province(),
        ..Keys::default()
    };
    assert_eq!(
        recover(&host, next.clone(), &keys).unwrap_err(),
        "`37.json` was pinned at version 2147483647, now version 3 is"
    );

    let host = push();
    let keys = Keys {
        snapshot: snapshot(),
        ..Keys::default()
    };
    let refreshed = recover(&host, next.clone(), &keys).unwrap();
    let failed = &refreshed.resolution.failed[&name];
    assert_eq!(
        std::error::Error::source(failed).unwrap().to_string(),
        "version 2147483647 was seen before, now version 3 is served"
    );
    assert_eq!(floor(&host, &role), PUSHED);

    let host = push();
    let keys = Keys {
        province: province(),
        snapshot: snapshot(),
        ..Keys::default()
    };
    let refreshed = recover(&host, next, &keys).unwrap();
    assert!(refreshed.resolution.failed.is_empty());
    assert_eq!(floor(&host, &role), 3);
    // What the path was stays for ever, whoever signs.
    let (path, target) = pack();
    let seen = &host.store.read().unwrap().floors.paths[&path];
    assert_eq!(seen.digest, target.hashes.sha256);
}

#[test]
fn a_pushed_national_role_falls_with_new_officers_and_a_new_snapshot_key() {
    let host = pushed(&Versions {
        targets: PUSHED,
        ..Versions::default()
    });
    let next = Versions {
        targets: 2,
        snapshot: 2,
        timestamp: 2,
        ..Versions::default()
    };
    let keys = Keys {
        targets: [key("new.one", 51), key("new.two", 52)],
        snapshot: [key("signer", 60)],
        ..Keys::default()
    };
    recover(&host, next, &keys).unwrap();
    assert_eq!(floor(&host, &RoleName::TARGETS), 2);
}

#[test]
fn new_officers_of_targets_who_have_not_signed_revoke_everything() {
    let host = Host::new();
    host.refresh(&NoFailures).unwrap();
    // Only the root is there: whoever held the old keys may still hold them.
    let new = [key("new.one", 51), key("new.two", 52)];
    let other = tempfile::tempdir().unwrap();
    let keys = Keys {
        targets: new,
        ..Keys::default()
    };
    let versions = Versions {
        root: 2,
        ..Versions::default()
    };
    publish_as(other.path(), &versions, &keys);
    let root = "metadata/2.root.json";
    fs::copy(other.path().join(root), host.registry.path().join(root)).unwrap();
    let error = host.refresh(&NoFailures).unwrap_err();
    assert!(matches!(error, RefreshError::Revoked(_)));
    assert_eq!(
        error.to_string(),
        "the officers of `targets` were replaced, and nobody in force has signed it anew"
    );
    let hint = "the keepers of `targets` have to sign a new version; the packs start again with it";
    assert_eq!(error.hint().unwrap(), hint);
}
