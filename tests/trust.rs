//! Four attacks on the way from a bureau to a hospital, each tried for real: what is refused, with which
//! reason, and what stays active afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use rulepack_protocol::tuf::{RoleName, Targets};

use common::forge;
use common::nation::Registry;
use common::packs::Source;
use common::rulepack;
use common::story::{NEW, OLD, Story};

/// A copy of the repository as a registry would serve it whose own keys are in the attacker's hands: it
/// puts `37.json` in force without judging it.
fn forged(story: &Story) -> PathBuf {
    let repository = story.nation.back_up("forged").join("repository");
    let signer = story.nation.path("registry/signer");
    let bytes = fs::read(story.nation.path("37.json")).unwrap();
    let role: RoleName = "37".parse().unwrap();
    forge::put_in_force::<Targets>(&repository, &signer, &role, &bytes);
    repository
}

fn sha256(bytes: &[u8]) -> String {
    rulepack_protocol::digest::Digest::of(bytes).to_string()
}

/// The only file in a folder whose name ends so.
fn file_ending(folder: &Path, ending: &str) -> PathBuf {
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut found = paths.filter(|path| path.to_str().unwrap().ends_with(ending));
    let file = found.next().unwrap();
    assert_eq!(found.next(), None);
    file
}

#[test]
fn a_flipped_byte_in_a_pack_is_refused_and_the_old_version_stays() {
    let story = Story::begin();
    let host = story.host("host");
    story.publish_newer();
    let folder = story
        .nation
        .path("registry/repository/targets/37/chronic-limits");
    let file = file_ending(&folder, ".1.0.1.wasm");
    let sound = fs::read(&file).unwrap();
    let mut flipped = sound.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(&file, &flipped).unwrap();

    let (signed, found) = (sha256(&sound), sha256(&flipped));
    let told = host.sync().found_fault();
    let reason = format!("pack `{NEW}` has sha256 {found}, signed was {signed}");
    assert_eq!(
        told.lines().next(),
        Some(&*format!("refused   {NEW}: {reason}"))
    );
    assert_eq!(host.active(), [OLD]);

    // Nothing of the bad bytes is left: once the registry serves the signed ones, they are taken.
    fs::write(&file, &sound).unwrap();
    let told = host.sync().done();
    assert_eq!(told.lines().next(), Some(&*format!("activated {NEW}")));
    assert_eq!(host.active(), [OLD, NEW]);
}

#[test]
fn a_pack_of_another_name_space_signed_with_the_bureaus_keys_is_refused() {
    let story = Story::begin();
    let host = story.host("host");
    let foreign = story.nation.path("foreign.wasm");
    Source::copy("chronic-limits", &story.nation.path("foreign"))
        .replace(
            "pack.toml",
            "\"37/chronic-limits\"",
            "\"11/chronic-limits\"",
        )
        .replace(
            "pack.toml",
            "jurisdictions = [\"37\"]",
            "jurisdictions = [\"11\"]",
        )
        .build(&foreign)
        .done();
    story.draft(&format!("publish draft {} --role 37", foreign.display()));
    // Each officer is told before signing.
    let breach = "lists `11/chronic-limits/1.0.0.wasm`, which belongs to name space `11`";
    for officer in ["bureau-a", "bureau-b"] {
        let line = format!("sign {{}}/37.json --key {{}}/keys/{officer}.key --yes");
        let (_, told) = story.nation.run(&line).ended(0);
        let says = format!("  BREAKS A RULE, so that no registry or host takes it: {breach}\n");
        assert!(told.contains(&says), "{told}");
    }

    let why = format!("`37` breaks the rules: {breach}");
    let reason = story.nation.send(&[&foreign], &story.registry).failed();
    assert_eq!(reason, format!("error: {why}"));
    host.follow(&story.registry.address);
    let told = host.sync().done();
    assert_eq!(told.lines().next(), Some("nothing new"));

    let forged = forged(&story);
    host.follow(forged.to_str().unwrap());
    let told = host.sync().found_fault();
    assert!(told.contains(&format!("failed    37: {why}\n")), "{told}");
    assert_eq!(host.active(), [OLD]);
}

