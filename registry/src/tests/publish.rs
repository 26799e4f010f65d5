//! What is published, and each refusal with its text.

use std::thread;

use rulepack_protocol::key::Signer as _;
use rulepack_protocol::tuf::{Authority, Payload, RoleName, Status, TopRole};

use super::fixture::*;
use crate::http::problem::causes;
use crate::publish::{Refusal, RefusalKind};
use crate::registry::Registry;
use crate::state::State;
use crate::{Publication, Receipt};

fn refusal(registry: &Registry, publication: &Publication) -> (RefusalKind, String, Vec<String>) {
    let before = State::read(registry.tree()).unwrap().pins.unwrap();
    let refusal = registry.publish(&publication.to_bytes()).unwrap_err();
    let after = State::read(registry.tree()).unwrap().pins.unwrap();
    assert_eq!(before.timestamp_digest, after.timestamp_digest);
    (refusal.kind(), refusal.to_string(), causes(&refusal))
}

fn published(registry: &Registry, publication: &Publication) -> Receipt {
    registry.publish(&publication.to_bytes()).unwrap()
}

fn second(packs: &[&[u8]], version: u64) -> Publication {
    let first = sealed("37/limits", "1.0.0", "限额");
    let all: Vec<&[u8]> = std::iter::once(first.as_slice())
        .chain(packs.iter().copied())
        .collect();
    upload(
        "37",
        signed(space(version, &all), &officers(SHANDONG)[..2]),
        packs,
    )
}

#[test]
fn a_release_of_two_officers_is_published_and_found() {
    let world = World::with_delegations();
    let registry = world.open();
    let receipt = published(&registry, &first_release());
    assert!(!receipt.already_published);
    assert_eq!(receipt.roles, [("37".parse().unwrap(), 1)].into());
    assert_eq!(receipt.timestamp, 2);
    let found = registry.index().search("限").unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name.to_string(), "37/limits");
}

#[test]
fn what_is_to_be_looked_at_in_a_pack_is_told_and_refuses_nothing() {
    let world = World::with_delegations();
    let registry = world.open();
    let receipt = published(&registry, &first_release());
    let path = "37/limits/1.0.0.wasm".parse().unwrap();
    let told = &receipt.warnings[&path];
    let unreachable = "error: rule LIM-01: the code does not hold this name, so nothing ever answers for \
                       the rule";
    assert_eq!(told.first().map(String::as_str), Some(unreachable));
    let again = published(&registry, &first_release());
    assert!(again.already_published && again.warnings.is_empty());
}

#[test]
fn a_retry_of_the_same_bytes_changes_nothing_even_after_a_later_release() {
    let world = World::with_delegations();
    let registry = world.open();
    published(&registry, &first_release());
    let later = sealed("37/limits", "1.0.1", "限额");
    published(&registry, &second(&[&later], 2));
    let receipt = published(&registry, &first_release());
    assert!(receipt.already_published);
    assert_eq!(receipt.timestamp, 3);
}

#[test]
fn one_signature_of_two_is_refused() {
    let world = World::with_delegations();
    let bytes = sealed("37/limits", "1.0.0", "限额");
    let one = signed(space(1, &[&bytes]), &officers(SHANDONG)[..1]);
    assert_eq!(
        refusal(&world.open(), &upload("37", one, &[&bytes])),
        (
            RefusalKind::Signatures,
            "the new `37` is not acceptable".to_owned(),
            vec!["1 of 2 signatures are there".to_owned()]
        )
    );
}

#[test]
fn a_pack_of_another_name_space_is_refused() {
    let world = World::with_delegations();
    let bytes = sealed("33/limits", "1.0.0", "限额");
    let foreign = signed(space(1, &[&bytes]), &officers(SHANDONG)[..2]);
    assert_eq!(
        refusal(&world.open(), &upload("37", foreign, &[&bytes])),
        (
            RefusalKind::Authority,
            "`37` breaks the rules".to_owned(),
            vec!["lists `33/limits/1.0.0.wasm`, which belongs to name space `33`".to_owned()]
        )
    );
}

