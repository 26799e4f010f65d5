//! Which overlays a lock puts in force for a version of a pack on a day: the highest of each setter that is
//! made for that version, by the rules that hold for packs (T4, T14).

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Effective};
use rulepack_protocol::names::PackName;
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};

use super::{Choice, DecisionError, Lock, LockedVersion, Purpose};

/// What the hospital sets for itself. Nobody signs it; the lock holds its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnOverlay {
    /// The pack.
    pub pack: PackName,
    /// Of the overlay.
    pub version: Version,
    /// Of its bytes.
    pub digest: Digest,
    /// The versions of the pack that it is made for.
    pub for_versions: VersionReq,
    /// The rule days that it is made for.
    pub effective: Effective,
    /// The day on which it was set: it is not chosen for rule days before it.
    pub known_from: Day,
    /// Whether it states a basis for earlier rule days.
    pub retroactive: bool,
}

/// An overlay that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenOverlay {
    /// Its path; `hospital` and a version for a hospital's own.
    pub name: String,
    /// Of its bytes.
    pub digest: Digest,
    /// Applies to a day before it was known.
    pub retroactive: bool,
}

impl Lock {
    /// The overlays in force for a version of a pack on a rule day: at most one of each setter.
    #[must_use]
    pub fn overlays(
        &self,
        version: &LockedVersion,
        rule_day: Day,
        purpose: Purpose,
    ) -> Vec<ChosenOverlay> {
        let pack = version.path.pack();
        let of_pack = |locked: &&LockedVersion| locked.path.pack().is_overlay_of(pack);
        let mut names: Vec<&PackName> = self
            .versions
            .iter()
            .filter(of_pack)
            .map(|locked| locked.path.pack())
            .collect();
        names.dedup();
        let signed = names.into_iter().filter_map(|name| {
            let fits = |locked: &LockedVersion| {
                let range = locked.for_versions.as_ref();
                locked.path.pack() == name
                    && range.is_none_or(|range| range.matches(version.path.version()))
            };
            let Choice::Version {
                version,
                retroactive,
            } = self.highest(fits, rule_day, purpose)
            else {
                return None;
            };
            Some(ChosenOverlay {
                name: version.path.to_string(),
                digest: version.digest,
                retroactive,
            })
        });
        let own = self.own_overlay(version, rule_day, purpose);
        signed.chain(own).collect()
    }

    /// Puts an overlay of the hospital's own in force.
    ///
    /// # Errors
    /// [`DecisionError::SameVersion`]: what a version set is never changed.
    pub fn set_own(&mut self, overlay: OwnOverlay) -> Result<(), DecisionError> {
        let is_same =
            |other: &&OwnOverlay| other.pack == overlay.pack && other.version == overlay.version;
        match self.own.iter().find(is_same) {
            Some(other) if other.digest == overlay.digest => Ok(()),
            Some(other) => Err(DecisionError::SameVersion(other.version.clone())),
            None => {
                self.own.push(overlay);
                self.own
                    .sort_by(|a, b| (&a.pack, &a.version).cmp(&(&b.pack, &b.version)));
                Ok(())
            }
        }
    }

    /// Ends what the hospital set for a pack, from `today` on. Rule days before keep it.
    ///
    /// # Errors
    /// [`DecisionError::Unknown`] where nothing of it would be in force.
    pub fn end_own(&mut self, pack: &PackName, today: Day) -> Result<(), DecisionError> {
        let last = Day::from_number(today.number().saturating_sub(1)).unwrap_or(today);
        let goes_on =
            |own: &OwnOverlay| own.pack == *pack && own.effective.to.is_none_or(|to| to > last);
        if !self.own.iter().any(goes_on) {
            let nothing = format!("an overlay of the hospital for {pack}");
            return Err(DecisionError::Unknown(nothing));
        }
        self.own
            .retain(|own| !goes_on(own) || own.effective.from <= last);
        for own in self.own.iter_mut().filter(|own| goes_on(own)) {
            own.effective.to = Some(last);
        }
        Ok(())
    }

    fn own_overlay(
        &self,
        version: &LockedVersion,
        rule_day: Day,
        purpose: Purpose,
    ) -> Option<ChosenOverlay> {
        let is_met = |own: &&OwnOverlay| {
            let is_known = rule_day >= own.known_from;
            own.pack == *version.path.pack()
                && own.for_versions.matches(version.path.version())
                && own.effective.contains(rule_day)
                && (is_known || (own.retroactive && purpose == Purpose::Audit))
        };
        let met = self.own.iter().filter(is_met);
        let own = met.max_by(|a, b| a.version.cmp(&b.version))?;
        Some(ChosenOverlay {
            name: format!("hospital {}", own.version),
            digest: own.digest,
            retroactive: rule_day < own.known_from,
        })
    }
}

#[cfg(test)]
mod tests {
    use rulepack_protocol::tuf::Status;

    use super::super::State;
    use super::super::tests::version;
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn overlay(path: &str, from: &str, known_from: &str) -> LockedVersion {
        LockedVersion {
            path: path.parse().unwrap(),
            digest: Digest::of(path.as_bytes()),
            ..version("0.0.0", from, known_from)
        }
    }

    fn own(version: &str, known_from: &str) -> OwnOverlay {
        OwnOverlay {
            pack: "37/limits".parse().unwrap(),
            version: version.parse().unwrap(),
            digest: Digest::of(version.as_bytes()),
            for_versions: VersionReq::STAR,
            effective: Effective {
                from: day("2026-01-01"),
                to: None,
            },
            known_from: day(known_from),
            retroactive: false,
        }
    }

