//! What a registry refuses of a new version of a role.

use super::fixture::*;
use crate::moment::Moment;
use crate::trust::{Limits, Publication};
use crate::tuf::*;

const PATH: &str = "37/vbp-quota/1.0.0.wasm";

fn publish(old: Option<&Targets>, new: &Targets) -> Result<(), String> {
    let [one, two] = officers("37");
    let bytes = signed(new, &[&one, &two]);
    publish_bytes(old, &bytes, now())
}

fn publish_bytes(old: Option<&Targets>, bytes: &[u8], at: Moment) -> Result<(), String> {
    let [one, two] = officers("37");
    let authority = authority(&[&one, &two], 2);
    let role = "37".parse().unwrap();
    let publication = Publication {
        role: &role,
        authority: &authority,
        previous: old,
    };
    publication
        .verify(bytes, at, &Limits::default())
        .map(|verified| assert_eq!(verified.bytes(), bytes))
        .map_err(|error| told(&error))
}

/// What is said of a change of the one published pack, an hour of work later.
fn change(edit: impl FnOnce(&mut Target)) -> Result<(), String> {
    let old = Repository::new().province().clone();
    let mut new = old.clone();
    new.bump(old.expires).unwrap();
    edit(new.targets.get_mut(&path(PATH)).unwrap());
    publish(Some(&old), &new)
}

#[test]
fn a_first_publication_and_its_successor_are_accepted() {
    let mut repository = Repository::new();
    let first = repository.province().clone();
    publish(None, &first).unwrap();
    let mut second = first.clone();
    second.bump(first.expires).unwrap();
    let text = "37/vbp-quota/1.1.0.wasm";
    second.add_target(path(text), target(text, b"new")).unwrap();
    publish(Some(&first), &second).unwrap();
}

#[test]
fn only_the_next_version_is_accepted() {
    let old = Repository::new().province().clone();
    for found in [1, 3, 2_000_000_000] {
        let mut new = old.clone();
        new.version = found;
        let text = publish(Some(&old), &new).unwrap_err();
        assert_eq!(text, format!("expected version 2 of `37`, got {found}"));
    }
}

#[test]
fn of_a_published_pack_only_withdrawal_promotion_and_an_earlier_end_are_accepted() {
    change(|target| target.custom.status = Status::Yanked).unwrap();
    change(|target| target.custom.effective.to = Some(now().day())).unwrap();
    let refused = format!(
        "`{PATH}` is published; only active to yanked, canary to stable, and an earlier last day may \
         change"
    );
    type Edit = fn(&mut Custom);
    let edits: [Edit; 5] = [
        |custom| custom.effective.from = "2020-01-01".parse().unwrap(),
        |custom| custom.channel = Channel::Canary,
        |custom| custom.imports.clear(),
        |custom| custom.published = "2026-11-21".parse().unwrap(),
        |custom| custom.jurisdictions = vec!["3703".parse().unwrap()],
    ];
    for edit in edits {
        assert_eq!(
            change(|target| edit(&mut target.custom)).unwrap_err(),
            refused
        );
    }
}

#[test]
fn withdrawal_and_end_cannot_be_taken_back() {
    let mut old = Repository::new().province().clone();
    old.custom_mut(&path(PATH)).unwrap().status = Status::Yanked;
    old.custom_mut(&path(PATH)).unwrap().effective.to = Some("2026-12-01".parse().unwrap());
    for edit in [
        (|custom: &mut Custom| custom.status = Status::Active) as fn(&mut Custom),
        |custom| custom.effective.to = None,
        |custom| custom.effective.to = Some("2026-12-02".parse().unwrap()),
    ] {
        let mut new = old.clone();
        new.bump(old.expires).unwrap();
        edit(new.custom_mut(&path(PATH)).unwrap());
        let text = publish(Some(&old), &new).unwrap_err();
        assert!(
            text.starts_with("`37/vbp-quota/1.0.0.wasm` is published; only "),
            "{text}"
        );
    }
}

