//! Watches versions that were just put in force while they answer: one that does not work is put aside for
//! the version before, within the bounds of T9; an abnormal rate of findings holds the pack for a person and
//! changes nothing by itself. Neither is ever silent: lock, journal, log and `host status` say so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rulepack_contract::data::Data;
use rulepack_contract::review::Scope;
use rulepack_contract::schema::ids;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::TargetPath;

use super::{Service, record};
use crate::client::NoFailures;
use crate::journal::{Event, WatchOutcome};
use crate::lock::{Choice, Lock, LockError, LockedVersion, Purpose};
use crate::review::{self, Circumstances, Reviewed};
use crate::settings::HostFolder;
use crate::update::course::{Came, Course, Stage, Step};
use crate::update::watch::{Counts, Watch, watched_until};

/// The counts of a running service.
#[derive(Debug)]
pub(super) struct Watching {
    counts: Mutex<Watch>,
    /// Whose faults count already, by key: a request that is sent again says nothing new.
    faulty: Mutex<BTreeMap<TargetPath, BTreeSet<String>>>,
}

impl Watching {
    pub(super) fn open(folder: &HostFolder) -> Self {
        Watching {
            counts: Mutex::new(Watch::of(folder)),
            faulty: Mutex::default(),
        }
    }

    fn counts(&self) -> MutexGuard<'_, Watch> {
        // A panic elsewhere leaves counts at most one request behind.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of these patients were not counted before.
    fn new_faults(&self, version: &TargetPath, failed: BTreeSet<String>) -> u64 {
        let mut faulty = self.faulty.lock().unwrap_or_else(PoisonError::into_inner);
        let known = faulty.entry(version.clone()).or_default();
        let before = known.len();
        known.extend(failed);
        (known.len() - before) as u64
    }

    fn forget(&self, version: &TargetPath) {
        self.counts().forget(version);
        let mut faulty = self.faulty.lock().unwrap_or_else(PoisonError::into_inner);
        faulty.remove(version);
    }
}

/// Counts what a request came to, and goes back where a watched version does not work.
pub(super) fn seen(
    service: &Service,
    (lock, reviewed): (&Lock, &Reviewed),
    data: &Arc<Data>,
    circumstances: &Circumstances,
) {
    let ran: BTreeSet<&TargetPath> = reviewed.report.packs.iter().map(|run| &run.pack).collect();
    let patients = u64::from(data.rows(ids::PATIENTS));
    for path in ran {
        let findings = reviewed.report.findings.iter();
        let of_pack = findings.filter(|finding| finding.rule.pack == *path);
        let found: BTreeSet<_> = of_pack
            .filter_map(|finding| finding.offending.first()?.patient.as_deref())
            .collect();
        let failed = without_verdict(reviewed, path);
        let faults = match lock.version(path) {
            Some(version) if !failed.is_empty() && is_watched(service, version) => {
                let failed = faults(service, (lock, version), (data, circumstances), failed);
                service.watching.new_faults(path, failed)
            }
            _ => 0,
        };
        let seen = Counts {
            patients,
            with_findings: found.len() as u64,
            faults,
        };
        let counts = service.watching.counts().add(path, seen);
        if faults > 0
            && let Some(reason) = counts.does_not_work(&service.settings.updates.watch)
        {
            act(service, (path, counts), &reason, fall_back);
        }
    }
}

/// Begins, judges and ends watches, and keeps the counts. For every poll.
pub(super) fn turn(service: &Service) {
    let (lock, Some(today)) = (service.lock.get(), service.today()) else {
        return;
    };
    let settings = &service.settings.updates.watch;
    for pack in lock.packs() {
        let Choice::Version { version, .. } = lock.choose(pack, today, Purpose::Service) else {
            continue;
        };
        let Some(until) = watched_until(&service.folder, version, settings) else {
            continue;
        };
        let counts = service.watching.counts().counts(&version.path);
        let before = version_before(&lock, version, today).map(|before| before.path.clone());
        let before = before.map(|path| service.watching.counts().counts(&path));
        let abnormal = before.and_then(|before| counts.is_abnormal(&before, settings));
        match abnormal {
            Some(reason) => act(service, (&version.path, counts), &reason, hold),
            None => go_on(service, version, (until, today), &counts),
        }
    }
    if let Err(error) = service.watching.counts().keep(&service.folder, &lock) {
        tracing::warn!(%error, "what is counted of versions cannot be kept");
    }
}

/// Notes that a watch goes on, or that it ended well.
fn go_on(service: &Service, version: &LockedVersion, (until, today): (Day, Day), counts: &Counts) {
    let (came, told) = match today > until {
        true => {
            let (patients, faults) = (counts.patients, counts.faults);
            let told = format!("until {until}: {patients} patients, {faults} without a verdict");
            (Came::Passed, told)
        }
        false => (Came::Running, format!("until {until}")),
    };
    let mut course = Course::of(&service.folder, version);
    let is_noted = course
        .stage(Step::Watch)
        .is_some_and(|stage| stage.came == came && stage.told == told);
    if let Some(now) = service.now().filter(|_| !is_noted) {
        course.put(Stage::at(now, Step::Watch, came, told));
        course.keep(&service.folder, &version.path);
    }
}

