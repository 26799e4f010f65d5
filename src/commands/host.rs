//! `rulepack host`: what a host has in force, and what persons decide about it.

mod export_status;
mod parameters;
mod read_status;
mod shadow;
mod states;
mod status;

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rulepack_host::lock::{DecideError, Lock};
use rulepack_host::parameters::PackParameters;
use rulepack_host::settings::HostFolder;
use rulepack_host::update::person;
use rulepack_protocol::names::{PackName, TargetPath};
use serde::Serialize;

use super::Command;
use crate::clock;
use crate::failure::{Failure, Outcome};
use crate::output::Report;
pub use parameters::told;

/// See what a host has in force, decide about versions (hold, approve, roll back), and set parameters. A decision is a new
/// lock file; the old ones are kept. A running server takes it up at its next poll.
#[derive(Debug, Args)]
pub struct HostArgs {
    #[command(subcommand)]
    action: HostAction,
}

#[derive(Debug, Subcommand)]
enum HostAction {
    /// Every version known, which one is in force today, what waits, is held or refused and why, and how
    /// old the last refresh is. Ends with 3 where something is not as it should be.
    Status(status::StatusArgs),
    /// Write a signed status for a person to carry to the bureau: versions in force, what came of updates,
    /// counts by rule of a month, the head of the journal. It names no patient; counts of 1 to 4 are `<5`, and
    /// packs of vendors are left out. Works with or without a running service.
    ExportStatus(export_status::ExportStatusArgs),
    /// For the bureau: verify the statuses that hospitals brought, hold them against what was seen before, and
    /// sum what their rules found, those first that clinicians went on against most often. With
    /// `--acknowledge` the heads of their journals are signed. Ends with 3 where one is refused, older than one
    /// seen, or has a journal that went back.
    ReadStatus(read_status::ReadStatusArgs),
    /// What a new version would change: findings gained and lost over this hospital's own recent history,
    /// by rule, department and money, with examples. It names no patient.
    Shadow(shadow::ShadowArgs),
    /// Hold a pack: what is in force goes on, versions to come wait for `approve`. With `--release` the
    /// hold ends.
    Hold(HoldArgs),
    /// Put a version that waits, or that was put aside, in force. One that a step or a signature refused
    /// is not.
    Approve(ApproveArgs),
    /// Put the version in force today aside, for the next lower one; never below a signed minimum, across
    /// a withdrawal, or past its mandatory day.
    Rollback(RollbackArgs),
    /// What is set for packs on a day: each parameter with its value, its bounds and who set it (national
    /// default, province, city, hospital), supplied tables, and overlays that were refused and why. Ends
    /// with 3 where one was refused.
    Parameters(parameters::ParametersArgs),
    /// Set parameters of a pack, or supply its tables, for this hospital alone, where the manifest leaves
    /// them to a hospital.
    Set(parameters::SetArgs),
    /// End what this hospital set for a pack, from today on.
    Unset(parameters::UnsetArgs),
}

#[derive(Debug, Args)]
struct HoldArgs {
    /// The pack: `37/vbp-quota`.
    pack: PackName,
    /// Why, for whoever reads the lock.
    #[arg(long, required_unless_present = "release")]
    reason: Option<String>,
    /// End the hold.
    #[arg(long, conflicts_with = "reason")]
    release: bool,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
}

#[derive(Debug, Args)]
struct ApproveArgs {
    /// The version: `37/vbp-quota@1.2.0`.
    version: String,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
}

#[derive(Debug, Args)]
struct RollbackArgs {
    /// The pack: `37/vbp-quota`.
    pack: PackName,
    /// Why, for whoever reads the lock.
    #[arg(long)]
    reason: String,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
}

/// What is so, or what was decided.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum HostReport {
    /// How the host is doing.
    Status(Box<status::ShownStatus>),
    /// What is set for packs.
    Parameters(Vec<PackParameters>),
    /// What was written into the lock.
    Decided {
        /// In words.
        done: String,
        /// Digest of the lock in force now.
        lock: String,
    },
    /// A shadow run, or a row of one.
    Shadow(Box<shadow::Shown>),
    /// A status for the bureau.
    Exported(Box<export_status::Exported>),
    /// What hospitals say.
    Read(Box<read_status::StatusesRead>),
}

