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

/// Keys of a role by number, its threshold, and who signed.
type Step = (&'static [u8], u32, &'static [u8]);

/// Gives a role of the root these keys and this threshold, and lets those sign it.
fn set(foreign: &mut Foreign, role: &str, (keys, threshold, signers): Step) {
    let numbered = |number: &u8| ForeignKey::ed25519(number + 1);
    foreign.role_keys(role)["keyids"] = json!([]);
    foreign.role_keys(role)["threshold"] = json!(threshold);
    for key in keys {
        foreign.add_key(role, numbered(key));
    }
    let signers = signers.iter().map(numbered).collect();
    foreign.signers.insert(role.to_owned(), signers);
}

#[test]
fn a_root_follows_another_where_both_thresholds_are_met() {
    let all: &[u8] = &[0, 1, 2, 3, 4];
    let other: &[u8] = &[0, 1, 3, 4, 5];
    let new: &[u8] = &[5, 6, 7, 8, 9];
    let cases: [(&str, &[Step], bool); 15] = [
        (
            "one key replaced",
            &[(&[1], 1, &[1]), (&[2], 1, &[2, 1]), (&[2], 1, &[2])],
            true,
        ),
        (
            "signatures of others beside",
            &[
                (&[1], 1, &[3, 1, 4]),
                (&[2], 1, &[3, 2, 1, 4]),
                (&[2], 1, &[3, 2, 4]),
            ],
            true,
        ),
        (
            "other three of five",
            &[
                (all, 3, &[0, 2, 4]),
                (all, 3, &[0, 4, 1]),
                (all, 3, &[0, 1, 3]),
            ],
            true,
        ),
        (
            "one of five replaced",
            &[(all, 3, &[0, 2, 4]), (other, 3, &[0, 4, 1])],
            true,
        ),
        (
            "one of five replaced in two steps",
            &[
                (all, 3, &[0, 2, 4]),
                (other, 3, &[0, 2, 4, 5]),
                (other, 3, &[0, 4, 5]),
            ],
            true,
        ),
        (
            "all of five replaced in two steps",
            &[
                (all, 3, &[0, 2, 4]),
                (new, 3, &[0, 2, 4, 5, 6, 7]),
                (new, 3, &[5, 6, 7]),
            ],
            true,
        ),
        (
            "threshold raised",
            &[(&[1, 2, 3], 1, &[1]), (&[1, 2, 3], 2, &[1, 2])],
            true,
        ),
        (
            "threshold lowered",
            &[
                (&[1, 2, 3], 2, &[1, 2]),
                (&[1, 2, 3], 1, &[1, 2]),
                (&[1, 2, 3], 1, &[1]),
            ],
            true,
        ),
        (
            "key and threshold added",
            &[(&[1], 1, &[1]), (&[1, 2], 2, &[1, 2])],
            true,
        ),
        (
            "old key missing",
            &[(&[1], 1, &[1]), (&[2], 1, &[2, 3, 4])],
            false,
        ),
        (
            "new key missing",
            &[(&[1], 1, &[1]), (&[2], 1, &[1, 3, 4])],
            false,
        ),
        (
            "two of three new",
            &[(all, 3, &[0, 2, 4]), (other, 3, &[0, 2, 4])],
            false,
        ),
        (
            "two of three old",
            &[(all, 3, &[0, 2, 4]), (other, 3, &[0, 4, 5])],
            false,
        ),
        (
            "raised threshold not met",
            &[(&[1, 2, 3], 1, &[1]), (&[1, 2, 3], 2, &[2])],
            false,
        ),
        (
            "lowered threshold used too early",
            &[(&[1, 2, 3], 2, &[1, 2]), (&[1, 2, 3], 1, &[1])],
            false,
        ),
    ];
    for (name, steps, accepted) in cases {
        let mut foreign = Foreign::unknown_to_the_client();
        foreign.role("root")["version"] = json!(0);
        for step in steps {
            set(&mut foreign, "root", *step);
            foreign.publish(&["root"]);
        }
        std::fs::write(foreign.path("first.json"), foreign.file("1.root.json")).unwrap();
        foreign.init().done();
        let ran = foreign.refresh();
        let last = steps.len() as u64;
        if accepted {
            ran.done();
            assert_eq!(foreign.trusts("root"), last, "{name}");
        } else {
            let message = ran.failed();
            assert!(
                message.contains("threshold not met for role root"),
                "{name}: {message}"
            );
            assert_eq!(foreign.trusts("root"), last - 1, "{name}");
        }
    }
}

#[test]
fn every_role_below_the_root_needs_a_threshold_of_the_keys_that_the_root_names() {
    let all: &[u8] = &[0, 1, 2, 3, 4];
    let other: &[u8] = &[0, 1, 3, 4, 5];
    let cases: [(Step, bool); 9] = [
        ((&[2], 1, &[2]), true),
        ((&[1], 1, &[3, 1, 4]), true),
        ((all, 3, &[0, 2, 4]), true),
        ((all, 3, &[1, 2, 3]), true),
        ((all, 5, all), true),
        ((&[2], 1, &[1, 3, 4]), false),
        ((other, 3, &[0, 2, 4]), false),
        ((other, 3, &[0, 4]), false),
        ((all, 5, &[0, 1, 2, 3]), false),
    ];
    for role in ["timestamp", "snapshot", "targets"] {
        for (step, accepted) in cases {
            let mut foreign = Foreign::begin();
            set(&mut foreign, role, step);
            foreign.publish(&["root", "targets", "snapshot", "timestamp"]);
            let ran = foreign.refresh();
            if accepted {
                ran.done();
                let kept = foreign.path(&format!("metadata/{role}.json"));
                assert_eq!(
                    std::fs::read(kept).unwrap(),
                    foreign.file(&format!("{role}.json"))
                );
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
