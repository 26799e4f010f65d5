//! What persons decide about versions, written into the lock: hold, approve, roll back; and what no person
//! can put off any longer, `mandatory_by` (T9).

use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{PackName, TargetPath};
use rulepack_protocol::tuf::Status;

use super::{Choice, Lock, LockedVersion, Purpose, State};

/// Why an unfollowed version is not used.
const UNFOLLOWED: &str = "`host.toml` does not follow it";

/// Why a decision is refused; the lock is then as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecisionError {
    /// No such version is known.
    #[error("`{0}` is not in the lock")]
    Unknown(String),
    /// What the hospital set under this version stands.
    #[error("version `{0}` of the overlay is set already with other content")]
    SameVersion(semver::Version),
    /// Its bureau took it back.
    #[error("`{0}` was withdrawn (撤回), and cannot be approved")]
    Withdrawn(TargetPath),
    /// A step refused it, or a role forbids it.
    #[error("`{path}` was refused, and cannot be approved: {reason}")]
    Refused {
        /// The version.
        path: TargetPath,
        /// Why it was refused.
        reason: String,
    },
    /// Nothing of the pack is in force that could be gone back from.
    #[error("no version of `{0}` is in force today")]
    NothingInForce(PackName),
    /// Its bureau asks for it.
    #[error("`{path}` is mandatory since {since}, and cannot be put aside")]
    Mandatory {
        /// The version.
        path: TargetPath,
        /// From this day on.
        since: Day,
    },
    /// Every lower version is forbidden, withdrawn, held or not made for today.
    #[error("nothing below `{path}` may be gone back to: {reason}")]
    NothingBelow {
        /// The version in force.
        path: TargetPath,
        /// What is wrong with the next lower one.
        reason: String,
    },
}

impl DecisionError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            DecisionError::Unknown(_) => Some("`rulepack host status` lists what is known"),
            DecisionError::SameVersion(_) => Some("raise `version` in the file"),
            DecisionError::Mandatory { .. } | DecisionError::NothingBelow { .. } => Some(
                "tell the bureau that issued it, which can withdraw it or publish a higher version",
            ),
            _ => None,
        }
    }
}

impl Lock {
    /// Holds a pack: its versions to come wait until a person approves them. What is in force goes on.
    ///
    /// # Errors
    /// [`DecisionError::Unknown`].
    pub fn hold_pack(&mut self, pack: &PackName, reason: &str) -> Result<(), DecisionError> {
        if !self.versions.iter().any(|known| known.path.pack() == pack) {
            return Err(DecisionError::Unknown(pack.to_string()));
        }
        self.holds.insert(pack.clone(), reason.to_owned());
        Ok(())
    }

    /// Ends the hold of a pack; versions that wait for it are decided anew at the next update.
    ///
    /// # Errors
    /// [`DecisionError::Unknown`] where it was not held.
    pub fn release_pack(&mut self, pack: &PackName) -> Result<(), DecisionError> {
        let held = self.holds.remove(pack);
        held.map(|_| ())
            .ok_or_else(|| DecisionError::Unknown(format!("a hold of {pack}")))
    }

    /// Puts a version that waits, or that was held, in force.
    ///
    /// # Errors
    /// [`DecisionError`] where it is unknown, withdrawn or refused: no person overrules a signature.
    pub fn approve(&mut self, path: &TargetPath) -> Result<(), DecisionError> {
        let mut versions = self.versions.iter_mut();
        let version = versions
            .find(|version| version.path == *path)
            .ok_or_else(|| DecisionError::Unknown(path.to_string()))?;
        if version.status == Status::Yanked {
            return Err(DecisionError::Withdrawn(path.clone()));
        }
        let refused = |reason: &str| {
            Err(DecisionError::Refused {
                path: path.clone(),
                reason: reason.to_owned(),
            })
        };
        match &version.state {
            State::Refused { reason } => return refused(reason),
            State::Unfollowed => return refused(UNFOLLOWED),
            State::Active | State::Waiting { .. } | State::Held { .. } => {}
        }
        version.state = State::Active;
        Ok(())
    }

