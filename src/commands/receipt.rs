//! `rulepack receipt`: what one verdict rested on, verified without a network.

mod export;
mod text;

use std::fmt;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use rulepack_host::journal::{Verdict, find};
use rulepack_host::receipt::Receipt;
use rulepack_host::settings::HostFolder;
use rulepack_protocol::key::KeyId;
use serde::Serialize;

use super::journal::{self, Anchors};
use super::{Command, Language};
use crate::failure::{Explain as _, Outcome};
use crate::files;
use crate::output::Report;
use export::{ExportArgs, ExportReport};

/// Verify the receipt of a verdict, as `GET /api/v1/receipts/ID` of a host gives it, or gather what it rests on.
#[derive(Debug, Args)]
pub struct ReceiptArgs {
    #[command(subcommand)]
    action: ReceiptAction,
}

#[derive(Debug, Subcommand)]
enum ReceiptAction {
    /// Check that the host signed it, and its place in the chain. With `--heads`, say whether the bureau
    /// acknowledged it; where it acknowledged later entries, `--dir` is needed to follow the chain there.
    Verify {
        /// The receipt.
        file: PathBuf,
        /// Fingerprint of the host's key, as the bureau enrolled it.
        #[arg(long)]
        host_key: Option<KeyId>,
        #[command(flatten)]
        anchors: Anchors,
        /// The host's folder, or a copy of it with its journal.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// The language of the text. Problems are told in English.
        #[arg(long, value_enum, default_value = "en")]
        lang: Language,
    },
    /// Gather all that a verdict rests on in a folder: receipt, request, lock, packs, grants, policy, region, overlays
    /// and the signed metadata that vouches for them. It is executed anew first; with the folder, `rulepack replay`
    /// does so on any other machine.
    Export(ExportArgs),
}

/// Whether the bureau knows it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// The enrolled key, or the bureau's memory, was not given.
    NotCompared,
    /// The bureau acknowledged a head that covers it, and the journal goes through both.
    Anchored {
        /// Entries acknowledged.
        head: u64,
    },
    /// No acknowledged head covers it yet: the host could still rewrite it.
    Unanchored {
        /// Entries acknowledged.
        head: u64,
    },
    /// One may cover it; without the journal nobody can tell.
    NeedsJournal {
        /// Entries acknowledged.
        head: u64,
    },
    /// The journal contradicts the bureau, or the receipt.
    Contradicted {
        /// How.
        problem: String,
    },
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ReceiptReport {
    /// The receipt is sound.
    Verified(Box<VerifiedReceipt>),
    /// What it rests on is gathered.
    Exported(Box<ExportReport>),
}

/// What a receipt says.
#[derive(Debug, Serialize)]
pub struct VerifiedReceipt {
    #[serde(skip)]
    lang: Language,
    institution: String,
    host_key: KeyId,
    enrolled: bool,
    entry: u64,
    verdict: Verdict,
    anchor: Anchor,
}

impl Command for ReceiptArgs {
    type Report = ReceiptReport;

    fn execute(&self) -> Outcome<ReceiptReport> {
        let (file, host_key, anchors, dir, lang) = match &self.action {
            ReceiptAction::Export(export) => {
                return Ok(ReceiptReport::Exported(Box::new(export.execute()?)));
            }
            ReceiptAction::Verify {
                file,
                host_key,
                anchors,
                dir,
                lang,
            } => (file, host_key, anchors, dir, *lang),
        };
        let parsed = Receipt::parse(&files::read(file)?, host_key.as_ref());
        let receipt = parsed.context(|| format!("`{}`", file.display()))?;
        Ok(ReceiptReport::Verified(Box::new(VerifiedReceipt {
            lang,
            institution: receipt.journal.institution.clone(),
            host_key: receipt.journal.key.id(),
            enrolled: host_key.is_some(),
            entry: receipt.journal.entry.number,
            anchor: anchor(&receipt, anchors, dir.as_deref())?,
            verdict: receipt.verdict()?.clone(),
        })))
    }
}

fn anchor(receipt: &Receipt, anchors: &Anchors, dir: Option<&std::path::Path>) -> Outcome<Anchor> {
    let Some(heads) = anchors.read()? else {
        return Ok(Anchor::NotCompared);
    };
    let place = receipt.journal.head();
    let of_host = heads.of(&receipt.journal.key.id());
    // A head that was acknowledged at the very place of the receipt or of its seal needs no journal.
    let known = [place, receipt.journal.seal.head()];
    for acknowledged in &of_host {
        let same = known
            .iter()
            .find(|head| head.count == acknowledged.head.count);
        match same {
            Some(head) if *head == acknowledged.head => {
                let head = acknowledged.head.count;
                return Ok(Anchor::Anchored { head });
            }
            Some(_) => {
                let problem = "the bureau acknowledged another entry at this place".to_owned();
                return Ok(Anchor::Contradicted { problem });
            }
            None => {}
        }
    }
    let head = of_host.last().map_or(0, |last| last.head.count);
    if head < place.count {
        return Ok(Anchor::Unanchored { head });
    }
    let Some(dir) = dir else {
        return Ok(Anchor::NeedsJournal { head });
    };
    let verified = journal::verify(dir, Some(&heads))?;
    if let Some(problem) = verified.problems.first() {
        let problem = problem.clone();
        return Ok(Anchor::Contradicted { problem });
    }
    let answer = &receipt.verdict()?.answer;
    let found = find(&HostFolder::at(dir).journal(), answer).map_err(journal::explain)?;
    let is_same = found.is_some_and(|found| found.head() == place);
    Ok(match is_same {
        true => Anchor::Anchored { head },
        false => Anchor::Contradicted {
            problem: "the journal that the bureau acknowledged does not hold this verdict"
                .to_owned(),
        },
    })
}

/// Reads a receipt whose host's key is not known; for a replay, which checks what it says.
pub fn read(file: &std::path::Path) -> Outcome<Receipt> {
    Receipt::parse(&files::read(file)?, None)
        .context(|| format!("`{}`", file.display()))
        .hint("get it from `/api/v1/receipts/ID` of the host")
}

impl Report for ReceiptReport {
    fn is_good(&self) -> bool {
        match self {
            ReceiptReport::Verified(verified) => {
                !matches!(verified.anchor, Anchor::Contradicted { .. })
            }
            ReceiptReport::Exported(exported) => exported.is_good(),
        }
    }
}

impl fmt::Display for ReceiptReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReceiptReport::Verified(verified) => verified.fmt(f),
            ReceiptReport::Exported(exported) => exported.fmt(f),
        }
    }
}
