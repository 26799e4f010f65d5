//! What a bureau does with a version that is published: withdraw, promote, end, deny, require. Each goes
//! from the command to a hospital that obeys, and of a published path nothing else may change (T3, T4, T5,
//! T9).

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use rulepack_host::lock::{Choice, Lock, Purpose};
use rulepack_host::settings::HostFolder;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::LockedKey;
use rulepack_protocol::moment::{Day, Moment};
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::tuf::{Channel, Envelope, Status, Targets};

use common::nation::{Host, Registry};
use common::packs::Source;
use common::story::{NEW, OLD, Story, sealed};

/// A bureau that has published two versions, and a host that runs both.
fn with_two_versions() -> (Story, Host) {
    let bureau = Story::begin();
    bureau.publish_newer();
    let host = bureau.host("host");
    assert_eq!(host.active(), [OLD, NEW]);
    assert_eq!(chosen(&host, today()), Some("1.0.1".into()));
    (bureau, host)
}

/// Publishes the role with a change that no command makes, and tells why it is refused.
fn forged(bureau: &Story, change: impl FnOnce(&mut Targets)) -> String {
    bureau.draft("renew 37");
    let nation = &bureau.nation;
    let path = nation.path("37.json");
    let draft = Envelope::<Targets>::parse(&fs::read(&path).unwrap()).unwrap();
    let mut targets = draft.signed().clone();
    change(&mut targets);
    let mut envelope = Envelope::unsigned(targets).unwrap();
    for person in ["bureau-a", "bureau-b"] {
        let key = nation.path(&format!("keys/{person}.key"));
        let key = LockedKey::read(fs::read_to_string(key).unwrap()).unwrap();
        envelope.sign(&key.unlock(None).unwrap()).unwrap();
    }
    fs::write(&path, envelope.to_bytes()).unwrap();
    let refused = nation.send(&[], &bureau.registry).failed();
    refused.lines().next().unwrap().to_owned()
}

/// The version that a host uses on a rule day.
fn chosen(host: &Host, day: Day) -> Option<String> {
    let lock = Lock::read(&HostFolder::at(host.folder())).unwrap();
    let name = "37/chronic-limits".parse().unwrap();
    match lock.choose(&name, day, Purpose::Service) {
        Choice::Version { version, .. } => Some(version.path.version().to_string()),
        Choice::Gap => None,
    }
}

/// Today in China Standard Time, which the days of the rules are in.
fn today() -> Day {
    days_from_today(0)
}

fn days_from_today(days: i64) -> Day {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seconds = i64::try_from(elapsed.as_secs()).unwrap() + 8 * 3_600;
    Moment::from_unix(seconds).unwrap().plus_days(days).day()
}

fn path(text: &str) -> TargetPath {
    text.parse().unwrap()
}

fn digest_of(pack: &PathBuf) -> Digest {
    Digest::of(&fs::read(pack).unwrap())
}

#[test]
fn a_withdrawn_version_stops_and_no_lower_one_takes_its_place() {
    let (bureau, host) = with_two_versions();
    let yank = "yank 37/chronic-limits@1.0.1 --reason counts-the-dose-twice";
    let told = bureau.draft(yank);
    let says = |line: &str| assert!(told.contains(line), "{told}");
    says("`37` goes from version 2 to 3, ");
    says(&format!(
        "WITHDRAWS pack `{NEW}`, since: counts-the-dose-twice"
    ));
    says(
        "hosts use NO VERSION of `37/chronic-limits` (before: 1.0.1): its rules are not evaluable",
    );
    bureau.publish_role();

    let told = host.sync().done();
    let stopped = format!("stopped   {NEW}: it was withdrawn (撤回): counts-the-dose-twice");
    assert_eq!(told.lines().next(), Some(&*stopped));
    assert_eq!(chosen(&host, today()), None);
    // A host that comes later chooses the same.
    let other = bureau.nation.host("other", &bureau.registry);
    other.sync().done();
    assert_eq!(chosen(&other, today()), None);

    // A higher version ends the gap.
    let next = sealed(&bureau.nation, "1.0.2");
    bureau.nation.publish(&[&next], &bureau.registry);
    host.sync().done();
    assert_eq!(chosen(&host, today()), Some("1.0.2".into()));

    let again = bureau.refused(yank);
    assert_eq!(again, format!("error: `{NEW}` is withdrawn already"));
    let unknown = bureau.refused("yank 37/chronic-limits@9.0.0 --reason x");
    let not_listed = "error: `37/chronic-limits/9.0.0.wasm` is not listed";
    assert_eq!(unknown, not_listed);
}

