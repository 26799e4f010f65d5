//! `rulepack tuf` against repositories of somebody else: every attack and oddity that the TUF
//! specification speaks of, with what stays trusted and what was asked for.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::foreign::Foreign;
use common::foreign_keys::ForeignKey;
use serde_json::{Value, json};

const REFUSED: &str = "error: the repository is not accepted: ";
const BELOW_ROOT: [&str; 3] = ["targets", "snapshot", "timestamp"];

/// What the client trusts, as pairs of role and version.
fn trusted(foreign: &Foreign) -> Vec<(String, u64)> {
    foreign.trusted()
}

fn pairs(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    let pairs = expected.iter();
    pairs
        .map(|(role, version)| ((*role).to_owned(), *version))
        .collect()
}

/// The client refused, for this reason.
fn refused(ran: common::Ran, reason: &str) {
    assert_eq!(ran.failed(), format!("{REFUSED}{reason}"));
}

#[test]
fn a_refresh_asks_in_order_and_keeps_what_it_got_byte_for_byte() {
    let mut foreign = Foreign::begin();
    let mut odd = foreign.file("timestamp.json");
    odd.extend_from_slice(b" \n ");
    foreign.serve_role("timestamp", 1, &odd);
    foreign.refresh().done();
    let expected = ["2.root", "timestamp", "1.snapshot", "1.targets"];
    assert_eq!(
        foreign.requests(),
        expected.map(|name| format!("metadata/{name}.json"))
    );
    let kept = std::fs::read(foreign.path("metadata/timestamp.json")).unwrap();
    assert_eq!(kept, odd);
    let kept = std::fs::read(foreign.path("metadata/root.json")).unwrap();
    assert_eq!(kept, foreign.file("1.root.json"));
    let all = [
        ("root", 1),
        ("snapshot", 1),
        ("targets", 1),
        ("timestamp", 1),
    ];
    assert_eq!(trusted(&foreign), pairs(&all));
}

#[test]
fn a_root_that_its_own_keys_did_not_sign_is_not_taken_and_nothing_is_asked_for() {
    let mut foreign = Foreign::unknown_to_the_client();
    foreign.signers.insert("root".to_owned(), Vec::new());
    std::fs::write(foreign.path("first.json"), foreign.sign("root")).unwrap();
    let message = foreign.init().failed();
    let reason = "is no root that is signed by its own keys: signature threshold not met for role root: 0/1 valid signatures";
    assert!(message.ends_with(reason), "{message}");
    let message = foreign.refresh().failed();
    assert!(
        message.contains("holds no `root.json` to start from"),
        "{message}"
    );
    assert!(message.ends_with("hint: start with `init ROOT`, a root that a person vouches for"));
    assert_eq!(foreign.requests(), Vec::<String>::new());
}

#[test]
fn a_folder_starts_from_one_root() {
    let mut foreign = Foreign::begin();
    foreign.init().done();
    foreign.publish(&["root"]);
    std::fs::write(foreign.path("first.json"), foreign.file("2.root.json")).unwrap();
    let message = foreign.init().failed();
    assert!(message.contains("already trusts another root"), "{message}");
    assert!(message.ends_with("hint: take a new folder to start from another root"));
}

#[test]
fn a_role_that_is_not_signed_stops_the_refresh_there() {
    let after: [(&str, &[(&str, u64)]); 4] = [
        ("root", &[("root", 1)]),
        ("timestamp", &[("root", 2)]),
        ("snapshot", &[("root", 2), ("timestamp", 2)]),
        ("targets", &[("root", 2), ("snapshot", 2), ("timestamp", 2)]),
    ];
    for (role, expected) in after {
        let mut foreign = Foreign::begin();
        foreign.signers.insert(role.to_owned(), Vec::new());
        foreign.publish(&["root", "targets", "snapshot", "timestamp"]);
        let reason = format!("signature threshold not met for role {role}: 0/1 valid signatures");
        refused(foreign.refresh(), &reason);
        assert_eq!(trusted(&foreign), pairs(expected));
    }
}

#[test]
fn a_file_with_another_version_than_its_address_is_refused() {
    for (role, reason) in [
        (
            "root",
            "root version must increment by one: trusted 1, got 3",
        ),
        (
            "snapshot",
            "integrity check failed: snapshot version 3 does not match timestamp pin 2",
        ),
        (
            "targets",
            "integrity check failed: targets.json version 3 does not match snapshot pin 2",
        ),
    ] {
        let mut foreign = Foreign::begin();
        foreign.publish(&BELOW_ROOT);
        foreign.role(role)["version"] = json!(3);
        let bytes = foreign.sign(role);
        foreign.serve_role(role, 2, &bytes);
        refused(foreign.refresh(), reason);
        assert_eq!(foreign.trusts(role), u64::from(role == "root"));
    }
}

