//! The life of an update: refresh, resolve; of each new version verify, inspect, compile, run the cases and
//! the shadow run; decide, lock.
//!
//! A version that fails at a step is reported and skipped; it never stops the other packs, nor what is
//! already active. The lock is written last, so that a stop at any moment leaves the old or the new one.
//! While versions are examined nobody is kept from changing the lock: a person, or a fall-back, goes first.

pub mod course;
mod decide;
mod error;
mod examine;
mod follow;
mod overlay;
pub mod person;
mod report;
mod restore;
mod stop;
pub mod watch;

use std::path::Path;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Moment};
use rulepack_protocol::names::{NameSpace, TargetPath};
use rulepack_protocol::trust::{Freshness, ResolvedTarget};
use rulepack_protocol::tuf::Status;

use course::Course;
pub(crate) use error::in_full;
pub use error::{Refusal, UpdateError};
use examine::{Examined, Examiner};
pub use report::UpdateReport;
use report::{expired, expiring, failed};

use crate::client::{
    self, Failures, FloorsStore, FolderTransport, HttpTransport, NoFailures, RefreshError,
    Refreshed, Transport,
};
use crate::lock::{Lock, LockedVersion, State};
use crate::officers::{HeldNameSpace, Officers};
use crate::packs::Packs;
use crate::settings::{HostFolder, Settings};
use crate::shadow::measure;

/// What an update works on.
#[derive(Debug, Clone, Copy)]
pub struct Updater<'a> {
    /// The host's folder.
    pub folder: &'a HostFolder,
    /// Its settings.
    pub settings: &'a Settings,
    /// Its packs and engine.
    pub packs: &'a Packs,
    /// The time that expiry is judged by.
    pub now: Moment,
    /// Today in China Standard Time.
    pub today: Day,
}

/// Where packs come from, and where a test stops the way of one.
#[derive(Clone, Copy)]
struct Source<'a> {
    transport: &'a dyn Transport,
    failures: &'a dyn Failures,
}

