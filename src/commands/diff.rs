//! `rulepack diff`: what changed from one sealed pack to another.

pub mod text;

use std::fmt;

use clap::Args;
use rulepack_protocol::pack::diff::{PackDiff, compare};
use rulepack_protocol::trust::Freshness;
use serde::Serialize;

use super::Command;
use super::Language;
use crate::clock;
use crate::failure::Outcome;
use crate::output::Report;
use crate::packs::{self, SealedPack};
use crate::published::{self, PackReference, Published, TrustArgs};

/// Show what changed from one sealed pack to another: permissions, rules, parameters, messages, places and
/// days, and tables row by row.
///
/// Ends with code 0 where both are the same bytes, with 3 where they differ. `NAME@VERSION` is taken from the
/// registry, verified; or, with `--dir` alone, from the host's own store, without asking anybody. A file
/// is opened within the bounds of a pack, signed or not.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The earlier pack: a sealed file, or `NAME@VERSION`.
    pub before: PackReference,
    /// The later pack.
    pub after: PackReference,
    #[command(flatten)]
    pub trust: TrustArgs,
    /// The most rows listed of a table; the counts are always whole.
    #[arg(long, value_name = "ROWS", default_value_t = 20)]
    pub limit: usize,
    /// Language of the text.
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub lang: Language,
}

/// What changed.
#[derive(Debug, Serialize)]
pub struct DiffReport {
    #[serde(flatten)]
    diff: PackDiff,
    #[serde(skip)]
    language: Language,
}

impl Command for DiffArgs {
    type Report = DiffReport;

    fn execute(&self) -> Outcome<DiffReport> {
        let (before, after) = (self.open(&self.before)?, self.open(&self.after)?);
        Ok(DiffReport {
            diff: compare(&before.pack, &after.pack, self.limit),
            language: self.lang,
        })
    }
}

impl DiffArgs {
    fn open(&self, reference: &PackReference) -> Outcome<SealedPack> {
        let path = match reference {
            PackReference::File(file) => return packs::open(file),
            PackReference::Published(path) => path,
        };
        match &self.trust {
            TrustArgs {
                dir: Some(dir),
                registry: None,
                ..
            } => published::of_a_host(dir, path),
            trust => {
                let published = Published::of(trust, Freshness::at(clock::now()?))?;
                let (target, _) = published.target(path)?;
                published.open(&target)
            }
        }
    }
}

impl Report for DiffReport {
    fn is_good(&self) -> bool {
        self.diff.is_equal()
    }
}

impl fmt::Display for DiffReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.language.choose(&text::ENGLISH, &text::CHINESE);
        let (before, after) = (&self.diff.before, &self.diff.after);
        writeln!(f, "{} {} {}", before.name, before.version, before.digest)?;
        writeln!(f, "{} {} {}", after.name, after.version, after.digest)?;
        text::changes(f, &self.diff, words)
    }
}
