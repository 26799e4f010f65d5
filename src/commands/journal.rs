//! `rulepack journal`: what a host recorded, and what its bureau acknowledged of it.

use std::fmt;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use rulepack_audit::journal_file::{self, ExportError};
use rulepack_host::client::NoFailures;
use rulepack_host::journal::{
    self, Acknowledgement, AcknowledgementError, Event, Heads, Journal, JournalError, Setup,
    SignedHead, Survey,
};
use rulepack_host::settings::HostFolder;
use rulepack_protocol::key::KeyId;
use serde::Serialize;

use super::Command;
use super::check::versions;
use crate::clock;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::keys;
use crate::output::Report;

/// A service looks once a second; one with many requests may be busy with them.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Verify a host's journal, and anchor it with the bureau.
///
/// `serve` records every verdict before it answers, in a hash chain that the host signs. The host could
/// still rewrite its own chain; what stops it is the bureau, which signs that it has seen a head: the host
/// exports one (`head`), the bureau acknowledges it (`sign-head`), the host takes that up (`acknowledge`),
/// and `verify --heads` finds whatever was cut or rewritten before it.
#[derive(Debug, Args)]
pub struct JournalArgs {
    #[command(subcommand)]
    action: JournalAction,
}

#[derive(Debug, Subcommand)]
enum JournalAction {
    /// Verify every signature and the whole chain; with `--heads`, also against the bureau's memory.
    Verify {
        /// The host's folder, or a copy of it.
        #[arg(long, default_value = "host-data")]
        dir: PathBuf,
        #[command(flatten)]
        anchors: Anchors,
    },
    /// Export the head: how many entries, their hash, the time, signed by the host.
    Head {
        /// The host's folder.
        #[arg(long, default_value = "host-data")]
        dir: PathBuf,
        /// Where the head goes.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the sealed entries to a Parquet file: number, time, event, answer, findings, amount, and the entry as JSON.
    Export {
        /// The host's folder, or a copy of it.
        #[arg(long, default_value = "host-data")]
        dir: PathBuf,
        /// First and last day (China Standard Time), `2026-01-01..2026-03-31`; all of it where it is left out.
        #[arg(long)]
        period: Option<String>,
        /// The file, which must not be there yet.
        #[arg(long)]
        out: PathBuf,
    },
    /// For the bureau: sign that a host's head was seen.
    SignHead {
        /// The head that the host exported.
        head: PathBuf,
        /// Fingerprint of the host's key, as the bureau enrolled it.
        #[arg(long)]
        host_key: KeyId,
        /// The bureau's secret key.
        #[arg(long)]
        key: PathBuf,
        /// A file whose first line is the passphrase of the key; asked for where it is left out.
        #[arg(long)]
        passphrase_file: Option<PathBuf>,
        /// Where the acknowledgement goes. The bureau keeps a copy.
        #[arg(long)]
        out: PathBuf,
    },
    /// Append the bureau's acknowledgement to the journal; where the service runs, it takes it up.
    Acknowledge {
        /// What the bureau sent back.
        file: PathBuf,
        /// The bureau's public key.
        #[arg(long)]
        bureau: PathBuf,
        /// The host's folder.
        #[arg(long, default_value = "host-data")]
        dir: PathBuf,
    },
}

/// What the bureau remembers.
#[derive(Debug, Clone, Args)]
pub struct Anchors {
    /// Acknowledgements that the bureau kept: one, or a JSON list.
    #[arg(long, requires = "bureau")]
    pub heads: Option<PathBuf>,
    /// The bureau's public key, which must have signed them.
    #[arg(long)]
    pub bureau: Option<PathBuf>,
}

impl Anchors {
    /// Reads them, where they are given.
    pub fn read(&self) -> Outcome<Option<Heads>> {
        let (Some(heads), Some(bureau)) = (&self.heads, &self.bureau) else {
            return Ok(None);
        };
        let bureau = keys::read_public(bureau)?;
        let parsed = Heads::parse(&files::read(heads)?, &bureau);
        Ok(Some(parsed.context(|| format!("`{}`", heads.display()))?))
    }
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalReport {
    /// The journal as it is.
    Survey {
        /// What it holds.
        journal: Box<Survey>,
        /// Whether it was held against the bureau's memory.
        compared: bool,
    },
    /// A head for the bureau.
    Head {
        /// The file.
        file: PathBuf,
        /// What it says.
        head: Box<SignedHead>,
        /// Fingerprint of the host's key.
        host_key: KeyId,
    },
    /// A Parquet file.
    Exported {
        /// The file.
        file: PathBuf,
        /// How many entries it holds.
        entries: u64,
    },
    /// An acknowledgement of the bureau.
    Signed {
        /// The file.
        file: PathBuf,
        /// What it says.
        acknowledgement: Box<Acknowledgement>,
    },
    /// Appended.
    Appended {
        /// The entry that holds it.
        entry: u64,
        /// How many entries it acknowledges.
        acknowledged: u64,
    },
}

impl Command for JournalArgs {
    type Report = JournalReport;

