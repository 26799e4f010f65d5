//! The lock file: every version that a host knows, and which one is in force on a day.
//!
//! Truth for the choice of rules: a verdict's version is a pure, total function of (rule day, digest of
//! the lock). A new version, a withdrawal, a hold or a fall-back writes a new lock; the old ones are
//! kept, so that an old verdict can be re-executed (T4).

mod decide;
mod decision;
mod file;
mod overlays;
mod recover;

use std::collections::BTreeMap;

use rulepack_protocol::canonical;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{Jurisdiction, PackName, TargetPath};
use rulepack_protocol::tuf::{Channel, Effective, Status};
use semver::VersionReq;
use serde::{Deserialize, Serialize};

pub use decide::DecideError;
pub use decision::DecisionError;
pub use file::{Editing, LockError};
pub use overlays::{ChosenOverlay, OwnOverlay};
pub(crate) use recover::kept_aside;

/// All versions known, of packs and of overlays, in the order of their paths; what the hospital sets and
/// supplies itself; and what waits for a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Sorted by path.
    pub versions: Vec<LockedVersion>,
    /// Packs whose versions to come wait for a person, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub holds: BTreeMap<PackName, String>,
    /// What the hospital sets for itself, by pack and version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<OwnOverlay>,
    /// Tables that were imported here because the manifest leaves them to somebody: digests of their CSV,
    /// by pack and table.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub supplied: BTreeMap<PackName, BTreeMap<String, Digest>>,
}

/// One version of a pack, as signed and as this host knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedVersion {
    /// Where it lies in the repository.
    pub path: TargetPath,
    /// Of the sealed pack.
    pub digest: Digest,
    /// The rule days that it is made for.
    pub effective: Effective,
    /// From this rule day on it is an ordinary version: the later of its publication and, for a host
    /// that already followed the name space, the day on which the host first saw it.
    pub known_from: Day,
    /// Whether the manifest states a basis for earlier rule days.
    pub retroactive: bool,
    /// Where it applies.
    pub jurisdictions: Vec<Jurisdiction>,
    /// Who is to run it.
    pub channel: Channel,
    /// Whether it is withdrawn.
    pub status: Status,
    /// The day from which nobody can put it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandatory_by: Option<Day>,
    /// Of an overlay: the versions of the pack that it is made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_versions: Option<VersionReq>,
    /// What this host made of it.
    pub state: State,
}

/// What a host made of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Passed every step.
    Active,
    /// A step refused it.
    Refused {
        /// Why, without patient data.
        reason: String,
    },
    /// Passed every step, and waits for a person.
    Waiting {
        /// For what.
        reason: String,
    },
    /// A person holds it back.
    Held {
        /// Why.
        reason: String,
    },
    /// The settings of this host do not follow it any more, so that nobody would learn that it is withdrawn.
    Unfollowed,
}

/// What a verdict is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// 3101 and 3102: a retroactive version is never chosen.
    Service,
    /// Looking back at claims.
    Audit,
}

/// The version that is in force, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// This one; `retroactive` where the rule day lies before the host could know it.
    Version {
        /// The version.
        version: &'a LockedVersion,
        /// To be listed apart.
        retroactive: bool,
    },
    /// None is in force: the rules are not evaluable.
    Gap,
}

impl Lock {
    /// The digest that receipts carry: of the canonical JSON.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let bytes = canonical::to_bytes(self).expect("a lock holds texts and booleans only");
        Digest::of(&bytes)
    }

    /// The packs of which any version is known and followed, in order. Overlays are none.
    #[must_use]
    pub fn packs(&self) -> Vec<&PackName> {
        let followed = self
            .versions
            .iter()
            .filter(|version| version.state != State::Unfollowed);
        let packs = followed.map(|version| version.path.pack());
        let mut packs: Vec<&PackName> = packs.filter(|name| !name.is_overlay()).collect();
        packs.dedup();
        packs
    }

    /// The version with this path.
    #[must_use]
    pub fn version(&self, path: &TargetPath) -> Option<&LockedVersion> {
        self.versions.iter().find(|version| version.path == *path)
    }

    /// Adds or replaces a version.
    pub fn put(&mut self, version: LockedVersion) {
        self.versions.retain(|known| known.path != version.path);
        self.versions.push(version);
        self.versions.sort_by(|a, b| a.path.cmp(&b.path));
    }

    /// The highest version of a pack that is in force on a rule day.
    ///
    /// A version that this host refused or holds is passed over for the next lower one. A withdrawn one is
    /// not: its bureau took back what was in force and put nothing in its place, so there is a gap until a
    /// higher version is published (T9). Only the first wave goes back to what all others have.
    #[must_use]
    pub fn choose(&self, pack: &PackName, rule_day: Day, purpose: Purpose) -> Choice<'_> {
        self.highest(|version| version.path.pack() == pack, rule_day, purpose)
    }

    /// The same among the versions that `is_candidate` lets through.
    fn highest(
        &self,
        is_candidate: impl Fn(&LockedVersion) -> bool,
        rule_day: Day,
        purpose: Purpose,
    ) -> Choice<'_> {
        let in_force = self.versions.iter().filter_map(|version| {
            let retroactive = rule_day < version.known_from;
            let is_met = is_candidate(version)
                && version.effective.contains(rule_day)
                && (!retroactive || (version.retroactive && purpose == Purpose::Audit));
            let counts = version.is_usable() || version.is_withdrawn_for_all();
            (is_met && counts).then_some((version, retroactive))
        });
        match in_force.max_by(|a, b| a.0.path.version().cmp(b.0.path.version())) {
            Some((version, retroactive)) if version.is_usable() => Choice::Version {
                version,
                retroactive,
            },
            _ => Choice::Gap,
        }
    }
}

