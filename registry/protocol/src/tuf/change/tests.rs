use super::*;
use crate::key::{SecretKey, Signer as _};

fn key(person: &str, seed: u8) -> PublicKey {
    let secret = SecretKey::from_seed([seed; 32], person.parse().unwrap());
    secret.public_key().clone()
}

fn root() -> Root {
    let officers = Authority::new([key("an", 1), key("bai", 2), key("chen", 3)], 2);
    let signer = Authority::new([key("registry", 4)], 1);
    let expires = "2027-01-01T00:00:00Z".parse().unwrap();
    Root::new(expires, &officers, &officers, &signer, &signer)
}

#[test]
fn keys_come_and_go_with_their_persons() {
    let mut root = root();
    let refused = root.add_key(TopRole::Root, key("an", 9)).unwrap_err();
    assert_eq!(refused.to_string(), "`an` has a key of role `root` already");
    root.add_key(TopRole::Root, key("ding", 5)).unwrap();
    root.remove_key(TopRole::Root, &"an".parse().unwrap())
        .unwrap();
    let left = root.authority(TopRole::Root);
    let mut persons: Vec<_> = left.keys().map(|key| key.person().to_string()).collect();
    persons.sort();
    assert_eq!(persons, ["bai", "chen", "ding"]);
    // The key of `an` is still that of another role.
    assert_eq!(root.authority(TopRole::Targets).keys().count(), 3);
    let refused = root
        .remove_key(TopRole::Root, &"an".parse().unwrap())
        .unwrap_err();
    assert_eq!(refused.to_string(), "`an` has no key of role `root`");
}

#[test]
fn a_threshold_that_nobody_reaches_is_refused() {
    let mut root = root();
    for person in ["an", "bai"] {
        root.remove_key(TopRole::Targets, &person.parse().unwrap())
            .unwrap();
    }
    assert_eq!(
        root.check_thresholds().unwrap_err().to_string(),
        "role `targets` would ask for 2 of 1 keys, expected a threshold from 1 to 1"
    );
    root.set_threshold(TopRole::Targets, 1);
    root.check_thresholds().unwrap();
}

#[test]
fn changes_of_a_pack_that_make_no_sense_are_refused() {
    let mut targets = Targets::new("2027-01-01T00:00:00Z".parse().unwrap());
    let path: TargetPath = "37/limits/1.0.0.wasm".parse().unwrap();
    let reason = || "a test".parse::<Reason>().unwrap();
    let refused = targets.withdraw(&path, reason()).unwrap_err().to_string();
    assert_eq!(refused, "`37/limits/1.0.0.wasm` is not listed");
    let digest = Digest::of(b"x");
    targets.deny(digest, reason()).unwrap();
    assert_eq!(
        targets.deny(digest, reason()).unwrap_err().to_string(),
        format!("the digest `{digest}` is denied already")
    );
    let pack = "37/limits".parse().unwrap();
    targets.require(&pack, "1.2.0".parse().unwrap()).unwrap();
    let lower = targets.require(&pack, "1.1.0".parse().unwrap());
    assert_eq!(
        lower.unwrap_err().to_string(),
        "the minimum version of `37/limits` is 1.2.0 already, which hosts never lower to 1.1.0"
    );
}
