//! What is stale goes on, what is revoked stops (T3).

use std::collections::BTreeMap;

use super::fixture::*;
use crate::key::SecretKey;
use crate::trust::{Floors, Freshness, Limits, Resolution, RootChain, Standing};
use crate::tuf::*;

/// Floors of a host that has seen the ordinary repository.
fn seen(repository: &Repository) -> Floors {
    verify(repository).unwrap().completed_floors()
}

fn resolved(files: &BTreeMap<RoleName, Vec<u8>>, floors: Floors) -> Resolution {
    let trusted = refresh(files, floors, Freshness::at(now())).unwrap();
    trusted.resolve(&["37", "3703", "vendor-acme"].map(space))
}

fn revoked(resolution: &Resolution) -> Vec<String> {
    let revoked = resolution.revoked.iter();
    revoked.map(ToString::to_string).collect()
}

/// The nation gives Shandong these keys, and everything but Shandong's own file is signed anew.
fn replace_keys(repository: &mut Repository, keys: &[&SecretKey]) {
    repository.targets.version += 1;
    repository
        .targets
        .delegate(&space("37"), &authority(keys, 2));
    repository.next();
}

#[test]
fn keys_replaced_and_not_signed_with_anew_revoke_the_province_and_its_cities() {
    let mut repository = Repository::new();
    let floors = seen(&repository);
    let new = [key("li.wei", 70), key("wang.fang", 71)];
    replace_keys(&mut repository, &[&new[0], &new[1]]);
    let resolution = resolved(&repository.publish(), floors.clone());
    assert_eq!(revoked(&resolution), ["37", "3703"]);
    let left: Vec<_> = resolution
        .targets
        .iter()
        .map(|target| target.path.to_string())
        .collect();
    assert_eq!(left, ["vendor-acme/check/1.0.0.wasm"]);

    // The stolen keys sign on, to no effect.
    repository.province().version += 1;
    repository.next();
    let resolution = resolved(&repository.publish(), floors.clone());
    assert_eq!(revoked(&resolution), ["37", "3703"]);

    // Hiding the file does not help either: what the host holds is vouched for by nobody.
    let mut files = repository.publish();
    files.remove(&"37".parse().unwrap());
    assert_eq!(revoked(&resolved(&files, floors.clone())), ["37", "3703"]);

    // With the new keys everything is good again.
    repository.province().version += 1;
    repository.sign_with("37", new.into());
    repository.next();
    let resolution = resolved(&repository.publish(), floors);
    assert!(resolution.failed.is_empty() && resolution.revoked.is_empty());
}

#[test]
fn an_ordinary_change_of_officers_interrupts_nothing() {
    let mut repository = Repository::new();
    let floors = seen(&repository);
    let [one, two] = officers("37");
    let new = || [key("zhao.min", 72), key("sun.li", 73)];
    let [three, four] = new();
    // First the new officers beside the old ones: the old signatures still reach the threshold.
    replace_keys(&mut repository, &[&one, &two, &three, &four]);
    let trusted = refresh(&repository.publish(), floors, Freshness::at(now())).unwrap();
    assert!(trusted.resolve(&[space("37")]).failed.is_empty());
    // Then the new ones sign, then the old ones leave.
    repository.province().version += 1;
    repository.sign_with("37", new().into());
    repository.next();
    let before = trusted.completed_floors();
    let trusted = refresh(&repository.publish(), before.clone(), Freshness::at(now())).unwrap();
    let floors = trusted.completed_floors();
    assert!(floors.rekeyed_since(&before).is_empty());
    replace_keys(&mut repository, &[&three, &four]);
    let trusted = refresh(&repository.publish(), floors.clone(), Freshness::at(now())).unwrap();
    assert!(trusted.resolve(&[space("37")]).failed.is_empty());
    // Whoever follows the province is told of its new officers.
    let rekeyed = trusted.completed_floors().rekeyed_since(&floors);
    assert_eq!(rekeyed, ["37".parse().unwrap()].into());
}

#[test]
fn what_expired_is_missing_or_badly_signed_under_the_same_keys_is_stale() {
    let mut repository = Repository::new();
    let floors = seen(&repository);
    repository.province().version += 1;
    repository.next();
    let mut missing = repository.publish();
    missing.remove(&"37".parse().unwrap());
    repository.province().expires = now().plus_days(-1);
    let expired = repository.publish();
    let mut repository = Repository::new();
    repository.province().version += 1;
    repository.next();
    repository.sign_with("37", vec![key("somebody", 99)]);
    for files in [missing, expired, repository.publish()] {
        let resolution = resolved(&files, floors.clone());
        let failed: Vec<_> = resolution.failed.keys().map(ToString::to_string).collect();
        assert_eq!(failed, ["37", "3703"]);
        assert_eq!(revoked(&resolution), Vec::<String>::new());
    }
}

#[test]
fn a_delegation_that_is_gone_revokes() {
    let mut repository = Repository::new();
    let floors = seen(&repository);
    repository.targets.revoke(&space("37")).unwrap();
    repository.targets.version += 1;
    repository.next();
    let resolution = resolved(&repository.publish(), floors);
    assert_eq!(revoked(&resolution), ["37", "3703"]);
}

#[test]
fn an_ancestor_s_denial_reaches_a_city_that_cannot_be_verified() {
    let mut repository = Repository::new();
    let floors = seen(&repository);
    let local = path("3703/local/1.0.0.wasm");
    let city = repository.spaces.get_mut(&space("3703")).unwrap();
    let digest = city.targets[&local].hashes.sha256;
    city.version += 1;
    city.expires = now().plus_days(-1);
    let province = repository.province();
    province.version += 1;
    province.denials = Some(Denials {
        denied: [digest].into(),
        ..Denials::default()
    });
    repository.next();
    let trusted = refresh(&repository.publish(), floors, Freshness::at(now())).unwrap();
    assert!(trusted.resolve(&[space("3703")]).targets.is_empty());
    let by = "37".parse().unwrap();
    assert_eq!(trusted.standing(&local, &digest), Standing::Denied { by });
}

#[test]
fn a_root_that_replaces_the_officers_of_targets_revokes_until_they_sign() {
    let mut repository = Repository::new();
    let floors = seen(&repository);
    let first = repository.publish()[&RoleName::ROOT].clone();
    let new = [key("new.one", 51), key("new.two", 52)];
    repository.root.version = 2;
    let keys = authority(&[&new[0], &new[1]], 2);
    repository.root.set_authority(TopRole::Targets, &keys);
    let second = repository.publish()[&RoleName::ROOT].clone();
    let start = || RootChain::start(&first, floors.clone(), Limits::default()).unwrap();
    let current = start().finish(Freshness::at(now())).unwrap();
    assert!(!current.revokes_targets());
    let current = start()
        .extend(&second)
        .unwrap()
        .finish(Freshness::at(now()))
        .unwrap();
    assert!(current.revokes_targets());
    // A host that never saw the old ones has nothing to stop.
    let chain = RootChain::start(&second, Floors::default(), Limits::default()).unwrap();
    let current = chain.finish(Freshness::at(now())).unwrap();
    assert!(!current.revokes_targets());
}
