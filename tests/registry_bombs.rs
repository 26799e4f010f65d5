//! Packs that are made to be slow, published through a running registry by their own bureau's officers
//! (threat T11): they are refused within the bounds of their workers, and delay nobody.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(unix)]

#[path = "common/compile_bomb.rs"]
mod compile_bomb;
#[path = "../host/engine/tests/guest/mod.rs"]
#[allow(dead_code, reason = "this file uses a part of it")]
mod guest;
#[path = "common/site.rs"]
mod site;
#[path = "common/smallest_pack.rs"]
mod smallest_pack;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;

use guest::Guest;
use rulepack_protocol::pack;
use rulepack_registry::client::PublishFailed;
use rulepack_registry::{Client, Publication, RefusalKind};

use compile_bomb::compile_bomb;
use site::{Bureau, Site};

/// A guest as a pack of this name space, with one case: what has none is not compiled.
fn sealed(name_space: &str, guest: &Guest) -> Vec<u8> {
    let mut manifest = guest::manifest();
    manifest.pack.name = format!("{name_space}/bomb").parse().unwrap();
    manifest.pack.jurisdictions = vec![name_space.parse().unwrap()];
    manifest.pack.effective.from = "2126-01-01".parse().unwrap();
    let case = r#"{"name": "any", "stage": "after", "scope": "patient", "today": "2126-01-02",
        "jurisdiction": "370303", "tables": {"patients": [{"patient": "P1"}]},
        "expected": {"findings": [], "notices": [], "measures": [], "abstentions": []}}"#;
    let cases = [serde_json::from_str(case).unwrap()];
    pack::seal(&guest.component(), &manifest, &BTreeMap::new(), &cases).unwrap()
}

/// What the registry says against it.
fn publish(client: &Client, publication: &Publication) -> Result<(), String> {
    let failed = match client.publish(publication) {
        Ok(_) => return Ok(()),
        Err(failed) => failed,
    };
    if let PublishFailed::Refused { kind, .. } = &failed {
        assert_eq!(*kind, Some(RefusalKind::Cases));
    }
    Err(failed.to_string())
}

#[test]
fn compile_bombs_of_two_bureaus_are_refused_in_time_and_delay_no_third() {
    const SECONDS: u32 = 2;
    let bombers = [Bureau::new("37", 30), Bureau::new("44", 40)];
    let good = Bureau::new("33", 50);
    let site = Site::found(
        Path::new(env!("CARGO_BIN_EXE_rulepack")),
        &[&bombers[0], &bombers[1], &good],
    );
    let _signer = site.start_signer("");
    let registry = site.start_registry_with_seconds(SECONDS);
    let (client, bomb) = (registry.client(), compile_bomb());
    let bombs = bombers
        .each_ref()
        .map(|bureau| bureau.next_with(sealed(bureau.name_space(), &bomb)).1);
    let harmless = good.next_with(sealed("33", &Guest::default())).1;
    thread::scope(|scope| {
        let burning = bombs
            .each_ref()
            .map(|bomb| scope.spawn(|| publish(&client, bomb)));
        // Both are being tried: there are two processes more.
        while workers_of(registry.id()) < bombers.len() {
            assert!(burning.iter().all(|bomb| !bomb.is_finished()));
            thread::yield_now();
        }
        publish(&client, &harmless).unwrap();
        assert!(
            burning.iter().all(|bomb| !bomb.is_finished()),
            "the good pack waited for a bomb"
        );
        for bomb in burning {
            let refused = bomb.join().unwrap().unwrap_err();
            let expected = format!(
                "does not pass its own cases: the pack cannot be run: \
                 the worker for `cases` used up its {SECONDS} s of processor time"
            );
            assert!(refused.ends_with(&expected), "{refused}");
        }
    });
    assert_eq!(bombers.each_ref().map(|bureau| site.shown(bureau)), [0, 0]);
    assert_eq!(site.shown(&good), 1);
    site.assert_valid();
}

/// How many processes this one started that run.
fn workers_of(process: u32) -> usize {
    let parent = process.to_string();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let is_child = |status: &String| {
        // After the name in brackets: state and parent.
        let after_name = status.rsplit(") ").next().unwrap_or_default();
        after_name.split(' ').nth(1) == Some(&parent)
    };
    processes
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
        .filter(is_child)
        .count()
}
