//! `rulepack replay`: execute a verdict anew, and compare.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use rulepack_host::receipt::replay::{Ground, Replayed, replay};
use rulepack_host::settings::HostFolder;
use serde::Serialize;

use super::{Command, Language, receipt, serve};
use crate::engine::packs;
use crate::failure::{Explain as _, Outcome};
use crate::files;
use crate::output::Report;

/// Execute a verdict anew from its receipt and the kept request: same packs, same lock, same grants, same
/// history, same policy, same day, whatever holds today. Fuel and findings must come out to the byte, on any machine and with any number of threads.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The receipt.
    receipt: PathBuf,
    /// The very bytes of the request that was answered.
    #[arg(long)]
    input: PathBuf,
    /// The host's folder, or a copy of it: packs, locks, history.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
    /// How the region writes requests (TOML): for receipts of releases that did not keep it.
    #[arg(long, value_name = "FILE")]
    region: Option<PathBuf>,
    /// Threads that evaluate.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// The language of the text. What differs is told in English.
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct ReplayReport {
    #[serde(skip)]
    lang: Language,
    #[serde(flatten)]
    replayed: Replayed,
}

impl Command for ReplayArgs {
    type Report = ReplayReport;

    fn execute(&self) -> Outcome<ReplayReport> {
        let receipt = receipt::read(&self.receipt)?;
        let folder = HostFolder::at(&self.dir);
        let packs = packs(&self.dir)?;
        let region = self.region.as_deref();
        let region = region.map(|file| serve::region(Some(file))).transpose()?;
        let ground = Ground {
            region: region.as_ref(),
            folder: &folder,
            packs: &packs,
            threads: usize::from(self.threads),
        };
        let replayed = replay(&receipt, &files::read(&self.input)?, ground);
        let named = || format!("cannot replay `{}`", self.receipt.display());
        Ok(ReplayReport {
            lang: self.lang,
            replayed: replayed.context(named)?,
        })
    }
}

impl Report for ReplayReport {
    fn is_good(&self) -> bool {
        self.replayed.differences.is_empty()
    }
}

/// The words of one language.
struct Words {
    answer: &'static str,
    identical: &'static str,
    different: &'static str,
    findings: &'static str,
    fuel: &'static str,
    withdrawn: &'static str,
    comma: &'static str,
    colon: &'static str,
}

const ENGLISH: Words = Words {
    answer: "answer",
    identical: "identical",
    different: "DIFFERENT",
    findings: "findings",
    fuel: "fuel",
    withdrawn: " (withdrawn since; used for this replay alone)",
    comma: ", ",
    colon: ": ",
};

const CHINESE: Words = Words {
    answer: "应答号",
    identical: "重算结果一致",
    different: "重算结果不一致！",
    findings: "条疑点",
    fuel: "计算量",
    withdrawn: "（此后已撤回，仅用于本次重算）",
    comma: "，",
    colon: "：",
};

impl fmt::Display for ReplayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.lang.choose(&ENGLISH, &CHINESE);
        let replayed = &self.replayed;
        let outcome = match self.is_good() {
            true => words.identical,
            false => words.different,
        };
        let (answer, findings, comma) = (&replayed.answer, replayed.findings, words.comma);
        write!(
            f,
            "{} {answer}{}{outcome}{comma}",
            words.answer, words.colon
        )?;
        writeln!(f, "{findings} {}", words.findings)?;
        for (pack, fuel) in &replayed.packs {
            let withdrawn = match replayed.withdrawn.contains(pack) {
                true => words.withdrawn,
                false => "",
            };
            writeln!(f, "  {pack} {} {fuel}{withdrawn}", words.fuel)?;
        }
        for difference in &replayed.differences {
            writeln!(f, "  {difference}")?;
        }
        Ok(())
    }
}
