//! `rulepack host`: what a host has in force, and what persons decide about it.

mod parameters;
mod text;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use rulepack_host::host_status::{HostStatus, HostStatusError};
use rulepack_host::lock::{DecisionError, Lock};
use rulepack_host::parameters::PackParameters;
use rulepack_host::settings::HostFolder;
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
    Status(StatusArgs),
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
struct StatusArgs {
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
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
    Status(Box<HostStatus>),
    /// What is set for packs.
    Parameters(Vec<PackParameters>),
    /// What was written into the lock.
    Decided {
        /// In words.
        done: String,
        /// Digest of the lock in force now.
        lock: String,
    },
}

impl Command for HostArgs {
    type Report = HostReport;

    fn execute(&self) -> Outcome<HostReport> {
        match &self.action {
            HostAction::Status(args) => status(args),
            HostAction::Parameters(args) => parameters::parameters(args),
            HostAction::Set(args) => parameters::set(args),
            HostAction::Unset(args) => parameters::unset(args),
            HostAction::Hold(args) => decide(&args.dir, |lock| match &args.reason {
                Some(reason) => {
                    lock.hold_pack(&args.pack, reason)?;
                    Ok(format!("{} is held: {reason}", args.pack))
                }
                None => {
                    lock.release_pack(&args.pack)?;
                    Ok(format!("{} is no longer held", args.pack))
                }
            }),
            HostAction::Approve(args) => {
                let path = version(&args.version)?;
                decide(&args.dir, |lock| {
                    lock.approve(&path)?;
                    Ok(format!("{path} is approved"))
                })
            }
            HostAction::Rollback(args) => {
                let today = clock::today()?;
                decide(&args.dir, |lock| {
                    let (from, to) = lock.roll_back(&args.pack, today, &args.reason)?;
                    Ok(format!(
                        "{from} is put aside: {}\n{to} is in force",
                        args.reason
                    ))
                })
            }
        }
    }
}

fn status(args: &StatusArgs) -> Outcome<HostReport> {
    let folder = HostFolder::at(&args.dir);
    let status = HostStatus::read(&folder, clock::now()?, clock::today()?);
    let status = status.map_err(|error: HostStatusError| {
        let hint = error.hint();
        hint.into_iter().fold(Failure::from(error), Failure::hint)
    })?;
    Ok(HostReport::Status(Box::new(status)))
}

/// Changes the lock while nobody else does.
fn decide(
    dir: &PathBuf,
    change: impl FnOnce(&mut Lock) -> Result<String, DecisionError>,
) -> Outcome<HostReport> {
    let folder = HostFolder::at(dir);
    folder.settings().map_err(|error| {
        let hint = error.hint();
        hint.into_iter().fold(Failure::from(error), Failure::hint)
    })?;
    let (done, lock) = Lock::decide(&folder, change).map_err(|error| {
        let hint = error.hint();
        hint.into_iter().fold(Failure::from(error), Failure::hint)
    })?;
    Ok(HostReport::Decided {
        done,
        lock: lock.digest().to_string(),
    })
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
            HostReport::Status(status) => status.gaps.is_empty() && status.warnings.is_empty(),
            HostReport::Parameters(packs) => packs.iter().all(|pack| pack.refused.is_empty()),
            HostReport::Decided { .. } => true,
        }
    }
}
