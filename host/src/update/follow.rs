//! Whether the settings of a host ask for a version: what it subscribes to, where it lies, which channel it is in.
//!
//! Settings change. A version that is active and not asked for any more must not go on: nothing would bring
//! the news that it was withdrawn. And a range of versions puts off nothing that is mandatory (T9).

use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{Division, Jurisdiction, TargetPath};
use rulepack_protocol::trust::ResolvedTarget;
use rulepack_protocol::tuf::Channel;

use crate::lock::{Lock, LockedVersion, State};
use crate::settings::Settings;
use crate::subscription::Subscription;

/// What the settings say of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Following {
    /// It is asked for.
    Asked,
    /// Its pack is, in other versions alone; why it waits.
    Outside(String),
    /// It is of another pack, place or channel.
    No,
}

/// Whether an update looks at a version. One outside of the range is looked at where the host has it, or
/// where nobody can put it off for ever.
pub(super) fn is_wanted(target: &ResolvedTarget, settings: &Settings, lock: &Lock) -> bool {
    let custom = &target.custom;
    let following = following(
        &target.path,
        custom.channel,
        &custom.jurisdictions,
        settings,
    );
    match following {
        Following::Asked => true,
        Following::Outside(_) => {
            custom.mandatory_by.is_some() || lock.version(&target.path).is_some()
        }
        Following::No => false,
    }
}

/// What the settings say of a version that is known.
pub(super) fn of_version(version: &LockedVersion, settings: &Settings) -> Following {
    let places = &version.jurisdictions;
    following(&version.path, version.channel, places, settings)
}

/// Puts aside what the settings ask for no more, and answers it. What a person put aside, or a step refused, stays
/// as it is.
pub(super) fn leave(lock: &mut Lock, settings: &Settings) -> Vec<TargetPath> {
    let mut left = Vec::new();
    for version in &mut lock.versions {
        let is_used = matches!(version.state, State::Active | State::Waiting { .. });
        if is_used && of_version(version, settings) == Following::No {
            version.state = State::Unfollowed;
            left.push(version.path.clone());
        }
    }
    left
}

/// Whether the lock uses what the settings do not ask for, or leaves out what they ask for again: the settings
/// were changed since the last update.
pub(super) fn differs(lock: &Lock, settings: &Settings, today: Day) -> bool {
    let mut versions = lock.versions.iter();
    versions.any(
        |version| match (&version.state, of_version(version, settings)) {
            (State::Active | State::Waiting { .. }, Following::No) => true,
            (State::Active, Following::Outside(_)) => version.mandatory_since(today).is_none(),
            (State::Unfollowed, following) => following != Following::No,
            _ => false,
        },
    )
}

fn following(
    path: &TargetPath,
    channel: Channel,
    places: &[Jurisdiction],
    settings: &Settings,
) -> Following {
    let in_channel = channel == Channel::Stable || settings.canary;
    // Nothing is heard of the overlays of a name space that is not followed itself.
    let mut heard = settings.subscriptions.iter();
    let is_heard = heard.any(|it| it.name_space() == path.name_space());
    if !in_channel || !is_heard || !is_of(places, &settings.division) {
        return Following::No;
    }
    let meant = path.pack().overlaid();
    let pack = meant.as_ref().unwrap_or(path.pack());
    let followed = settings.subscriptions.iter();
    let followed: Vec<&Subscription> = followed.filter(|it| it.covers_pack(pack)).collect();
    // An overlay has versions of its own: it comes with its pack.
    let is_asked = path.is_overlay() || followed.iter().any(|it| it.covers(path));
    match followed.as_slice() {
        [] => Following::No,
        _ if is_asked => Following::Asked,
        ranges => Following::Outside(outside(ranges)),
    }
}

fn is_of(places: &[Jurisdiction], division: &Division) -> bool {
    places.is_empty() || places.iter().any(|place| place.covers(division))
}

fn outside(ranges: &[&Subscription]) -> String {
    let ranges: Vec<String> = ranges.iter().map(|range| format!("`{range}`")).collect();
    format!("`host.toml` follows {} alone", ranges.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::tests::version;

    fn settings(subscription: &str) -> Settings {
        let text =
            "registry = \"nowhere\"\ninstitution = \"H37030000001\"\ndivision = \"370303\"\n";
        toml::from_str(&format!("{text}subscriptions = [\"{subscription}\"]\n")).unwrap()
    }

    fn lock() -> Lock {
        let mut lock = Lock::default();
        lock.put(version("1.0.0", "2026-01-01", "2025-12-20"));
        lock.put(version("1.1.0", "2026-02-01", "2026-01-20"));
        lock
    }

    #[test]
    fn what_is_not_followed_is_put_aside_and_what_a_person_decided_stays() {
        let today = "2026-03-01".parse().unwrap();
        let aside = State::Held {
            reason: "audit week".into(),
        };
        let mut left = lock();
        left.versions[1].state = aside.clone();
        let asked = settings("37/*");
        assert!(!differs(&left, &asked, today));
        follow_no_more(&mut left, &settings("3703/*"), today);
        assert_eq!(left.versions[0].state, State::Unfollowed);
        assert_eq!(left.versions[1].state, aside);
        assert!(differs(&left, &asked, today));

        // Nor is an overlay whose setter is not followed, though its pack is.
        let mut overlaid = lock();
        overlaid.versions[1].path = "3703/37.limits/1.0.0.toml".parse().unwrap();
        follow_no_more(&mut overlaid, &asked, today);
        let states = overlaid.versions.iter().map(|version| &version.state);
        assert!(states.eq([&State::Active, &State::Unfollowed]));

        // Nor is what is made for another place, or for a first wave that the host does not take part in.
        let mut elsewhere = lock();
        elsewhere.versions[0].jurisdictions = vec!["44".parse().unwrap()];
        elsewhere.versions[1].channel = Channel::Canary;
        follow_no_more(&mut elsewhere, &asked, today);
        assert!(elsewhere.packs().is_empty());
    }

    fn follow_no_more(lock: &mut Lock, settings: &Settings, today: Day) {
        assert!(differs(lock, settings, today));
        assert!(!leave(lock, settings).is_empty());
        assert!(!differs(lock, settings, today));
    }

    #[test]
    fn outside_of_the_range_is_told_with_the_range_unless_it_is_mandatory() {
        let (mut lock, pinned) = (lock(), settings("37/limits@=1.0.0"));
        let today = "2026-03-01".parse().unwrap();
        assert_eq!(of_version(&lock.versions[0], &pinned), Following::Asked);
        let told = "`host.toml` follows `37/limits@=1.0.0` alone".to_owned();
        assert_eq!(
            of_version(&lock.versions[1], &pinned),
            Following::Outside(told)
        );
        assert!(differs(&lock, &pinned, today));
        lock.versions[1].mandatory_by = Some(today);
        assert!(!differs(&lock, &pinned, today));
    }
}
