//! `rulepack audit`: months of claims through the packs of a host, told, and compared.

mod compare;
mod profile;
mod report;
mod run;

use std::fmt;

use clap::{Args, Subcommand};
use rulepack_audit::AuditError;
use serde::Serialize;

use super::Command;
use crate::failure::{Failure, Outcome};
use crate::output::Report;

/// Review months of claims: a folder of CSV and Parquet files, any number for each table, larger than memory, in any
/// order. Every encounter that was settled (else discharged) within the period is reviewed with the versions
/// in force on that day. Writes `findings.parquet`, `rejected.csv`, `no-verdict.csv` and `run.json`. A run
/// that was stopped goes on: give the same command again, or `--resume`. `report` tells a run that is done,
/// `compare` two of them; with `--profile` a run is told at its end.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct AuditArgs {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    run: run::RunArgs,
}

#[derive(Debug, Subcommand)]
enum Task {
    Report(report::ReportArgs),
    Compare(compare::CompareArgs),
    Profile(profile::ProfileArgs),
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Audited {
    /// A run.
    Run(Box<run::RunReport>),
    /// A run told.
    Report(Box<report::Told>),
    /// Two runs compared.
    Compare(Box<compare::Compared>),
    /// Profiles.
    Profile(profile::Shown),
}

impl Command for AuditArgs {
    type Report = Audited;

    fn execute(&self) -> Outcome<Audited> {
        Ok(match &self.task {
            None => Audited::Run(Box::new(self.run.execute()?)),
            Some(Task::Report(args)) => Audited::Report(Box::new(args.tell()?)),
            Some(Task::Compare(args)) => Audited::Compare(Box::new(args.compare()?)),
            Some(Task::Profile(args)) => Audited::Profile(args.show()?),
        })
    }
}

impl Report for Audited {
    fn is_good(&self) -> bool {
        match self {
            Audited::Run(run) => run.is_good(),
            Audited::Report(told) => told.is_good(),
            Audited::Compare(_) | Audited::Profile(_) => true,
        }
    }
}

impl fmt::Display for Audited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Audited::Run(run) => run.fmt(f),
            Audited::Report(told) => told.fmt(f),
            Audited::Compare(compared) => compared.fmt(f),
            Audited::Profile(shown) => shown.fmt(f),
        }
    }
}

/// What failed, and what to do about it.
fn explained(error: AuditError) -> Failure {
    let hint = error.hint();
    hint.into_iter().fold(Failure::from(error), Failure::hint)
}