#[test]
fn a_first_wave_runs_a_version_before_everybody_does() {
    let bureau = Story::begin();
    let (nation, address) = (&bureau.nation, &bureau.registry.address);
    let everybody = nation.host("everybody", &bureau.registry);
    nation
        .run(&format!(
            "init --dir {{}}/first --root {{}}/root.json --registry {address} \
             --institution H37030000002 --division 370303 --canary"
        ))
        .done();
    let first = Host::at(nation.path("first"));
    let canary = |newer: &PathBuf| {
        let file = newer.display();
        bureau.draft(&format!("publish draft {file} --channel canary"));
        nation.sign("37.json", &["bureau-a", "bureau-b"]);
        nation.send(&[newer], &bureau.registry).done();
    };
    canary(&bureau.newer);
    let sync = || {
        everybody.sync().done();
        first.sync().done();
        (chosen(&everybody, today()), chosen(&first, today()))
    };
    assert_eq!(sync(), (Some("1.0.0".into()), Some("1.0.1".into())));

    let told = bureau.draft("promote 37/chronic-limits@1.0.1");
    let shift = "hosts use 1.0.1 of `37/chronic-limits` (before: 1.0.0)";
    assert!(told.contains(shift), "{told}");
    bureau.publish_role();
    assert_eq!(sync(), (Some("1.0.1".into()), Some("1.0.1".into())));
    let again = bureau.refused("promote 37/chronic-limits@1.0.1");
    assert_eq!(again, format!("error: `{NEW}` is in `stable` already"));

    // A first wave that went badly goes back to what everybody has.
    let bad = sealed(nation, "1.0.2");
    canary(&bad);
    assert_eq!(sync().1, Some("1.0.2".into()));
    let told = bureau.draft("yank 37/chronic-limits@1.0.2 --reason too-many-findings");
    let shift = "hosts of the first wave use 1.0.1 of `37/chronic-limits` (before: 1.0.2)";
    assert!(told.contains(shift), "{told}");
    bureau.publish_role();
    assert_eq!(sync(), (Some("1.0.1".into()), Some("1.0.1".into())));
}

#[test]
fn a_version_in_force_before_its_publication_is_not_drafted_without_a_basis() {
    let bureau = Story::begin();
    let file = bureau.nation.path("baseless.wasm");
    Source::copy("chronic-limits", &bureau.nation.path("baseless"))
        .replace("pack.toml", "version = \"1.0.0\"", "version = \"1.0.1\"")
        .replace("pack.toml", "retroactive = ", "# retroactive = ")
        .build(&file)
        .done();
    let today = today();
    assert_eq!(
        bureau.refused(&format!("publish draft {}", file.display())),
        format!(
            "error: `{NEW}` is in force from 2024-01-01, before its publication on {today}, but its \
             manifest has no `retroactive` basis\n\
             hint: let it be in force from {today} or later, or say in `pack.toml` on which ground it is \
             in force earlier: `retroactive = {{ basis = \"…\" }}`"
        )
    );
}

