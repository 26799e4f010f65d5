//! `rulepack receipt export`: all that a verdict rests on, for another machine.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use rulepack_host::receipt::export::{Carried, ExportError, Exported, export, partial};
use rulepack_host::receipt::replay::Ground;
use rulepack_host::settings::HostFolder;
use serde::Serialize;

use super::read;
use crate::commands::serve;
use crate::engine::packs;
use crate::failure::{Failure, Outcome};
use crate::{files, shutdown};

/// What is gathered, and where.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The receipt.
    receipt: PathBuf,
    /// The very bytes of the request that was answered.
    #[arg(long)]
    input: PathBuf,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
    /// The folder that is made.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// How the region writes requests (TOML): for receipts of releases that did not keep it.
    #[arg(long, value_name = "FILE")]
    region: Option<PathBuf>,
    /// Carry the history of the hospital too, where the verdict looked at it: of every patient, with the secrets that
    /// open it.
    #[arg(long)]
    with_history: bool,
}

/// What was gathered.
#[derive(Debug, Serialize)]
pub struct ExportReport {
    /// The folder.
    to: PathBuf,
    #[serde(flatten)]
    exported: Exported,
}

impl ExportArgs {
    pub fn execute(&self) -> Outcome<ExportReport> {
        // It may hold the history of all patients, and what opens it.
        shutdown::end_when_asked(format!(
            "nothing is at `{}`; remove `{}`, or run the same command again, which begins anew",
            self.to.display(),
            partial(&self.to).display()
        ));
        let receipt = read(&self.receipt)?;
        let folder = HostFolder::at(&self.dir);
        let packs = packs(&self.dir)?;
        let region = self.region.as_deref();
        let region = region.map(|file| serve::region(Some(file))).transpose()?;
        let ground = Ground {
            folder: &folder,
            packs: &packs,
            region: region.as_ref(),
            threads: 1,
        };
        let carried = match self.with_history {
            true => Carried::WithHistory,
            false => Carried::WithoutHistory,
        };
        let body = files::read(&self.input)?;
        let exported = export(&receipt, &body, ground, (&self.to, carried)).map_err(explain)?;
        Ok(ExportReport {
            to: self.to.clone(),
            exported,
        })
    }
}

fn explain(error: ExportError) -> Failure {
    let hint = error.hint();
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl ExportReport {
    pub fn is_good(&self) -> bool {
        self.exported.replayed.differences.is_empty()
    }
}

impl fmt::Display for ExportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exported = &self.exported;
        let replayed = &exported.replayed;
        let (to, answer) = (self.to.display(), &replayed.answer);
        writeln!(f, "answer {answer} with all that it rests on in {to}")?;
        writeln!(
            f,
            "  files     {} ({} bytes)",
            exported.files, exported.bytes
        )?;
        let history = match exported.has_history {
            true => "of every patient up to then, with the secrets that open it",
            false => "none; the verdict looked at none",
        };
        writeln!(f, "  history   {history}")?;
        for difference in &replayed.differences {
            writeln!(f, "  DIFFERENT already here: {difference}")?;
        }
        write!(
            f,
            "  there     rulepack replay {to}/receipt.json --input {to}/request --dir {to}/host"
        )?;
        match exported.has_region {
            true => writeln!(f, " --region {to}/region.toml"),
            false => writeln!(f),
        }
    }
}
