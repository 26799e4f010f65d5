//! Stolen keys: of the registry's signer, of a bureau, a province, a city, a keeper of the root.

use std::ffi::OsStr;

use rulepack_protocol::tuf::{Denials, VERSION_LAST};

use super::*;

#[test]
fn stolen_signer_keys_change_no_pack_and_are_replaced_by_a_root() {
    let mut drill = Drill::begin();
    // The thief pushes both versions to the last possible one, so that no honest one is newer.
    let (thief, stolen) = (drill.copy("thief"), drill.nation.path("stolen"));
    copy_files(&drill.signer(), &stolen);
    forge::sign_anew(&thief, &stolen, |snapshot, timestamp| {
        snapshot.version = VERSION_LAST;
        timestamp.version = VERSION_LAST;
    });
    drill.host.follow(text(&thief));
    drill.host.sync().done();
    let seen = "`timestamp` contradicts what this host has seen: version 2147483647 was seen before, now \
                version 2 is served";
    drill.refused(drill.address(), seen);

    // The operators: new keys, a root that names them, signed by two keepers.
    drill.nation.run("registry keys --dir {}/fresh").done();
    for role in ["snapshot", "timestamp"] {
        for kind in ["key", "pub"] {
            let name = format!("signer/registry-{role}.{kind}");
            let fresh = drill.nation.path("fresh").join(&name);
            fs::copy(fresh, drill.nation.path("registry").join(&name)).unwrap();
        }
    }
    let keys = |role: &str| drill.authority(&[drill.signer().join(format!("registry-{role}.key"))]);
    let (snapshot, timestamp) = (keys("snapshot"), keys("timestamp"));
    drill.next_root(|root| {
        root.set_authority(TopRole::Snapshot, &snapshot);
        root.set_authority(TopRole::Timestamp, &timestamp);
    });
    drill.nation.sign("root.json", &["root-a", "root-c"]);
    drill.restart();
    drill.send("root.json").done();

    drill.host.sync().done();
    assert_eq!(drill.host.active(), [PACK]);
    let worthless = "`timestamp` has 0 of 1 valid signatures";
    drill.refused(text(&thief), worthless);
}

#[test]
fn one_stolen_bureau_key_signs_nothing_and_its_officer_is_replaced() {
    let drill = Drill::begin();
    drill.next_role("37.json", |_| {});
    drill.nation.sign("37.json", &["bureau-a"]);
    let told = drill.send("37.json").failed();
    let reason = "error: the new `37` is not acceptable: 1 of 2 signatures are there";
    assert_eq!(told.lines().next(), Some(reason));

    // The operators: a new officer, and the file signed anew by the others, in one upload.
    drill.new_key("bureau-d");
    drill
        .nation
        .run(
            "delegate 37 --key {}/keys/bureau-b.pub --key {}/keys/bureau-c.pub \
             --key {}/keys/bureau-d.pub --from {}/targets.json --out {}/targets.json",
        )
        .done();
    drill
        .nation
        .sign("targets.json", &["targets-a", "targets-b"]);
    drill.next_role("37.json", |_| {});
    drill.nation.sign("37.json", &["bureau-b", "bureau-d"]);
    drill.send("targets.json 37.json").done();
    // No hospital is interrupted, and each is told.
    let told = drill.host.sync().done();
    let lines: Vec<_> = told.lines().take(2).collect();
    assert_eq!(
        lines,
        ["nothing new", "officers  of `37` are others than before"]
    );
    assert_eq!(drill.host.active(), [PACK]);

    drill.next_role("37.json", |_| {});
    drill.nation.sign("37.json", &["bureau-a", "bureau-b"]);
    let told = drill.send("37.json").failed();
    assert_eq!(told.lines().next(), Some(reason));
}

/// The last day that the other officers set.
const ENDED: &str = "2030-01-01";

