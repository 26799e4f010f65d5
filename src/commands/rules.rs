//! `rulepack rules`: the page of all rules of some packs, and what they answer.

mod answers;
mod page;

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_protocol::pack::Manifest;
use serde::Serialize;

use super::Command;
use crate::failure::{Explain as _, Outcome};
use crate::output::Report;
use crate::{files, packs};

use answers::Point;

/// Write the page of all rules of some packs: what each finds, on what ground, when, with which data and
/// parameters; and which points of supervision (监管要点) they answer.
///
/// Nothing is compiled: of a source its manifest is read, of a sealed pack the sealed one.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Folders of sources, or sealed packs.
    #[arg(required = true)]
    pub packs: Vec<PathBuf>,
    /// The points of supervision and what answers each (TOML). A point that nothing answers, or that names
    /// a rule which no pack declares, is refused.
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Where the page goes; it is printed where this is left out.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// The page, and what it was made of.
#[derive(Debug, Serialize)]
pub struct RulesReport {
    /// The manifests, in the order in which they were named.
    pub packs: Vec<Manifest>,
    /// The points of supervision.
    pub points: Vec<Point>,
    /// Where the page was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    #[serde(skip)]
    page: String,
}

impl Command for RulesArgs {
    type Report = RulesReport;

    fn execute(&self) -> Outcome<RulesReport> {
        let packs = self.packs.iter().map(|path| manifest(path));
        let packs = packs.collect::<Outcome<Vec<Manifest>>>()?;
        let points = match &self.answers {
            None => Vec::new(),
            Some(file) => answers::read(&files::read_text(file)?, &packs)
                .context(|| format!("`{}`", file.display()))?,
        };
        let page = page::page(&packs, &points);
        if let Some(file) = &self.out {
            files::write(file, page.as_bytes())?;
        }
        Ok(RulesReport {
            packs,
            points,
            file: self.out.clone(),
            page,
        })
    }
}

/// The manifest of a source or of a sealed pack.
fn manifest(path: &Path) -> Outcome<Manifest> {
    if !path.is_dir() {
        return Ok(packs::open(path)?.pack.manifest);
    }
    let file = path.join("pack.toml");
    Manifest::from_toml(&files::read_text(&file)?).context(|| format!("`{}`", file.display()))
}

impl Report for RulesReport {}

impl fmt::Display for RulesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(file) = &self.file else {
            return f.write_str(&self.page);
        };
        let rules: usize = self.packs.iter().map(|pack| pack.rules.len()).sum();
        let (packs, points) = (self.packs.len(), self.points.len());
        let file = file.display();
        writeln!(
            f,
            "wrote {file}: {rules} rules of {packs} packs, {points} points"
        )
    }
}
