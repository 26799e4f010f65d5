use super::*;
use crate::key::{SecretKey, Signer};

fn key(person: &str, seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32], person.parse().unwrap())
}

fn authority(keys: &[&SecretKey], threshold: u32) -> Authority {
    Authority::new(keys.iter().map(|key| key.public_key().clone()), threshold)
}

fn targets() -> Targets {
    Targets::new("2027-01-01T00:00:00Z".parse().unwrap())
}

fn signed(keys: &[&SecretKey]) -> Envelope<Targets> {
    let mut envelope = Envelope::unsigned(targets()).unwrap();
    for key in keys {
        envelope.sign(*key).unwrap();
    }
    envelope
}

fn told<T: std::fmt::Debug>(result: Result<T, MetadataError>) -> String {
    let error = result.unwrap_err();
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

#[test]
fn a_file_is_read_back_with_the_same_bytes() {
    let (one, two) = (key("one", 1), key("two", 2));
    let bytes = signed(&[&one, &two]).to_bytes();
    let again = Envelope::<Targets>::parse(&bytes).unwrap();
    assert_eq!(again.to_bytes(), bytes);
    assert_eq!(again.signed(), &targets());
    authority(&[&one, &two], 2).check(&again).unwrap();
}

#[test]
fn the_files_of_two_officers_merge_into_one_that_suffices() {
    let (one, two) = (key("one", 1), key("two", 2));
    let role = authority(&[&one, &two], 2);
    let merged = merge(&[signed(&[&one]), signed(&[&two])], &[&role]).unwrap();
    role.check(&merged).unwrap();
    // The order does not matter, and a signature that both files carry counts once.
    let other = merge(&[signed(&[&two]), signed(&[&two, &one])], &[&role]).unwrap();
    assert_eq!(merged.to_bytes(), other.to_bytes());
    let alone = merge(&[signed(&[&one]), signed(&[&one])], &[&role]).unwrap();
    assert_eq!(told(role.check(&alone)), "1 of 2 signatures are there");
}

#[test]
fn merging_refuses_strangers_other_content_and_second_keys() {
    let (one, two, stranger) = (key("one", 1), key("two", 2), key("x", 3));
    let role = authority(&[&one, &two], 2);
    let id = stranger.public_key().id();
    assert_eq!(
        told(merge(&[signed(&[&stranger])], &[&role])),
        format!("the key `{id}` may not sign this role")
    );
    let mut other = targets();
    other.version = 2;
    let other = Envelope::unsigned(other).unwrap();
    assert_eq!(
        told(merge(&[signed(&[&one]), other], &[&role])),
        "file 2 of those to be merged was signed over other content than the first"
    );
    assert_eq!(
        told(merge::<Targets>(&[], &[&role])),
        "there is no file to merge"
    );
    let second = key("one", 9);
    let role = authority(&[&one, &second], 2);
    assert_eq!(
        told(merge(&[signed(&[&one]), signed(&[&second])], &[&role])),
        "`one` has signed with two keys"
    );
}

#[test]
fn nobody_signs_twice_and_wrong_signatures_are_named() {
    let one = key("one", 1);
    let id = one.public_key().id();
    let mut envelope = signed(&[&one]);
    assert_eq!(
        told(envelope.sign(&one)),
        format!("the key `{id}` has signed twice")
    );
    let text = String::from_utf8(envelope.to_bytes()).unwrap();
    let changed = text.replace("\"version\":1", "\"version\":2");
    let changed = Envelope::<Targets>::parse(changed.as_bytes()).unwrap();
    let role = authority(&[&one], 1);
    assert_eq!(
        told(role.check(&changed)),
        "the signature of `one` does not verify"
    );
    assert_eq!(
        told(merge(&[changed], &[&role])),
        "the signature of `one` does not verify"
    );
}

#[test]
fn files_of_another_shape_are_refused_with_the_field() {
    let refused = |edit: fn(&mut serde_json::Value)| {
        let mut value: serde_json::Value = serde_json::from_slice(&signed(&[]).to_bytes()).unwrap();
        edit(&mut value);
        told(Envelope::<Targets>::parse(
            &serde_json::to_vec(&value).unwrap(),
        ))
    };
    assert_eq!(
        refused(|value| value["signed"]["_type"] = "root".into()),
        "expected metadata of type `targets`, got `root`"
    );
    assert_eq!(
        refused(|value| value["signed"]["spec_version"] = "2.0.0".into()),
        "specification `2.0.0` is not known, expected 1.0.x"
    );
    assert_eq!(
        refused(|value| value["signed"]["expires"] = "tomorrow".into()),
        "the file is not targets metadata: time `tomorrow` is not of the form `2026-11-22T08:00:00Z`"
    );
    assert_eq!(
        refused(|value| value["note"] = "x".into()),
        "the file is not targets metadata: unknown field `note`, expected `signatures` or `signed`"
    );
    assert_eq!(
        refused(|value| value["signed"]["x-rulepack"] = serde_json::json!({ "note": 1 })),
        "the targets metadata has fields that are not known here"
    );
    assert_eq!(
        refused(|value| value["signed"]["version"] = 0.into()),
        "version 0 is not between 1 and 2147483647"
    );
    assert_eq!(
        refused(|value| value["signed"]["version"] = serde_json::json!(1.5)),
        "the file is not canonical metadata: number `1.5` is not an integer of 64 bits"
    );
    assert!(
        refused(|value| *value = serde_json::json!([])).starts_with("expected metadata of type")
    );
}

#[test]
fn editing_refuses_what_is_there_or_missing() {
    let mut role = targets();
    let path: crate::names::TargetPath = "37/a/1.0.0.wasm".parse().unwrap();
    assert_eq!(
        told(role.custom_mut(&path).map(|_| ())),
        "`37/a/1.0.0.wasm` is not listed"
    );
    let name_space = "37".parse().unwrap();
    assert_eq!(told(role.revoke(&name_space)), "`37` is not delegated here");
    let (one, two) = (key("one", 1), key("two", 2));
    role.delegate(&name_space, &authority(&[&one, &two], 2));
    role.revoke(&name_space).unwrap();
    assert!(role.delegations.unwrap().keys.is_empty());
}

#[test]
fn replaced_root_keys_are_dropped() {
    let (one, two, new) = (key("one", 1), key("two", 2), key("new", 3));
    let top = authority(&[&one, &two], 2);
    let signer = authority(&[&key("signer", 9)], 1);
    let mut root = Root::new(
        "2027-01-01T00:00:00Z".parse().unwrap(),
        &top,
        &top,
        &signer,
        &signer,
    );
    assert_eq!(root.keys.len(), 3);
    root.set_authority(TopRole::Root, &authority(&[&one, &new], 2));
    assert_eq!(root.keys.len(), 4);
    root.set_authority(TopRole::Targets, &authority(&[&one, &new], 2));
    assert_eq!(root.keys.len(), 3);
}

#[test]
fn a_summary_says_in_plain_words_what_changes() {
    let (one, two, new) = (key("li.wei", 1), key("wang.fang", 2), key("zhao.min", 3));
    let name_space = "37".parse().unwrap();
    let mut old = targets();
    old.delegate(&name_space, &authority(&[&one, &two], 2));
    let mut next = old.clone();
    next.bump("2027-02-01T00:00:00Z".parse().unwrap()).unwrap();
    next.delegate(&name_space, &authority(&[&one, &new], 2));
    next.denials = Some(Denials {
        denied: [crate::digest::Digest::of(b"x")].into(),
        minimum: [("37/a".parse().unwrap(), "1.2.0".parse().unwrap())].into(),
        reasons: Default::default(),
    });
    let any = |targets: &Targets| {
        AnyEnvelope::parse(&Envelope::unsigned(targets.clone()).unwrap().to_bytes()).unwrap()
    };
    assert_eq!(
        summary(None, Some(&any(&old)), &any(&next), Language::English),
        [
            "targets goes from version 1 to 2, valid until 2027-02-01T00:00:00Z (before: 2027-01-01T00:00:00Z)".to_owned(),
            format!("name space `37`: adds `zhao.min` with key {}", new.public_key().id()),
            format!("name space `37`: removes `wang.fang` with key {}", two.public_key().id()),
            format!("denies the pack with sha256 {}", crate::digest::Digest::of(b"x")),
            "forbids versions of `37/a` below 1.2.0".to_owned(),
        ]
    );
    let mut revoked = next.clone();
    revoked.revoke(&name_space).unwrap();
    assert!(
        summary(None, Some(&any(&next)), &any(&revoked), Language::English)
            .contains(&"REVOKES name space `37`".to_owned())
    );
    assert_eq!(
        summary(None, None, &any(&targets()), Language::English),
        ["first targets seen here, version 1, valid until 2027-01-01T00:00:00Z"]
    );
}

#[test]
fn a_summary_calls_a_name_space_by_its_own_name() {
    let old = targets();
    let mut next = old.clone();
    next.bump("2027-02-01T00:00:00Z".parse().unwrap()).unwrap();
    let any = |targets: &Targets| {
        AnyEnvelope::parse(&Envelope::unsigned(targets.clone()).unwrap().to_bytes()).unwrap()
    };
    let role: RoleName = "37".parse().unwrap();
    let told =
        |old: Option<&AnyEnvelope>, language| summary(Some(&role), old, &any(&next), language);
    assert_eq!(
        told(Some(&any(&old)), Language::English),
        [
            "`37` goes from version 1 to 2, valid until 2027-02-01T00:00:00Z (before: 2027-01-01T00:00:00Z)"
        ]
    );
    assert_eq!(
        told(Some(&any(&old)), Language::Chinese),
        ["`37` 由版本 1 变为 2，有效期至 2027-02-01T00:00:00Z（原为 2027-01-01T00:00:00Z）"]
    );
    assert_eq!(
        told(None, Language::English),
        ["first `37` seen here, version 2, valid until 2027-02-01T00:00:00Z"]
    );
}
