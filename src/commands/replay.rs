//! `rulepack replay`: execute a verdict anew, and compare.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use rulepack_host::receipt::replay::{Ground, Replayed, replay};
use rulepack_host::settings::HostFolder;
use serde::Serialize;

use super::{Command, receipt, serve};
use crate::engine::packs;
use crate::failure::{Explain as _, Outcome};
use crate::files;
use crate::output::Report;

/// Execute a verdict anew from its receipt and the kept request: same packs, same lock, same grants, same
/// history, same policy, same day, whatever holds today. Fuel and findings must come out to the byte, on any machine and with any number of threads.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The receipt.
    receipt: PathBuf,
    /// The very bytes of the request that was answered.
    #[arg(long)]
    input: PathBuf,
    /// The host's folder, or a copy of it: packs, locks, history.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
    /// How the region writes requests (TOML): for receipts of releases that did not keep it.
    #[arg(long, value_name = "FILE")]
    region: Option<PathBuf>,
    /// Threads that evaluate.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct ReplayReport(Replayed);

impl Command for ReplayArgs {
    type Report = ReplayReport;

    fn execute(&self) -> Outcome<ReplayReport> {
        let receipt = receipt::read(&self.receipt)?;
        let folder = HostFolder::at(&self.dir);
        let packs = packs(&self.dir)?;
        let region = self.region.as_deref();
        let region = region.map(|file| serve::region(Some(file))).transpose()?;
        let ground = Ground {
            region: region.as_ref(),
            folder: &folder,
            packs: &packs,
            threads: usize::from(self.threads),
        };
        let replayed = replay(&receipt, &files::read(&self.input)?, ground);
        let named = || format!("cannot replay `{}`", self.receipt.display());
        Ok(ReplayReport(replayed.context(named)?))
    }
}

impl Report for ReplayReport {
    fn is_good(&self) -> bool {
        self.0.differences.is_empty()
    }
}

impl fmt::Display for ReplayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replayed = &self.0;
        let outcome = match self.is_good() {
            true => "identical",
            false => "DIFFERENT",
        };
        let (answer, findings) = (&replayed.answer, replayed.findings);
        writeln!(f, "answer {answer}: {outcome}, {findings} findings")?;
        for (pack, fuel) in &replayed.packs {
            let withdrawn = match replayed.withdrawn.contains(pack) {
                true => " (withdrawn since; used for this replay alone)",
                false => "",
            };
            writeln!(f, "  {pack} fuel {fuel}{withdrawn}")?;
        }
        for difference in &replayed.differences {
            writeln!(f, "  {difference}")?;
        }
        Ok(())
    }
}