#[test]
fn replaced_officers_wait_for_a_person_where_the_hospital_asks_for_it() {
    let drill = Drill::begin();
    replace_officers(&drill);
    // What is active goes on as it was, and each look tells of it.
    let before = drill.host.lock();
    let waits = "held      37: its officers are others than this host accepted: 2 of bureau-b, \
                 bureau-d; nothing new is taken until a person accepts them with \
                 `sync --accept-officers 37=";
    let mut fingerprint = String::new();
    for _ in 0..2 {
        let told = drill.host.sync().found_fault();
        let held = told.lines().find_map(|line| line.strip_prefix(waits));
        held.and_then(|rest| rest.strip_suffix('`'))
            .unwrap_or_else(|| panic!("{told}"))
            .clone_into(&mut fingerprint);
        assert_eq!(drill.host.lock(), before);
    }
    let verify = [
        OsStr::new("verify"),
        OsStr::new("37/chronic-limits@1.0.0"),
        OsStr::new("--dir"),
        drill.host.folder().as_os_str(),
    ];
    let told = rulepack(verify).done();
    assert!(
        told.contains("its officers are OTHERS than this host knew"),
        "{told}"
    );

    let accept = |fingerprint: &str| {
        rulepack([
            OsStr::new("sync"),
            OsStr::new("--dir"),
            drill.host.folder().as_os_str(),
            OsStr::new("--accept-officers"),
            OsStr::new(&format!("37={fingerprint}")),
        ])
    };
    let told = accept(&"0".repeat(64)).failed();
    assert!(
        told.ends_with("hint: they were replaced again: ask the bureau who its officers are"),
        "{told}"
    );
    accept(&fingerprint).done();
    assert!(drill.host.lock().contains(ENDED));
    let told = accept(&fingerprint).failed();
    assert!(
        told.starts_with("error: no officers of `37` wait to be accepted\n"),
        "{told}"
    );
}

/// A host that waits for a person meets other officers, who signed an earlier end of the pack.
fn replace_officers(drill: &Drill) {
    let settings = drill.host.folder().join("host.toml");
    let text = fs::read_to_string(&settings).unwrap();
    let holding = text.replace("hold_rekeyed = false", "hold_rekeyed = true");
    assert_ne!(holding, text);
    fs::write(&settings, holding).unwrap();
    drill.new_key("bureau-d");
    drill
        .nation
        .run(
            "delegate 37 --key {}/keys/bureau-b.pub --key {}/keys/bureau-d.pub \
             --from {}/targets.json --out {}/targets.json",
        )
        .done();
    drill
        .nation
        .sign("targets.json", &["targets-a", "targets-b"]);
    drill.next_role("37.json", |role| {
        let custom = role.custom_mut(&PACK.parse().unwrap()).unwrap();
        custom.effective.to = Some(ENDED.parse().unwrap());
    });
    drill.nation.sign("37.json", &["bureau-b", "bureau-d"]);
    drill.send("targets.json 37.json").done();
}

#[test]
fn a_province_whose_keys_are_stolen_stops_until_its_new_officers_sign() {
    let drill = Drill::begin();
    // What the thieves published before anybody noticed is on a disk.
    let disk = drill.copy("disk");
    drill.new_key("bureau-d");
    drill.new_key("bureau-e");
    drill
        .nation
        .run(
            "delegate 37 --key {}/keys/bureau-d.pub --key {}/keys/bureau-e.pub \
             --from {}/targets.json --out {}/targets.json",
        )
        .done();
    drill
        .nation
        .sign("targets.json", &["targets-a", "targets-b"]);
    drill.send("targets.json").done();
    let told = drill.host.sync().found_fault();
    let why = "its officers were replaced, and nobody in force has signed it";
    let lines: Vec<_> = told.lines().take(2).collect();
    assert_eq!(
        lines,
        [
            &format!("stopped   {PACK}: {why}"),
            "failed    37: `37` has 0 of 2 valid signatures",
        ]
    );
    assert_eq!(drill.host.active(), Vec::<String>::new());
    // Its rules are not passed over in silence.
    let data = drill.nation.path("data");
    rulepack(["generate", "--lines", "50", "--out", text(&data)]).done();
    let (told, _) = drill.host.check(&data, &["--today", "2026-06-30"]).ended(3);
    let gap = "no version in force] 37/chronic-limits";
    assert!(told.contains(gap), "{told}");
    assert!(told.contains("\nnothing was judged: "), "{told}");
    drill.refused(
        text(&disk),
        "`timestamp` contradicts what this host has seen: version 3 was seen before, now version 2 is served",
    );

    // The new officers look through every pack, and sign what they vouch for.
    drill.next_role("37.json", |_| {});
    drill.nation.sign("37.json", &["bureau-d", "bureau-e"]);
    drill.send("37.json").done();
    let told = drill.host.sync().done();
    assert_eq!(told.lines().next(), Some(&*format!("activated {PACK}")));
    assert_eq!(drill.host.active(), [PACK]);
}