    /// Puts the version of a pack that is in force today aside, for the next lower one. Answers both.
    ///
    /// # Errors
    /// [`DecisionError`] where the version is mandatory, or where nothing below it may be in force: a
    /// fall-back never goes below a signed minimum or across a withdrawal.
    pub fn roll_back(
        &mut self,
        pack: &PackName,
        today: Day,
        reason: &str,
    ) -> Result<(TargetPath, TargetPath), DecisionError> {
        let Choice::Version { version, .. } = self.choose(pack, today, Purpose::Service) else {
            return Err(DecisionError::NothingInForce(pack.clone()));
        };
        let from = version.path.clone();
        if let Some(since) = version.mandatory_since(today) {
            return Err(DecisionError::Mandatory { path: from, since });
        }
        let mut after = self.clone();
        for version in after.versions.iter_mut().filter(|v| v.path == from) {
            let reason = reason.to_owned();
            version.state = State::Held { reason };
        }
        let Choice::Version { version, .. } = after.choose(pack, today, Purpose::Service) else {
            let reason = self.why_none_below(&from, today);
            return Err(DecisionError::NothingBelow { path: from, reason });
        };
        let to = version.path.clone();
        *self = after;
        Ok((from, to))
    }

    /// Activates what waits or is held although its bureau made it mandatory by today. Answers what.
    pub fn obey_mandatory(&mut self, today: Day) -> Vec<TargetPath> {
        let mut obeyed = Vec::new();
        for version in &mut self.versions {
            let is_put_off = matches!(version.state, State::Waiting { .. } | State::Held { .. });
            let counts = version.status == Status::Active;
            if is_put_off && counts && version.mandatory_since(today).is_some() {
                version.state = State::Active;
                obeyed.push(version.path.clone());
            }
        }
        obeyed
    }

    /// What stands in the way of the next lower version.
    fn why_none_below(&self, path: &TargetPath, today: Day) -> String {
        let below = self.versions.iter().filter(|version| {
            version.path.pack() == path.pack() && version.path.version() < path.version()
        });
        let next = below.max_by(|a, b| a.path.version().cmp(b.path.version()));
        let Some(next) = next else {
            return "no lower version is known".to_owned();
        };
        let why = match &next.state {
            _ if next.status == Status::Yanked => "it was withdrawn (撤回)".to_owned(),
            State::Refused { reason } | State::Held { reason } | State::Waiting { reason } => {
                reason.clone()
            }
            State::Active => format!("it is not in force on {today}"),
            State::Unfollowed => UNFOLLOWED.to_owned(),
        };
        format!("`{}`: {why}", next.path)
    }
}