    fn execute(&self) -> Outcome<JournalReport> {
        match &self.action {
            JournalAction::Verify { dir, anchors } => {
                let heads = anchors.read()?;
                Ok(JournalReport::Survey {
                    journal: Box::new(verify(dir, heads.as_ref())?),
                    compared: heads.is_some(),
                })
            }
            JournalAction::Head { dir, out } => {
                let head = journal::head(&HostFolder::at(dir).journal()).map_err(explain)?;
                let head = head.ok_or_else(|| none(dir))?;
                files::write(out, &serde_json::to_vec_pretty(&head)?)?;
                Ok(JournalReport::Head {
                    file: out.clone(),
                    host_key: head.key.id(),
                    head: Box::new(head),
                })
            }
            JournalAction::Export { dir, period, out } => export(dir, period.as_deref(), out),
            JournalAction::SignHead {
                head,
                host_key,
                key,
                passphrase_file,
                out,
            } => {
                let named = || format!("`{}`", head.display());
                let head = SignedHead::parse(&files::read(head)?, host_key).context(named)?;
                let key = keys::read_secret(key, passphrase_file.as_deref())?;
                let acknowledgement = head.acknowledge(clock::now()?, &key)?;
                files::write(out, &serde_json::to_vec_pretty(&acknowledgement)?)?;
                Ok(JournalReport::Signed {
                    file: out.clone(),
                    acknowledgement: Box::new(acknowledgement),
                })
            }
            JournalAction::Acknowledge { file, bureau, dir } => acknowledge(file, bureau, dir),
        }
    }
}

/// Verifies the journal of the host in a folder.
pub fn verify(dir: &std::path::Path, heads: Option<&Heads>) -> Outcome<Survey> {
    let read = journal::verify(&HostFolder::at(dir).journal(), heads).map_err(explain)?;
    read.ok_or_else(|| none(dir))
}

fn export(
    dir: &std::path::Path,
    period: Option<&str>,
    out: &std::path::Path,
) -> Outcome<JournalReport> {
    let period = match period {
        None => i64::MIN..i64::MAX,
        Some(_) => {
            let (first, last) = versions::period(period, clock::today()?)?;
            clock::day_begins(first)
                ..clock::day_begins(last).saturating_add(clock::DAY_MILLISECONDS)
        }
    };
    if out.exists() {
        let failure = Failure::new(format!("`{}` is there already", out.display()));
        return Err(failure.hint("nothing is overwritten; choose another name"));
    }
    let journal = HostFolder::at(dir).journal();
    journal::head(&journal)
        .map_err(explain)?
        .ok_or_else(|| none(dir))?;
    let entries = journal_file::export(&journal, period, out);
    let entries = entries.map_err(|error| match error {
        ExportError::Journal(error) => explain(error),
        ExportError::File(error) => Failure::from(error),
    })?;
    Ok(JournalReport::Exported {
        file: out.to_owned(),
        entries,
    })
}

fn acknowledge(
    file: &std::path::Path,
    bureau: &std::path::Path,
    dir: &std::path::Path,
) -> Outcome<JournalReport> {
    let host = HostFolder::at(dir);
    let bytes = files::read(file)?;
    let bureau = keys::read_public(bureau)?;
    let named = || format!("`{}`", file.display());
    let heads = Heads::parse(&bytes, &bureau).context(named)?;
    let acknowledgement: Acknowledgement =
        serde_json::from_slice(&bytes).map_err(AcknowledgementError::from)?;
    let verified = verify(dir, Some(&heads))?;
    if let Some(problem) = verified.problems.first() {
        return Err(Failure::new(format!("`{}`: {problem}", file.display()))
            .hint("the acknowledgement is of another journal; tell the bureau"));
    }
    let setup = Setup {
        folder: host.journal(),
        institution: host.settings()?.institution,
        clock: clock::milliseconds,
        failures: std::sync::Arc::new(NoFailures),
    };
    let key = journal::read_key(&host).map_err(explain)?;
    let acknowledged = acknowledgement.head.count;
    let entry = match Journal::open(setup, key) {
        Ok(journal) => {
            let event = Event::Acknowledged(Box::new(acknowledgement));
            journal.record(event).map_err(explain)?
        }
        Err(JournalError::Busy(folder)) => taken_up(&folder, &acknowledgement)?,
        Err(error) => return Err(explain(error)),
    };
    Ok(JournalReport::Appended {
        entry,
        acknowledged,
    })
}

/// Hands an acknowledgement to the service that writes the journal in a folder, and waits for it to be recorded.
fn taken_up(folder: &std::path::Path, acknowledgement: &Acknowledgement) -> Outcome<u64> {
    let before = entry_with(folder, acknowledgement)?;
    let file = journal::hand_over(folder, acknowledgement).map_err(explain)?;
    let begun = Instant::now();
    while file.exists() {
        if begun.elapsed() > TAKEN_UP_WITHIN {
            let failure = format!("nobody has taken `{}` up yet", file.display());
            return Err(Failure::new(failure).hint(
                "another process writes the journal; once it serves it takes the file up, or stop it and run this again",
            ));
        }
        thread::sleep(LOOK_EVERY);
    }
    let entry = entry_with(folder, acknowledgement)?.filter(|entry| before != Some(*entry));
    entry.ok_or_else(|| {
        Failure::new("the service refused the acknowledgement").hint("its log says why")
    })
}

/// The last entry that holds an acknowledgement.
fn entry_with(folder: &std::path::Path, acknowledgement: &Acknowledgement) -> Outcome<Option<u64>> {
    let mut found = None;
    let read = journal::entries_in(folder, i64::MIN..i64::MAX, |entry| {
        if matches!(&entry.event, Event::Acknowledged(one) if **one == *acknowledgement) {
            found = Some(entry.number);
        }
    });
    read.map_err(explain)?;
    Ok(found)
}

fn none(dir: &std::path::Path) -> Failure {
    Failure::new(format!("the host in `{}` has no journal", dir.display()))
        .hint("it begins when `rulepack serve` starts")
}

/// A failure with what to do about it.
pub fn explain(error: JournalError) -> Failure {
    let hint = error.hint();
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl Report for JournalReport {
    fn is_good(&self) -> bool {
        match self {
            JournalReport::Survey { journal, .. } => journal.problems.is_empty(),
            _ => true,
        }
    }
}

impl fmt::Display for JournalReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalReport::Survey { journal, compared } => verified(f, journal, *compared),
            JournalReport::Head {
                file,
                head,
                host_key,
            } => {
                writeln!(f, "head of {} in {}", head.institution, file.display())?;
                writeln!(f, "  entries  {}", head.seal.count)?;
                writeln!(f, "  hash     {}", head.seal.hash)?;
                writeln!(f, "  host key {host_key}")
            }
            JournalReport::Exported { file, entries } => {
                writeln!(f, "{entries} entries of the journal in {}", file.display())
            }
            JournalReport::Signed {
                file,
                acknowledgement,
            } => {
                let count = acknowledgement.head.count;
                writeln!(f, "acknowledged {count} entries in {}", file.display())?;
                writeln!(f, "  keep a copy: `verify --heads` is only as good as it")
            }
            JournalReport::Appended {
                entry,
                acknowledged,
            } => writeln!(
                f,
                "entry {entry}: the bureau acknowledged the first {acknowledged} entries"
            ),
        }
    }
}

