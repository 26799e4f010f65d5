//! `rulepack tuf` while keys and thresholds change: which sets of signatures carry a role from one version
//! to the next.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::foreign::Foreign;
use common::foreign_keys::ForeignKey;
use serde_json::json;

/// Gives a role of the root keys and a threshold, and lets some sign it: `KEYS/THRESHOLD:SIGNERS`, a digit
/// for each key.
fn set(foreign: &mut Foreign, role: &str, step: &str) {
    let (keys, rest) = step.split_once('/').unwrap();
    let (threshold, signers) = rest.split_once(':').unwrap();
    let numbered = |digit: u8| ForeignKey::ed25519(digit - b'0' + 1);
    foreign.role_keys(role)["keyids"] = json!([]);
    foreign.role_keys(role)["threshold"] = json!(threshold.parse::<u32>().unwrap());
    for digit in keys.bytes() {
        foreign.add_key(role, numbered(digit));
    }
    let signers = signers.bytes().map(numbered).collect();
    foreign.signers.insert(role.to_owned(), signers);
}

#[test]
fn a_root_follows_another_where_both_thresholds_are_met() {
    for (name, steps, accepted) in [
        ("one key replaced", "1/1:1 2/1:21 2/1:2", true),
        ("signatures of others", "1/1:314 2/1:3214 2/1:324", true),
        (
            "other three of five",
            "01234/3:024 01234/3:041 01234/3:013",
            true,
        ),
        ("one of five replaced", "01234/3:024 01345/3:041", true),
        (
            "the same, two steps",
            "01234/3:024 01345/3:0245 01345/3:045",
            true,
        ),
        (
            "all of five replaced",
            "01234/3:024 56789/3:024567 56789/3:567",
            true,
        ),
        ("threshold raised", "123/1:1 123/2:12", true),
        ("threshold lowered", "123/2:12 123/1:12 123/1:1", true),
        ("key and threshold added", "1/1:1 12/2:12", true),
        ("old key missing", "1/1:1 2/1:234", false),
        ("new key missing", "1/1:1 2/1:134", false),
        ("two of three new", "01234/3:024 01345/3:024", false),
        ("two of three old", "01234/3:024 01345/3:045", false),
        ("raised threshold not met", "123/1:1 123/2:2", false),
        ("lowered threshold too early", "123/2:12 123/1:1", false),
    ] {
        let mut foreign = Foreign::unknown_to_the_client();
        foreign.role("root")["version"] = json!(0);
        let mut last = 0;
        for step in steps.split(' ') {
            set(&mut foreign, "root", step);
            foreign.publish(&["root"]);
            last += 1;
        }
        std::fs::write(foreign.path("first.json"), foreign.file("1.root.json")).unwrap();
        foreign.init().done();
        let ran = foreign.refresh();
        if accepted {
            ran.done();
            assert_eq!(foreign.trusts("root"), last, "{name}");
        } else {
            let message = ran.failed();
            let reason = "threshold not met for role root";
            assert!(message.contains(reason), "{name}: {message}");
            assert_eq!(foreign.trusts("root"), last - 1, "{name}");
        }
    }
}

#[test]
fn every_role_below_the_root_needs_a_threshold_of_the_keys_that_the_root_names() {
    let cases = [
        ("2/1:2", true),
        ("1/1:314", true),
        ("01234/3:024", true),
        ("01234/3:123", true),
        ("01234/5:01234", true),
        ("2/1:134", false),
        ("01345/3:024", false),
        ("01345/3:04", false),
        ("01234/5:0123", false),
    ];
    for role in ["timestamp", "snapshot", "targets"] {
        for (step, accepted) in cases {
            let mut foreign = Foreign::begin();
            set(&mut foreign, role, step);
            foreign.publish(&["root", "targets", "snapshot", "timestamp"]);
            let ran = foreign.refresh();
            if accepted {
                ran.done();
                let kept = std::fs::read(foreign.path(&format!("metadata/{role}.json")));
                assert_eq!(kept.unwrap(), foreign.file(&format!("{role}.json")));
            } else {
                let message = ran.failed();
                let reason = format!("threshold not met for role {role}");
                assert!(message.contains(&reason), "{message}");
                assert_eq!(foreign.trusts(role), 0);
            }
        }
    }
}

#[test]
fn keys_of_another_role_do_not_count() {
    let mut foreign = Foreign::begin();
    let timestamp = foreign.signers["timestamp"].clone();
    foreign.signers.insert("snapshot".to_owned(), timestamp);
    foreign.publish(&["snapshot", "timestamp"]);
    let message = foreign.refresh().failed();
    assert!(
        message.contains("threshold not met for role snapshot: 0/1"),
        "{message}"
    );
}
