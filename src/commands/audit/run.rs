//! `rulepack audit DATA`: the run itself.

mod text;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rulepack_audit::profile::{Exceeded, Profile};
use rulepack_audit::report::Language;
use rulepack_audit::run::{Run, RunSettings};
use rulepack_audit::{Audit, AuditError};
use rulepack_host::data::Encoding;
use rulepack_host::lock::Lock;
use rulepack_host::review::InForce;
use rulepack_host::settings::HostFolder;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use serde::Serialize;

use super::{explained, profile, report};
use crate::clock;
use crate::commands::check::versions::{self, Versions};
use crate::commands::import::FileEncoding;
use crate::engine;
use crate::failure::{Failure, Outcome};
use crate::failure_points;
use crate::progress::ProgressLine;
use crate::shutdown;

/// What is reviewed, with what, and where the result goes.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The folder of data: `orders.csv`, `orders-2026-01.parquet`, `orders/*.parquet` ... (docs/DATA.md).
    #[arg(required_unless_present = "resume", conflicts_with = "resume")]
    pub data: Option<PathBuf>,
    /// The folder of the run, new or empty.
    #[arg(long, required_unless_present = "resume", conflicts_with = "resume")]
    pub out: Option<PathBuf>,
    /// Go on with the run in this folder, as it was begun.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["encoding", "period", "today", "pack", "as_of"])]
    pub resume: Option<PathBuf>,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    pub dir: PathBuf,
    /// How CSV files are encoded: `gbk` as most hospital systems export (ANSI; read as GB 18030). It is never guessed.
    #[arg(long, value_enum, default_value = "utf-8")]
    pub encoding: FileEncoding,
    /// First and last day of settlement under review, `2025-01-01..2025-12-31`; the year that ends today where it is
    /// left out.
    #[arg(long)]
    pub period: Option<String>,
    /// A built-in profile (`rulepack audit profile` lists them) or a file: it chooses the period where none is
    /// named, and which report is written into the folder of the run.
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// The day that rules take as today.
    #[arg(long)]
    pub today: Option<Day>,
    /// Only this pack: by name, or a sealed file that need not be installed.
    #[arg(long)]
    pub pack: Option<String>,
    /// The digest of an earlier lock of this host: the versions, parameters and tables that it had then are
    /// used, whatever was published since.
    #[arg(long, value_name = "LOCK")]
    pub as_of: Option<Digest>,
    /// Memory for rows: `512MiB`, `4GiB`. Where half of it (at most 4 GiB) does not hold them all they go on disk, in
    /// the folder of the run.
    #[arg(long, default_value = "2GiB", value_parser = bytes)]
    pub memory: u64,
    /// Put rows on disk even where memory holds them: a run that was stopped then goes on where it was, and does not
    /// begin anew.
    #[arg(long)]
    pub on_disk: bool,
    /// Parts that are reviewed at once.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// `csv` writes `findings.csv` beside `findings.parquet`.
    #[arg(long, value_enum, default_value = "parquet")]
    pub findings: FindingsFormat,
    /// Words of the summary in Chinese or English. Messages of rules are Chinese always.
    #[arg(long, value_enum, default_value = "en")]
    pub lang: crate::commands::Language,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FindingsFormat {
    /// `findings.parquet`
    Parquet,
    /// `findings.parquet` and `findings.csv`
    Csv,
}

/// What came of a run.
#[derive(Debug, Serialize)]
pub struct RunReport {
    folder: PathBuf,
    #[serde(flatten)]
    run: Run,
    /// Thresholds of the profile that it exceeds.
    exceeded: Vec<Exceeded>,
    /// Files of its report.
    written: Vec<PathBuf>,
    #[serde(skip)]
    language: Language,
}

/// What was asked for: on the command line, or when the run was begun.
struct Asked {
    data: PathBuf,
    folder: PathBuf,
    pack: Option<String>,
    as_of: Option<Digest>,
    days: Option<(Day, Day, Day)>,
    encoding: Encoding,
}

impl RunArgs {
    /// Makes the run, and its report where a profile asks for one.
    pub fn execute(&self) -> Outcome<RunReport> {
        let profile = self.profile.as_deref().map(profile::find).transpose()?;
        let mut done = self.run(profile.as_ref())?;
        if let Some(profile) = &profile {
            let told = report::of_run(&done.folder, Some(profile), None)?;
            for (format, file) in report::files_of(profile, &done.folder) {
                let language = profile.report.language;
                report::write(&done.folder, &told, (format, &file), language)?;
                done.written.push(file);
            }
            done.exceeded = told.exceeded;
        }
        Ok(done)
    }

    fn run(&self, profile: Option<&Profile>) -> Outcome<RunReport> {
        let asked = self.asked()?;
        let folder = HostFolder::at(&self.dir);
        let packs = engine::packs(&self.dir)?;
        let versions = Versions {
            pack: asked.pack.as_deref(),
            as_of: asked.as_of.as_ref(),
        };
        let (lock, division) = versions.lock(&folder, &packs)?;
        unless_empty(&lock)?;
        let (from, to, today) = match asked.days {
            Some(days) => days,
            None => self.days(profile)?,
        };
        let settings = RunSettings {
            data: asked.data.display().to_string(),
            from,
            to,
            today,
            division: division.to_string(),
            encoding: asked.encoding.into(),
            lock: versions.host_lock(&folder)?.digest(),
            pack: asked.pack.clone().unwrap_or_default(),
            versions: lock.digest(),
            release: env!("CARGO_PKG_VERSION").to_owned(),
            parts: 0,
        };
        let in_force = InForce {
            packs: &packs,
            lock: &lock,
            division: &division,
        };
        let progress = ProgressLine::new();
        let failures = failure_points::of_this_host();
        let audit = Audit {
            input: &asked.data,
            folder: &asked.folder,
            in_force,
            settings,
            memory_bytes: self.memory,
            on_disk: self.on_disk,
            threads: self.threads,
            findings_csv: self.findings == FindingsFormat::Csv,
            progress: &progress,
            failures: &*failures,
        };
        end_when_asked(&asked.folder);
        let run = audit.run();
        drop(progress);
        let same_again = self.data.as_ref().map(|_| &*asked.folder);
        let run = run.map_err(|error| stopped(error, same_again))?;
        Ok(RunReport {
            folder: asked.folder,
            run,
            exceeded: Vec::new(),
            written: Vec::new(),
            language: report::language(self.lang),
        })
    }
}

