//! The life of an update: refresh, resolve, download, open, inspect, load, run the cases, lock.
//!
//! A version that fails at a step is reported and skipped; it never stops the other packs, nor what is
//! already active. The lock is written last, so that a stop at any moment leaves the old or the new one.

mod decide;
mod overlay;
mod report;
mod stop;

use std::error::Error;
use std::path::Path;

use rulepack_engine::worker::CaseOutcome;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Moment};
use rulepack_protocol::names::{NameSpace, TargetPath};
use rulepack_protocol::pack::Pack;
use rulepack_protocol::trust::{Freshness, ResolvedTarget};
use rulepack_protocol::tuf::{Channel, Status};

pub use report::UpdateReport;
use report::{expired, expiring, failed};

use crate::client::{
    self, DownloadError, FailurePoint, Failures, FloorsStore, FolderTransport, HttpTransport,
    NoFailures, RefreshError, Transport,
};
use crate::files;
use crate::lock::{Lock, LockError, LockedVersion, State};
use crate::officers::{HeldNameSpace, Officers, OfficersError};
use crate::overlays::StoredError;
use crate::packs::{self, PackError, Packs};
use crate::settings::{HostFolder, Settings};

/// Why nothing could be updated; what is active goes on.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The registry cannot be reached or believed.
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    /// The lock cannot be read or written.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Who signs for the followed name spaces cannot be remembered.
    #[error(transparent)]
    Officers(#[from] OfficersError),
    /// An import on a host that can reach a registry: it would only hide what is newer.
    #[error("the host is not set to air-gapped, so nothing is imported from a disk")]
    NotAirGapped,
}

impl UpdateError {
    /// What a person can do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            UpdateError::Refresh(error) => error.hint(),
            UpdateError::Lock(error) => error.hint().map(str::to_owned),
            UpdateError::Officers(error) => error.hint().map(str::to_owned),
            UpdateError::NotAirGapped => Some(
                "use `sync --registry DIR`, which tolerates nothing; or write `[air_gap]` into `host.toml`".to_owned(),
            ),
        }
    }
}