#[test]
fn one_signature_where_two_are_due_is_refused() {
    let story = Story::begin();
    let host = story.host("host");
    story.nation.draft(&[&story.newer], &story.registry);
    story.nation.sign("37.json", &["bureau-c"]);

    let reason = story.nation.send(&[&story.newer], &story.registry).failed();
    assert_eq!(
        reason,
        "error: the new `37` is not acceptable: 1 of 2 signatures are there\n\
         hint: have the missing officers sign the file, then publish again"
    );

    let forged = forged(&story);
    host.follow(forged.to_str().unwrap());
    let told = host.sync().found_fault();
    let why = "failed    37: `37` has 1 of 2 valid signatures\n";
    assert!(told.contains(why), "{told}");
    assert_eq!(host.active(), [OLD]);

    // With the second signature the same file is accepted, and taken by another host.
    story.nation.sign("37.json", &["bureau-a"]);
    story.nation.send(&[&story.newer], &story.registry).done();
    let other = story.nation.host("other", &story.registry);
    other.sync().done();
    assert_eq!(other.active(), [OLD, NEW]);
    // The first one has seen the forged files under the same versions, and says so.
    host.follow(&story.registry.address);
    let reason = host.sync().failed();
    let start = "error: `timestamp` contradicts what this host has seen: version 3 was seen before \
                 with sha256 ";
    assert!(reason.starts_with(start), "{reason}");
    assert_eq!(host.active(), [OLD]);
}

#[test]
fn a_registry_that_serves_earlier_metadata_is_refused() {
    let story = Story::begin();
    let host = story.host("host");
    let earlier = story.nation.back_up("earlier");
    story.publish_newer();
    host.sync().done();
    assert_eq!(host.active(), [OLD, NEW]);
    let lock = host.lock();

    let rolled_back = Registry::serve(&earlier);
    host.follow(&rolled_back.address);
    let reason = host.sync().failed();
    assert_eq!(
        reason,
        "error: `timestamp` contradicts what this host has seen: \
         version 3 was seen before, now version 2 is served\n\
         hint: an older or altered state was served: compare with another address of the registry"
    );
    assert_eq!(host.lock(), lock);

    host.follow(&story.registry.address);
    let told = host.sync().done();
    assert_eq!(told.lines().next(), Some("nothing new"));
}

#[test]
fn a_host_without_its_registry_checks_with_what_it_has() {
    let story = Story::begin();
    let host = story.host("host");
    let data = story.nation.path("data");
    let out = data.to_str().unwrap();
    rulepack(["generate", "--lines", "200", "--out", out]).done();
    let options = ["--today", "2026-06-30", "--json"];
    let before = host.check(&data, &options).found_fault();
    let lock = host.lock();

    drop(story.registry);
    let reason = host.sync().failed();
    let start = "error: `metadata/2.root.json` cannot be fetched: ";
    assert!(reason.starts_with(start), "{reason}");
    assert_eq!(host.lock(), lock);
    assert_eq!(host.check(&data, &options).found_fault(), before);
}

#[test]
fn a_delegation_that_is_gone_stops_its_packs() {
    let story = Story::begin();
    let host = story.host("host");
    let revoke = "revoke 37 --from {}/targets.json --out {}/targets.json";
    story.nation.run(revoke).done();
    story
        .nation
        .sign("targets.json", &["targets-a", "targets-b"]);
    let send = format!(
        "publish send {{}}/targets.json --registry {}",
        story.registry.address
    );
    story.nation.run(&send).done();

    let told = host.sync().done();
    let reason = format!("stopped   {OLD}: its name space no longer signs it");
    assert_eq!(told.lines().next(), Some(&*reason));
    assert_eq!(host.active(), Vec::<String>::new());
}