impl RunArgs {
    fn asked(&self) -> Outcome<Asked> {
        if let Some(folder) = &self.resume {
            let run = Run::read(folder).map_err(explained)?;
            let run = run.ok_or_else(|| {
                Failure::new(format!("`{}` holds no run", folder.display()))
                    .hint("`rulepack audit DATA --out DIR` begins one")
            })?;
            let RunSettings {
                from, to, today, ..
            } = run.settings;
            return Ok(Asked {
                data: run.settings.data.into(),
                folder: folder.clone(),
                pack: Some(run.settings.pack).filter(|pack| !pack.is_empty()),
                as_of: self.lock_of(&run.settings.lock)?,
                days: Some((from, to, today)),
                encoding: run.settings.encoding.into(),
            });
        }
        let (Some(data), Some(folder)) = (&self.data, &self.out) else {
            return Err(Failure::new("neither data nor a run is named"));
        };
        let unreadable = |e| Failure::new(format!("`{}` cannot be read: {e}", data.display()));
        Ok(Asked {
            data: fs::canonicalize(data).map_err(unreadable)?,
            folder: folder.clone(),
            pack: self.pack.clone(),
            as_of: self.as_of,
            days: None,
            encoding: self.encoding.into(),
        })
    }

    /// Which earlier lock a run was begun with; none where it is the one in force still.
    fn lock_of(&self, digest: &Digest) -> Outcome<Option<Digest>> {
        let in_force = Versions {
            pack: None,
            as_of: None,
        };
        let now = in_force.host_lock(&HostFolder::at(&self.dir))?.digest();
        Ok((now != *digest).then_some(*digest))
    }

    /// First and last day under review, and today.
    fn days(&self, profile: Option<&Profile>) -> Outcome<(Day, Day, Day)> {
        let today = match self.today {
            Some(day) => day,
            None => clock::today()?,
        };
        let by_profile = profile.filter(|_| self.period.is_none());
        let (first, last) = match by_profile.and_then(|profile| profile.period.days(today)) {
            Some(period) => (period.from, period.to),
            None => versions::period(self.period.as_deref(), today)?,
        };
        if last > today {
            return Err(Failure::new(format!(
                "the period ends on {last}, after today, {today}"
            )));
        }
        Ok((first, last, today))
    }
}

/// Refuses a lock that holds no pack.
fn unless_empty(lock: &Lock) -> Outcome {
    match lock.packs().is_empty() {
        true => Err(
            Failure::new("no pack is installed, so nothing can be reviewed")
                .hint("`rulepack sync` brings what the host follows"),
        ),
        false => Ok(()),
    }
}

/// What a run goes on with, and from where: only it knows whether its rows lie on disk.
const GOES_ON: &str = "goes on with it, from the beginning where memory held its rows";

/// A run goes on whenever it was stopped.
fn end_when_asked(folder: &Path) {
    let folder = folder.display();
    shutdown::end_when_asked(format!(
        "the run is kept: `rulepack audit --resume {folder}` {GOES_ON}"
    ));
}

/// What failed, and what to do: the same command again where that goes on with the run in this folder.
fn stopped(error: AuditError, same_again: Option<&Path>) -> Failure {
    let is_kept = same_again.is_some_and(|folder| matches!(Run::read(folder), Ok(Some(_))));
    let can_go_on = is_kept && matches!(error, AuditError::Io { .. }) && error.hint().is_none();
    let failure = explained(error);
    match can_go_on {
        true => failure.hint(format!("the run is kept: the same command {GOES_ON}")),
        false => failure,
    }
}

impl RunReport {
    /// Good where everybody was judged by everything, and no threshold is exceeded.
    pub fn is_good(&self) -> bool {
        self.exceeded.is_empty()
            && self.run.counts.broken.is_empty()
            && self.run.counts.no_verdict.is_empty()
    }
}

/// `512MiB` in bytes.
fn bytes(text: &str) -> Result<u64, String> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("", 0)];
    let found = units.into_iter().find_map(|(unit, bits)| {
        let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        number.checked_mul(1 << bits)
    });
    found.ok_or_else(|| "expected a size such as `512MiB` or `4GiB`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn a_size_has_a_binary_unit() {
        assert_eq!(bytes("512MiB"), Ok(512 << 20));
        assert_eq!(bytes("4 GiB"), Ok(4 << 30));
        assert_eq!(bytes("1000"), Ok(1000));
        let error = Err("expected a size such as `512MiB` or `4GiB`".to_owned());
        assert_eq!(bytes("4GB"), error);
        assert_eq!(bytes("-1"), error);
        assert_eq!(bytes("99999999999999TiB"), error);
    }
}