impl LockedVersion {
    /// The day since which it is mandatory, where that has come.
    #[must_use]
    pub fn mandatory_since(&self, today: Day) -> Option<Day> {
        self.mandatory_by.filter(|since| *since <= today)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::version;
    use super::*;

    fn lock() -> Lock {
        let mut lock = Lock::default();
        lock.put(version("1.0.0", "2026-01-01", "2025-12-20"));
        lock.put(version("1.1.0", "2026-02-01", "2026-01-20"));
        lock
    }

    fn today() -> Day {
        "2026-03-01".parse().unwrap()
    }

    fn pack() -> PackName {
        "37/limits".parse().unwrap()
    }

    fn path(number: &str) -> TargetPath {
        format!("37/limits/{number}.wasm").parse().unwrap()
    }

    fn set(lock: &mut Lock, number: &str, change: impl FnOnce(&mut LockedVersion)) {
        let mut versions = lock.versions.iter_mut();
        change(versions.find(|v| v.path == path(number)).unwrap());
    }

    fn refused_rollback(lock: &mut Lock) -> String {
        let before = lock.clone();
        let error = lock.roll_back(&pack(), today(), "wrong").unwrap_err();
        assert_eq!(*lock, before);
        error.to_string()
    }

    #[test]
    fn a_rollback_puts_the_version_in_force_aside_until_it_is_approved_again() {
        let mut lock = lock();
        let both = lock.roll_back(&pack(), today(), "wrong").unwrap();
        assert_eq!(both, (path("1.1.0"), path("1.0.0")));
        lock.approve(&path("1.1.0")).unwrap();
        assert_eq!(lock, self::lock());
    }

    #[test]
    fn t9_a_rollback_never_goes_below_a_minimum_across_a_withdrawal_or_past_a_mandatory_version() {
        let mut below = lock();
        let reason = "`37` asks for version `1.1.0` or later".to_owned();
        set(&mut below, "1.0.0", |v| v.state = State::Refused { reason });
        assert_eq!(
            refused_rollback(&mut below),
            "nothing below `37/limits/1.1.0.wasm` may be gone back to: \
             `37/limits/1.0.0.wasm`: `37` asks for version `1.1.0` or later"
        );
        let mut across = lock();
        across.put(version("1.2.0", "2026-02-01", "2026-01-20"));
        set(&mut across, "1.1.0", |v| v.status = Status::Yanked);
        assert_eq!(
            refused_rollback(&mut across),
            "nothing below `37/limits/1.2.0.wasm` may be gone back to: \
             `37/limits/1.1.0.wasm`: it was withdrawn (撤回)"
        );
        let mut mandatory = lock();
        set(&mut mandatory, "1.1.0", |v| v.mandatory_by = Some(today()));
        assert_eq!(
            refused_rollback(&mut mandatory),
            "`37/limits/1.1.0.wasm` is mandatory since 2026-03-01, and cannot be put aside"
        );
        let mut last = Lock::default();
        last.put(version("1.0.0", "2026-01-01", "2025-12-20"));
        assert_eq!(
            refused_rollback(&mut last),
            "nothing below `37/limits/1.0.0.wasm` may be gone back to: no lower version is known"
        );
        assert_eq!(
            refused_rollback(&mut Lock::default()),
            "no version of `37/limits` is in force today"
        );
    }

    #[test]
    fn t9_a_version_that_waits_or_is_held_becomes_active_on_its_mandatory_day() {
        let reason = || "looking into it".to_owned();
        for state in [
            State::Waiting { reason: reason() },
            State::Held { reason: reason() },
        ] {
            let mut lock = lock();
            set(&mut lock, "1.1.0", |v| {
                v.state = state;
                v.mandatory_by = Some(today());
            });
            let before = lock.clone();
            assert_eq!(lock.obey_mandatory("2026-02-28".parse().unwrap()), []);
            assert_eq!(lock, before);
            assert_eq!(lock.obey_mandatory(today()), [path("1.1.0")]);
            assert!(lock.version(&path("1.1.0")).unwrap().is_usable());
        }
    }

    #[test]
    fn no_person_approves_what_is_refused_withdrawn_or_unknown() {
        let mut lock = lock();
        let reason = "case `a`: it differs".to_owned();
        set(&mut lock, "1.1.0", |v| v.state = State::Refused { reason });
        set(&mut lock, "1.0.0", |v| v.status = Status::Yanked);
        let mut refusal = |number| lock.approve(&path(number)).unwrap_err().to_string();
        assert_eq!(
            refusal("1.1.0"),
            "`37/limits/1.1.0.wasm` was refused, and cannot be approved: case `a`: it differs"
        );
        assert_eq!(
            refusal("1.0.0"),
            "`37/limits/1.0.0.wasm` was withdrawn (撤回), and cannot be approved"
        );
        assert_eq!(
            refusal("9.0.0"),
            "`37/limits/9.0.0.wasm` is not in the lock"
        );
        assert_eq!(
            lock.hold_pack(&"37/other".parse().unwrap(), "no")
                .unwrap_err()
                .to_string(),
            "`37/other` is not in the lock"
        );
        assert_eq!(
            lock.release_pack(&pack()).unwrap_err().to_string(),
            "`a hold of 37/limits` is not in the lock"
        );
    }
}
