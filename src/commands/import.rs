//! `rulepack import`: bring registrations, earlier lines and supplied tables to a host.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rulepack_audit::as_csv::{self, AsCsv};
use rulepack_build::supplied_table;
use rulepack_host::client::NoFailures;
use rulepack_host::data::{DataError, Encoding};
use rulepack_host::history::{History, HistoryError, Imported};
use rulepack_host::lock::{Choice, Lock, Purpose};
use rulepack_host::overlays;
use rulepack_host::settings::HostFolder;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::PackName;
use serde::Serialize;

use super::{Command, Language};
use crate::clock;
use crate::engine::packs;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::output::Report;
use crate::packs::explained_table;

/// Bring data to a host: a folder of CSV or Parquet files (registrations, earlier encounters and lines,
/// accumulators), or a knowledge table that a city or the hospital supplies.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A folder of CSV or Parquet files (see docs/DATA.md), or one CSV or XLSX file with `--table`.
    pub from: PathBuf,
    /// The table that the file supplies: `37/drg-checks/payment-standards`.
    #[arg(long)]
    pub table: Option<String>,
    /// How the files are encoded: `gbk` as most hospital systems export (ANSI; read as GB 18030). It is never
    /// guessed.
    #[arg(long, value_enum, default_value = "utf-8")]
    pub encoding: FileEncoding,
    /// The language in which faults of a supplied table are told (表格错误的语言).
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub lang: Language,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    pub dir: PathBuf,
}

/// How CSV files are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileEncoding {
    /// UTF-8, with or without a byte order mark
    #[value(name = "utf-8")]
    Utf8,
    /// GBK, or GB 18030
    #[value(name = "gbk", alias = "gb18030")]
    Gbk,
}

impl From<FileEncoding> for Encoding {
    fn from(encoding: FileEncoding) -> Self {
        match encoding {
            FileEncoding::Utf8 => Encoding::Utf8,
            FileEncoding::Gbk => Encoding::Gbk,
        }
    }
}

impl From<FileEncoding> for rulepack_build::Encoding {
    fn from(encoding: FileEncoding) -> Self {
        match encoding {
            FileEncoding::Utf8 => rulepack_build::Encoding::Utf8,
            FileEncoding::Gbk => rulepack_build::Encoding::Gbk,
        }
    }
}

/// An error of data with what to do about it.
pub fn explain_data(error: DataError) -> Failure {
    let hint = error.hint();
    hint.into_iter().fold(Failure::from(error), Failure::hint)
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
            Some(table) => self.import_table(table),
            None => self.import_history(&folder),
        }
    }
}

impl ImportArgs {
    fn import_history(&self, folder: &HostFolder) -> Outcome<ImportReport> {
        let mut history = history(folder)?;
        let imported = match as_csv::is_more_than_csv(&self.from) {
            true => import_parquet(&mut history, &self.from, self.encoding.into())?,
            false => history
                .import_in(&self.from, self.encoding.into())
                .map_err(explain)?,
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

    /// Puts a supplied table where its pack finds it, once it reads as the pack declares it.
    fn import_table(&self, table: &str) -> Outcome<ImportReport> {
        let malformed = || {
            Failure::new(format!(
                "table `{table}` is not of the form `<name space>/<pack>/<table>`"
            ))
        };
        let (pack, name) = table.rsplit_once('/').ok_or_else(malformed)?;
        let pack: PackName = pack.parse().map_err(|_| malformed())?;
        let folder = HostFolder::at(&self.dir);
        let lock = Lock::read(&folder)?;
        let Choice::Version { version, .. } = lock.choose(&pack, clock::today()?, Purpose::Audit)
        else {
            return Err(Failure::new(format!("no version of `{pack}` is in force"))
                .hint("bring it with `rulepack sync` first"));
        };
        let packs = packs(&self.dir)?;
        let opened = rulepack_host::packs::open(&packs.read(&version.digest)?)?;
        let declaration = opened
            .manifest
            .tables
            .iter()
            .find(|declared| declared.name == name && declared.supplied_by.setter().is_some())
            .ok_or_else(|| {
                Failure::new(format!("`{pack}` leaves no table `{name}` to be supplied"))
            })?;
        let supplied = supplied_table(&self.from, self.encoding.into(), declaration);
        let (bytes, read) = supplied.map_err(|error| explained_table(error, self.lang))?;
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
}

/// The history of a host, as its service sees it today.
pub fn history(folder: &HostFolder) -> Outcome<History> {
    let settings = folder.settings()?.history;
    let history = History::open(&folder.history()).map_err(explain)?;
    Ok(history.since(settings.since(clock::today()?)))
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

/// Imports a folder that holds Parquet files too. It is written as CSV first, so that there is one import.
fn import_parquet(history: &mut History, from: &Path, encoding: Encoding) -> Outcome<Imported> {
    if encoding != Encoding::Utf8 {
        let failure = Failure::new(format!("`{}` holds Parquet files", from.display()));
        return Err(failure.hint("`--encoding` is for folders of CSV files alone"));
    }
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
