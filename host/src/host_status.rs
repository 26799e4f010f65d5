//! How a host is doing, from its files alone: which version is in force today, what waits or is held and
//! why, how old its knowledge of the registry is. `host status` shows it, with or without a running server.

use std::collections::BTreeMap;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Moment};
use rulepack_protocol::names::{Division, PackName, TargetPath};
use rulepack_protocol::trust::Floors;
use rulepack_protocol::tuf::{Channel, Effective, RoleName, Status};
use serde::{Deserialize, Serialize};

use crate::client::FloorsStore;
use crate::findings::kept_aside;
use crate::grants::GrantTable;
use crate::history::HistorySurvey;
use crate::lock::{self, Choice, Lock, LockError, LockedVersion, Purpose, State};
use crate::policy::Policy;
use crate::settings::{HostFolder, Settings, SettingsError};
use crate::tokens::Tokens;
use crate::update::course::{Came, Course, Stage, Step};
use crate::update::in_full;

/// How a host is doing.
#[derive(Debug, Clone, Serialize)]
pub struct HostStatus {
    /// Of the hospital.
    pub institution: String,
    /// Where it lies.
    pub division: Division,
    /// The rule day that `in_force` is told for.
    pub today: Day,
    /// Digest of the lock.
    pub lock: Digest,
    /// Digest of the grants, where they can be read.
    pub grants: Option<Digest>,
    /// The last completed refresh.
    pub refreshed: Option<Moment>,
    /// The newest file of each role that this host has accepted: for the bureau to compare with what it
    /// signed, since a registry can hide a release (T5).
    pub roles: Vec<AcceptedRole>,
    /// Every version known, in order.
    pub versions: Vec<VersionStatus>,
    /// What is known of patients from imports and requests.
    pub history: HistorySurvey,
    /// Versions that an update is about to bring, or was stopped while it brought them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coming: Vec<ComingVersion>,
    /// Packs whose versions to come wait for a person, and why.
    pub holds: BTreeMap<PackName, String>,
    /// Packs of which no version is in force today: their rules are not evaluable.
    pub gaps: Vec<PackName>,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

/// The newest file of a role that a host has accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedRole {
    /// The role.
    pub role: RoleName,
    /// Its version.
    pub version: u64,
    /// Of the bytes of the file.
    pub sha256: Digest,
}

/// A version of a pack.
#[derive(Debug, Clone, Serialize)]
pub struct VersionStatus {
    /// Pack and version.
    pub path: TargetPath,
    /// Of its bytes.
    pub digest: Digest,
    /// What this host made of it, and why.
    pub state: State,
    /// Whether its bureau withdrew it.
    pub status: Status,
    /// Who is to run it.
    pub channel: Channel,
    /// The rule days that it is made for.
    pub effective: Effective,
    /// From this rule day on it is an ordinary version.
    pub known_from: Day,
    /// The day from which nobody can put it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mandatory_by: Option<Day>,
    /// Whether it looks at a request of today.
    pub in_force: bool,
    /// What came of the steps of its update, as far as they are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
}

/// A version that an update is about to bring.
#[derive(Debug, Clone, Serialize)]
pub struct ComingVersion {
    /// Pack and version.
    pub path: TargetPath,
    /// What came of the steps so far.
    pub stages: Vec<Stage>,
}

/// Why a status cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum HostStatusError {
    /// The host is not set up.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// No lock.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl HostStatusError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            HostStatusError::Settings(error) => error.hint(),
            HostStatusError::Lock(error) => error.hint(),
        }
    }
}

impl HostStatus {
    /// Reads a host's files. What of them cannot be read beside settings and lock is a warning.
    ///
    /// # Errors
    /// [`HostStatusError`].
    pub fn read(folder: &HostFolder, now: Moment, today: Day) -> Result<Self, HostStatusError> {
        let Settings {
            institution,
            division,
            history,
            ..
        } = folder.settings()?;
        let lock = Lock::read(folder)?;
        let mut warnings = Vec::new();
        let grants = GrantTable::read(folder);
        let grants = grants.map_err(|error| warnings.push(in_full(&error)));
        let memory = FloorsStore::new(folder.trust()).read();
        let memory = memory.map_err(|error| warnings.push(in_full(&error)));
        let history = surveyed(folder, history.since(today), &mut warnings);
        let floors = memory.map_or_else(|()| Floors::default(), |memory| memory.floors);
        let refreshed = floors.last_good;
        warnings.extend(faults(folder, &lock));
        warnings.extend(age(refreshed, now));
        let in_force = |version: &LockedVersion| {
            let choice = lock.choose(version.path.pack(), today, Purpose::Service);
            matches!(choice, Choice::Version { version: chosen, .. } if chosen.path == version.path)
        };
        let is_gap = |pack: &PackName| lock.choose(pack, today, Purpose::Service) == Choice::Gap;
        let versions = lock.versions.iter();
        let versions: Vec<_> = versions
            .map(|version| told(folder, version, in_force(version)))
            .collect();
        warnings.extend(versions.iter().filter_map(watched));
        warnings.extend(lock.versions.iter().filter_map(|v| damaged(folder, v)));
        Ok(HostStatus {
            institution,
            division,
            today,
            lock: lock.digest(),
            grants: grants.ok().map(|grants| grants.digest()),
            refreshed,
            roles: accepted(&floors),
            history,
            coming: coming(folder, &lock),
            versions,
            holds: lock.holds.clone(),
            gaps: lock
                .packs()
                .into_iter()
                .filter(|p| is_gap(p))
                .cloned()
                .collect(),
            warnings,
        })
    }
}