#[test]
fn what_is_not_there_is_an_error_everywhere_but_after_the_last_root() {
    for (role, reason) in [
        ("timestamp", "transport error: timestamp.json not found"),
        ("2.snapshot", "transport error: 2.snapshot.json not found"),
        ("2.targets", "transport error: 2.targets.json not found"),
    ] {
        let mut foreign = Foreign::begin();
        foreign.refresh().done();
        foreign.publish(&BELOW_ROOT);
        foreign.remove(&format!("metadata/{role}.json"));
        refused(foreign.refresh(), reason);
        assert_eq!(foreign.trusts("targets"), 1);
    }
}

#[test]
fn no_role_is_rolled_back_with_or_without_digests() {
    for pins_digests in [false, true] {
        let mut foreign = Foreign::begin();
        foreign.pins_digests = pins_digests;
        foreign.publish(&BELOW_ROOT);
        foreign.refresh().done();

        let old = foreign.file("timestamp.json");
        foreign.publish(&["timestamp"]);
        foreign.refresh().done();
        foreign.serve_role("timestamp", 2, &old);
        let reason = "rollback detected for timestamp: trusted version 3 > new version 2";
        refused(foreign.refresh(), reason);

        foreign.role("snapshot")["version"] = json!(0);
        foreign.publish(&["snapshot", "timestamp"]);
        let reason =
            "rollback detected for snapshot (via timestamp): trusted version 2 > new version 1";
        refused(foreign.refresh(), reason);

        foreign.role("snapshot")["version"] = json!(2);
        foreign.role("targets")["version"] = json!(0);
        foreign.publish(&BELOW_ROOT);
        let reason =
            "rollback detected for targets.json (via snapshot): trusted version 2 > new version 1";
        refused(foreign.refresh(), reason);
        assert_eq!(foreign.trusts("targets"), 2);
        assert_eq!(foreign.trusts("snapshot"), 2);
    }
}

#[test]
fn a_role_cannot_vanish_from_the_snapshot() {
    let mut foreign = Foreign::begin();
    foreign.delegate("targets", "A", json!({"paths": ["*"]}));
    foreign.publish(&["A", "targets", "snapshot", "timestamp"]);
    foreign.refresh().done();
    let pins = foreign.role("snapshot")["meta"].as_object_mut().unwrap();
    pins.remove("A.json");
    foreign.publish(&["snapshot", "timestamp"]);
    let reason = "integrity check failed: snapshot removes A.json, which the trusted snapshot pins";
    refused(foreign.refresh(), reason);
}

#[test]
fn other_content_under_the_same_version_of_the_timestamp_is_not_taken() {
    let mut foreign = Foreign::begin();
    foreign.refresh().done();
    let kept = std::fs::read(foreign.path("metadata/timestamp.json")).unwrap();
    foreign.role("timestamp")["meta"]["snapshot.json"]["version"] = json!(100);
    let changed = foreign.sign("timestamp");
    foreign.serve_role("timestamp", 1, &changed);
    foreign.requests();
    foreign.refresh().done();
    assert_eq!(
        foreign.requests().last().unwrap(),
        "metadata/timestamp.json"
    );
    let now = std::fs::read(foreign.path("metadata/timestamp.json")).unwrap();
    assert_eq!(now, kept);
}

#[test]
fn a_fast_forward_is_undone_by_rotating_keys_and_by_nothing_else() {
    for (role, rotated) in [
        ("timestamp", &["timestamp"][..]),
        ("snapshot", &["snapshot", "timestamp"]),
        ("targets", &["snapshot"]),
    ] {
        let mut foreign = Foreign::begin();
        foreign.role(role)["version"] = json!(99_998);
        foreign.publish(&BELOW_ROOT);
        foreign.refresh().done();
        assert_eq!(foreign.trusts(role), 99_999);
        foreign.role(role)["version"] = json!(0);
        foreign.publish(&BELOW_ROOT);
        assert!(foreign.refresh().failed().contains("rollback detected"));
        for role in rotated {
            foreign.rotate(role);
        }
        foreign.publish(&["root", "targets", "snapshot", "timestamp"]);
        foreign.refresh().done();
        assert!(foreign.trusts(role) < 10, "{role}");
    }
}

#[test]
fn a_client_catches_up_over_256_roots_in_one_refresh() {
    let mut foreign = Foreign::begin();
    for _ in 0..256 {
        foreign.publish(&["root"]);
    }
    foreign.refresh().done();
    assert_eq!(foreign.trusts("root"), 257);
}