#[test]
fn a_flipped_byte_is_refused_before_it_is_parsed() {
    let world = World::with_delegations();
    let mut flipped = first_release();
    let (path, bytes) = flipped.targets.iter_mut().next().unwrap();
    let path = path.to_string();
    bytes[0] ^= 1;
    let (kind, text, _) = refusal(&world.open(), &flipped);
    assert_eq!(kind, RefusalKind::PackDigest);
    assert!(
        text.starts_with(&format!("`{path}` has the sha256 `")),
        "{text}"
    );
    bytes_of(&mut flipped).pop();
    let (kind, text, _) = refusal(&world.open(), &flipped);
    assert_eq!(kind, RefusalKind::PackDigest);
    let length = bytes_of(&mut flipped).len();
    let signed = length + 1;
    assert_eq!(
        text,
        format!("`{path}` is {length} bytes long, but {signed} bytes are signed")
    );
}

fn bytes_of(publication: &mut Publication) -> &mut Vec<u8> {
    publication.targets.values_mut().next().unwrap()
}

#[test]
fn bytes_that_nobody_listed_and_listed_ones_without_bytes_are_refused() {
    let world = World::with_delegations();
    let registry = world.open();
    let mut without = first_release();
    without.targets.clear();
    let (_, text, _) = refusal(&registry, &without);
    assert_eq!(
        text,
        "`37/limits/1.0.0.wasm` is newly listed, but its bytes are not in the upload"
    );
    let mut more = first_release();
    more.targets
        .insert("37/limits/2.0.0.wasm".parse().unwrap(), b"x".to_vec());
    let (_, text, _) = refusal(&registry, &more);
    assert_eq!(
        text,
        "`37/limits/2.0.0.wasm` is in the upload, but no role in it newly lists it"
    );
}

#[test]
fn a_skipped_version_is_refused() {
    let world = World::with_delegations();
    let bytes = sealed("37/limits", "1.0.0", "限额");
    let skipped = signed(space(3, &[&bytes]), &officers(SHANDONG)[..2]);
    assert_eq!(
        refusal(&world.open(), &upload("37", skipped, &[&bytes])),
        (
            RefusalKind::VersionConflict,
            "expected version 1 of `37`, got 3".to_owned(),
            vec![]
        )
    );
}

#[test]
fn a_published_version_with_other_bytes_is_a_conflict() {
    let world = World::with_delegations();
    let registry = world.open();
    published(&registry, &first_release());
    let other = sealed("37/other", "1.0.0", "另一个");
    let metadata = signed(space(1, &[&other]), &officers(SHANDONG)[..2]);
    assert_eq!(
        refusal(&registry, &upload("37", metadata, &[&other])),
        (
            RefusalKind::VersionConflict,
            "version 1 of `37` is published already with other content".to_owned(),
            vec![]
        )
    );
}

#[test]
fn a_published_pack_keeps_its_bytes_and_can_be_withdrawn() {
    let world = World::with_delegations();
    let registry = world.open();
    published(&registry, &first_release());
    let altered = sealed("37/limits", "1.0.0", "改过");
    let metadata = signed(space(2, &[&altered]), &officers(SHANDONG)[..2]);
    assert_eq!(
        refusal(&registry, &upload("37", metadata, &[])),
        (
            RefusalKind::Immutable,
            "`37/limits/1.0.0.wasm` is published with other bytes; publish a new version instead"
                .to_owned(),
            vec![]
        )
    );
    let mut yanked = space(2, &[&sealed("37/limits", "1.0.0", "限额")]);
    let path = "37/limits/1.0.0.wasm".parse().unwrap();
    yanked.custom_mut(&path).unwrap().status = Status::Yanked;
    let yanked = signed(yanked, &officers(SHANDONG)[..2]);
    published(&registry, &upload("37", yanked, &[]));
    let entries = registry.index().versions(path.pack()).unwrap();
    assert_eq!(entries[0].status, Status::Yanked);
}

#[test]
fn a_pack_that_fails_its_cases_is_refused() {
    let world = World::with_delegations();
    let bytes = sealed("37/limits", "1.0.0", "坏");
    let metadata = signed(space(1, &[&bytes]), &officers(SHANDONG)[..2]);
    assert_eq!(
        refusal(&world.open(), &upload("37", metadata, &[&bytes])),
        (
            RefusalKind::Cases,
            "`37/limits/1.0.0.wasm` does not pass its own cases".to_owned(),
            vec!["1 of 12 cases fail, the first is `hit`: expected 1 finding, got 0".to_owned()]
        )
    );
}

