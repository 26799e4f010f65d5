//! `rulepack audit compare`: what changed from one run to another.

use std::path::PathBuf;

use clap::Args;
use rulepack_audit::compare::{Comparison, compare, comparison_page, comparison_text, sorted};
use rulepack_audit::report::{Language, RunFacts};
use rulepack_audit::summary::SummaryOptions;
use serde::Serialize;

use super::report::{facts, findings, language};
use crate::failure::Outcome;
use crate::files;

/// Findings are sorted on disk beyond so many bytes of each run.
const MEMORY_BYTES: usize = 256 << 20;

/// Compares two runs that are done: findings gained, lost, kept and altered, by rule, department and money. A
/// finding is the same where pack (of any version), rule, patient or institution and offending rows are.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The folder of the earlier run.
    before: PathBuf,
    /// The folder of the later run.
    after: PathBuf,
    /// Write the comparison as one page, which needs no other file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Words in Chinese or English; where it is left out, English on the terminal and Chinese on the page.
    #[arg(long, value_enum)]
    lang: Option<crate::commands::Language>,
}

/// What changed.
#[derive(Debug, Serialize)]
pub struct Compared {
    #[serde(flatten)]
    comparison: Comparison,
    /// Where the page was written.
    page: Option<PathBuf>,
    #[serde(skip)]
    language: Language,
}

impl CompareArgs {
    pub fn compare(&self) -> Outcome<Compared> {
        let before = self.in_order(&self.before)?;
        let after = self.in_order(&self.after)?;
        let comparison = compare(before, after, &SummaryOptions::default())?;
        let asked = self.lang.map(language);
        if let Some(file) = &self.html {
            let page = comparison_page(&comparison, asked.unwrap_or(Language::Chinese));
            files::write(file, page.as_bytes())?;
        }
        Ok(Compared {
            comparison,
            page: self.html.clone(),
            language: asked.unwrap_or(Language::English),
        })
    }

    /// A run, its findings in the order in which two are compared.
    fn in_order(
        &self,
        folder: &std::path::Path,
    ) -> Outcome<(RunFacts, rulepack_audit::compare::Sorted)> {
        let facts = facts(folder, None)?;
        let findings = findings(folder, &facts)?;
        // Beside the run: findings are as confidential as it is.
        let sorted = sorted(findings, MEMORY_BYTES, folder)?;
        Ok((facts, sorted))
    }
}

impl std::fmt::Display for Compared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&comparison_text(&self.comparison, self.language))?;
        match &self.page {
            Some(page) => writeln!(f, "{}", page.display()),
            None => Ok(()),
        }
    }
}