#[test]
fn a_version_ends_earlier_and_claims_up_to_then_still_meet_it() {
    let (bureau, host) = with_two_versions();
    let (last, after) = (days_from_today(10), days_from_today(11));
    bureau.draft(&format!("end 37/chronic-limits@1.0.1 --on {last}"));
    bureau.publish_role();
    host.sync().done();
    assert_eq!(chosen(&host, last), Some("1.0.1".into()));
    assert_eq!(chosen(&host, after), Some("1.0.0".into()));

    let later = bureau.refused(&format!("end 37/chronic-limits@1.0.1 --on {after}"));
    let why = format!("error: `{NEW}` ends on {last} already, which is not after {after}");
    assert_eq!(later, why);
    let (past, today) = (days_from_today(-3), today());
    let past_end = bureau.refused(&format!("end 37/chronic-limits@1.0.1 --on {past}"));
    let why = format!("error: `{NEW}` cannot end on {past}, before today ({today})");
    assert_eq!(past_end, why);
}

#[test]
fn the_national_role_denies_a_digest_and_the_version_beside_it_goes_on() {
    let (bureau, host) = with_two_versions();
    let (nation, address) = (&bureau.nation, &bureau.registry.address);
    let digest = digest_of(&bureau.newer);
    let deny = format!(
        "deny {digest} --as targets --reason stolen-keys --registry {address} --out {{}}/targets.json"
    );
    let told = nation.run(&deny).done();
    let says = format!("denies the pack with sha256 {digest}, since: stolen-keys");
    assert!(told.contains(&says), "{told}");
    nation.sign("targets.json", &["targets-a", "targets-b"]);
    let send = format!("publish send {{}}/targets.json --registry {address}");
    nation.run(&send).done();

    let told = host.sync().done();
    let stopped = format!("stopped   {NEW}: its digest is denied by `targets`");
    assert_eq!(told.lines().next(), Some(&*stopped));
    assert_eq!(host.active(), [OLD]);
    assert_eq!(chosen(&host, today()), Some("1.0.0".into()));
    let again = nation.run(&deny).failed();
    assert_eq!(
        again,
        format!("error: the digest `{digest}` is denied already")
    );
}

#[test]
fn versions_below_a_minimum_stop_and_are_never_fallen_back_to() {
    let (bureau, host) = with_two_versions();
    bureau.draft("minimum 37/chronic-limits 1.0.1");
    bureau.publish_role();
    let told = host.sync().done();
    let stopped = format!("stopped   {OLD}: `37` asks for version `1.0.1` or later");
    assert_eq!(told.lines().next(), Some(&*stopped));
    assert_eq!(chosen(&host, today()), Some("1.0.1".into()));
    // Without the version that is left, nothing is: the minimum is not crossed.
    bureau.draft(&format!(
        "deny {} --as 37 --reason unsafe",
        digest_of(&bureau.newer)
    ));
    bureau.publish_role();
    host.sync().done();
    assert_eq!(chosen(&host, today()), None);

    assert_eq!(
        bureau.refused("minimum 37/chronic-limits 1.0.0"),
        "error: the minimum version of `37/chronic-limits` is 1.0.1 already, which hosts never lower to \
         1.0.0"
    );
    assert_eq!(
        bureau.refused("minimum 37/chronic-limits 1.0.2 --as 11"),
        "error: `11` does not stand above `37/chronic-limits`, so hosts would not obey it"
    );
}

