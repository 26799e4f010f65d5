//! What a hospital decides about versions, by the commands: wait for approval, hold, roll back; what it
//! cannot put off; and which columns it grants.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::forge;
use common::nation::Host;
use common::packs::pack;
use common::story::{NEW, OLD, Story, sealed};
use common::web::{Twist, Web};
use common::{now, rulepack, workspace};

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
fn a_range_of_versions_holds_for_what_is_active_too_and_hides_no_withdrawal() {
    let story = Story::begin();
    let host = story.host("host");
    story.publish_newer();
    host.sync().done();
    assert_eq!(host.active(), [OLD, NEW]);
    host.subscribe("37/chronic-limits@=1.0.0");
    let told = host.sync().done();
    let waits = format!("waiting   {NEW}: `host.toml` follows `37/chronic-limits@=1.0.0` alone");
    assert_eq!(told.lines().next(), Some(&*waits));
    assert_eq!(host.active(), [OLD]);
    host.subscribe("37/chronic-limits");
    let told = host.sync().done();
    assert_eq!(told.lines().next(), Some(&*format!("activated {NEW}")));

    // Its withdrawal leaves a gap, as at every other host.
    host.subscribe("37/chronic-limits@=1.0.0");
    host.sync().done();
    story.draft("yank 37/chronic-limits@1.0.1 --reason too-many-findings");
    story.publish_role();
    host.sync().done();
    assert_eq!(host.lock().matches("\"status\": \"yanked\"").count(), 1);
    host.decide(&["status"]).found_fault();
}

#[test]
fn t9_a_range_of_versions_puts_off_nothing_that_is_mandatory() {
    let story = Story::begin();
    let host = story.host("host");
    host.subscribe("37/chronic-limits@=1.0.0");
    let file = story.newer.display();
    story.draft(&format!("publish draft {file} --mandatory-by 2099-01-01"));
    story.nation.sign("37.json", &["bureau-a", "bureau-b"]);
    story.nation.send(&[&story.newer], &story.registry).done();
    // It is there for its day, on which the host may be without a network.
    let told = host.sync().done();
    let waits = format!("waiting   {NEW}: `host.toml` follows `37/chronic-limits@=1.0.0` alone");
    assert_eq!(told.lines().next(), Some(&*waits));
    let newest = sealed(&story.nation, "1.0.2");
    let draft = format!(
        "publish draft {} --mandatory-by 2026-01-01",
        newest.display()
    );
    story.draft(&draft);
    story.nation.sign("37.json", &["bureau-a", "bureau-b"]);
    story.nation.send(&[&newest], &story.registry).done();
    host.sync().done();
    assert_eq!(host.active(), [OLD, "37/chronic-limits/1.0.2.wasm"]);
}

#[test]
fn a_pack_that_was_altered_or_lost_on_the_disk_is_told_and_brought_again() {
    let story = Story::begin();
    let host = story.host("host");
    let lock = host.lock();
    let packs = fs::read_dir(host.folder().join("packs")).unwrap();
    let file = packs.map(|entry| entry.unwrap().path()).next().unwrap();
    let whole = fs::read(&file).unwrap();
    let told = |what: &str| {
        let status = host.decide(&["status"]).found_fault();
        let warning = format!(
            "warning   the file of {OLD} {what}, so it is not used; the next `sync` brings it again"
        );
        assert_eq!(status.lines().last(), Some(&*warning));
    };
    fs::write(&file, &whole[1..]).unwrap();
    told("has other bytes than were verified");
    // What is newer is compared with it, so it comes first.
    story.publish_newer();
    let synced = host.sync().done();
    let lines: Vec<&str> = synced.lines().take(2).collect();
    let [activated, restored] = [format!("activated {NEW}"), format!("restored  {OLD}")];
    assert_eq!(lines, [&*activated, &*restored]);
    assert_eq!(fs::read(&file).unwrap(), whole);

    fs::remove_file(&file).unwrap();
    told("cannot be read");
    let synced = host.sync().done();
    assert_eq!(synced.lines().next(), Some(&*restored));
    assert_ne!(host.lock(), lock);
    assert_eq!(fs::read(&file).unwrap(), whole);
}