#[test]
fn an_end_in_the_past_other_bytes_and_removal_are_refused() {
    let mut repository = Repository::new();
    repository
        .province()
        .custom_mut(&path(PATH))
        .unwrap()
        .effective
        .from = "2026-01-01".parse().unwrap();
    let old = repository.province().clone();
    let mut new = old.clone();
    new.bump(old.expires).unwrap();
    new.custom_mut(&path(PATH)).unwrap().effective.to = Some("2026-11-21".parse().unwrap());
    assert_eq!(
        publish(Some(&old), &new).unwrap_err(),
        format!("`{PATH}` cannot end on 2026-11-21, before today (2026-11-22)")
    );
    assert_eq!(
        change(|target| target.length += 1).unwrap_err(),
        format!("`{PATH}` is published with other bytes; publish a new version instead")
    );
    new.targets.clear();
    assert_eq!(
        publish(Some(&old), &new).unwrap_err(),
        format!("`{PATH}` is published and may be withdrawn, but not removed")
    );
}

#[test]
fn the_day_of_publication_is_today_give_or_take_one() {
    let first = |day: &str| {
        let mut new = Repository::new().province().clone();
        new.custom_mut(&path(PATH)).unwrap().published = day.parse().unwrap();
        publish(None, &new)
    };
    first("2026-11-21").unwrap();
    first("2026-11-23").unwrap();
    for day in ["2026-11-20", "2026-11-24"] {
        assert_eq!(
            first(day).unwrap_err(),
            format!(
                "`{PATH}` says it is published on {day}, expected 2026-11-22 or a day beside it"
            )
        );
    }
}

#[test]
fn today_is_that_of_china_where_utc_still_has_yesterday() {
    let at: Moment = "2026-11-22T16:30:00Z".parse().unwrap();
    let sign = |new: &Targets| {
        let [one, two] = officers("37");
        signed(new, &[&one, &two])
    };
    let old = Repository::new().province().clone();
    let end = |day: &str| {
        let mut new = old.clone();
        new.bump(old.expires).unwrap();
        new.custom_mut(&path(PATH)).unwrap().effective.to = Some(day.parse().unwrap());
        publish_bytes(Some(&old), &sign(&new), at)
    };
    assert_eq!(
        end("2026-11-22").unwrap_err(),
        format!("`{PATH}` cannot end on 2026-11-22, before today (2026-11-23)")
    );
    end("2026-11-23").unwrap();
    let first = |day: &str| {
        let mut new = old.clone();
        new.custom_mut(&path(PATH)).unwrap().published = day.parse().unwrap();
        publish_bytes(None, &sign(&new), at)
    };
    first("2026-11-24").unwrap();
    assert_eq!(
        first("2026-11-21").unwrap_err(),
        format!(
            "`{PATH}` says it is published on 2026-11-21, expected 2026-11-23 or a day beside it"
        )
    );
}

#[test]
fn a_new_pack_is_not_withdrawn_at_once() {
    let mut new = Repository::new().province().clone();
    new.custom_mut(&path(PATH)).unwrap().status = Status::Yanked;
    assert_eq!(
        publish(None, &new).unwrap_err(),
        format!("`{PATH}` is new and withdrawn at once")
    );
}

#[test]
fn one_signature_of_two_and_foreign_packs_are_refused() {
    let mut new = Repository::new().province().clone();
    let [one, _] = officers("37");
    assert_eq!(
        publish_bytes(None, &signed(&new, &[&one]), now()).unwrap_err(),
        "the new `37` is not acceptable: 1 of 2 signatures are there"
    );
    let foreign = "32/other/1.0.0.wasm";
    new.add_target(path(foreign), target(foreign, b"x"))
        .unwrap();
    assert_eq!(
        publish(None, &new).unwrap_err(),
        "`37` breaks the rules: lists `32/other/1.0.0.wasm`, which belongs to name space `32`"
    );
    new.expires = now();
    assert_eq!(
        publish(None, &new).unwrap_err(),
        "`37` expired at 2026-11-22T08:00:00Z"
    );
}
