//! `rulepack lint`: what somebody should look at in a pack before it is signed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use rulepack_build::{lint_in_chinese, read_code_system};
use rulepack_protocol::names::PackName;
use rulepack_protocol::pack::lint::{self, CodeSystem, Level, Lint};
use semver::Version;
use serde::Serialize;

use super::{Command, Language};
use crate::failure::Outcome;
use crate::output::Report;
use crate::packs::{self, SealedPack, TableArgs};

/// Look at a pack before it is signed: ids and grounds of rules, what its code can never answer, rows that
/// contradict each other or those of another pack, codes that are unknown or have ended.
///
/// Ends with code 3 where something is found at the level of an error. A registry tells the same of a pack
/// alone in its answer to a publication, and refuses nothing for it.
#[derive(Debug, Args)]
pub struct LintArgs {
    /// The folder of a source, which is built first, or a sealed pack.
    pub pack: PathBuf,
    /// Another pack that is in force at the same places: a sealed pack, or the folder of a source.
    #[arg(long, value_name = "PACK")]
    pub beside: Vec<PathBuf>,
    /// A list of the codes that a column may hold: `limits.code=FILE`, or `code=FILE` for every table with
    /// that column. The list is CSV or TSV with a column `code` (编码), and `valid_from` and `valid_to` where
    /// codes end; a row may name the first characters of codes.
    #[arg(long, value_name = "COLUMN=FILE")]
    pub codes: Vec<CodeList>,
    #[command(flatten)]
    pub told: TableArgs,
}

/// A column, and the list of its codes.
#[derive(Debug, Clone)]
pub struct CodeList {
    column: String,
    file: PathBuf,
}

/// What of a command line is no [`CodeList`].
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("expected a column and a file, such as `limits.code=codes.csv`")]
pub struct CodeListError;

impl FromStr for CodeList {
    type Err = CodeListError;

    fn from_str(text: &str) -> Result<Self, CodeListError> {
        match text.split_once('=') {
            Some((column, file)) if !column.is_empty() && !file.is_empty() => Ok(CodeList {
                column: column.to_owned(),
                file: file.into(),
            }),
            _ => Err(CodeListError),
        }
    }
}

/// What is to be looked at.
#[derive(Debug, Serialize)]
pub struct LintReport {
    /// Name space and name.
    pub name: PackName,
    /// Its version.
    pub version: Version,
    /// Errors first.
    pub lints: Vec<Lint>,
    #[serde(skip)]
    language: Language,
}

impl Command for LintArgs {
    type Report = LintReport;

    fn execute(&self) -> Outcome<LintReport> {
        let SealedPack { bytes, pack } = packs::open_or_build_as(&self.pack, None, self.told)?;
        let component = bytes.get(pack.component.clone()).unwrap_or_default();
        let mut lints = lint::lint(&pack, component);
        for path in &self.beside {
            let other = packs::open_or_build_as(path, None, self.told)?.pack;
            lints.extend(lint::against(&pack, &other));
        }
        let mut systems: BTreeMap<String, CodeSystem> = BTreeMap::new();
        for list in &self.codes {
            systems.insert(list.column.clone(), read_code_system(&list.file)?);
        }
        lints.extend(lint::check_codes(&pack, &systems)?);
        lints.sort_by_key(|lint| lint.level);
        Ok(LintReport {
            name: pack.manifest.pack.name.clone(),
            version: pack.manifest.pack.version.clone(),
            lints,
            language: self.told.lang,
        })
    }
}

impl LintReport {
    fn errors(&self) -> usize {
        let errors = self.lints.iter().filter(|lint| lint.level == Level::Error);
        errors.count()
    }
}

impl Report for LintReport {
    fn is_good(&self) -> bool {
        self.errors() == 0
    }
}

impl fmt::Display for LintReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.name, self.version)?;
        let errors = self.errors();
        let warnings = self.lints.len() - errors;
        match self.language {
            Language::En => {
                for lint in &self.lints {
                    writeln!(f, "  {lint}")?;
                }
                write!(f, "{errors} errors, {warnings} warnings")
            }
            Language::Zh => {
                for lint in &self.lints {
                    writeln!(f, "  {}", lint_in_chinese(lint))?;
                }
                write!(f, "错误 {errors} 个，注意 {warnings} 个")
            }
        }
    }
}