impl Updater<'_> {
    /// Updates only where the registry serves another timestamp, a day has gone by, something that is in
    /// force has expired, the settings follow something else, a pack was damaged, or a download was interrupted.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn poll(&self) -> Result<Option<UpdateReport>, UpdateError> {
        let obeyed = self.obey_mandatory(&NoFailures)?;
        let store = FloorsStore::new(self.folder.trust());
        let transport = transport(&self.settings.registry);
        let last = store.read().map_err(RefreshError::from)?.floors.last_good;
        // A clock that stands before the last refresh says nothing about expiry.
        let is_recent = last.is_some_and(|last| last <= self.now && last.plus_days(1) > self.now);
        if is_recent
            && !self.is_interrupted()?
            && !self.is_damaged()?
            && obeyed.is_empty()
            && !follow::differs(&Lock::read(self.folder)?, self.settings, self.today)
            && client::is_unchanged(transport.as_ref(), &store, self.now)?
        {
            return Ok(None);
        }
        self.update().map(Some)
    }

    /// Activates what became mandatory, before anything is asked of a registry: a host without a network
    /// obeys too.
    fn obey_mandatory(&self, failures: &dyn Failures) -> Result<Vec<TargetPath>, UpdateError> {
        let _editing = Lock::edit(self.folder)?;
        let mut lock = Lock::read(self.folder)?;
        let obeyed = lock.obey_mandatory(self.today);
        if !obeyed.is_empty() {
            lock.write(self.folder, failures)?;
            decide::note_mandatory(self.folder, (&lock, &obeyed), (self.now, self.today));
        }
        Ok(obeyed)
    }

    /// Whether a version of the lock waits for the rest of its bytes.
    fn is_interrupted(&self) -> Result<bool, UpdateError> {
        let lock = Lock::read(self.folder)?;
        let refused = lock
            .versions
            .iter()
            .filter(|version| matches!(version.state, State::Refused { .. }));
        let wanted: Vec<_> = refused.map(|version| version.digest).collect();
        let mut folders = [self.folder.packs(), self.folder.overlays()].into_iter();
        // Where it cannot be told, the full refresh meets the same folder and says what is wrong.
        Ok(folders.any(|folder| client::is_interrupted(&folder, &wanted).unwrap_or(true)))
    }

    /// Refreshes and brings the lock up to date.
    ///
    /// # Errors
    /// [`UpdateError`]; the old lock is then still in force.
    pub fn update(&self) -> Result<UpdateReport, UpdateError> {
        self.update_with(&NoFailures)
    }

    /// The same, stopped where a test says so.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn update_with(&self, failures: &dyn Failures) -> Result<UpdateReport, UpdateError> {
        let transport = transport(&self.settings.registry);
        self.update_from(transport.as_ref(), Freshness::at(self.now), failures)
    }

    /// Brings the lock up to date once from a mirror that was carried here. Timestamp and snapshot may
    /// have expired as many days ago as the settings say; nothing else is relaxed, and what the host has
    /// seen by any way before holds (T6).
    ///
    /// # Errors
    /// [`UpdateError::NotAirGapped`], or as [`Updater::update`].
    pub fn import(&self, mirror: &Path) -> Result<UpdateReport, UpdateError> {
        let air_gap = self.settings.air_gap.ok_or(UpdateError::NotAirGapped)?;
        let freshness = Freshness::import(self.now, air_gap.tolerance_days.days());
        self.update_from(&FolderTransport::new(mirror), freshness, &NoFailures)
    }

    fn update_from(
        &self,
        transport: &dyn Transport,
        freshness: Freshness,
        failures: &dyn Failures,
    ) -> Result<UpdateReport, UpdateError> {
        let obeyed = self.obey_mandatory(failures)?;
        let store = FloorsStore::new(self.folder.trust());
        let mut followed: Vec<NameSpace> = Vec::new();
        for subscription in &self.settings.subscriptions {
            followed.push(subscription.name_space().clone());
        }
        let refreshed = match client::refresh(transport, &store, &followed, freshness, failures) {
            Err(error @ RefreshError::Revoked(_)) => {
                return self.stop_all(&error, &followed, failures);
            }
            refreshed => refreshed?,
        };
        let hold = self.settings.hold_rekeyed;
        let held = Officers::meet(self.folder, &followed, &refreshed.trusted, hold)?;
        let mut report = UpdateReport {
            changed: refreshed.changed,
            activated: obeyed,
            failed: failed(&refreshed, &followed),
            expiring: expiring(&refreshed, &followed, self.now),
            rekeyed: refreshed.rekeyed.clone(),
            held,
            clock_behind: refreshed.clock_behind,
            roles: refreshed.trusted.status(),
            tolerated: expired(&refreshed, self.now),
            ..UpdateReport::default()
        };
        let source = Source {
            transport,
            failures,
        };
        let _updating = Lock::updating(self.folder)?;
        let wanted = self.wanted(&refreshed, &report.held)?;
        self.stop_at_once(&refreshed, &wanted, failures, &mut report)?;
        let (overlays, packs): (Vec<_>, Vec<_>) =
            wanted.iter().partition(|target| target.path.is_overlay());
        // Before others are compared with them.
        report.restored = self.restore(source, &packs)?;
        let examined = self.examine_all(source, packs)?;
        let _editing = Lock::edit(self.folder)?;
        let mut lock = Lock::read(self.folder)?;
        let before = lock.clone();
        for (target, examined) in examined {
            self.take(target, examined, (&before, &mut lock), &mut report);
        }
        // An overlay is held against all packs of the same update.
        for target in overlays {
            let examined = self.examine_overlay(source, target, &lock);
            self.take(target, examined, (&before, &mut lock), &mut report);
        }
        lock.write(self.folder, failures)?;
        decide::note_switches(self.folder, &lock, self.now);
        self.clear_away(&unfinished(&lock, &report));
        report.lock = lock.digest().to_string();
        Ok(report)
    }

    /// What the settings ask for, but for name spaces that wait for a person.
    fn wanted<'t>(
        &self,
        refreshed: &'t Refreshed,
        held: &[HeldNameSpace],
    ) -> Result<Vec<&'t ResolvedTarget>, UpdateError> {
        let known = Lock::read(self.folder)?;
        let targets = refreshed.resolution.targets.iter();
        let wanted = targets.filter(|target| {
            follow::is_wanted(target, self.settings, &known) && !is_held(target, held)
        });
        Ok(wanted.collect())
    }

    /// Clears away what was left of downloads, but for those that may go on. What cannot be removed now is met by
    /// the next update.
    fn clear_away(&self, unfinished: &[Digest]) {
        for folder in [self.folder.packs(), self.folder.overlays()] {
            drop(client::clear_interrupted(&folder, unfinished));
        }
    }

    /// Stops what is revoked, withdrawn or forbidden before anything else is done: that must not wait for
    /// the shadow runs of other versions (T3).
    fn stop_at_once(
        &self,
        refreshed: &Refreshed,
        wanted: &[&ResolvedTarget],
        failures: &dyn Failures,
        report: &mut UpdateReport,
    ) -> Result<(), UpdateError> {
        let _editing = Lock::edit(self.folder)?;
        let mut lock = Lock::read(self.folder)?;
        let before = lock.clone();
        let revoked = stop::revoked(refreshed, self.settings, &lock);
        stop::put(revoked, &mut lock, report);
        report.unfollowed = follow::leave(&mut lock, self.settings);
        // Those that the host does not know yet come with all the others: a lock that already has versions
        // of a name space makes its other ones new today (T4).
        let known = wanted
            .iter()
            .filter(|target| before.version(&target.path).is_some());
        for target in known.filter(|target| forbidden(target).is_some()) {
            self.take(target, None, (&before, &mut lock), report);
        }
        if lock != before {
            lock.write(self.folder, failures)?;
        }
        Ok(())
    }

    /// Takes the versions that need it through every step before the decision, by the lock as it is now.
    fn examine_all<'t>(
        &self,
        source: Source<'_>,
        targets: Vec<&'t ResolvedTarget>,
    ) -> Result<Vec<(&'t ResolvedTarget, Option<Examined>)>, UpdateError> {
        let known = Lock::read(self.folder)?;
        let examiner = Examiner {
            updater: self,
            source,
            known: &known,
        };
        let examined = targets.into_iter().map(|target| {
            let may_run = forbidden(target).is_none();
            let version = self.version(target, &known);
            let examined = may_run.then(|| examiner.examine(target, version)).flatten();
            (target, examined)
        });
        Ok(examined.collect())
    }

    /// Stops every active version: the root says that nobody in force vouches for any.
    fn stop_all(
        &self,
        error: &RefreshError,
        followed: &[NameSpace],
        failures: &dyn Failures,
    ) -> Result<UpdateReport, UpdateError> {
        let _editing = Lock::edit(self.folder)?;
        let mut lock = Lock::read(self.folder)?;
        let mut report = UpdateReport {
            changed: true,
            ..UpdateReport::default()
        };
        for name_space in followed {
            report.failed.push((name_space.clone(), in_full(error)));
        }
        stop::put(stop::all(error, &lock), &mut lock, &mut report);
        lock.write(self.folder, failures)?;
        report.lock = lock.digest().to_string();
        Ok(report)
    }

    /// Brings one version into the lock: one that went through the steps, or a known one with what may
    /// change of it.
    fn take(
        &self,
        target: &ResolvedTarget,
        examined: Option<Examined>,
        (before, lock): (&Lock, &mut Lock),
        report: &mut UpdateReport,
    ) {
        let known = lock.version(&target.path).cloned();
        let mut version = self.version(target, before);
        let passed = known
            .as_ref()
            .is_some_and(|known| !matches!(known.state, State::Refused { .. }));
        if let Some(reason) = forbidden(target) {
            if passed {
                report.stopped.push((target.path.clone(), reason.clone()));
            }
            version.state = State::Refused { reason };
            lock.put(version);
            return;
        }
        let mut course = match examined {
            Some(Examined {
                outcome: Err(refusal),
                ..
            }) => {
                let reason = in_full(&refusal);
                report.refused.push((target.path.clone(), reason.clone()));
                version.state = State::Refused { reason };
                lock.put(version);
                return;
            }
            Some(examined) => {
                version.retroactive = examined.retroactive;
                version.for_versions = examined.for_versions;
                let shadow = examined.course.shadow.as_ref();
                let compared = shadow.filter(|shadow| shadow.reviewed.is_some());
                let told = compared.map(|shadow| (version.path.clone(), measure(shadow).english));
                report.compared.extend(told);
                examined.course
            }
            None if passed => Course::of(self.folder, &version),
            // It was stopped after the steps were made: the next update makes them again.
            None => return,
        };
        let before = known.as_ref().map(|known| &known.state);
        version.state = decide::decide(
            &version,
            before,
            (lock, &course),
            (self.settings, self.today),
        );
        decide::tell(&version, before, report);
        if let Some(stage) = decide::stage(&version, before, (self.now, self.today)) {
            course.put(stage);
            course.keep(self.folder, &version.path);
        }
        lock.put(version);
    }

    /// A version with what is signed of it now, and what the host knows of it.
    fn version(&self, target: &ResolvedTarget, before: &Lock) -> LockedVersion {
        let known = before.version(&target.path).cloned();
        let mut version = known.unwrap_or_else(|| self.first_seen(target, before));
        version.effective = target.custom.effective;
        version.channel = target.custom.channel;
        version.status = target.custom.status;
        version.mandatory_by = target.custom.mandatory_by;
        version
    }

    /// A version as it is before any step. A host that already followed the name space knows it from
    /// today on; a new host, from its publication (T4).
    fn first_seen(&self, target: &ResolvedTarget, before: &Lock) -> LockedVersion {
        let custom = &target.custom;
        let already_followed = before
            .versions
            .iter()
            .any(|version| version.path.name_space() == target.path.name_space());
        LockedVersion {
            path: target.path.clone(),
            digest: target.digest,
            effective: custom.effective,
            known_from: match already_followed {
                true => custom.published.max(self.today),
                false => custom.published,
            },
            retroactive: false,
            jurisdictions: custom.jurisdictions.clone(),
            channel: custom.channel,
            status: custom.status,
            mandatory_by: custom.mandatory_by,
            for_versions: None,
            state: State::Active,
        }
    }
}

