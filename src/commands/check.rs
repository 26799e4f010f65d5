//! `rulepack check`: review data from files with the packs of a host.

mod text;
pub mod versions;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use rulepack_contract::data::{Data, DataBuilder};
use rulepack_contract::review::Stage;
use rulepack_contract::units;
use rulepack_engine::patients::Division as Batches;
use rulepack_host::client::FloorsStore;
use rulepack_host::data::{Call as _, national, read_directory_in, read_file_in};
use rulepack_host::review::{Circumstances, InForce, Report as Review};
use rulepack_host::settings::HostFolder;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::TargetPath;
use serde::Serialize;

use super::{Command, Language, import, serve};
use crate::clock;
use crate::engine;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::output::Report;
use versions::Versions;

/// Review data from files: a folder of CSV files, one CSV file, or a national request (3101, 3102) as
/// JSON; or what was imported. Prints findings with rows, rule, money and policy, and what could not be evaluated and why.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A folder, a CSV file or a JSON file; what was imported where it is left out.
    pub from: Option<PathBuf>,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    pub dir: PathBuf,
    /// How CSV files are encoded: `gbk` as most hospital systems export (ANSI; read as GB 18030). It is never
    /// guessed.
    #[arg(long, value_enum, default_value = "utf-8")]
    pub encoding: import::FileEncoding,
    /// How the region writes requests (TOML).
    #[arg(long, value_name = "FILE")]
    pub region: Option<PathBuf>,
    /// Only this pack: by name, or a sealed file that need not be installed.
    #[arg(long)]
    pub pack: Option<String>,
    /// The digest of an earlier lock of this host: the versions, parameters and tables that it had then are
    /// used, whatever was published since.
    #[arg(long, value_name = "LOCK")]
    pub as_of: Option<Digest>,
    /// When in the course of care; that of the request, else afterwards.
    #[arg(long, value_enum)]
    pub stage: Option<CheckStage>,
    /// The day that rules take as today.
    #[arg(long)]
    pub today: Option<Day>,
    /// First and last day that institutions, and what was imported of patients, are reviewed for, `2025-01-01..2025-12-31`; the year that
    /// ends today where it is left out.
    #[arg(long)]
    pub period: Option<String>,
    /// Threads that evaluate.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// A batch is closed once it has so many rows.
    #[arg(long, default_value_t = 10_000)]
    pub batch_rows: u64,
    /// Words of the text in Chinese or English; messages of rules are Chinese always.
    #[arg(long, value_enum, default_value = "en")]
    pub lang: Language,
}

/// When in the course of care.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum CheckStage {
    /// 事前
    Before,
    /// 事中
    During,
    /// 事后
    After,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct CheckReport {
    #[serde(flatten)]
    review: Review,
    /// Why the packs are stale, where they are: they go on, and somebody should look.
    stale: Option<String>,
    /// Packs in force that could not be used.
    broken: Vec<(TargetPath, String)>,
    /// Packs of which no version is in force for somebody.
    gaps: Vec<String>,
    /// Patients whose care goes on and whose rule day lies more than a month from today.
    far_rule_days: u64,
    /// Rows left out, and why.
    rejected: Vec<String>,
    #[serde(skip)]
    language: Language,
}

/// Data, the rows left out of it, and the stage where the data tells it.
struct Input {
    data: Data,
    rejected: Vec<String>,
    stage: Option<Stage>,
    scenes: Vec<String>,
}

impl Command for CheckArgs {
    type Report = CheckReport;

    fn execute(&self) -> Outcome<CheckReport> {
        let folder = HostFolder::at(&self.dir);
        let packs = engine::packs(&self.dir)?;
        let versions = Versions {
            pack: self.pack.as_deref(),
            as_of: self.as_of.as_ref(),
        };
        let (lock, division) = versions.lock(&folder, &packs)?;
        if lock.versions.is_empty() {
            return Err(
                Failure::new("no pack is installed, so nothing can be reviewed")
                    .hint("`rulepack sync` brings what the host follows"),
            );
        }
        let today = match self.today {
            Some(day) => day,
            None => clock::today()?,
        };
        let period = versions::period(self.period.as_deref(), today)?;
        let period = (period.0.number(), period.1.number());
        let input = match &self.from {
            Some(from) => read(from, self.region.as_deref(), self.encoding, &folder)?,
            None => read_history(&folder, period)?,
        };
        let circumstances = Circumstances {
            stage: self.stage(input.stage),
            today: today.number(),
            scenes: input.scenes,
            jurisdiction: division.to_string(),
            period: Some(period),
            sums: None,
            batches: Batches {
                rows: self.batch_rows,
                threads: self.threads,
            },
        };
        let in_force = InForce {
            packs: &packs,
            lock: &lock,
            division: &division,
        };
        let reviewed = in_force.review(&Arc::new(input.data), &circumstances);
        let broken = reviewed.broken.iter();
        Ok(CheckReport {
            review: reviewed.report,
            stale: self.stale(&folder)?,
            broken: broken
                .map(|(path, e)| (path.clone(), e.to_string()))
                .collect(),
            gaps: reviewed.gaps.iter().map(ToString::to_string).collect(),
            far_rule_days: reviewed.far_rule_days,
            rejected: input.rejected,
            language: self.lang,
        })
    }
}

