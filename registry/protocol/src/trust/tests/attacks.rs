//! Attacks on a host, each with the exact refusal.

use super::fixture::*;
use crate::key::Signer;
use crate::trust::{Floors, Freshness, Limits, RootChain, Standing};
use crate::tuf::*;

#[test]
fn an_honest_repository_resolves_every_followed_name_space() {
    let trusted = verify(&Repository::new()).unwrap();
    let followed = ["37", "3703"].map(space);
    let resolution = trusted.resolve(&followed);
    assert!(resolution.failed.is_empty());
    let paths: Vec<_> = resolution
        .targets
        .iter()
        .map(|found| found.path.to_string())
        .collect();
    assert_eq!(paths, ["37/vbp-quota/1.0.0.wasm", "3703/local/1.0.0.wasm"]);
    let city = &resolution.targets[1];
    assert_eq!(
        city.chain
            .iter()
            .map(RoleName::to_string)
            .collect::<Vec<_>>(),
        ["targets", "37", "3703"]
    );
    assert_eq!((city.persons.len(), city.threshold), (2, 2));
    assert_eq!(city.standing, Standing::Good);
}

#[test]
fn verified_bytes_are_kept_exactly_under_their_repository_names() {
    let repository = Repository::new();
    let files = repository.publish();
    let trusted = refresh(&files, Floors::default(), Freshness::at(now())).unwrap();
    let kept = trusted.files();
    let names: Vec<_> = kept.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "1.37.json",
            "1.3703.json",
            "1.root.json",
            "1.snapshot.json",
            "1.targets.json",
            "1.vendor-acme.json",
            "timestamp.json"
        ]
    );
    assert_eq!(kept["1.37.json"], files[&"37".parse().unwrap()]);
}

#[test]
fn one_signature_of_two_is_refused_in_every_role() {
    let one_of = |role: &str, key| {
        let mut repository = Repository::new();
        repository.sign_with(role, vec![key]);
        repository
    };
    let [root, ..] = root_keys();
    assert_eq!(
        refusal(&one_of("root", root)),
        "`root` has 1 of 2 valid signatures"
    );
    let [root, ..] = root_keys();
    assert_eq!(
        refusal(&one_of("targets", root)),
        "`targets` has 1 of 2 valid signatures"
    );
    let [officer, _] = officers("37");
    assert_eq!(
        refusal_of(&one_of("37", officer), "37"),
        "`37` has 1 of 2 valid signatures"
    );
    let [officer, _] = officers("37");
    // The city below a refused province is refused with it, for the same reason.
    assert_eq!(
        refusal_of(&one_of("37", officer), "3703"),
        "`37` has 1 of 2 valid signatures"
    );
}

#[test]
fn whoever_has_not_the_registry_s_keys_signs_no_timestamp_and_no_officer_is_asked_to() {
    let [stranger, _] = officers("37");
    let mut repository = Repository::new();
    repository.sign_with("timestamp", vec![stranger]);
    let error = verify(&repository).unwrap_err();
    assert_eq!(told(&error), "`timestamp` has 0 of 1 valid signatures");
    assert_eq!(
        error.hint().unwrap(),
        "a copy from before the newest root, or somebody without the registry's keys, was served: \
         compare with another address of the registry"
    );
}

#[test]
fn a_pack_of_another_name_space_signed_by_shandong_is_refused() {
    for foreign in [
        "32/vbp-quota/1.0.0.wasm",
        "cn/base/1.0.0.wasm",
        "3703/local/9.0.0.wasm",
    ] {
        let mut repository = Repository::new();
        let province = repository.province();
        province
            .add_target(path(foreign), target(foreign, b"x"))
            .unwrap();
        let (name_space, _) = foreign.split_once('/').unwrap();
        assert_eq!(
            refusal_of(&repository, "37"),
            format!(
                "`37` breaks the rules: lists `{foreign}`, which belongs to name space `{name_space}`"
            )
        );
    }
}