/// Zibo under Shandong, with two packs of its own.
struct City {
    drill: Drill,
    packs: [PathBuf; 2],
}

const GOOD: &str = "3703/one/1.0.0.wasm";
const BAD: &str = "3703/two/1.0.0.wasm";

impl City {
    fn begin() -> Self {
        let drill = Drill::begin();
        drill.new_key("city-a");
        drill.new_key("city-b");
        let city = drill.authority(&[drill.key("city-a"), drill.key("city-b")]);
        drill.next_role("37.json", |province| {
            province.delegate(&"3703".parse().unwrap(), &city);
        });
        drill.nation.sign("37.json", &["bureau-a", "bureau-b"]);
        drill.send("37.json").done();
        let packs = ["one", "two"].map(|name| {
            let out = drill.nation.path(&format!("{name}.wasm"));
            Source::copy("chronic-limits", &drill.nation.path(name))
                .replace(
                    "pack.toml",
                    "\"37/chronic-limits\"",
                    &format!("\"3703/{name}\""),
                )
                .replace(
                    "pack.toml",
                    "jurisdictions = [\"37\"]",
                    "jurisdictions = [\"3703\"]",
                )
                .build(&out)
                .done();
            out
        });
        let [one, two] = packs.each_ref().map(|path| text(path));
        let address = drill.address();
        let line = format!("publish draft {one} {two} --out {{}}/3703.json --registry {address}");
        drill.nation.run(&line).done();
        drill.nation.sign("3703.json", &["city-a", "city-b"]);
        let line =
            format!("publish send {{}}/3703.json --pack {one} --pack {two} --registry {address}");
        drill.nation.run(&line).done();
        City { drill, packs }
    }
}

#[test]
fn a_province_denies_what_a_city_s_stolen_keys_signed_and_no_old_disk_undoes_it() {
    let City { drill, packs } = City::begin();
    drill.host.sync().done();
    assert_eq!(drill.host.active(), [PACK, GOOD, BAD]);
    let disk = drill.copy("disk");

    let digest = Digest::of(&fs::read(&packs[1]).unwrap());
    drill.next_role("37.json", |province| {
        province.denials = Some(Denials {
            denied: [digest].into(),
            ..Denials::default()
        });
    });
    drill.nation.sign("37.json", &["bureau-a", "bureau-b"]);
    drill.send("37.json").done();
    let told = drill.host.sync().done();
    let stopped = format!("stopped   {BAD}: its digest is denied by `37`");
    assert_eq!(told.lines().next(), Some(&*stopped));
    assert_eq!(drill.host.active(), [PACK, GOOD]);

    let seen = "`timestamp` contradicts what this host has seen: version 5 was seen before, now version 4 is \
                served";
    drill.refused(text(&disk), seen);
    // Nor does a province that takes its word back: a host adds to denials and forgets none.
    drill.next_role("37.json", |province| province.denials = None);
    drill.nation.sign("37.json", &["bureau-a", "bureau-b"]);
    drill.send("37.json").done();
    drill.host.sync().done();
    assert_eq!(drill.host.active(), [PACK, GOOD]);
}