#[test]
fn of_a_published_path_only_withdrawal_promotion_and_an_earlier_end_may_change() {
    let (bureau, _host) = with_two_versions();
    let (old, new) = (path(OLD), path(NEW));
    let changed = |path: &TargetPath| {
        format!(
            "error: `{path}` is published; only active to yanked, canary to stable, and an earlier last \
             day may change"
        )
    };
    let custom = |change: fn(&mut rulepack_protocol::tuf::Custom)| {
        forged(&bureau, |targets| {
            change(targets.custom_mut(&path(NEW)).unwrap())
        })
    };
    assert_eq!(
        custom(|custom| custom.channel = Channel::Canary),
        changed(&new)
    );
    let earlier = |custom: &mut rulepack_protocol::tuf::Custom| {
        custom.effective.from = "2023-01-01".parse().unwrap();
    };
    assert_eq!(custom(earlier), changed(&new));
    let published = |custom: &mut rulepack_protocol::tuf::Custom| {
        custom.published = "2026-01-01".parse().unwrap();
    };
    assert_eq!(custom(published), changed(&new));
    let mandatory = |custom: &mut rulepack_protocol::tuf::Custom| {
        custom.mandatory_by = Some("2027-01-01".parse().unwrap());
    };
    assert_eq!(custom(mandatory), changed(&new));
    assert_eq!(custom(|custom| custom.imports.clear()), changed(&new));
    let reason = |custom: &mut rulepack_protocol::tuf::Custom| {
        custom.reason = Some("of nothing".parse().unwrap());
    };
    assert_eq!(custom(reason), changed(&new));
    let removed = forged(&bureau, |targets| drop(targets.targets.remove(&path(OLD))));
    let why = format!("error: `{old}` is published and may be withdrawn, but not removed");
    assert_eq!(removed, why);
    let bytes = forged(&bureau, |targets| {
        let target = targets.targets.get_mut(&path(NEW)).unwrap();
        target.hashes.sha256 = Digest::of(b"other");
    });
    let why =
        format!("error: `{new}` is published with other bytes; publish a new version instead");
    assert_eq!(bytes, why);

    bureau.draft(&format!(
        "end {} --on {}",
        "37/chronic-limits@1.0.1",
        days_from_today(9)
    ));
    bureau.publish_role();
    let later = |custom: &mut rulepack_protocol::tuf::Custom| custom.effective.to = None;
    assert_eq!(custom(later), changed(&new));
    bureau.draft("yank 37/chronic-limits@1.0.1 --reason x");
    bureau.publish_role();
    assert_eq!(
        custom(|custom| custom.status = Status::Active),
        changed(&new)
    );
}

#[test]
fn a_registry_that_swallows_a_publication_is_found() {
    let bureau = Story::begin();
    let nation = &bureau.nation;
    // A mirror that stands still before the publication.
    let swallowing = Registry::serve(&nation.back_up("swallowing"));
    nation.publish(&[&bureau.newer], &bureau.registry);
    let signed = nation.path("signed");
    fs::create_dir(&signed).unwrap();
    for file in ["root.json", "targets.json", "37.json", "37.before.json"] {
        fs::copy(nation.path(file), signed.join(file)).unwrap();
    }
    let (good, bad) = (&bureau.registry.address, &swallowing.address);
    let monitor =
        |addresses: &str| nation.run(&format!("monitor {addresses} --signed {{}}/signed"));
    let told = monitor(&format!("--registry {good}")).done();
    assert!(
        told.ends_with("every address serves what was signed\n"),
        "{told}"
    );

    let told = monitor(&format!("--registry {good} --registry {bad}")).found_fault();
    let says = |line: String| assert!(told.contains(&line), "{line}\n{told}");
    says(format!(
        "FOUND {bad}: `37` is served at version 1, version 2 was signed; missing there:\n  `37` goes \
         from version 1 to 2, "
    ));
    says(format!("  adds pack `{NEW}`, "));
    says(format!("FOUND {bad}: serves `37` 1, `{good}` serves 2\n"));
    assert!(!told.contains(&format!("FOUND {good}")), "{told}");

    // What the bureau did not sign, or lost the file of, is found as well.
    let version = fs::read(signed.join("37.before.json")).unwrap();
    fs::write(signed.join("37.json"), version).unwrap();
    let told = monitor(&format!("--registry {good}")).found_fault();
    let says = format!(
        "FOUND {good}: `37` is served at version 2, the newest signed file is version 1; not among the \
         signed files:\n"
    );
    assert!(told.contains(&says), "{told}");
}