impl Command for HostArgs {
    type Report = HostReport;

    fn execute(&self) -> Outcome<HostReport> {
        match &self.action {
            HostAction::Status(args) => Ok(HostReport::Status(Box::new(args.read()?))),
            HostAction::Parameters(args) => parameters::parameters(args),
            HostAction::Set(args) => parameters::set(args),
            HostAction::Unset(args) => parameters::unset(args),
            HostAction::Shadow(args) => Ok(HostReport::Shadow(Box::new(args.show()?))),
            HostAction::ExportStatus(args) => Ok(HostReport::Exported(Box::new(args.export()?))),
            HostAction::ReadStatus(args) => Ok(HostReport::Read(Box::new(args.read()?))),
            HostAction::Hold(args) => hold(args),
            HostAction::Approve(args) => approve(args),
            HostAction::Rollback(args) => roll_back(args),
        }
    }
}

fn hold(args: &HoldArgs) -> Outcome<HostReport> {
    let (folder, pack) = (host(&args.dir)?, &args.pack);
    match &args.reason {
        Some(reason) => {
            let lock = person::hold(&folder, pack, reason).map_err(undecided)?;
            Ok(decided(format!("{pack} is held: {reason}"), &lock))
        }
        None => {
            let lock = person::release(&folder, pack, clock::now()?).map_err(undecided)?;
            Ok(decided(format!("{pack} is no longer held"), &lock))
        }
    }
}

fn approve(args: &ApproveArgs) -> Outcome<HostReport> {
    let (folder, path) = (host(&args.dir)?, version(&args.version)?);
    let lock = person::approve(&folder, &path, clock::now()?).map_err(undecided)?;
    Ok(decided(format!("{path} is approved"), &lock))
}

fn roll_back(args: &RollbackArgs) -> Outcome<HostReport> {
    let (folder, reason) = (host(&args.dir)?, &args.reason);
    let on = (clock::now()?, clock::today()?);
    let ([from, to], lock) =
        person::roll_back(&folder, &args.pack, reason, on).map_err(undecided)?;
    let done = format!("{from} is put aside: {reason}\n{to} is in force");
    Ok(decided(done, &lock))
}

/// The folder of a host that was set up.
fn host(dir: &Path) -> Outcome<HostFolder> {
    let folder = HostFolder::at(dir);
    folder.settings().map_err(|error| {
        let hint = error.hint();
        hint.into_iter().fold(Failure::from(error), Failure::hint)
    })?;
    Ok(folder)
}

fn undecided(error: DecideError) -> Failure {
    let hint = error.hint();
    hint.into_iter().fold(Failure::from(error), Failure::hint)
}

fn decided(done: String, lock: &Lock) -> HostReport {
    HostReport::Decided {
        done,
        lock: lock.digest().to_string(),
    }
}

/// `37/vbp-quota@1.2.0` as a path.
fn version(text: &str) -> Outcome<TargetPath> {
    let parts = text.split_once('@').and_then(|(pack, version)| {
        TargetPath::new(pack.parse().ok()?, version.parse().ok()?).ok()
    });
    parts.ok_or_else(|| {
        Failure::new(format!("`{text}` is no version of a pack"))
            .hint("write it as `37/vbp-quota@1.2.0`")
    })
}

impl Report for HostReport {
    /// Good where every pack has a version in force, no overlay was refused, and nothing is to be looked at.
    fn is_good(&self) -> bool {
        match self {
            HostReport::Status(status) => status.is_good(),
            HostReport::Parameters(packs) => packs.iter().all(|pack| pack.refused.is_empty()),
            HostReport::Decided { .. } => true,
            HostReport::Shadow(shown) => shown.is_good(),
            HostReport::Exported(_) => true,
            HostReport::Read(read) => read.is_good(),
        }
    }
}

impl fmt::Display for HostReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostReport::Status(status) => status.fmt(f),
            HostReport::Parameters(packs) => {
                packs.iter().try_for_each(|pack| parameters::write(f, pack))
            }
            HostReport::Decided { done, lock } => writeln!(f, "{done}\nlock {lock}"),
            HostReport::Shadow(report) => report.fmt(f),
            HostReport::Exported(exported) => exported.fmt(f),
            HostReport::Read(read) => read.fmt(f),
        }
    }
}