#[test]
fn custom_that_differs_from_the_manifest_is_refused() {
    let world = World::with_delegations();
    let bytes = sealed("37/limits", "1.0.0", "限额");
    let mut role = space(1, &[&bytes]);
    let custom = role
        .custom_mut(&"37/limits/1.0.0.wasm".parse().unwrap())
        .unwrap();
    custom.effective.from = "2026-12-02".parse().unwrap();
    let metadata = signed(role, &officers(SHANDONG)[..2]);
    assert_eq!(
        refusal(&world.open(), &upload("37", metadata, &[&bytes])),
        (
            RefusalKind::PackCustom,
            "`37/limits/1.0.0.wasm` is signed with effective `2026-12-02`, but its manifest says \
             `2026-12-01`"
                .to_owned(),
            vec![]
        )
    );
}

#[test]
fn a_name_space_that_nobody_delegates_is_refused() {
    let world = World::with_delegations();
    let metadata = signed(space(1, &[]), &officers(SHANDONG)[..2]);
    assert_eq!(
        refusal(&world.open(), &upload("44", metadata, &[])),
        (
            RefusalKind::Authority,
            "name space `44` is not delegated, so nothing can be published in it".to_owned(),
            vec![]
        )
    );
}

#[test]
fn a_root_beside_other_roles_and_keys_that_the_signer_lacks_are_refused() {
    let world = World::with_delegations();
    let registry = world.open();
    let mut next = root();
    next.bump(now().plus_days(365)).unwrap();
    let mut both = upload("root", signed(next.clone(), &officers(ROOT)[..2]), &[]);
    both.metadata.insert(RoleName::TARGETS, b"{}".to_vec());
    let (_, text, _) = refusal(&registry, &both);
    assert_eq!(
        text,
        "a root is published alone, without other roles or packs"
    );
    let stranger = Authority::new([key(99, "stranger").public_key().clone()], 1);
    next.set_authority(TopRole::Timestamp, &stranger);
    let lost = upload("root", signed(next, &officers(ROOT)[..2]), &[]);
    let (kind, _, causes) = refusal(&registry, &lost);
    assert_eq!(kind, RefusalKind::Signer);
    assert_eq!(
        causes,
        ["the signer does not hold enough keys of the role `timestamp` of the root"]
    );
}

#[test]
fn the_next_root_is_published_and_everything_signed_anew() {
    let world = World::with_delegations();
    let registry = world.open();
    let mut next = root();
    next.bump(now().plus_days(365)).unwrap();
    let receipt = published(
        &registry,
        &upload("root", signed(next, &officers(ROOT)[1..]), &[]),
    );
    assert_eq!(receipt.roles, [(RoleName::ROOT, 2)].into());
    assert_eq!(receipt.timestamp, 2);
}

#[test]
fn two_bureaus_at_once_both_succeed_and_of_one_bureau_twice_only_one() {
    let world = World::with_delegations();
    let registry = world.shared();
    let other = sealed("33/limits", "1.0.0", "限额");
    let zhejiang = upload(
        "33",
        signed(space(1, &[&other]), &officers(ZHEJIANG)[..2]),
        &[&other],
    );
    let rival = sealed("37/rival", "1.0.0", "另一台机器");
    let rival = upload(
        "37",
        signed(space(1, &[&rival]), &officers(SHANDONG)[..2]),
        &[&rival],
    );
    let results = thread::scope(|scope| {
        let registry = &registry;
        let run = |publication: Publication| {
            scope.spawn(move || registry.publish(&publication.to_bytes()))
        };
        let handles = [run(zhejiang), run(first_release()), run(rival)];
        handles.map(|handle| handle.join().unwrap())
    });
    assert!(results[0].is_ok());
    let refused: Vec<&Refusal> = results[1..]
        .iter()
        .filter_map(|r| r.as_ref().err())
        .collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(
        refused[0].to_string(),
        "version 1 of `37` is published already with other content"
    );
    assert_eq!(registry.index().search("").unwrap().len(), 2);
}