fn verified(f: &mut fmt::Formatter<'_>, journal: &Survey, compared: bool) -> fmt::Result {
    let count = journal.head.count;
    writeln!(f, "journal of {}", journal.institution)?;
    writeln!(f, "  host key  {}", journal.key.id())?;
    writeln!(f, "  entries   {count} in {} files", journal.files)?;
    writeln!(
        f,
        "  verdicts  {}, {} without a verdict",
        journal.verdicts, journal.no_verdict
    )?;
    writeln!(f, "  hash      {}", journal.head.hash)?;
    let (cuts, back, stops) = (journal.cuts, journal.clock_back, journal.interruptions);
    if cuts + back + stops > 0 {
        writeln!(
            f,
            "  warnings  end cut {cuts} times, clock back {back} times, not writable {stops} times"
        )?;
    }
    if journal.unsealed_bytes > 0 {
        let bytes = journal.unsealed_bytes;
        writeln!(f, "  unsealed  {bytes} bytes at the end, never answered")?;
    }
    if compared {
        let anchored = journal.anchored;
        let rest = count.saturating_sub(anchored);
        writeln!(
            f,
            "  anchored  {anchored} entries; {rest} after them are unanchored"
        )?;
    } else {
        writeln!(
            f,
            "  anchored  not compared: the host could have rewritten all of it"
        )?;
    }
    for problem in &journal.problems {
        writeln!(f, "  PROBLEM   {problem}")?;
    }
    Ok(())
}