#[test]
fn a_role_signed_by_another_role_s_keys_is_refused() {
    let mut repository = Repository::new();
    repository.sign_with("3703", officers("37").into());
    assert_eq!(
        refusal_of(&repository, "3703"),
        "`3703` has 0 of 2 valid signatures"
    );
}

#[test]
fn an_older_registry_state_is_refused() {
    let mut repository = Repository::new();
    let old = repository.publish();
    repository.province().version += 1;
    repository.next();
    let floors = verify(&repository).unwrap().completed_floors();
    let error = refresh(&old, floors.clone(), Freshness::at(now())).unwrap_err();
    assert_eq!(
        told(&error),
        "`timestamp` contradicts what this host has seen: version 2 was seen before, now version 1 is \
         served"
    );
    // A compromised signer that renews the timestamp over the older snapshot comes no further.
    repository.snapshot.version = 1;
    repository.timestamp.version = 3;
    let error = refresh(&repository.publish(), floors.clone(), Freshness::at(now())).unwrap_err();
    assert_eq!(
        told(&error),
        "`snapshot` contradicts what this host has seen: version 2 was seen before, now version 1 is \
         served"
    );
    // Nor one that renews the snapshot over an older province.
    repository.snapshot.version = 3;
    repository.province().version = 1;
    let error = refresh(&repository.publish(), floors, Freshness::at(now())).unwrap_err();
    assert_eq!(
        told(&error),
        "`snapshot` contradicts what this host has seen: `37.json` was pinned at version 2, now version 1 \
         is"
    );
}

#[test]
fn other_bytes_under_a_version_that_was_seen_are_refused() {
    let mut repository = Repository::new();
    let floors = verify(&repository).unwrap().completed_floors();
    repository.timestamp.expires = now().plus_days(0).plus_days(1);
    repository.snapshot.expires = now().plus_days(4);
    let files = repository.publish();
    let text = told(&refresh(&files, floors, Freshness::at(now())).unwrap_err());
    assert!(
        text.starts_with(
            "`timestamp` contradicts what this host has seen: version 1 was seen before with sha256 "
        ),
        "{text}"
    );
}

#[test]
fn a_swapped_snapshot_is_refused() {
    let mut repository = Repository::new();
    let mut files = repository.publish();
    repository.province().version += 1;
    files.insert(
        RoleName::SNAPSHOT,
        repository.publish()[&RoleName::SNAPSHOT].clone(),
    );
    let error = refresh(&files, Floors::default(), Freshness::at(now())).unwrap_err();
    assert_eq!(
        told(&error),
        "`snapshot` is not what was pinned: snapshot.json: sha256 mismatch"
    );
}

#[test]
fn a_swapped_name_space_is_refused_and_disturbs_no_other() {
    let mut repository = Repository::new();
    let mut files = repository.publish();
    let role: RoleName = "3703".parse().unwrap();
    let city = repository.spaces.get_mut(&space("3703")).unwrap();
    city.denials = Some(Denials::default());
    files.insert(role.clone(), repository.publish()[&role].clone());
    let trusted = refresh(&files, Floors::default(), Freshness::at(now())).unwrap();
    let resolution = trusted.resolve(&["37", "3703"].map(space));
    let text = told(&resolution.failed[&space("3703")]);
    assert!(
        text.starts_with("`3703` is not what was pinned: 3703.json: "),
        "{text}"
    );
    assert_eq!(resolution.targets.len(), 1);
}

#[test]
fn each_expired_role_is_refused() {
    let yesterday = now().plus_days(-1);
    let expired = "expired at 2026-11-21T08:00:00Z";
    let mut repository = Repository::new();
    repository.root.expires = yesterday;
    assert_eq!(refusal(&repository), format!("`root` {expired}"));
    let mut repository = Repository::new();
    repository.timestamp.expires = yesterday;
    assert_eq!(refusal(&repository), format!("`timestamp` {expired}"));
    let mut repository = Repository::new();
    repository.snapshot.expires = yesterday;
    assert_eq!(refusal(&repository), format!("`snapshot` {expired}"));
    let mut repository = Repository::new();
    repository.targets.expires = yesterday;
    assert_eq!(refusal(&repository), format!("`targets` {expired}"));
    let mut repository = Repository::new();
    repository.province().expires = yesterday;
    assert_eq!(refusal_of(&repository, "37"), format!("`37` {expired}"));
}