#[test]
fn a_pack_that_is_followed_no_more_is_not_used_and_leaves_no_gap() {
    let story = Story::begin();
    let host = story.host("host");
    let lock = host.lock();
    host.subscribe("cn/*");
    let told = host.sync().done();
    assert_eq!(told.lines().next(), Some(&*format!("unfollowed {OLD}")));
    assert_eq!(host.active(), Vec::<String>::new());
    assert_eq!(host.status("unfollowed").len(), 1);
    assert_eq!(host.status("gap").len(), 0);
    let refused = host
        .decide(&["approve", "37/chronic-limits@1.0.0"])
        .failed();
    let expected = format!(
        "error: `{OLD}` was refused, and cannot be approved: `host.toml` does not follow it"
    );
    assert_eq!(refused, expected);
    // It comes back with the day since which it is known.
    host.subscribe("37/*");
    host.sync().done();
    assert_eq!(host.lock(), lock);
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

/// The files of packs in a host's folder that are not whole.
fn parts(host: &Host) -> Vec<PathBuf> {
    let packs = fs::read_dir(host.folder().join("packs")).unwrap();
    let paths = packs.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_none_or(|ending| ending != "wasm"))
        .collect()
}

#[test]
fn a_download_that_broke_goes_on_and_what_is_left_of_a_withdrawn_pack_is_cleared_away() {
    let story = Story::begin();
    let hosts = ["goes-on", "gives-up"].map(|name| story.host(name));
    story.publish_newer();
    let copy = story.nation.back_up("copy").join("repository");
    let web = Web::serve(&copy, Twist::Half(".1.0.1.wasm"));
    let half = fs::read(&story.newer).unwrap();
    let half = &half[..half.len() / 2];
    for host in &hosts {
        host.follow(&web.address);
        let told = host.sync().found_fault();
        let reason = format!("refused   {NEW}: pack `{NEW}` cannot be read or stored");
        assert!(told.starts_with(&reason), "{told}");
        let left: Vec<_> = parts(host)
            .iter()
            .map(|path| fs::read(path).unwrap())
            .collect();
        assert_eq!(left, [half]);
        assert_eq!(host.active(), [OLD]);
        host.follow(&story.registry.address);
    }
    let [goes_on, gives_up] = &hosts;
    let told = goes_on.sync().done();
    assert_eq!(told.lines().next(), Some(&*format!("activated {NEW}")));
    assert_eq!(parts(goes_on), Vec::<PathBuf>::new());

    story.draft("yank 37/chronic-limits@1.0.1 --reason too-many-findings");
    story.publish_role();
    gives_up.sync().done();
    assert_eq!(parts(gives_up), Vec::<PathBuf>::new());
}

#[test]
fn check_marks_packs_as_stale_once_nobody_in_force_vouches_for_them_and_goes_on() {
    let story = Story::begin();
    let (nation, request) = (&story.nation, workspace().join("examples/3101-order.json"));
    let line = "init --dir {}/island --root {}/root.json --registry {}/disk \
                --institution H37030000001 --division 370303 --air-gapped";
    nation.run(line).done();
    let island = Host::at(nation.path("island"));
    // The timestamp of a disk that was three days on its way.
    let disk = nation.back_up("disk").join("repository");
    let (signer, past) = (nation.path("registry/signer"), now().plus_days(-3));
    forge::sign_anew(&disk, &signer, |_, timestamp| timestamp.expires = past);
    let import = format!("sync --dir {{}}/island --import {}", disk.display());
    nation.run(&import).done();
    let told = island.check(&request, &[]).done();
    let stale = format!("[stale] what vouches for these packs expired at {past}");
    assert_eq!(told.lines().next(), Some(&*stale));
    let findings = told.lines().skip(1).collect::<Vec<_>>();
    let told = island.check(&request, &["--lang", "zh"]).done();
    assert!(told.starts_with("[规则包信息已过期] "), "{told}");

    // A fresh disk ends it, and the findings are the same.
    let fresh = nation.back_up("fresh").join("repository");
    forge::sign_anew(&fresh, &signer, |_, _| {});
    forge::sign_anew(&fresh, &signer, |_, _| {});
    let import = format!("sync --dir {{}}/island --import {}", fresh.display());
    nation.run(&import).done();
    let told = island.check(&request, &[]).done();
    assert_eq!(told.lines().collect::<Vec<_>>(), findings);

    // Nor does a memory that is damaged pass for a good one.
    let memory = island.folder().join("trust/trust.json");
    append(&memory, "}");
    let told = island.check(&request, &[]).done();
    let damaged = format!("[stale] `{}` is damaged", memory.display());
    assert_eq!(told.lines().next(), Some(&*damaged));
    assert_eq!(told.lines().skip(1).collect::<Vec<_>>(), findings);
}