/// Why a version does not become active.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It cannot be had, or is not what was signed.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// It cannot be stored.
    #[error("cannot store the pack: {0}")]
    Store(#[from] std::io::Error),
    /// It cannot be opened or loaded.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// What its bureau declares of it is not what it says itself.
    #[error("its signed `{0}` is not that of the sealed manifest")]
    Declaration(&'static str),
    /// An overlay cannot be read.
    #[error(transparent)]
    Stored(#[from] StoredError),
    /// An overlay fits no installed version that it is made for.
    #[error("{0}; it is refused whole, and what stands below it stays in force")]
    Overlay(String),
    /// A sealed case does not give the expected answer.
    #[error("case `{name}`: {reason}")]
    Case {
        /// The case.
        name: String,
        /// The first difference.
        reason: String,
    },
}

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
    /// force has expired, or a download was interrupted.
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
            && obeyed.is_empty()
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
        let _editing = Lock::edit(self.folder)?;
        let mut lock = Lock::read(self.folder)?;
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
        let revoked = stop::revoked(&refreshed, self.settings, &lock);
        stop::put(revoked, &mut lock, &mut report);
        let before = lock.clone();
        let source = Source {
            transport,
            failures,
        };
        let targets = &refreshed.resolution.targets;
        let (overlays, packs): (Vec<_>, Vec<_>) =
            targets.iter().partition(|target| target.path.is_overlay());
        for target in packs.into_iter().chain(overlays) {
            if self.wants(target) && !is_held(target, &report.held) {
                self.take(source, target, (&before, &mut lock), &mut report);
            }
        }
        lock.write(self.folder, failures)?;
        let unfinished = unfinished(&lock, &report);
        // What cannot be removed now is met by the next update.
        for folder in [self.folder.packs(), self.folder.overlays()] {
            drop(client::clear_interrupted(&folder, &unfinished));
        }
        report.lock = lock.digest().to_string();
        Ok(report)
    }

    /// Whether the host follows this version at its place and in its channel.
    fn wants(&self, target: &ResolvedTarget) -> bool {
        let custom = &target.custom;
        let channel = custom.channel == Channel::Stable || self.settings.canary;
        let places = &custom.jurisdictions;
        let place = places.is_empty() || places.iter().any(|p| p.covers(&self.settings.division));
        let followed = &self.settings.subscriptions;
        let is_followed = match target.path.is_overlay() {
            true => self.follows(target.path.pack()),
            false => followed.iter().any(|s| s.covers(&target.path)),
        };
        channel && place && is_followed
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

    /// Brings one version into the lock: a new one through every step, a known one with what may change
    /// of it.
    fn take(
        &self,
        source: Source<'_>,
        target: &ResolvedTarget,
        (before, lock): (&Lock, &mut Lock),
        report: &mut UpdateReport,
    ) {
        let known = lock.version(&target.path).cloned();
        let mut version = known
            .clone()
            .unwrap_or_else(|| self.first_seen(target, before));
        version.effective = target.custom.effective;
        version.channel = target.custom.channel;
        version.status = target.custom.status;
        version.mandatory_by = target.custom.mandatory_by;
        if let Some(reason) = forbidden(target) {
            if known.is_some_and(|known| !matches!(known.state, State::Refused { .. })) {
                report.stopped.push((target.path.clone(), reason.clone()));
            }
            version.state = State::Refused { reason };
            lock.put(version);
            return;
        }
        let passed = known
            .as_ref()
            .is_some_and(|known| !matches!(known.state, State::Refused { .. }));
        let examined = match passed {
            true => Ok(()),
            false if target.path.is_overlay() => {
                self.examine_overlay(source, target, &mut version, lock)
            }
            false => self.examine(source, target, &mut version),
        };
        match examined {
            Ok(()) => {
                let before = known.as_ref().map(|known| &known.state);
                version.state = decide::decide(&version, before, lock, (self.settings, self.today));
                decide::tell(&version, before, report);
            }
            Err(refusal) => {
                let reason = in_full(&refusal);
                report.refused.push((target.path.clone(), reason.clone()));
                version.state = State::Refused { reason };
            }
        }
        lock.put(version);
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

    /// Download, open, compare with what is signed, load, run the cases.
    fn examine(
        &self,
        source: Source<'_>,
        target: &ResolvedTarget,
        version: &mut LockedVersion,
    ) -> Result<(), Refusal> {
        let path = self.packs.path_of(&target.digest);
        if !path.exists() {
            let folder = self.folder.packs();
            std::fs::create_dir_all(&folder)?;
            let file = client::download(source.transport, target, &folder, source.failures)?;
            file.persist(&path).map_err(|error| error.error)?;
            files::sync_folder(&folder)?;
            source.failures.reach(FailurePoint::PackStored)?;
        }
        let bytes = self.packs.read(&target.digest)?;
        let pack = packs::open(&bytes).map_err(PackError::from)?;
        check_declaration(target, &pack)?;
        version.retroactive = pack.manifest.pack.retroactive.is_some();
        let outcomes = self.packs.run_cases(&pack, &bytes)?;
        match outcomes.into_iter().find(|outcome| !outcome.passed) {
            Some(failed) => Err(case_refusal(failed)),
            // Compiled once here, so that the first request does not wait for it.
            None => {
                self.packs.get(version, false)?;
                Ok(())
            }
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

/// What a resolver relies on must be what the pack itself says.
fn check_declaration(target: &ResolvedTarget, pack: &Pack) -> Result<(), Refusal> {
    let header = &pack.manifest.pack;
    if *target.path.pack() != header.name || *target.path.version() != header.version {
        return Err(Refusal::Declaration("path"));
    }
    match target.custom.differs_from(pack) {
        Some(field) => Err(Refusal::Declaration(field)),
        None => Ok(()),
    }
}

fn case_refusal(failed: CaseOutcome) -> Refusal {
    Refusal::Case {
        name: failed.name,
        reason: failed.differences.into_iter().next().unwrap_or_default(),
    }
}

/// An error with its sources, outermost first, without repeating what one already says: a report is the
/// only place where a person reads them.
pub(crate) fn in_full(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let reason = error.to_string();
        if !text.ends_with(&reason) {
            text = format!("{text}: {reason}");
        }
        source = error.source();
    }
    text
}