#[test]
fn a_new_root_needs_the_old_keys_and_its_own() {
    for missing in ["old", "new"] {
        let mut foreign = Foreign::begin();
        let old = foreign.signers["root"].clone();
        foreign.rotate("root");
        let new = foreign.signers["root"].clone();
        let signers = if missing == "old" {
            new.clone()
        } else {
            old.clone()
        };
        foreign.signers.insert("root".to_owned(), signers);
        foreign.publish(&["root"]);
        let reason = "signature threshold not met for role root: 0/1 valid signatures";
        refused(foreign.refresh(), reason);
        assert_eq!(foreign.trusts("root"), 1);
        foreign
            .signers
            .insert("root".to_owned(), [old, new].concat());
        foreign.role("root")["version"] = json!(1);
        foreign.publish(&["root"]);
        foreign.refresh().done();
        assert_eq!(foreign.trusts("root"), 2);
    }
}

#[test]
fn keys_of_every_standard_type_count_and_their_false_signatures_do_not() {
    for key in [
        ForeignKey::rsa(),
        ForeignKey::p256(200),
        ForeignKey::ed25519(200),
    ] {
        let id = key.id().to_owned();
        let mut foreign = Foreign::begin();
        foreign.add_key("root", key);
        foreign.role_keys("root")["threshold"] = json!(2);
        foreign.publish(&["root"]);
        foreign.refresh().done();
        assert_eq!(foreign.trusts("root"), 2);
        // The signature of the version before.
        let old: Value = serde_json::from_slice(&foreign.file("2.root.json")).unwrap();
        foreign.publish(&["root"]);
        let mut new: Value = serde_json::from_slice(&foreign.file("3.root.json")).unwrap();
        let of_key = |file: &Value| {
            let signatures = file["signatures"].as_array().unwrap();
            signatures.iter().position(|s| s["keyid"] == id).unwrap()
        };
        let (from, to) = (of_key(&old), of_key(&new));
        new["signatures"][to] = old["signatures"][from].clone();
        foreign.serve_role("root", 3, &serde_json::to_vec(&new).unwrap());
        let reason = "signature threshold not met for role root: 1/2 valid signatures";
        refused(foreign.refresh(), reason);
        assert_eq!(foreign.trusts("root"), 2);
    }
}

#[test]
fn unknown_schemes_false_and_empty_signatures_are_passed_over_when_enough_others_are_good() {
    let mut foreign = Foreign::begin();
    let mut future = ForeignKey::p256(201);
    future.scheme = "sphincs-9000";
    foreign.add_key("timestamp", future);
    foreign.add_key(
        "timestamp",
        ForeignKey::p256(202).named("an-id-that-is-no-digest"),
    );
    foreign.publish(&["root", "timestamp"]);
    let mut file: Value = serde_json::from_slice(&foreign.file("timestamp.json")).unwrap();
    file["signatures"][0]["sig"] = json!("");
    foreign.serve_role("timestamp", 2, &serde_json::to_vec(&file).unwrap());
    foreign.refresh().done();
    assert_eq!(foreign.trusts("timestamp"), 2);
    file["signatures"][2]["sig"] = json!("30450221");
    foreign.serve_role("timestamp", 2, &serde_json::to_vec(&file).unwrap());
    foreign.rotate("snapshot");
    foreign.publish(&["root", "snapshot"]);
    let reason = "signature threshold not met for role timestamp: 0/1 valid signatures";
    refused(foreign.refresh(), reason);
}

#[test]
fn one_key_counts_once_however_often_it_is_named_or_signs() {
    let mut foreign = Foreign::begin();
    let id = json!(foreign.signers["snapshot"][0].id());
    foreign.role_keys("snapshot")["keyids"] = json!([id, id, id]);
    foreign.role_keys("snapshot")["threshold"] = json!(2);
    foreign.publish(&["root", "snapshot", "timestamp"]);
    let reason = "signature threshold not met for role snapshot: 1/2 valid signatures";
    refused(foreign.refresh(), reason);
    let mut twice: Value = serde_json::from_slice(&foreign.file("2.snapshot.json")).unwrap();
    let again = twice["signatures"][0].clone();
    twice["signatures"].as_array_mut().unwrap().push(again);
    foreign.serve_role("snapshot", 2, &serde_json::to_vec(&twice).unwrap());
    let message = foreign.refresh().failed();
    assert!(message.contains("duplicate signature key id"), "{message}");
    assert_eq!(foreign.trusts("snapshot"), 0);
}