#[test]
fn a_city_s_bad_file_disturbs_nobody_who_does_not_follow_it() {
    let City { drill, .. } = City::begin();
    drill.host.sync().done();
    let forged = drill.copy("forged");
    let mut city = forge::read::<Targets>(&drill.nation.path("3703.json"))
        .signed()
        .clone();
    city.bump(city.expires).unwrap();
    let bytes = forge::signed(city, &[&drill.key("city-a")]);
    let role: RoleName = "3703".parse().unwrap();
    forge::put_in_force::<Targets>(&forged, &drill.signer(), &role, &bytes);

    drill.host.follow(text(&forged));
    let told = drill.host.sync().found_fault();
    let lines: Vec<_> = told.lines().take(2).collect();
    assert_eq!(
        lines,
        [
            "nothing new",
            "failed    3703: `3703` has 1 of 2 valid signatures"
        ]
    );
    // Stale goes on.
    assert_eq!(drill.host.active(), [PACK, GOOD, BAD]);
    // A hospital elsewhere in the province hears nothing of it.
    let other = drill.nation.path("other");
    let line = format!(
        "init --dir {} --root {{}}/root.json --registry {} --institution H37010000001 \
         --division 370102 --follow 37/*",
        text(&other),
        text(&forged)
    );
    drill.nation.run(&line).done();
    let other = Host::at(other);
    other.sync().done();
    assert_eq!(other.active(), [PACK]);
}

#[test]
fn one_stolen_root_key_makes_no_root_and_is_removed() {
    let drill = Drill::begin();
    let thief = drill.copy("thief");
    drill.new_key("thief");
    let own = drill.authority(&[drill.key("root-a"), drill.key("thief")]);
    let honest = fs::read(drill.nation.path("root.json")).unwrap();
    drill.next_root(|root| root.set_authority(TopRole::Root, &own));
    drill.nation.sign("root.json", &["root-a", "thief"]);
    let told = drill.send("root.json").failed();
    let reason = "error: the new root is not acceptable: 1 of 2 signatures are there";
    assert_eq!(told.lines().next(), Some(reason));
    let next = thief.join("metadata/2.root.json");
    fs::copy(drill.nation.path("root.json"), next).unwrap();
    drill.refused(text(&thief), "`root` has 1 of 2 valid signatures");

    fs::write(drill.nation.path("root.json"), honest).unwrap();
    drill.new_key("root-d");
    let keepers = ["root-b", "root-c", "root-d"].map(|name| drill.key(name));
    let keepers = drill.authority(&keepers);
    drill.next_root(|root| root.set_authority(TopRole::Root, &keepers));
    drill.nation.sign("root.json", &["root-b", "root-c"]);
    drill.send("root.json").done();
    drill.host.sync().done();
    assert_eq!(drill.host.active(), [PACK]);
}

#[test]
fn new_keepers_of_the_national_role_stop_everything_until_they_sign() {
    let drill = Drill::begin();
    drill.new_key("targets-d");
    drill.new_key("targets-e");
    let keepers = drill.authority(&[drill.key("targets-d"), drill.key("targets-e")]);
    drill.next_root(|root| root.set_authority(TopRole::Targets, &keepers));
    drill.nation.sign("root.json", &["root-a", "root-b"]);
    drill.send("root.json").done();
    let told = drill.host.sync().found_fault();
    let why = "the officers of `targets` were replaced, and nobody in force has signed it anew";
    assert!(
        told.contains(&format!("stopped   {PACK}: {why}\n")),
        "{told}"
    );
    assert!(told.contains(&format!("failed    37: {why}: ")), "{told}");
    assert_eq!(drill.host.active(), Vec::<String>::new());

    drill.next_role("targets.json", |_| {});
    drill
        .nation
        .sign("targets.json", &["targets-d", "targets-e"]);
    drill.send("targets.json").done();
    let told = drill.host.sync().done();
    assert_eq!(told.lines().next(), Some(&*format!("activated {PACK}")));
}
