//! `rulepack import`: bring registrations, earlier lines and supplied tables to a host.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_audit::as_csv::{self, AsCsv};
use rulepack_contract::knowledge::KnowledgeTable;
use rulepack_host::client::NoFailures;
use rulepack_host::history::{History, HistoryError, Imported};
use rulepack_host::lock::{Choice, Lock, Purpose};
use rulepack_host::overlays;
use rulepack_host::settings::HostFolder;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::PackName;
use serde::Serialize;

use super::Command;
use crate::clock;
use crate::engine::packs;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::output::Report;

/// Bring data to a host: a folder of CSV or Parquet files (registrations, earlier encounters and lines,
/// accumulators), or a knowledge table that a city or the hospital supplies.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A folder of CSV or Parquet files (see docs/DATA.md), or one CSV file with `--table`.
    pub from: PathBuf,
    /// The table that the file supplies: `37/drg-checks/payment-standards`.
    #[arg(long)]
    pub table: Option<String>,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    pub dir: PathBuf,
}

/// What was brought in.
#[derive(Debug, Serialize)]
pub struct ImportReport {
    rows: BTreeMap<String, u64>,
    rejected: Vec<String>,
}

impl Command for ImportArgs {
    type Report = ImportReport;

    fn execute(&self) -> Outcome<ImportReport> {
        let folder = HostFolder::at(&self.dir);
        folder.settings()?;
        match &self.table {
            Some(table) => import_table(&self.dir, table, &self.from),
            None => import_history(&folder, &self.from),
        }
    }
}

/// The history of a host.
pub fn history(folder: &HostFolder) -> Outcome<History> {
    History::open(&folder.history()).map_err(explain)
}

/// An error of the history with what to do about it.
pub fn explain(error: HistoryError) -> Failure {
    let hint = error.hint();
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn import_history(folder: &HostFolder, from: &Path) -> Outcome<ImportReport> {
    let mut history = history(folder)?;
    let imported = match as_csv::is_more_than_csv(from) {
        true => import_parquet(&mut history, from)?,
        false => history.import(from).map_err(explain)?,
    };
    Ok(ImportReport {
        rows: imported
            .rows
            .iter()
            .map(|(table, rows)| ((*table).to_owned(), *rows))
            .collect(),
        rejected: imported.rejected.iter().map(ToString::to_string).collect(),
    })
}

/// Imports a folder that holds Parquet files too. It is written as CSV first, so that there is one import.
fn import_parquet(history: &mut History, from: &Path) -> Outcome<Imported> {
    let folder = tempfile::tempdir().context(|| "cannot make a temporary folder".into())?;
    let written = AsCsv::write(from, folder.path()).map_err(|error| match error.hint() {
        Some(hint) => Failure::from(error).hint(hint),
        None => Failure::from(error),
    })?;
    let mut imported = history.import(folder.path()).map_err(explain)?;
    let of_import = imported.rejected.into_iter();
    let mut rejected: Vec<_> = of_import
        .map(|rejection| written.trace(rejection))
        .collect();
    rejected.extend(written.rejected);
    imported.rejected = rejected;
    Ok(imported)
}

/// Puts a supplied table where its pack finds it, once it reads as the pack declares it.
fn import_table(dir: &Path, table: &str, from: &Path) -> Outcome<ImportReport> {
    let malformed = || {
        Failure::new(format!(
            "table `{table}` is not of the form `<name space>/<pack>/<table>`"
        ))
    };
    let (pack, name) = table.rsplit_once('/').ok_or_else(malformed)?;
    let pack: PackName = pack.parse().map_err(|_| malformed())?;
    let folder = HostFolder::at(dir);
    let lock = Lock::read(&folder)?;
    let Choice::Version { version, .. } = lock.choose(&pack, clock::today()?, Purpose::Audit)
    else {
        return Err(Failure::new(format!("no version of `{pack}` is in force"))
            .hint("bring it with `rulepack sync` first"));
    };
    let packs = packs(dir)?;
    let opened = rulepack_host::packs::open(&packs.read(&version.digest)?)?;
    let declaration = opened
        .manifest
        .tables
        .iter()
        .find(|declared| declared.name == name && declared.supplied_by.setter().is_some())
        .ok_or_else(|| Failure::new(format!("`{pack}` leaves no table `{name}` to be supplied")))?;
    let bytes = files::read(from)?;
    let read = KnowledgeTable::from_csv(declaration, &bytes)
        .context(|| format!("`{}`", from.display()))?;
    let digest = Digest::of(&bytes);
    overlays::keep(&packs.overlays().table_path(&digest), &bytes)?;
    let _editing = Lock::edit(&folder)?;
    let mut lock = Lock::read(&folder)?;
    let tables = lock.supplied.entry(pack).or_default();
    tables.insert(name.to_owned(), digest);
    lock.write(&folder, &NoFailures)?;
    Ok(ImportReport {
        rows: BTreeMap::from([(table.to_owned(), u64::from(read.rows))]),
        rejected: Vec::new(),
    })
}

impl Report for ImportReport {
    fn is_good(&self) -> bool {
        self.rejected.is_empty()
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (table, rows) in &self.rows {
            writeln!(f, "{rows:>9} {table}")?;
        }
        for rejected in &self.rejected {
            writeln!(f, "left out: {rejected}")?;
        }
        Ok(())
    }
}