/// Whether a registry is named by its address, and not by a folder.
#[must_use]
pub fn is_address(registry: &str) -> bool {
    registry.starts_with("http://") || registry.starts_with("https://")
}

/// The way to a registry: an address, or a folder that holds a copy of one.
#[must_use]
pub fn transport(registry: &str) -> Box<dyn Transport> {
    match is_address(registry) {
        true => Box::new(HttpTransport::new(registry)),
        false => Box::new(FolderTransport::new(registry)),
    }
}

/// Whether a version waits with its name space. What is to stop does not.
fn is_held(target: &ResolvedTarget, held: &[HeldNameSpace]) -> bool {
    let mut held = held.iter();
    forbidden(target).is_none() && held.any(|held| held.name_space == *target.path.name_space())
}

/// The packs whose download may go on at the next update: those that a step of this one refused, and those
/// of name spaces that could not be had now. What was left of a withdrawn or denied one is worth nothing.
fn unfinished(lock: &Lock, report: &UpdateReport) -> Vec<Digest> {
    let is_wanted = |version: &&LockedVersion| {
        let (path, name_space) = (&version.path, version.path.name_space());
        report.refused.iter().any(|(refused, _)| refused == path)
            || report.failed.iter().any(|(failed, _)| failed == name_space)
    };
    let wanted = lock.versions.iter().filter(is_wanted);
    wanted.map(|version| version.digest).collect()
}

fn forbidden(target: &ResolvedTarget) -> Option<String> {
    let withdrawn = || {
        let reason = target.custom.reason.as_ref();
        let since = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        let is_withdrawn = target.custom.status == Status::Yanked;
        is_withdrawn.then(|| format!("it was withdrawn (撤回){since}"))
    };
    stop::forbids(&target.standing).or_else(withdrawn)
}
