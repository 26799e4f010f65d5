//! What `verify` tells a reviewer, and in which order it looks (T11): nothing of a file is opened before
//! somebody vouches for its bytes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::PathBuf;

use rulepack_protocol::key::PublicKey;
use rulepack_protocol::moment::Moment;

use common::nation::{Nation, Registry};
use common::packs::{Source, pack};
use common::{Ran, now};

/// A nation with two published versions of a pack.
struct Story {
    nation: Nation,
    registry: Registry,
    newer: PathBuf,
}

impl Story {
    fn begin() -> Self {
        let nation = Nation::found();
        let registry = nation.serve();
        nation.publish(&[&pack("chronic-limits")], &registry);
        let newer = nation.path("newer.wasm");
        Source::copy("chronic-limits", &nation.path("newer"))
            .replace("pack.toml", "version = \"1.0.0\"", "version = \"1.0.1\"")
            .replace("pack.toml", "min = 280000", "min = 140000")
            .build(&newer)
            .done();
        nation.publish(&[&newer], &registry);
        Story {
            nation,
            registry,
            newer,
        }
    }

    fn verify(&self, pack: &str, options: &str) -> Ran {
        let address = &self.registry.address;
        self.nation.run(&format!(
            "verify {pack} --root {{}}/root.json --registry {address} {options}"
        ))
    }
}

#[test]
fn the_chain_names_every_role_and_who_signed_it_and_who_did_not() {
    let story = Story::begin();
    let told = story.verify(story.newer.to_str().unwrap(), "").done();
    for line in [
        "             2 of 3 must sign: signed by root-a, root-b; not by root-c",
        "             1 of 1 must sign: signed by registry-timestamp",
        "             2 of 3 must sign: signed by targets-a, targets-b; not by targets-c",
        "             2 of 3 must sign: signed by bureau-a, bureau-b; not by bureau-c",
        "since 1.0.0",
        "~ parameter days_max: min 280000 → 140000",
    ] {
        assert!(
            told.lines().any(|found| found == line),
            "`{line}` in\n{told}"
        );
    }
    let public = fs::read(story.nation.path("keys/bureau-c.pub")).unwrap();
    let public: PublicKey = serde_json::from_slice(&public).unwrap();
    let line = format!("\n               bureau-c has key {}\n", public.id());
    assert!(told.contains(&line), "{told}");
    assert!(told.contains("\n  orders: amounts, "), "{told}");
    assert!(told.contains("\nrebuilds     not asked"), "{told}");
    assert!(
        told.lines().last().unwrap().starts_with("valid at "),
        "{told}"
    );

    // The same of what the registry serves, and of a host that already follows it.
    let named = story.verify("37/chronic-limits@1.0.1", "--json").done();
    let named: serde_json::Value = serde_json::from_str(&named).unwrap();
    assert_eq!(named["path"], "37/chronic-limits/1.0.1.wasm");
    assert_eq!(named["chain"][4]["role"], "37");
    assert_eq!(named["chain"][4]["persons"].as_array().unwrap().len(), 3);
    story.nation.host("host", &story.registry).sync().done();
    let told = story
        .nation
        .run("verify 37/chronic-limits@1.0.0 --dir {}/host")
        .done();
    assert!(
        told.contains("\nsince        nothing: no earlier version is signed\n"),
        "{told}"
    );
}

#[test]
fn no_byte_is_opened_before_somebody_vouches_for_it() {
    let story = Story::begin();
    let file = story.nation.path("no-pack.wasm");
    fs::write(&file, "not even a component").unwrap();
    let digest = rulepack_protocol::digest::Digest::of(b"not even a component");
    let told = story.verify(file.to_str().unwrap(), "").failed();
    let line = format!("error: no role signs a pack with sha256 {digest}");
    assert_eq!(told.lines().next(), Some(&*line));
    let told = story
        .verify(file.to_str().unwrap(), "--as 37/chronic-limits@1.0.0")
        .failed();
    let line =
        format!("error: pack `37/chronic-limits/1.0.0.wasm` has sha256 {digest}, signed was ");
    assert!(told.starts_with(&line), "{told}");
    assert_eq!(
        story.verify("37/chronic-limits@9.9.9", "").failed(),
        "error: role `37` signed no pack `37/chronic-limits/9.9.9.wasm`"
    );
    assert_eq!(
        story.verify("vendor-acme/x@1.0.0", "").failed(),
        "error: name space `vendor-acme` is not delegated"
    );
}

#[test]
fn another_day_is_judged_by_the_expiry_of_every_role_and_by_the_publication() {
    let story = Story::begin();
    let pack = "37/chronic-limits@1.0.1";
    let day = |days: i64| now().plus_days(days).day().to_string();
    let told = story
        .verify(pack, &format!("--at {}", day(30)))
        .found_fault();
    assert!(told.contains("\n  `timestamp` expired at "), "{told}");
    assert!(
        told.contains(" EXPIRED (the registry renews it)\n"),
        "{told}"
    );
    assert!(!told.contains("\n  `37` expired at "), "{told}");
    let told = story
        .verify(pack, &format!("--at {}", day(100)))
        .found_fault();
    assert!(told.contains("\n  `37` expired at "), "{told}");
    let told = story
        .verify(pack, &format!("--at {}", day(-10)))
        .found_fault();
    assert!(told.contains("\n  it was published later, on "), "{told}");
    assert!(!told.contains("expired at"), "{told}");

    // It was published on a day in China, which begins eight hours before that of UTC.
    let published = now().day_in_china().number();
    let midnight = i64::from(published) * 86_400 - 8 * 3_600;
    let at = |seconds| format!("--at {}", Moment::from_unix(seconds).unwrap());
    let told = story.verify(pack, &at(midnight - 1)).found_fault();
    assert!(told.contains("\n  it was published later, on "), "{told}");
    story.verify(pack, &at(midnight)).done();

    let (_, told) = story.verify(pack, "--at 2026-13-01").ended(2);
    let expected =
        "expected a day, such as `2026-11-22`, or a moment, such as `2026-11-22T08:00:00Z`";
    assert!(told.contains(expected), "{told}");

    // A host that has refreshed since may be asked about an earlier day as well.
    story.nation.host("host", &story.registry).sync().done();
    let line = format!("verify {pack} --dir {{}}/host --at {}", day(-10));
    let told = story.nation.run(&line).found_fault();
    assert!(told.contains("\n  it was published later, on "), "{told}");
}
