//! What a hospital decides about versions, by the commands: wait for approval, hold, roll back; what it
//! cannot put off; and which columns it grants.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::Path;

use common::packs::pack;
use common::story::{NEW, OLD, Story};
use common::{rulepack, workspace};

const PACK: &str = "37/chronic-limits";

fn append(path: &Path, text: &str) {
    let before = fs::read_to_string(path).unwrap_or_default();
    fs::write(path, before + text).unwrap();
}

#[test]
fn a_held_pack_keeps_its_version_until_a_person_approves_the_next() {
    let story = Story::begin();
    let host = story.host("host");
    host.decide(&["hold", PACK, "--reason", "audit week"])
        .done();
    story.publish_newer();
    let told = host.sync().done();
    let waits = format!("waiting   {NEW}: the pack is held: audit week");
    assert_eq!(told.lines().next(), Some(&*waits));
    assert_eq!(host.active(), [OLD]);
    assert_eq!(
        host.status("held"),
        ["held      37/chronic-limits: audit week"]
    );
    assert_eq!(host.status("waiting").len(), 1);

    let told = host.decide(&["approve", "37/chronic-limits@1.0.1"]).done();
    assert_eq!(told.lines().next(), Some(&*format!("{NEW} is approved")));
    assert_eq!(host.active(), [OLD, NEW]);
    // The next update leaves it as the person decided.
    host.sync().done();
    assert_eq!(host.active(), [OLD, NEW]);
}

#[test]
fn a_version_that_was_put_aside_stays_so_over_updates_and_nothing_lower_can_be() {
    let story = Story::begin();
    let host = story.host("host");
    story.publish_newer();
    host.sync().done();
    let told = host
        .decide(&["rollback", PACK, "--reason", "too many findings"])
        .done();
    let lines: Vec<&str> = told.lines().take(2).collect();
    let aside = format!("{NEW} is put aside: too many findings");
    assert_eq!(lines, [aside, format!("{OLD} is in force")]);
    host.sync().done();
    assert_eq!(host.active(), [OLD]);
    assert_eq!(host.status("put aside").len(), 1);

    let refused = host
        .decide(&["rollback", PACK, "--reason", "again"])
        .failed();
    assert_eq!(
        refused,
        format!(
            "error: nothing below `{OLD}` may be gone back to: no lower version is known\n\
             hint: tell the bureau that issued it, which can withdraw it or publish a higher version"
        )
    );
}

#[test]
fn t9_a_host_that_lets_versions_wait_activates_the_mandatory_one_by_itself() {
    let story = Story::begin();
    let host = story.host("host");
    let settings = host.folder().join("host.toml");
    append(&settings, "\n[updates]\ndecision = \"approve\"\n");
    let file = story.newer.display();
    story.draft(&format!("publish draft {file} --mandatory-by 2026-01-01"));
    story.nation.sign("37.json", &["bureau-a", "bureau-b"]);
    story.nation.send(&[&story.newer], &story.registry).done();
    let told = host.sync().done();
    assert_eq!(told.lines().next(), Some(&*format!("activated {NEW}")));
    let refused = host.decide(&["rollback", PACK, "--reason", "no"]).failed();
    let expected = format!("error: `{NEW}` is mandatory since 2026-01-01, and cannot be put aside");
    assert_eq!(refused.lines().next(), Some(&*expected));
    assert_eq!(host.active(), [OLD, NEW]);
}

#[test]
fn t2_a_column_that_is_not_granted_is_told_with_the_reason_that_the_pack_gives() {
    let story = Story::begin();
    let host = story.host("host");
    let grants = host.folder().join("grants.toml");
    append(
        &grants,
        "[37]\nby = \"李明\"\nday = \"2026-11-22\"\ncolumns = []\n",
    );
    let request = workspace().join("examples/3101-order.json");
    let told = host.check(&request, &[]).done();
    assert!(
        told.contains("[not evaluable] 37/chronic-limits/1.0.0.wasm CHR-01"),
        "{told}"
    );
    assert!(
        told.contains("    asked for, and not granted to 37: "),
        "{told}"
    );
    assert!(told.ends_with("nothing found\n"), "{told}");

    let sealed = pack("chronic-limits");
    let folder = host.folder().to_str().unwrap();
    let inspect = || rulepack(["inspect", sealed.to_str().unwrap(), "--host", folder]);
    let asked = inspect().found_fault();
    assert!(asked.contains("  NOT GRANTED\n"), "{asked}");
    assert!(
        asked.contains("[37]\nby = \"\"\nday = \"\"\ncolumns = ["),
        "{asked}"
    );
    fs::remove_file(&grants).unwrap();
    inspect().done();
}
