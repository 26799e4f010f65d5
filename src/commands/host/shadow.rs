//! `rulepack host shadow`: what a new version would change here, as text, JSON or a page.

mod text;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_host::client::NoFailures;
use rulepack_host::history::History;
use rulepack_host::lock::{Choice, Lock, LockedVersion, Purpose};
use rulepack_host::settings::HostFolder;
use rulepack_host::shadow::{self, FoundRow, Reference, References, ShadowReport, ShadowRun, Told};
use rulepack_host::update::course::Course;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::TargetPath;
use serde::Serialize;

use crate::clock;
use crate::commands::{Language, import};
use crate::engine;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;

/// Shows the shadow run that an update made of a version, or makes another one.
#[derive(Debug, Args)]
pub struct ShadowArgs {
    /// The version: `37/vbp-quota@1.2.0`.
    version: String,
    /// Run it again over what is kept now, beside the version in force; nothing is decided by it.
    #[arg(long)]
    again: bool,
    /// With `--again`: beside this version of the pack, such as `1.1.0`.
    #[arg(long, value_name = "VERSION", requires = "again")]
    beside: Option<String>,
    /// Write the report as one page with charts, which needs no other file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Say which row of this host's history a reference of the report names, such as
    /// `orders:5f1c09a2b7`. This prints keys of a patient.
    #[arg(long, value_name = "REFERENCE", conflicts_with_all = ["again", "html"])]
    row: Option<String>,
    /// The language of the text.
    #[arg(long, value_enum, default_value_t = Language::En)]
    lang: Language,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
}

/// What is shown.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// The report.
    Report {
        /// What the run found.
        #[serde(flatten)]
        report: Box<ShadowReport>,
        /// Why its version waits for a person, by the settings of now.
        asks: Option<Told>,
        /// Where the page was written.
        page: Option<PathBuf>,
        /// The language of the text.
        #[serde(skip)]
        lang: Language,
    },
    /// A row that a reference names.
    Row {
        /// The row.
        #[serde(flatten)]
        row: FoundRow,
        /// The language of the text.
        #[serde(skip)]
        lang: Language,
    },
}

impl ShadowArgs {
    /// The report, or the row that is asked for.
    pub fn show(&self) -> Outcome<Shown> {
        let folder = HostFolder::at(&self.dir);
        let settings = folder.settings().map_err(|error| {
            let hint = error.hint();
            hint.into_iter().fold(Failure::from(error), Failure::hint)
        })?;
        let path = super::version(&self.version)?;
        let lock = Lock::read(&folder)?;
        let version = known(&lock, &path)?;
        let today = clock::today()?;
        if let Some(reference) = &self.row {
            let row = row(&folder, reference, today)?;
            let lang = self.lang;
            return Ok(Shown::Row { row, lang });
        }
        let report = match self.again {
            true => self.run(&folder, (&lock, version), today)?,
            false => {
                let kept = Course::of(&folder, version).shadow;
                kept.ok_or_else(|| Failure::new(format!("no shadow run of `{path}` is kept")))
                    .hint("`--again` makes one; `rulepack host status` says why there was none")?
            }
        };
        if let Some(file) = &self.html {
            files::write(file, shadow::page(&report).as_bytes())?;
        }
        Ok(Shown::Report {
            asks: shadow::asks_for_a_person(&report, &settings.updates.shadow),
            report: Box::new(report),
            page: self.html.clone(),
            lang: self.lang,
        })
    }

    /// Runs both versions over what is kept now.
    fn run(
        &self,
        folder: &HostFolder,
        (lock, new): (&Lock, &LockedVersion),
        today: Day,
    ) -> Outcome<ShadowReport> {
        let pack = new.path.pack();
        let beside = match &self.beside {
            Some(version) => {
                let path = TargetPath::new(pack.clone(), version.parse()?)?;
                Some(known(lock, &path)?)
            }
            None => match lock.choose(pack, today, Purpose::Service) {
                Choice::Version { version, .. } if version.path != new.path => Some(version),
                _ => None,
            },
        };
        let settings = folder.settings()?;
        let history = history(folder)?;
        let packs = engine::packs(folder.root())?;
        let run = ShadowRun {
            packs: &packs,
            lock,
            history: &history,
            division: &settings.division,
            settings: settings.updates.shadow,
            references: &References::of(folder)?,
            today,
            now: clock::now()?,
            failures: &NoFailures,
        };
        Ok(run.compare(beside, new)?)
    }
}

/// The row of a reference.
fn row(folder: &HostFolder, reference: &str, today: Day) -> Outcome<FoundRow> {
    let references = References::of(folder)?;
    let history = history(folder)?;
    let found = shadow::find(&Reference::from(reference), &history, &references, today)?;
    found.ok_or_else(|| {
        Failure::new(format!("`{reference}` names no row of this host's history"))
            .hint("references are those of reports that this very host made")
    })
}

fn history(folder: &HostFolder) -> Outcome<History> {
    let path = folder.history();
    match Path::new(&path).is_dir() {
        true => import::history(folder),
        false => Err(Failure::new("no history to compare").hint("`rulepack import` brings some")),
    }
}

fn known<'l>(lock: &'l Lock, path: &TargetPath) -> Outcome<&'l LockedVersion> {
    lock.version(path).ok_or_else(|| {
        Failure::new(format!("`{path}` is not in the lock"))
            .hint("`rulepack host status` lists what is known")
    })
}

impl Shown {
    /// Good where nothing asks for a person.
    pub fn is_good(&self) -> bool {
        match self {
            Shown::Report { asks, .. } => asks.is_none(),
            Shown::Row { .. } => true,
        }
    }
}
