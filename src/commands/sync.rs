//! `rulepack sync`: bring a host's packs up to date.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use rulepack_host::officers::Officers;
use rulepack_host::packs::Packs;
use rulepack_host::settings::HostFolder;
use rulepack_host::update::{UpdateError, UpdateReport, Updater};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::NameSpace;
use serde::Serialize;

use super::Command;
use crate::clock;
use crate::engine::packs;
use crate::failure::{Failure, Outcome};
use crate::failure_points;
use crate::output::Report;

/// Bring a host's packs up to date: verify, download, inspect, compile, run the cases, activate.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    pub dir: PathBuf,
    /// Another registry, or a folder with a copy of one, for this time only.
    #[arg(long, value_name = "ADDRESS")]
    pub registry: Option<String>,
    /// A mirror on a disk that was carried here, for this time only; on a host set to air-gapped. Its
    /// timestamp and snapshot may have expired as many days ago as `host.toml` says, nothing else may.
    #[arg(long, value_name = "DIR", conflicts_with = "registry")]
    pub import: Option<PathBuf>,
    /// Accept the new officers of a name space that is held, as an earlier `sync` printed them.
    #[arg(long, value_name = "NAME_SPACE=FINGERPRINT")]
    pub accept_officers: Vec<Accepted>,
}

/// Officers that a person has looked at: `37=9f3a…`, the fingerprint in full.
#[derive(Debug, Clone)]
pub struct Accepted {
    name_space: NameSpace,
    fingerprint: Digest,
}

impl FromStr for Accepted {
    type Err = Box<dyn Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name_space, fingerprint) = text
            .split_once('=')
            .ok_or("expected `NAME_SPACE=FINGERPRINT`, as `sync` prints it")?;
        Ok(Accepted {
            name_space: name_space.parse()?,
            fingerprint: fingerprint.parse()?,
        })
    }
}

/// What was brought up to date.
#[derive(Debug, Serialize)]
pub struct SyncReport(pub UpdateReport);

impl Command for SyncArgs {
    type Report = SyncReport;

    fn execute(&self) -> Outcome<SyncReport> {
        let folder = HostFolder::at(&self.dir);
        for accepted in &self.accept_officers {
            let done = Officers::accept(&folder, &accepted.name_space, accepted.fingerprint);
            done.map_err(|error| {
                let hint = error.hint();
                let failure = Failure::from(error);
                hint.into_iter().fold(failure, Failure::hint)
            })?;
        }
        let packs = packs(&self.dir)?;
        let report = match &self.import {
            Some(mirror) => import(&self.dir, &packs, mirror)?,
            None => sync(&self.dir, &packs, self.registry.as_deref())?,
        };
        Ok(SyncReport(report))
    }
}

/// One import from a disk.
fn import(dir: &Path, packs: &Packs, mirror: &Path) -> Outcome<UpdateReport> {
    let folder = HostFolder::at(dir);
    let updater = Updater {
        folder: &folder,
        settings: &folder.settings()?,
        packs,
        now: clock::now()?,
        today: clock::today()?,
    };
    updater.import(mirror).map_err(failure)
}

/// What failed, with what a person can do about it.
fn failure(error: UpdateError) -> Failure {
    let hint = error.hint();
    let failure = Failure::from(error);
    hint.into_iter().fold(failure, Failure::hint)
}

/// One update of the host in a folder.
pub fn sync(dir: &Path, packs: &Packs, registry: Option<&str>) -> Outcome<UpdateReport> {
    let folder = HostFolder::at(dir);
    let mut settings = folder.settings()?;
    if let Some(registry) = registry {
        registry.clone_into(&mut settings.registry);
    }
    let updater = Updater {
        folder: &folder,
        settings: &settings,
        packs,
        now: clock::now()?,
        today: clock::today()?,
    };
    let failures = failure_points::of_this_host();
    updater.update_with(failures.as_ref()).map_err(failure)
}

impl Report for SyncReport {
    fn is_good(&self) -> bool {
        let report = &self.0;
        let is_current = report.refused.is_empty() && report.failed.is_empty();
        let is_current = is_current && report.held.is_empty();
        is_current && report.clock_behind.is_none()
    }
}

impl fmt::Display for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