impl CheckArgs {
    /// Whether what vouches for the packs has expired since the last refresh, or cannot be read.
    fn stale(&self, folder: &HostFolder) -> Outcome<Option<String>> {
        let is_file = self
            .pack
            .as_ref()
            .is_some_and(|file| Path::new(file).is_file());
        if is_file || !folder.is_set_up() {
            return Ok(None);
        }
        let state = match FloorsStore::new(folder.trust()).read() {
            Ok(state) => state,
            Err(error) => return Ok(Some(error.to_string())),
        };
        let now = clock::now()?;
        let ended = state.valid_until.filter(|end| *end <= now);
        Ok(ended.map(|end| format!("what vouches for these packs expired at {end}")))
    }

    fn stage(&self, told: Option<Stage>) -> Stage {
        match self.stage {
            Some(CheckStage::Before) => Stage::Before,
            Some(CheckStage::During) => Stage::During,
            Some(CheckStage::After) => Stage::After,
            None => told.unwrap_or(Stage::After),
        }
    }
}

fn read(
    from: &Path,
    region: Option<&Path>,
    encoding: import::FileEncoding,
    folder: &HostFolder,
) -> Outcome<Input> {
    let is = |ending: &str| from.extension().is_some_and(|found| found == ending);
    if is("json") {
        return read_request(from, &serve::region(region)?, folder);
    }
    let found = std::fs::metadata(from);
    let found = found.context(|| format!("cannot read `{}`", from.display()))?;
    let loaded = match found.is_dir() {
        true => read_directory_in(from, encoding.into()),
        false => read_file_in(from, encoding.into()),
    };
    let loaded = loaded.map_err(import::explain_data)?;
    Ok(Input {
        data: loaded.data,
        rejected: loaded.rejected.iter().map(ToString::to_string).collect(),
        stage: None,
        scenes: Vec::new(),
    })
}

/// What was imported, with the encounters of these days under review.
fn read_history(folder: &HostFolder, period: (i32, i32)) -> Outcome<Input> {
    folder.settings()?;
    let mut builder = DataBuilder::new();
    let history = import::history(folder)?;
    history
        .add_all(period, &mut builder)
        .map_err(import::explain)?;
    let (data, rejections) = builder.finish();
    Ok(Input {
        data,
        rejected: rejections.iter().map(ToString::to_string).collect(),
        stage: None,
        scenes: Vec::new(),
    })
}

/// A national request, with what the host's history knows of its patients.
fn read_request(from: &Path, region: &national::Region, folder: &HostFolder) -> Outcome<Input> {
    let named = || format!("`{}`", from.display());
    let (text, _) = national::decode(&files::read(from)?, None).context(named)?;
    let request = national::Request::parse(&text, region).context(named)?;
    let mut builder = DataBuilder::new();
    let mut known = request.fill(&mut builder).context(named)?.known;
    if folder.history().is_dir() {
        let history = import::history(folder)?;
        let added = history.add_patients(&request.patients()?, &mut known, &mut builder);
        added.map_err(import::explain)?;
    }
    let (data, rejections) = builder.finish();
    Ok(Input {
        data,
        rejected: rejections.iter().map(ToString::to_string).collect(),
        stage: Some(request.transaction.stage()),
        scenes: request.scenes.clone(),
    })
}

impl Report for CheckReport {
    /// Good where nothing is found that stops an order, and nobody went without a verdict.
    fn is_good(&self) -> bool {
        use rulepack_protocol::pack::manifest::Action;
        let mut findings = self.review.findings.iter();
        findings.all(|found| found.action != Action::Block)
            && self.review.no_verdict.is_empty()
            && self.broken.is_empty()
            && !self.is_unjudged()
    }
}

impl CheckReport {
    /// Whether packs are known and none of them was in force: then that nothing is found says nothing.
    fn is_unjudged(&self) -> bool {
        self.review.packs.is_empty() && !self.gaps.is_empty()
    }
}

/// Rows under review, for the last line of the text.
fn amount(fen: i64) -> String {
    units::format_decimal(fen, 2)
}