/// Those whom a version gave no verdict, by key.
fn without_verdict(reviewed: &Reviewed, path: &TargetPath) -> BTreeSet<String> {
    let none = reviewed.report.no_verdict.iter();
    let of_pack = none.filter(|none| none.pack == *path && none.about.table == "patients");
    of_pack.map(|none| none.about.key.clone()).collect()
}

/// Those of them whom the version before gives a verdict on the very same rows: the others break it too, so
/// they say nothing against the new one. Where there is no version before, all count.
fn faults(
    service: &Service,
    (lock, version): (&Lock, &LockedVersion),
    (data, circumstances): (&Arc<Data>, &Circumstances),
    mut failed: BTreeSet<String>,
) -> BTreeSet<String> {
    let before = service.today().and_then(|today| {
        let before = version_before(lock, version, today)?;
        service.packs.get_on(lock, before, today).ok()
    });
    if let Some(before) = before {
        let report = review::review_scope(&before, data, circumstances, Scope::Patient);
        for none in report.no_verdict {
            failed.remove(&none.about.key);
        }
    }
    failed
}

fn is_watched(service: &Service, version: &LockedVersion) -> bool {
    let settings = &service.settings.updates.watch;
    let until = watched_until(&service.folder, version, settings);
    until
        .zip(service.today())
        .is_some_and(|(until, today)| today <= until)
}

/// The version that a fall-back would put in force.
fn version_before<'l>(
    lock: &'l Lock,
    version: &LockedVersion,
    today: Day,
) -> Option<&'l LockedVersion> {
    let mut tried = lock.clone();
    let (from, to) = tried.roll_back(version.path.pack(), today, "").ok()?;
    (from == version.path).then(|| lock.version(&to)).flatten()
}

/// What is written into the lock, and what came of it in words.
type Acted = (WatchOutcome, Came, String);

/// Changes the lock by what a watch found, records and notes it. Only for the version in force today: what
/// another request or a person did meanwhile stands.
fn act(
    service: &Service,
    (path, counts): (&TargetPath, Counts),
    reason: &str,
    change: fn(&mut Lock, &TargetPath, Day, &str) -> Acted,
) {
    let changed = (|| -> Result<(), LockError> {
        let replacing = service.lock.replacing();
        let _editing = Lock::edit(&service.folder)?;
        let mut lock = Lock::read(&service.folder)?;
        let (Some(today), Some(now)) = (service.today(), service.now()) else {
            return Ok(());
        };
        let Choice::Version { version, .. } = lock.choose(path.pack(), today, Purpose::Service)
        else {
            return Ok(());
        };
        let version = version.clone();
        if version.path != *path || !is_watched(service, &version) {
            return Ok(());
        }
        let (outcome, came, told) = change(&mut lock, path, today, reason);
        lock.write(&service.folder, &NoFailures)?;
        let watched = Stage::at(now, Step::Watch, came, &told);
        Course::note(&service.folder, &version, [watched]);
        tracing::error!(pack = %path, told, "what the watch over a version found");
        service.record(record::lock_change(&service.lock.get(), &lock));
        replacing.put(lock);
        service.record(Event::Watch {
            pack: path.clone(),
            outcome,
            patients: counts.patients,
            faults: counts.faults,
        });
        service.watching.forget(path);
        Ok(())
    })();
    if let Err(error) = changed {
        tracing::error!(%error, pack = %path, "what a watch found cannot be written into the lock");
    }
}

/// Puts the version aside for the one before, where the lock allows that; else only says so.
fn fall_back(lock: &mut Lock, path: &TargetPath, today: Day, reason: &str) -> Acted {
    match lock.roll_back(
        path.pack(),
        today,
        &format!("the host fell back by itself: {reason}"),
    ) {
        Ok((_, to)) => {
            let told = format!("fell back to {to} by itself: {reason}");
            (WatchOutcome::FellBack, Came::FellBack, told)
        }
        Err(error) => {
            let told = format!("{reason}, and the host cannot go back: {error}");
            (WatchOutcome::CannotFallBack, Came::Asks, told)
        }
    }
}

/// Holds the pack; what is in force goes on until a person decides (T9).
fn hold(lock: &mut Lock, path: &TargetPath, _today: Day, reason: &str) -> Acted {
    // The pack is in the lock: its version was just chosen from it.
    let _ = lock.hold_pack(path.pack(), reason);
    let told = format!("{reason}; the pack is held, its version goes on");
    (WatchOutcome::AbnormalRate, Came::Asks, told)
}
