//! `rulepack audit report`: a run told to people.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_audit::finding::AuditFinding;
use rulepack_audit::findings_file::FindingsReader;
use rulepack_audit::profile::{Format, Profile};
use rulepack_audit::report::{self, Language, Report, RunFacts};
use rulepack_audit::run::{Run, RunState};
use rulepack_audit::summary::{SummaryOptions, summarize};
use rulepack_audit::{AuditError, FINDINGS};
use serde::Serialize;

use super::{explained, profile};
use crate::clock;
use crate::failure::{Explain as _, Failure, Outcome};

/// Tells a run that is done: figures by rule, department, doctor, institution, month and item with money and
/// patients, what was not judged first. Writes them as one HTML page for the director, as a workbook with all
/// findings, or as CSV. Ends with 3 where a threshold of the profile is exceeded.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The folder of the run.
    run: PathBuf,
    /// A built-in profile (`rulepack audit profile` lists them) or a file: what is told of, thresholds, which files
    /// are written (into the folder of the run) where none is named here.
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// Whose claims these are, for the title; the division where it is left out.
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// Write one page with charts, which needs no other file and can be printed.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a workbook: the summary, and all findings.
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
    /// Write all findings as CSV that Excel opens.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Words in Chinese or English; that of the profile where it is left out, else English on the terminal and
    /// Chinese in files. Messages of rules are Chinese always.
    #[arg(long, value_enum)]
    lang: Option<crate::commands::Language>,
}

/// What is told.
#[derive(Debug, Serialize)]
pub struct Told {
    #[serde(flatten)]
    report: Report,
    /// Files that were written.
    written: Vec<PathBuf>,
    #[serde(skip)]
    language: Language,
}

impl ReportArgs {
    pub fn tell(&self) -> Outcome<Told> {
        let profile = self.profile.as_deref().map(profile::find).transpose()?;
        let told = of_run(&self.run, profile.as_ref(), self.subject.as_deref())?;
        let asked = self.lang.map(language);
        let by_profile = profile.as_ref().map(|profile| profile.report.language);
        let in_files = asked.or(by_profile).unwrap_or(Language::Chinese);
        let mut written = Vec::new();
        for (format, file) in self.files(profile.as_ref()) {
            write(&self.run, &told, (format, &file), in_files)?;
            written.push(file);
        }
        Ok(Told {
            report: told,
            written,
            language: asked.or(by_profile).unwrap_or(Language::English),
        })
    }

    /// Files that are named; where none is, those of the profile.
    fn files(&self, profile: Option<&Profile>) -> Vec<(Format, PathBuf)> {
        let named = [
            (Format::Html, &self.html),
            (Format::Xlsx, &self.xlsx),
            (Format::Csv, &self.csv),
        ];
        let named = named.into_iter();
        let named: Vec<_> = named
            .filter_map(|(format, file)| Some((format, file.clone()?)))
            .collect();
        match (named.is_empty(), profile) {
            (true, Some(profile)) => files_of(profile, &self.run),
            _ => named,
        }
    }
}

/// The files that a profile asks for, in the folder of a run.
pub fn files_of(profile: &Profile, run: &Path) -> Vec<(Format, PathBuf)> {
    let formats = profile.report.formats.iter();
    let named = formats.map(|format| {
        let ending = match format {
            Format::Html => "html",
            Format::Xlsx => "xlsx",
            Format::Csv => "csv",
        };
        (*format, run.join(format!("{}.{ending}", profile.name)))
    });
    named.collect()
}

/// The report of a run that is done.
pub fn of_run(folder: &Path, profile: Option<&Profile>, subject: Option<&str>) -> Outcome<Report> {
    let mut facts = facts(folder, subject)?;
    let mut options = SummaryOptions::default();
    if let Some(profile) = profile {
        options = profile.summary_options();
        facts.profile.clone_from(&profile.title);
        facts.choice = profile.choose.clone();
    }
    let summary = summarize(findings(folder, &facts)?, &options).map_err(explained)?;
    let exceeded = profile.map(|profile| profile.thresholds.exceeded(&facts, &summary));
    Ok(Report {
        exceeded: exceeded.unwrap_or_default(),
        facts,
        summary,
    })
}

/// The facts of a run that is done.
pub fn facts(folder: &Path, subject: Option<&str>) -> Outcome<RunFacts> {
    let run = Run::read(folder).map_err(explained)?;
    let run = run.filter(|run| run.state == RunState::Done);
    let run = run.ok_or_else(|| {
        Failure::new(format!("`{}` holds no run that is done", folder.display()))
            .hint("`rulepack audit DATA --out DIR` begins one, `rulepack audit --resume DIR` goes on with it")
    })?;
    Ok(RunFacts::of(
        &run,
        subject.unwrap_or(&run.settings.division),
        clock::now()?,
    ))
}

/// The findings of a run that its report tells of.
pub fn findings(
    folder: &Path,
    facts: &RunFacts,
) -> Outcome<impl Iterator<Item = Result<AuditFinding, AuditError>> + use<>> {
    let choice = facts.choice.clone();
    let all = FindingsReader::open(&folder.join(FINDINGS)).map_err(explained)?;
    let all = all.flat_map(|some| match some {
        Ok(some) => some.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    });
    Ok(all.filter(move |finding| {
        finding
            .as_ref()
            .map_or(true, |finding| choice.takes(finding))
    }))
}

/// Writes one file of a report.
pub fn write(
    run: &Path,
    told: &Report,
    (format, file): (Format, &Path),
    language: Language,
) -> Outcome {
    let findings = findings(run, &told.facts)?;
    let cannot = || format!("cannot write `{}`", file.display());
    // Beside its place first: a file that is there is whole.
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut new =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).context(cannot)?;
    let mut out = BufWriter::new(new.as_file_mut());
    match format {
        Format::Html => out
            .write_all(report::page(told, language).as_bytes())
            .context(cannot)?,
        Format::Xlsx => {
            report::write_xlsx(told, language, findings, &mut out).context(cannot)?;
        }
        Format::Csv => {
            report::write_csv(findings, &mut out).context(cannot)?;
        }
    }
    out.flush().context(cannot)?;
    drop(out);
    new.as_file().sync_all().context(cannot)?;
    new.persist(file).map(|_: File| ()).context(cannot)
}

/// As the command line says it.
pub fn language(language: crate::commands::Language) -> Language {
    match language {
        crate::commands::Language::Zh => Language::Chinese,
        crate::commands::Language::En => Language::English,
    }
}

impl Told {
    /// Good where no threshold is exceeded.
    pub fn is_good(&self) -> bool {
        self.report.exceeded.is_empty()
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&report::text(&self.report, self.language))?;
        for file in &self.written {
            writeln!(f, "{}", file.display())?;
        }
        Ok(())
    }
}
