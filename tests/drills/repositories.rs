//! Registries and mirrors in bad hands, or gone; a disk that is full, a clock that is wrong.

use rulepack_engine::{Engine, Limits};
use rulepack_host::packs::Packs;
use rulepack_host::settings::HostFolder;
use rulepack_host::update::Updater;

use super::*;

#[test]
fn a_malicious_registry_cannot_roll_back_freeze_or_mix() {
    let drill = Drill::begin();
    let earlier = drill.copy("earlier");
    drill.next_role("37.json", |_| {});
    drill.nation.sign("37.json", &["bureau-a", "bureau-b"]);
    drill.send("37.json").done();
    drill.host.sync().done();
    drill.refused(
        text(&earlier),
        "`timestamp` contradicts what this host has seen: \
         version 3 was seen before, now version 2 is served",
    );

    let latest = drill.copy("latest");
    let timestamp = forge::read::<Timestamp>(&latest.join("metadata/timestamp.json"));
    let expires = timestamp.signed().expires;
    let error = drill.refresh_at(&latest, expires).unwrap_err();
    let frozen = format!("`timestamp` expired at {expires}");
    assert_eq!(error.to_string(), frozen);

    // Today's timestamp over yesterday's snapshot, to a hospital that has seen neither.
    let old = earlier.join("metadata/2.snapshot.json");
    fs::copy(old, latest.join("metadata/3.snapshot.json")).unwrap();
    let newcomer = drill.nation.host("newcomer", drill.registry());
    newcomer.follow(text(&latest));
    let told = newcomer.sync().failed();
    let start = "error: `snapshot` is not what was pinned: ";
    assert!(told.starts_with(start), "{told}");
}

#[test]
fn a_hidden_release_shows_in_the_status_and_ends_with_the_bureau_s_role() {
    let drill = Drill::begin();
    let hidden = drill.copy("hidden");
    drill.next_role("37.json", |_| {});
    drill.nation.sign("37.json", &["bureau-a", "bureau-b"]);
    drill.send("37.json").done();
    // The registry goes on signing snapshots and timestamps over the file of before.
    let role = forge::read::<Targets>(&hidden.join("metadata/1.37.json"));
    let ends = role.signed().expires;
    let serve_at = |now: Moment| {
        forge::sign_anew(&hidden, &drill.signer(), |snapshot, timestamp| {
            snapshot.expires = now.plus_days(5);
            timestamp.expires = now.plus_days(1);
        });
        drill.refresh_at(&hidden, now).unwrap()
    };
    // What the status of the hospital tells is not what the bureau signed.
    serve_at(crate::common::now());
    drill.host.follow(text(&hidden));
    drill.host.sync().done();
    let told = drill.host.decide(&["status", "--json"]).done();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let roles = told["roles"].as_array().unwrap();
    let of = |role: &str| roles.iter().find(|seen| seen["role"] == role).unwrap();
    assert_eq!(
        (&of("37")["version"], &of("root")["version"]),
        (&1.into(), &1.into())
    );
    assert_eq!(of("37")["sha256"], Digest::of(&role.to_bytes()).to_string());
    assert!(of("snapshot")["version"].as_u64() > Some(1));
    let refreshed = serve_at(ends.plus_days(-1));
    assert!(refreshed.resolution.failed.is_empty());
    // Nor is what a refresh reports.
    let bureau = forge::read::<Targets>(&drill.nation.path("37.json"));
    let status = refreshed.trusted.status();
    let seen = status
        .iter()
        .find(|seen| seen.role == "37".parse().unwrap())
        .unwrap();
    assert_eq!((seen.version, bureau.signed().version), (1, 2));
    assert_ne!(seen.sha256, Digest::of(&bureau.to_bytes()));
    // In the end the role expires: it is reported, and what is active goes on.
    let refreshed = serve_at(ends);
    let failed = &refreshed.resolution.failed[&"37".parse().unwrap()];
    assert_eq!(failed.to_string(), format!("`37` expired at {ends}"));
    assert!(refreshed.resolution.revoked.is_empty());
}

