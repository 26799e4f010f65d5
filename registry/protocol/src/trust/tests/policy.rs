//! One test per rule of the policy, on its exact text.

use super::fixture::*;
use crate::key::Signer;
use crate::tuf::*;

fn rule_of_37(change: impl FnOnce(&mut Targets)) -> String {
    let mut repository = Repository::new();
    change(repository.province());
    let text = refusal_of(&repository, "37");
    text.strip_prefix("`37` breaks the rules: ")
        .unwrap_or(&text)
        .to_owned()
}

fn rule_of_targets(change: impl FnOnce(&mut Targets)) -> String {
    let mut repository = Repository::new();
    change(&mut repository.targets);
    let text = refusal(&repository);
    text.strip_prefix("`targets` breaks the rules: ")
        .unwrap_or(&text)
        .to_owned()
}

fn rule_of_root(change: impl FnOnce(&mut Root)) -> String {
    let mut repository = Repository::new();
    change(&mut repository.root);
    let text = refusal(&repository);
    text.strip_prefix("`root` breaks the rules: ")
        .unwrap_or(&text)
        .to_owned()
}

fn custom(targets: &mut Targets) -> &mut Custom {
    targets
        .custom_mut(&path("37/vbp-quota/1.0.0.wasm"))
        .unwrap()
}

fn delegation<'a>(targets: &'a mut Targets, name: &str) -> &'a mut DelegatedRole {
    let roles = &mut targets.delegations.as_mut().unwrap().roles;
    roles
        .iter_mut()
        .find(|role| role.name == space(name))
        .unwrap()
}

#[test]
fn lifetimes_are_bounded() {
    let mut repository = Repository::new();
    repository.root.expires = now().plus_days(367);
    assert_eq!(
        refusal(&repository),
        "`root` breaks the rules: valid until 2027-11-24T08:00:00Z, expected at most 366 days from now"
    );
    let mut repository = Repository::new();
    repository.timestamp.expires = now().plus_days(2);
    assert_eq!(
        refusal(&repository),
        "`timestamp` breaks the rules: valid until 2026-11-24T08:00:00Z, expected at most 1 days from now"
    );
    let mut repository = Repository::new();
    repository.snapshot.expires = now().plus_days(8);
    assert_eq!(
        refusal(&repository),
        "`snapshot` breaks the rules: valid until 2026-11-30T08:00:00Z, expected at most 7 days from now"
    );
    assert_eq!(
        rule_of_37(|role| role.expires = now().plus_days(91)),
        "valid until 2027-02-21T08:00:00Z, expected at most 90 days from now"
    );
    assert_eq!(
        rule_of_targets(|role| role.expires = now().plus_days(367)),
        "valid until 2027-11-24T08:00:00Z, expected at most 366 days from now"
    );
}

#[test]
fn thresholds_are_two_or_more_and_reachable() {
    assert_eq!(
        rule_of_root(|root| root.roles.root.threshold = 1),
        "role `root` asks for 1 of 3 signatures, expected 2 to 3"
    );
    assert_eq!(
        rule_of_root(|root| root.roles.targets.threshold = 1),
        "role `targets` asks for 1 of 3 signatures, expected 2 to 3"
    );
    assert_eq!(
        rule_of_targets(|targets| delegation(targets, "37").threshold = 1),
        "role `37` asks for 1 of 2 signatures, expected 2 to 2"
    );
    assert_eq!(
        rule_of_targets(|targets| delegation(targets, "37").threshold = 3),
        "role `37` asks for 3 of 2 signatures, expected 2 to 2"
    );
    assert_eq!(
        rule_of_root(|root| root.roles.snapshot.threshold = 2),
        "role `snapshot` asks for 2 of 1 signatures, expected 1 to 1"
    );
}

#[test]
fn keys_are_distinct_and_of_distinct_persons() {
    let [one, two] = officers("37");
    let (id, other) = (one.public_key().id(), two.public_key().id());
    let same_person = key("li.wei", 77);
    assert_eq!(
        rule_of_targets(|targets| {
            targets.delegate(&space("37"), &authority(&[&one, &same_person], 2));
        }),
        "role `37` has two keys of `li.wei`"
    );
    assert_eq!(
        rule_of_targets(|targets| delegation(targets, "37").keyids = vec![id, other, id]),
        format!("role `37` names the key `{id}` twice")
    );
    assert_eq!(
        rule_of_targets(|targets| {
            let keys = &mut targets.delegations.as_mut().unwrap().keys;
            keys.remove(&other);
        }),
        format!("role `37` names the key `{other}`, which is not listed")
    );
    assert_eq!(
        rule_of_targets(|targets| {
            let keys = &mut targets.delegations.as_mut().unwrap().keys;
            keys.insert(other, one.public_key().clone());
        }),
        format!("key `{id}` is listed under the id `{other}`")
    );
}

#[test]
fn persons_are_distinct_in_every_role_of_the_root() {
    let [one, two, _] = root_keys();
    let second = key("root.one", 99);
    for role in [TopRole::Root, TopRole::Targets, TopRole::Snapshot] {
        assert_eq!(
            rule_of_root(|root| {
                root.set_authority(role, &authority(&[&one, &two, &second], 2));
            }),
            format!("role `{role}` has two keys of `root.one`")
        );
    }
    let id = one.public_key().id();
    assert_eq!(
        rule_of_root(|root| root.roles.root.keyids.push(id)),
        format!("role `root` names the key `{id}` twice")
    );
}