#[test]
fn a_threshold_of_zero_is_no_threshold() {
    let mut foreign = Foreign::begin();
    foreign.role_keys("timestamp")["threshold"] = json!(0);
    foreign.publish(&["root"]);
    let reason =
        "malformed metadata: role timestamp declares signature threshold 0; at least 1 is required";
    refused(foreign.refresh(), reason);
}

#[test]
fn fields_that_the_specification_does_not_know_are_signed_with_the_rest() {
    let mut foreign = Foreign::begin();
    foreign.role("root")["custom"] = json!({"a": [1, null, true], "药": "\n\"\\"});
    foreign.role_keys("root")["x-owner"] = json!("@nobody");
    let id = foreign.signers["root"][0].id().to_owned();
    foreign.role("root")["keys"][&id]["keyid_hash_algorithms"] = json!(["md5"]);
    foreign.publish(&["root"]);
    foreign.refresh().done();
    assert_eq!(foreign.trusts("root"), 2);
}

#[test]
fn a_snapshot_cannot_stand_in_for_a_timestamp() {
    let mut foreign = Foreign::begin();
    let key = foreign.signers["timestamp"][0].clone();
    foreign.add_key("snapshot", key);
    foreign.role("snapshot")["meta"] = json!({"snapshot.json": {"version": 1}});
    foreign.publish(&["root", "snapshot"]);
    let snapshot = foreign.file("2.snapshot.json");
    foreign.serve_role("timestamp", 2, &snapshot);
    let reason = "malformed metadata: expected _type \"timestamp\", found \"snapshot\"";
    refused(foreign.refresh(), reason);
    assert_eq!(trusted(&foreign), pairs(&[("root", 2)]));
}

#[test]
fn more_bytes_than_a_role_may_have_are_not_read() {
    let mut foreign = Foreign::begin();
    let mut long = foreign.file("timestamp.json");
    long.resize(16_385, b' ');
    foreign.serve_role("timestamp", 1, &long);
    let reason = "transport error: cannot fetch: `timestamp.json` is larger than 16384 bytes";
    refused(foreign.refresh(), reason);
}

#[test]
fn nothing_expired_is_believed_but_an_old_root_may_be_on_the_way_to_a_new_one() {
    for role in ["root", "timestamp", "snapshot", "targets"] {
        let mut foreign = Foreign::begin();
        foreign.role(role)["expires"] = json!("2001-01-01T00:00:00Z");
        foreign.publish(&["root", "targets", "snapshot", "timestamp"]);
        let reason = format!("{role} metadata expired at 2001-01-01T00:00:00Z");
        refused(foreign.refresh(), &reason);
        foreign.role(role)["expires"] = json!("2100-01-01T00:00:00Z");
        foreign.publish(&["root", "targets", "snapshot", "timestamp"]);
        foreign.refresh().done();
    }
}

#[test]
fn the_clock_of_the_system_decides_even_where_it_is_shifted() {
    let foreign = Foreign::begin();
    foreign.refresh().done();
    match foreign.refresh_at("+100y") {
        Some(accepted) => assert!(!accepted, "a clock after the year 2100 was not seen"),
        None => println!("skipped: libfaketime is not installed, so no clock is shifted"),
    }
}

#[test]
fn what_expired_on_the_disk_is_still_a_floor_and_is_followed_by_what_is_fresh() {
    let mut foreign = Foreign::begin();
    for role in ["timestamp", "snapshot"] {
        foreign.role(role)["expires"] = json!("2090-01-01T00:00:00Z");
    }
    foreign.publish(&BELOW_ROOT);
    foreign.publish(&BELOW_ROOT);
    foreign.refresh().done();
    for role in ["timestamp", "snapshot"] {
        foreign.role(role)["expires"] = json!("2900-01-01T00:00:00Z");
        foreign.role(role)["version"] = json!(1);
    }
    foreign.role("targets")["expires"] = json!("2900-01-01T00:00:00Z");
    foreign.role("root")["expires"] = json!("2900-01-01T00:00:00Z");
    foreign.publish(&["root", "targets", "snapshot", "timestamp"]);
    if foreign.refresh_at("+70y").is_none() {
        println!("skipped: libfaketime is not installed, so no clock is shifted");
        return;
    }
    assert_eq!(foreign.trusts("timestamp"), 3, "version 2 is a rollback");
    foreign.publish(&BELOW_ROOT);
    foreign.publish(&BELOW_ROOT);
    assert_eq!(foreign.refresh_at("+70y"), Some(true));
    assert_eq!(foreign.trusts("timestamp"), 4);
}