#[test]
fn a_malicious_mirror_gives_nothing_but_what_was_signed() {
    let drill = Drill::begin();
    let mirror = drill.copy("mirror");
    let cases = [
        (Twist::Swapped("timestamp.json"), "`timestamp` "),
        (
            Twist::Endless("timestamp.json"),
            "`metadata/timestamp.json` is larger than 16384 bytes",
        ),
        (
            Twist::Broken("2.root.json"),
            "`metadata/2.root.json` was answered with status 500",
        ),
    ];
    for (twist, reason) in cases {
        let web = Web::serve(&mirror, twist);
        drill.host.follow(&web.address);
        let told = drill.host.sync().failed();
        let start = format!("error: {reason}");
        assert!(told.starts_with(&start), "{twist:?}: {told}");
        assert_eq!(drill.host.active(), [PACK]);
    }
    let length = "has another length than the signed";
    let cases = [
        (Twist::Swapped(".1.0.0.wasm"), "has sha256"),
        (Twist::Short(".1.0.0.wasm"), length),
        (Twist::Long(".1.0.0.wasm"), length),
        (Twist::Endless(".1.0.0.wasm"), length),
    ];
    for (number, (twist, reason)) in cases.into_iter().enumerate() {
        let web = Web::serve(&mirror, twist);
        let name = format!("newcomer-{number}");
        let newcomer = drill.nation.host(&name, drill.registry());
        newcomer.follow(&web.address);
        let told = newcomer.sync().found_fault();
        let start = format!("refused   {PACK}: pack `{PACK}` {reason}");
        assert!(told.starts_with(&start), "{twist:?}: {told}");
        assert_eq!(newcomer.active(), Vec::<String>::new());
    }
}

#[test]
fn a_full_disk_fails_the_update_and_what_is_active_goes_on() {
    let drill = Drill::begin();
    drill.next_role("37.json", |_| {});
    drill.nation.sign("37.json", &["bureau-a", "bureau-b"]);
    drill.send("37.json").done();
    let (state, lock) = (
        drill.host.folder().join("trust/trust.json"),
        drill.host.lock(),
    );
    let before = fs::read(&state).unwrap();
    // No file may grow, which is what a full disk does to a program.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" sync --dir \"$1\"";
    let output = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_rulepack")])
        .arg(drill.host.folder())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("cannot be read or written"), "{told}");
    let hint = "hint: nothing was taken; the active packs go on";
    assert!(told.contains(hint), "{told}");
    assert_eq!(fs::read(&state).unwrap(), before);
    assert_eq!(drill.host.lock(), lock);
    drill.host.sync().done();
    assert_ne!(fs::read(&state).unwrap(), before);
}

#[test]
fn a_dead_registry_is_replaced_by_any_copy_of_it() {
    let Drill {
        nation,
        registry,
        host,
    } = Drill::begin();
    let copy = nation.back_up("copy").join("repository");
    let lock = host.lock();
    drop(registry);
    let told = host.sync().failed();
    assert!(
        told.starts_with("error: `metadata/2.root.json` cannot be fetched"),
        "{told}"
    );
    assert_eq!(host.lock(), lock);
    let web = Web::serve(&copy, Twist::Honest);
    host.follow(&web.address);
    let told = host.sync().done();
    assert_eq!(told.lines().next(), Some("nothing new"));
    assert_eq!(host.active(), [PACK]);
}

#[test]
fn a_clock_that_stepped_back_is_told_and_revives_nothing() {
    let drill = Drill::begin();
    let folder = HostFolder::at(drill.host.folder());
    let store = FloorsStore::new(folder.trust());
    let last = store.read().unwrap().floors.last_good.unwrap();
    let engine = Engine::new(Limits::default()).unwrap();
    let packs = Packs::new(folder.clone(), engine);
    let updater = Updater {
        folder: &folder,
        settings: &folder.settings().unwrap(),
        packs: &packs,
        now: last.plus_days(-3),
        today: last.plus_days(-3).day(),
    };
    // Also a poll that would find nothing new.
    let report = updater.poll().unwrap().unwrap();
    assert_eq!(report.clock_behind, Some(last));
    let told = format!("clock     stands before the last completed refresh; {last} was used\n");
    assert!(report.to_string().contains(&told), "{report}");
    assert_eq!(store.read().unwrap().floors.last_good, Some(last));
    assert_eq!(drill.host.active(), [PACK]);
}
