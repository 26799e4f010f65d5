//! Files that are not as they were signed.

use super::fixture::*;
use crate::names::NameSpace;
use crate::trust::{Floors, Freshness};
use crate::tuf::*;

#[test]
fn no_mutated_byte_of_any_file_verifies() {
    let files = Repository::new().publish();
    let all: Vec<NameSpace> = vec![space("37")];
    for role in [
        RoleName::ROOT,
        RoleName::TIMESTAMP,
        RoleName::SNAPSHOT,
        RoleName::TARGETS,
        "37".parse().unwrap(),
    ] {
        for index in 0..files[&role].len() {
            let mut changed = files.clone();
            let bytes = changed.get_mut(&role).unwrap();
            bytes[index] ^= 1 << (index % 7);
            // A root signed by three or four keys of which two suffice may lose one signature; here
            // exactly the needed ones are there.
            let verified = refresh(&changed, Floors::default(), Freshness::at(now()))
                .is_ok_and(|trusted| trusted.resolve(&all).failed.is_empty());
            assert!(
                !verified,
                "byte {index} of {role} was changed and nobody noticed"
            );
        }
    }
}

#[test]
fn every_prefix_of_a_file_is_refused() {
    let files = Repository::new().publish();
    for role in [
        RoleName::ROOT,
        RoleName::TIMESTAMP,
        RoleName::SNAPSHOT,
        RoleName::TARGETS,
    ] {
        for length in 0..files[&role].len() {
            let mut cut = files.clone();
            cut.get_mut(&role).unwrap().truncate(length);
            assert!(refresh(&cut, Floors::default(), Freshness::at(now())).is_err());
        }
    }
}

#[test]
fn an_oversized_file_is_refused_before_it_is_parsed() {
    let mut files = Repository::new().publish();
    files.insert(RoleName::TIMESTAMP, vec![b'['; 20_000]);
    let error = refresh(&files, Floors::default(), Freshness::at(now())).unwrap_err();
    assert_eq!(
        told(&error),
        "`timestamp` is 20000 bytes long, expected at most 16384"
    );
}

#[test]
fn a_name_space_that_nobody_delegates_or_fetched_is_told() {
    let trusted = verify(&Repository::new()).unwrap();
    let failed = trusted.resolve(&[space("32"), space("3704")]).failed;
    assert_eq!(
        told(&failed[&space("32")]),
        "name space `32` is not delegated"
    );
    assert_eq!(
        told(&failed[&space("3704")]),
        "name space `3704` is not delegated"
    );
    let mut files = Repository::new().publish();
    files.remove(&"3703".parse().unwrap());
    let trusted = refresh(&files, Floors::default(), Freshness::at(now())).unwrap();
    let failed = trusted.resolve(&[space("3703")]).failed;
    assert_eq!(
        told(&failed[&space("3703")]),
        "the metadata of `3703` is not there"
    );
}