impl LockedVersion {
    fn is_usable(&self) -> bool {
        self.state == State::Active && self.status == Status::Active
    }

    fn is_withdrawn_for_all(&self) -> bool {
        self.status == Status::Yanked && self.channel == Channel::Stable
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn version(number: &str, from: &str, known_from: &str) -> LockedVersion {
        LockedVersion {
            path: format!("37/limits/{number}.wasm").parse().unwrap(),
            digest: Digest::of(number.as_bytes()),
            effective: Effective {
                from: from.parse().unwrap(),
                to: None,
            },
            known_from: known_from.parse().unwrap(),
            retroactive: false,
            jurisdictions: vec!["37".parse().unwrap()],
            channel: Channel::Stable,
            status: Status::Active,
            mandatory_by: None,
            for_versions: None,
            state: State::Active,
        }
    }

    fn chosen(lock: &Lock, day: &str, purpose: Purpose) -> Option<(String, bool)> {
        let pack = "37/limits".parse().unwrap();
        match lock.choose(&pack, day.parse().unwrap(), purpose) {
            Choice::Gap => None,
            Choice::Version {
                version,
                retroactive,
            } => Some((version.path.version().to_string(), retroactive)),
        }
    }

    #[test]
    fn a_claim_meets_the_version_in_force_on_its_day() {
        let mut lock = Lock::default();
        lock.put(version("1.1.0", "2026-06-01", "2026-05-20"));
        lock.put(version("1.0.0", "2026-01-01", "2025-12-20"));
        let at = |day| chosen(&lock, day, Purpose::Audit).map(|(version, _)| version);
        assert_eq!(at("2025-12-31"), None);
        assert_eq!(at("2026-03-15").unwrap(), "1.0.0");
        assert_eq!(at("2026-05-31").unwrap(), "1.0.0");
        assert_eq!(at("2026-06-01").unwrap(), "1.1.0");
    }

    #[test]
    fn a_back_dated_version_does_not_rewrite_the_past() {
        let mut lock = Lock::default();
        lock.put(version("1.0.0", "2026-01-01", "2025-12-20"));
        let before = lock.digest();
        let mut late = version("1.2.0", "2026-01-01", "2026-09-01");
        lock.put(late.clone());
        assert_ne!(lock.digest(), before);
        let at = |lock: &Lock, day, purpose| chosen(lock, day, purpose).unwrap();
        let march = at(&lock, "2026-03-15", Purpose::Audit);
        assert_eq!(march, ("1.0.0".into(), false));
        late.retroactive = true;
        lock.put(late);
        let march = at(&lock, "2026-03-15", Purpose::Audit);
        assert_eq!(march, ("1.2.0".into(), true));
        let march = at(&lock, "2026-03-15", Purpose::Service);
        assert_eq!(march, ("1.0.0".into(), false));
        let october = at(&lock, "2026-10-01", Purpose::Service);
        assert_eq!(october, ("1.2.0".into(), false));
    }

    #[test]
    fn refused_and_held_versions_are_passed_over_for_a_lower_one() {
        let mut lock = Lock::default();
        lock.put(version("1.0.0", "2026-01-01", "2025-12-20"));
        for state in [
            State::Refused {
                reason: "a case differs".into(),
            },
            State::Held {
                reason: "looking into it".into(),
            },
        ] {
            let mut newer = version("1.1.0", "2026-01-01", "2025-12-20");
            newer.state = state;
            lock.put(newer);
            let chosen = chosen(&lock, "2026-03-15", Purpose::Audit).unwrap();
            assert_eq!(chosen.0, "1.0.0");
        }
    }

    #[test]
    fn a_fall_back_never_crosses_a_withdrawn_version() {
        let mut lock = Lock::default();
        lock.put(version("1.0.0", "2026-01-01", "2025-12-20"));
        let mut withdrawn = version("1.1.0", "2026-02-01", "2026-01-20");
        withdrawn.status = Status::Yanked;
        withdrawn.state = State::Refused {
            reason: "it was withdrawn (撤回)".into(),
        };
        lock.put(withdrawn.clone());
        let at = |lock: &Lock, day| chosen(lock, day, Purpose::Audit).map(|(version, _)| version);
        assert_eq!(at(&lock, "2026-01-31").unwrap(), "1.0.0");
        assert_eq!(at(&lock, "2026-02-01"), None);
        // Nor does one that begins at a faulty version above it.
        let mut faulty = version("1.2.0", "2026-02-01", "2026-01-20");
        lock.put(faulty.clone());
        assert_eq!(at(&lock, "2026-02-01").unwrap(), "1.2.0");
        faulty.state = State::Refused {
            reason: "a case differs".into(),
        };
        lock.put(faulty);
        assert_eq!(at(&lock, "2026-02-01"), None);
        // In the first wave it was an offer: what everybody has goes on.
        withdrawn.channel = Channel::Canary;
        lock.put(withdrawn);
        assert_eq!(at(&lock, "2026-02-01").unwrap(), "1.0.0");
    }
}