    fn lock() -> Lock {
        let mut lock = Lock::default();
        lock.put(version("1.0.0", "2026-01-01", "2025-12-20"));
        lock.put(version("2.0.0", "2026-09-01", "2026-08-20"));
        for (path, from) in [
            ("37/37.limits/1.0.0.toml", "2026-01-01"),
            ("3703/37.limits/1.0.0.toml", "2026-03-01"),
            ("3703/37.limits/1.1.0.toml", "2026-06-01"),
        ] {
            lock.put(overlay(path, from, "2025-12-20"));
        }
        lock
    }

    fn chosen(lock: &Lock, of: &str, at: &str, purpose: Purpose) -> Vec<String> {
        let path = format!("37/limits/{of}.wasm").parse().unwrap();
        let version = lock.version(&path).unwrap();
        let chosen = lock.overlays(version, day(at), purpose);
        chosen.into_iter().map(|overlay| overlay.name).collect()
    }

    const PROVINCE: &str = "37/37.limits/1.0.0.toml";

    #[test]
    fn t14_a_march_claim_meets_marchs_overlay() {
        let lock = lock();
        let at = |at| chosen(&lock, "1.0.0", at, Purpose::Audit);
        assert_eq!(at("2026-02-28"), [PROVINCE]);
        assert_eq!(at("2026-03-15"), [PROVINCE, "3703/37.limits/1.0.0.toml"]);
        assert_eq!(at("2026-06-01"), [PROVINCE, "3703/37.limits/1.1.0.toml"]);
        assert_eq!(lock.packs().len(), 1, "an overlay is no pack");
    }

    #[test]
    fn t14_a_late_overlay_does_not_rewrite_the_past() {
        let mut lock = lock();
        let late = overlay("3703/37.limits/1.2.0.toml", "2026-03-01", "2026-10-01");
        lock.put(late.clone());
        let at = |lock: &Lock, day, purpose| chosen(lock, "1.0.0", day, purpose)[1].clone();
        let before = "3703/37.limits/1.1.0.toml";
        assert_eq!(at(&lock, "2026-07-01", Purpose::Audit), before);
        lock.put(LockedVersion {
            retroactive: true,
            ..late
        });
        let after = "3703/37.limits/1.2.0.toml";
        assert_eq!(at(&lock, "2026-07-01", Purpose::Audit), after);
        assert_eq!(at(&lock, "2026-07-01", Purpose::Service), before);
        assert_eq!(at(&lock, "2026-10-01", Purpose::Service), after);
    }

    #[test]
    fn an_overlay_is_for_the_versions_that_it_names() {
        let mut lock = lock();
        for (path, range) in [
            ("3703/37.limits/1.1.0.toml", "^1"),
            ("3703/37.limits/1.2.0.toml", "^2"),
        ] {
            lock.put(LockedVersion {
                for_versions: Some(range.parse().unwrap()),
                ..overlay(path, "2026-06-01", "2025-12-20")
            });
        }
        let of = |version| chosen(&lock, version, "2026-09-01", Purpose::Service)[1].clone();
        assert_eq!(of("1.0.0"), "3703/37.limits/1.1.0.toml");
        assert_eq!(of("2.0.0"), "3703/37.limits/1.2.0.toml");
    }

    #[test]
    fn t14_what_was_refused_gives_way_and_what_was_withdrawn_leaves_the_level_below() {
        let mut lock = lock();
        let mut city = overlay("3703/37.limits/1.1.0.toml", "2026-06-01", "2025-12-20");
        city.state = State::Refused {
            reason: "out of bounds".into(),
        };
        lock.put(city.clone());
        let now = |lock: &Lock| chosen(lock, "1.0.0", "2026-07-01", Purpose::Service);
        assert_eq!(now(&lock), [PROVINCE, "3703/37.limits/1.0.0.toml"]);
        city.state = State::Active;
        city.status = Status::Yanked;
        lock.put(city);
        assert_eq!(now(&lock), [PROVINCE]);
    }

    #[test]
    fn what_a_hospital_sets_holds_from_that_day_on_until_it_ends() {
        let mut lock = Lock::default();
        lock.put(version("1.0.0", "2026-01-01", "2025-12-20"));
        let none = lock.digest();
        lock.set_own(own("1.0.0", "2026-04-01")).unwrap();
        lock.set_own(own("1.1.0", "2026-05-01")).unwrap();
        assert_ne!(lock.digest(), none);
        let at = |lock: &Lock, day| chosen(lock, "1.0.0", day, Purpose::Audit);
        assert_eq!(at(&lock, "2026-03-31"), Vec::<String>::new());
        assert_eq!(at(&lock, "2026-04-30"), ["hospital 1.0.0"]);
        assert_eq!(at(&lock, "2026-05-01"), ["hospital 1.1.0"]);
        let mut other = own("1.0.0", "2026-04-01");
        other.digest = Digest::of(b"other");
        let refused = lock.set_own(other).unwrap_err().to_string();
        assert_eq!(
            refused,
            "version `1.0.0` of the overlay is set already with other content"
        );
        let pack = "37/limits".parse().unwrap();
        lock.end_own(&pack, day("2026-06-01")).unwrap();
        assert_eq!(at(&lock, "2026-05-31"), ["hospital 1.1.0"]);
        assert_eq!(at(&lock, "2026-06-01"), Vec::<String>::new());
        let refused = lock.end_own(&pack, day("2026-06-01")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "`an overlay of the hospital for 37/limits` is not in the lock"
        );
    }
}