#[test]
fn the_top_role_lists_no_pack() {
    let text = "cn/base/1.0.0.wasm";
    assert_eq!(
        rule_of_targets(|targets| targets.add_target(path(text), target(text, b"x")).unwrap()),
        "`targets` lists `cn/base/1.0.0.wasm` itself, which only a name space may"
    );
}

#[test]
fn delegations_stand_in_their_place_with_the_fixed_patterns() {
    let [one, two] = officers("3703");
    assert_eq!(
        rule_of_targets(|targets| targets.delegate(&space("3703"), &authority(&[&one, &two], 2))),
        "delegates `3703`, which stands under `37`"
    );
    assert_eq!(
        rule_of_37(|role| role.delegate(&space("3201"), &authority(&[&one, &two], 2))),
        "delegates `3201`, which stands under `32`"
    );
    assert_eq!(
        rule_of_37(|role| role.delegate(&space("vendor-acme"), &authority(&[&one, &two], 2))),
        "delegates `vendor-acme`, which stands under `targets`"
    );
    assert_eq!(
        rule_of_targets(|targets| delegation(targets, "37").terminating = false),
        "the delegation of `37` is not terminating"
    );
    for paths in [
        vec!["37/*/*"],
        vec!["*/*/*", "37[0-9][0-9]/*/*"],
        vec!["37[0-9]*/*/*", "37/*/*"],
        vec!["37/[/*"],
    ] {
        let paths: Vec<String> = paths.into_iter().map(str::to_owned).collect();
        assert_eq!(
            rule_of_targets(|targets| delegation(targets, "37").paths = paths.clone()),
            format!(
                "the delegation of `37` has the paths {paths:?}, expected [\"37/*/*\", \
                 \"37[0-9][0-9]/*/*\"]"
            )
        );
    }
    assert_eq!(
        rule_of_targets(|targets| {
            let twice = delegation(targets, "37").clone();
            targets.delegations.as_mut().unwrap().roles.push(twice);
        }),
        "delegates `37` twice"
    );
}

#[test]
fn custom_agrees_with_the_path_and_lies_under_the_name_space() {
    assert_eq!(
        rule_of_37(|role| custom(role).version = "1.0.1".parse().unwrap()),
        "`37/vbp-quota/1.0.0.wasm` declares itself to be `37/vbp-quota 1.0.1`"
    );
    assert_eq!(
        rule_of_37(|role| custom(role).jurisdictions = vec!["32".parse().unwrap()]),
        "`37/vbp-quota/1.0.0.wasm` declares jurisdiction `32`, which does not lie under its name space"
    );
    assert_eq!(
        rule_of_37(|role| custom(role).jurisdictions.clear()),
        "`37/vbp-quota/1.0.0.wasm` declares no jurisdiction"
    );
    assert_eq!(
        rule_of_37(|role| custom(role).effective.to = Some("2026-11-01".parse().unwrap())),
        "`37/vbp-quota/1.0.0.wasm` is in force to a day before the day from which it is"
    );
    assert_eq!(
        rule_of_37(|role| {
            role.targets.values_mut().next().unwrap().length = 17 << 20;
        }),
        "`37/vbp-quota/1.0.0.wasm` is 17825792 bytes long, expected 1 to 16777216"
    );
}

#[test]
fn a_vendor_declares_no_jurisdiction() {
    let mut repository = Repository::new();
    let vendor = repository.spaces.get_mut(&space("vendor-acme")).unwrap();
    let path = path("vendor-acme/check/1.0.0.wasm");
    vendor.custom_mut(&path).unwrap().jurisdictions = vec!["37".parse().unwrap()];
    assert_eq!(
        refusal_of(&repository, "vendor-acme"),
        "`vendor-acme` breaks the rules: `vendor-acme/check/1.0.0.wasm` declares jurisdiction `37`, which \
         does not lie under its name space"
    );
}

#[test]
fn consistent_snapshots_are_on_and_counts_bounded() {
    assert_eq!(
        rule_of_root(|root| root.consistent_snapshot = false),
        "`consistent_snapshot` is not true"
    );
    assert_eq!(
        rule_of_37(|role| custom(role).imports = vec!["x".to_owned(); 513]),
        "513 imports, expected at most 512"
    );
}

#[test]
fn what_is_not_ascii_is_refused() {
    let mut repository = Repository::new();
    let files = repository.publish();
    let text = String::from_utf8(files[&"37".parse().unwrap()].clone()).unwrap();
    repository.files.insert(
        "37".parse().unwrap(),
        text.replace("orders.item", "医嘱").into_bytes(),
    );
    // Changed after signing, so the threshold is what refuses; a bureau that signs such a text cannot.
    assert_eq!(
        refusal_of(&repository, "37"),
        "`37` has 0 of 2 valid signatures"
    );
    custom(repository.province()).imports = vec!["医嘱".to_owned()];
    let error = Envelope::unsigned(repository.province().clone()).unwrap_err();
    assert_eq!(
        told(&error),
        "the file is not canonical metadata: text `\\u{533b}\\u{5631}` has a character that is not \
         printable ASCII"
    );
}