#[test]
fn a_role_is_expired_at_the_very_second() {
    let mut repository = Repository::new();
    repository.timestamp.expires = now();
    assert_eq!(
        refusal(&repository),
        "`timestamp` expired at 2026-11-22T08:00:00Z"
    );
}

#[test]
fn an_import_tolerates_expired_timestamp_and_snapshot_and_nothing_else() {
    let yesterday = now().plus_days(-1);
    let import = |repository: &Repository| {
        refresh(
            &repository.publish(),
            Floors::default(),
            Freshness::import(now(), 30),
        )
    };
    let mut repository = Repository::new();
    repository.timestamp.expires = yesterday;
    repository.snapshot.expires = yesterday;
    let trusted = import(&repository).unwrap();
    assert!(trusted.resolve(&[space("37")]).failed.is_empty());

    repository.timestamp.expires = now().plus_days(-31);
    let text = told(&import(&repository).unwrap_err());
    assert_eq!(text, "`timestamp` expired at 2026-10-22T08:00:00Z");

    let mut repository = Repository::new();
    repository.root.expires = yesterday;
    assert_eq!(
        told(&import(&repository).unwrap_err()),
        "`root` expired at 2026-11-21T08:00:00Z"
    );
    let mut repository = Repository::new();
    repository.targets.expires = yesterday;
    assert_eq!(
        told(&import(&repository).unwrap_err()),
        "`targets` expired at 2026-11-21T08:00:00Z"
    );
    let mut repository = Repository::new();
    repository.province().expires = yesterday;
    let failed = import(&repository).unwrap().resolve(&[space("37")]).failed;
    assert_eq!(
        told(&failed[&space("37")]),
        "`37` expired at 2026-11-21T08:00:00Z"
    );
}

#[test]
fn a_clock_that_was_set_back_revives_nothing() {
    let mut repository = Repository::new();
    let floors = verify(&repository).unwrap().completed_floors();
    assert_eq!(floors.last_good, Some(now()));
    repository.next();
    repository.timestamp.expires = now().plus_days(-10);
    let back = Freshness::at(now().plus_days(-20));
    let error = refresh(&repository.publish(), floors, back).unwrap_err();
    assert_eq!(told(&error), "`timestamp` expired at 2026-11-12T08:00:00Z");
}

#[test]
fn a_root_is_followed_step_by_step_and_only_with_both_signatures() {
    let repository = Repository::new();
    let first = repository.publish()[&RoleName::ROOT].clone();
    let start = || RootChain::start(&first, Floors::default(), Limits::default()).unwrap();
    let old = root_keys();
    let new = [key("new.one", 51), key("new.two", 52)];
    let mut next = repository.root.clone();
    next.bump(now().plus_days(300)).unwrap();
    next.set_authority(TopRole::Root, &authority(&[&new[0], &new[1]], 2));
    let both = signed(&next, &[&old[0], &old[1], &new[0], &new[1]]);
    assert_eq!(start().extend(&both).unwrap().root().signed().version, 2);
    for keys in [vec![&new[0], &new[1]], vec![&old[0], &new[0], &new[1]]] {
        let text = told(&start().extend(&signed(&next, &keys)).unwrap_err());
        let found = keys.len() - 2;
        assert_eq!(text, format!("`root` has {found} of 2 valid signatures"));
    }
    next.version = 3;
    let skipped = signed(&next, &[&old[0], &old[1], &new[0], &new[1]]);
    let text = told(&start().extend(&skipped).unwrap_err());
    assert_eq!(text, "expected root version 2, got 3");
}

