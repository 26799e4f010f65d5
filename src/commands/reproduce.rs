//! `rulepack reproduce`: whether a source builds to the very bytes of a sealed pack.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_build::Options;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::pack::diff::{Difference, first_difference};
use serde::Serialize;

use super::Command;
use crate::failure::Outcome;
use crate::output::Report;
use crate::packs::{self, SealedPack};

/// Rebuild a pack from its source, and compare the bytes. Says which parts differ where they do: the code,
/// the manifest, which table, the cases.
///
/// Everything is compiled anew, in a folder of its own: nothing that an earlier build left is used. Build
/// scripts of the source run on this machine.
///
/// Ends with code 0 where both are the same, with 3 where they differ. The same toolchain
/// (`rust-toolchain.toml`) and the same `Cargo.lock` are needed; folder, user and machine do not matter.
#[derive(Debug, Args)]
pub struct ReproduceArgs {
    /// The sealed pack.
    pub pack: PathBuf,
    /// The source: the folder with `pack.toml`.
    pub source: PathBuf,
    /// A folder of tables that were sealed instead of the source's own.
    #[arg(long, value_name = "DIR")]
    pub tables: Option<PathBuf>,
}

/// What the comparison gave.
#[derive(Debug, Serialize)]
pub struct ReproduceReport {
    source: PathBuf,
    digest: Digest,
    rebuilt_digest: Digest,
    component_digest: Digest,
    rebuilt_component_digest: Digest,
    is_same: bool,
    difference: Option<Difference>,
}

impl Command for ReproduceArgs {
    type Report = ReproduceReport;

    fn execute(&self) -> Outcome<ReproduceReport> {
        let sealed = packs::open(&self.pack)?;
        reproduce(&sealed, &self.source, self.tables.clone())
    }
}

/// Rebuilds a source, and compares it with a pack.
pub fn reproduce(
    sealed: &SealedPack,
    source: &Path,
    tables: Option<PathBuf>,
) -> Outcome<ReproduceReport> {
    let options = Options {
        tables,
        ..Options::default()
    };
    let built = packs::rebuild(source, options)?;
    let difference = first_difference(&sealed.bytes, &built.bytes);
    Ok(ReproduceReport {
        source: source.to_owned(),
        digest: sealed.pack.digest,
        rebuilt_digest: built.pack.digest,
        component_digest: sealed.pack.component_digest,
        rebuilt_component_digest: built.pack.component_digest,
        is_same: difference.is_none(),
        difference,
    })
}

impl ReproduceReport {
    /// Whether the bytes are the same.
    pub fn is_same(&self) -> bool {
        self.is_same
    }

    /// What was rebuilt.
    pub fn source(&self) -> std::path::Display<'_> {
        self.source.display()
    }

    /// One line: the same, or where not.
    pub fn verdict(&self) -> String {
        match &self.difference {
            None => "the same bytes".to_owned(),
            Some(Difference { at, section, parts }) => format!(
                "first at byte {at}, in {section}; unlike: {}",
                parts.join(", ")
            ),
        }
    }
}

impl Report for ReproduceReport {
    fn is_good(&self) -> bool {
        self.is_same
    }
}

impl fmt::Display for ReproduceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "sealed   {}", self.digest)?;
        writeln!(f, "rebuilt  {} from {}", self.rebuilt_digest, self.source())?;
        let code = match self.component_digest == self.rebuilt_component_digest {
            true => "the same",
            false => "other",
        };
        writeln!(f, "code     {code} ({})", self.component_digest)?;
        writeln!(f, "{}", self.verdict())
    }
}