/// What of the other files is damaged or cannot be read.
fn faults(folder: &HostFolder, lock: &Lock) -> Vec<String> {
    let aside = kept_aside(folder).into_iter();
    let mut told: Vec<String> = aside
        .map(|name| format!("damaged lines of findings are passed over, and kept in {name}"))
        .collect();
    let aside = lock::kept_aside(folder).into_iter();
    let in_force = lock.digest();
    told.extend(aside.map(|name| {
        format!("a damaged lock was set aside as `{name}`; in force is the lock `{in_force}`")
    }));
    told.extend(
        Policy::read(&folder.policy())
            .err()
            .map(|error| in_full(&error)),
    );
    told.extend(
        Tokens::read(&folder.tokens())
            .err()
            .map(|error| in_full(&error)),
    );
    told
}

/// How much history there is; what is wrong with it is a warning.
fn surveyed(folder: &HostFolder, since: Day, warnings: &mut Vec<String>) -> HistorySurvey {
    match HistorySurvey::read(&folder.history(), since) {
        Ok(history) => {
            let aside = history.set_aside.iter();
            let told = |name| format!("a damaged file of the history was set aside: `{name}`");
            warnings.extend(aside.map(told));
            history
        }
        Err(error) => {
            warnings.push(in_full(&error));
            HistorySurvey::default()
        }
    }
}

/// The root first, then all others by name.
fn accepted(floors: &Floors) -> Vec<AcceptedRole> {
    let root = floors.roots.last_key_value();
    let root = root.map(|(version, sha256)| (RoleName::ROOT, *version, *sha256));
    let others = floors.roles.iter();
    let others = others.map(|(role, floor)| (role.clone(), floor.version, floor.digest));
    let all = root.into_iter().chain(others);
    all.map(|(role, version, sha256)| AcceptedRole {
        role,
        version,
        sha256,
    })
    .collect()
}

fn told(folder: &HostFolder, version: &LockedVersion, in_force: bool) -> VersionStatus {
    VersionStatus {
        stages: Course::of(folder, version).stages,
        path: version.path.clone(),
        digest: version.digest,
        state: version.state.clone(),
        status: version.status,
        channel: version.channel,
        effective: version.effective,
        known_from: version.known_from,
        mandatory_by: version.mandatory_by,
        in_force,
    }
}

/// Versions of which steps are kept, and that the lock does not have.
fn coming(folder: &HostFolder, lock: &Lock) -> Vec<ComingVersion> {
    let courses = Course::all(folder).into_iter();
    let coming = courses.filter(|(path, _)| lock.version(path).is_none());
    coming
        .map(|(path, course)| ComingVersion {
            path,
            stages: course.stages,
        })
        .collect()
}

/// What the watch over a version found: a fall-back, or what only a person can judge.
fn watched(version: &VersionStatus) -> Option<String> {
    let watch = version
        .stages
        .iter()
        .find(|stage| stage.step == Step::Watch)?;
    let is_wrong = matches!(watch.came, Came::FellBack | Came::Asks);
    is_wrong.then(|| format!("{}: {}", version.path, watch.told))
}

/// A pack in use whose bytes are not those that were verified: its rules are not evaluable.
fn damaged(folder: &HostFolder, version: &LockedVersion) -> Option<String> {
    if version.state != State::Active || version.path.is_overlay() {
        return None;
    }
    let file = folder.packs().join(format!("{}.wasm", version.digest));
    let what = match std::fs::read(file) {
        Ok(bytes) if Digest::of(&bytes) == version.digest => return None,
        Ok(_) => "has other bytes than were verified",
        Err(_) => "cannot be read",
    };
    let path = &version.path;
    Some(format!(
        "the file of {path} {what}, so it is not used; the next `sync` brings it again"
    ))
}

/// A host that has heard nothing for more than a day goes on, marked as stale (T3).
fn age(refreshed: Option<Moment>, now: Moment) -> Option<String> {
    match refreshed {
        None => Some("no refresh was ever completed".to_owned()),
        Some(last) if last.plus_days(1) < now => {
            Some(format!("stale: the last completed refresh was at {last}"))
        }
        Some(_) => None,
    }
}