#[test]
fn a_host_does_not_go_back_to_an_older_root() {
    let repository = Repository::new();
    let first = repository.publish()[&RoleName::ROOT].clone();
    let mut floors = verify(&repository).unwrap().completed_floors();
    floors
        .roots
        .insert(2, crate::digest::Digest::of(b"the root of a year later"));
    let chain = RootChain::start(&first, floors, Limits::default()).unwrap();
    let text = told(&chain.finish(Freshness::at(now())).unwrap_err());
    assert_eq!(
        text,
        "`root` contradicts what this host has seen: version 2 was seen before, now version 1 is served"
    );
}

#[test]
fn six_spellings_of_one_key_never_reach_threshold_two() {
    let [one, two] = officers("37");
    let honest = authority(&[&one, &two], 2);
    let mut repository = Repository::new();
    repository.targets.delegate(&space("37"), &honest);
    let base = serde_json::to_value(&repository.targets).unwrap();
    let good = serde_json::to_value(one.public_key()).unwrap();
    let hex = good["keyval"]["public"].as_str().unwrap().to_owned();
    let spelled = |pointer: &str, text: &str| {
        let mut key = good.clone();
        *key.pointer_mut(pointer).unwrap() = text.into();
        key
    };
    let mut with_note = good.clone();
    with_note["keyval"]["note"] = "x".into();
    let der = format!("302a300506032b6570032100{hex}");
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        base64(&hex::decode(der).unwrap())
    );
    let spellings = [
        spelled("/keyval/public", &hex.to_uppercase()),
        spelled("/keyval/public", &format!(" {hex}")),
        spelled("/keyval/public", &pem),
        spelled("/keytype", "Ed25519"),
        with_note,
        spelled("/x-rulepack-person", "somebody.else"),
    ];
    for second in spellings {
        let first_id = one.public_key().id().to_string();
        let second_id = "ab".repeat(32);
        let mut value = base.clone();
        value["delegations"]["keys"] = serde_json::json!({ &first_id: good, &second_id: second });
        for role in value["delegations"]["roles"].as_array_mut().unwrap() {
            role["keyids"] = serde_json::json!([first_id, second_id]);
        }
        // One person signs the province twice, under both ids.
        let mut by_one = officers("37");
        by_one[1] = key("li.wei", 20);
        repository
            .files
            .insert(RoleName::TARGETS, raw_signed(&value, &root_keys()));
        let text = refusal(&repository);
        assert!(
            text.starts_with("`targets` is malformed")
                || text.starts_with("`targets` breaks the rules: key `"),
            "{text}"
        );
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for index in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * index)) as usize & 63] as char;
            text.push(if index <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

#[test]
fn a_denied_digest_and_a_minimum_version_are_told_of_the_city_s_pack() {
    let mut repository = Repository::new();
    let local = path("3703/local/1.0.0.wasm");
    let digest = repository.spaces[&space("3703")].targets[&local]
        .hashes
        .sha256;
    let standing = |repository: &Repository| {
        let found = verify(repository)
            .unwrap()
            .resolve(&[space("3703")])
            .targets;
        found[0].standing.clone()
    };
    repository.province().denials = Some(Denials {
        denied: [digest].into(),
        minimum: Default::default(),
        reasons: Default::default(),
    });
    assert_eq!(
        standing(&repository),
        Standing::Denied {
            by: "37".parse().unwrap()
        }
    );
    let minimum: semver::Version = "1.0.1".parse().unwrap();
    repository.province().denials = Some(Denials {
        denied: Default::default(),
        minimum: [(local.pack().clone(), minimum.clone())].into(),
        reasons: Default::default(),
    });
    let by = "37".parse().unwrap();
    assert_eq!(
        standing(&repository),
        Standing::BelowMinimum { by, minimum }
    );
    // A neighbour cannot deny it.
    repository.province().denials = None;
    repository
        .spaces
        .get_mut(&space("vendor-acme"))
        .unwrap()
        .denials = Some(Denials {
        denied: [digest].into(),
        minimum: Default::default(),
        reasons: Default::default(),
    });
    assert_eq!(standing(&repository), Standing::Good);
}
