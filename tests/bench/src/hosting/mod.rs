//! What a hospital's host bears beside ordinary days: an update while it answers, and a start with many packs.
//! On the real processes, the client on the same machine.

mod cold_start;
mod phase;
mod update;

use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use clap::Args;

use crate::beside;
use phase::Phases;

/// Measure a hospital's host: an update under load, and the time from a cold start to the first answer with
/// many packs.
#[derive(Debug, Args)]
pub struct HostArgs {
    /// Requests a second while the update comes.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// Seconds of load before the update, and after it.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Patients with a year of history, over which the new version is tried.
    #[arg(long, default_value_t = 1_000)]
    patients: u32,
    /// Packs of the cold start.
    #[arg(long, default_value_t = 20)]
    packs: u32,
    /// Seconds within which each part of the run has to end; load takes what `--seconds` says besides.
    #[arg(long, default_value_t = 600)]
    deadline: u64,
    /// The `rulepack` to measure; by default the one beside this program.
    #[arg(long)]
    rulepack: Option<PathBuf>,
}

/// The figures, one line each.
#[derive(Debug, Default)]
pub struct Figures(Vec<(String, String)>);

/// Measures both.
pub fn run(arguments: &HostArgs) -> Figures {
    let program = arguments.rulepack.clone().unwrap_or_else(beside);
    let mut figures = Figures::default();
    cold_start::measure(&program, arguments, &mut figures);
    update::measure(&program, arguments, &mut figures);
    figures
}

impl HostArgs {
    fn phases(&self) -> Phases {
        Phases {
            limit: Duration::from_secs(self.deadline),
        }
    }
}

impl Figures {
    fn put(&mut self, what: impl Into<String>, value: impl Into<String>) {
        let (what, value) = (what.into(), value.into());
        eprintln!("{what}: {value}");
        self.0.push((what, value));
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | figure |\n|---|---|")?;
        self.0
            .iter()
            .try_for_each(|(what, value)| writeln!(f, "| {what} | {value} |"))
    }
}

/// Runs a command to its end; what it printed is shown where it failed.
///
/// # Panics
/// Where it fails: there is nothing to measure then.
fn done(command: &mut Command) {
    let output = command.output().expect("the program can be started");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {told}");
}
