//! The time that verification is made with.

use super::fixture::*;
use crate::trust::{Floors, Freshness};

#[test]
fn an_earlier_day_is_judged_by_expiry_alone() {
    let then = now().plus_days(-200);
    let repository = Repository::new();
    // With a clock that was set back, what was signed since is valid for too long.
    let back = refresh(
        &repository.publish(),
        Floors::default(),
        Freshness::at(then),
    );
    assert_eq!(
        told(&back.unwrap_err()),
        "`root` breaks the rules: valid until 2027-09-18T08:00:00Z, expected at most 366 days from now"
    );
    let as_of = Freshness::as_of(then, now());
    let trusted = refresh(&repository.publish(), Floors::default(), as_of).unwrap();
    assert!(trusted.resolve(&[space("37")]).failed.is_empty());
}

#[test]
fn an_archived_copy_is_judged_by_its_own_time_and_a_day_to_come_by_now() {
    let mut archived = Repository::new();
    archived.timestamp.expires = now().plus_days(-30);
    let judged = |then| {
        let freshness = Freshness::as_of(then, now());
        refresh(&archived.publish(), Floors::default(), freshness)
    };
    assert!(judged(now().plus_days(-31)).is_ok());
    for then in [now().plus_days(-30), now(), now().plus_days(100)] {
        assert_eq!(
            told(&judged(then).unwrap_err()),
            "`timestamp` expired at 2026-10-23T08:00:00Z"
        );
    }
}

#[test]
fn no_day_lengthens_a_lifetime() {
    let mut repository = Repository::new();
    repository.timestamp.expires = now().plus_days(40);
    for days in [-39, 0, 39] {
        let freshness = Freshness::as_of(now().plus_days(days), now());
        let refused = refresh(&repository.publish(), Floors::default(), freshness);
        assert_eq!(
            told(&refused.unwrap_err()),
            "`timestamp` breaks the rules: valid until 2027-01-01T08:00:00Z, expected at most 1 days from now"
        );
    }
}
