//! Reading a whole journal: signatures, chain, and what the bureau acknowledged. Writes nothing.

use std::fs;
use std::path::Path;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::PublicKey;
use serde::{Deserialize, Serialize};

use super::JournalError;
use super::acknowledgement::Heads;
use super::chain::{Head, Seal};
use super::entry::{Entry, Event};
use super::line::{Fault, Line, Step, Walk};
use super::open::{numbers, path_of};

/// What a journal holds.
#[derive(Debug, Clone, Serialize)]
pub struct Survey {
    /// Of the hospital.
    pub institution: String,
    /// The key that signed all of it.
    pub key: PublicKey,
    /// Its files.
    pub files: usize,
    /// How far it goes, as far as it is sealed.
    pub head: Head,
    /// Verdicts in it.
    pub verdicts: u64,
    /// Patients or institutions, by pack, that went without a verdict.
    pub no_verdict: u64,
    /// How often its end was cut, and its clock went back.
    pub cuts: u64,
    /// How often the clock went back.
    pub clock_back: u64,
    /// How often it could not be written for a time.
    pub interruptions: u64,
    /// Bytes behind the last seal.
    pub unsealed_bytes: u64,
    /// The last head that the bureau acknowledged, and that the journal goes through.
    pub anchored: u64,
    /// What contradicts the bureau.
    pub problems: Vec<String>,
}

/// A journal without any entry has nothing to say.
pub type Read = Option<Survey>;

/// An entry, with all that proves its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// Of the hospital.
    pub institution: String,
    /// The key of the host.
    pub key: PublicKey,
    /// The head before it.
    pub before: Head,
    /// The entry.
    pub entry: Entry,
    /// The digests of the lines between it and its seal.
    pub following: Vec<Digest>,
    /// Its seal.
    pub seal: Seal,
}

impl Found {
    /// Checks that the entry leads to the seal, and that the host's key signed it.
    ///
    /// # Errors
    /// What is wrong, in a phrase.
    pub fn check(&self) -> Result<(), &'static str> {
        let line = Line::Entry(Box::new(self.entry.clone())).to_bytes();
        let own = self.before.then(&Digest::of(&line));
        if self.entry.number != own.count {
            return Err("the entry has another number than its place");
        }
        let head = self
            .following
            .iter()
            .fold(own, |head, line| head.then(line));
        if head != self.seal.head() {
            return Err("the entry does not lead to the seal: it was altered");
        }
        match self.seal.is_by(&self.key) {
            true => Ok(()),
            false => Err("the signature is not that of the host's key"),
        }
    }

    /// The head with the entry.
    #[must_use]
    pub fn head(&self) -> Head {
        let line = Line::Entry(Box::new(self.entry.clone())).to_bytes();
        self.before.then(&Digest::of(&line))
    }
}

/// Verifies the journal in a folder; with `heads`, also against what the bureau acknowledged. `None` where
/// there is no journal.
///
/// # Errors
/// [`JournalError`] where it is damaged. What contradicts the bureau is told in [`Survey::problems`].
pub fn verify(folder: &Path, heads: Option<&Heads>) -> Result<Read, JournalError> {
    let mut verified: Read = None;
    let mut passed: Vec<Head> = Vec::new();
    for number in numbers(folder)? {
        let path = path_of(folder, number);
        let bytes = fs::read(&path).map_err(|source| JournalError::io(&path, source))?;
        verify_file(&path, &bytes, &mut verified, |head| {
            if heads.is_some_and(|heads| heads.names(head.count)) {
                passed.push(head);
            }
        })?;
    }
    if let (Some(verified), Some(heads)) = (&mut verified, heads) {
        compare(verified, heads, &passed);
    }
    Ok(verified)
}

/// Verifies the next file of a journal.
fn verify_file(
    path: &Path,
    bytes: &[u8],
    verified: &mut Read,
    mut pass: impl FnMut(Head),
) -> Result<(), JournalError> {
    let damaged = |line, Fault(fault)| JournalError::Damaged {
        path: path.to_owned(),
        line,
        fault,
    };
    let (mut walk, header) = Walk::begin(bytes).map_err(|fault| damaged(1, fault))?;
    let known = verified.get_or_insert_with(|| Survey {
        institution: header.institution.clone(),
        key: header.key.clone(),
        files: 0,
        head: Head::start(),
        verdicts: 0,
        no_verdict: 0,
        cuts: 0,
        clock_back: 0,
        interruptions: 0,
        unsealed_bytes: 0,
        anchored: 0,
        problems: Vec::new(),
    });
    // Only the last file may end without a seal.
    let goes_on = known.head == header.before && known.unsealed_bytes == 0;
    if !goes_on || known.key != header.key {
        return Err(JournalError::Gap(path.to_owned()));
    }
    let mut fault = None;
    while let Some(step) = walk.next() {
        match step {
            Ok(Step::Entry(entry, head, _)) => {
                count(known, &entry.event);
                pass(head);
            }
            Ok(Step::Seal(_) | Step::Begin(_)) => {}
            Err(found) => {
                fault = Some(damaged(walk.line, found));
                break;
            }
        }
    }
    known.files += 1;
    known.head = walk.sealed.1;
    known.unsealed_bytes = bytes.len().saturating_sub(walk.sealed.0) as u64;
    // A torn end is one that holds no further seal; whoever opens the journal cuts it.
    let rest = bytes.get(walk.sealed.0..).unwrap_or_default();
    match fault {
        Some(fault) if super::open::holds_seal_of(rest, &known.key) => Err(fault),
        _ => Ok(()),
    }
}

fn count(known: &mut Survey, event: &Event) {
    match event {
        Event::Verdict(verdict) => {
            known.verdicts += 1;
            known.no_verdict += verdict.no_verdict.len() as u64;
        }
        Event::TailCut { .. } => known.cuts += 1,
        Event::Clock { .. } => known.clock_back += 1,
        Event::Interrupted { .. } => known.interruptions += 1,
        _ => {}
    }
}

/// Holds a journal against what the bureau acknowledged of it.
fn compare(verified: &mut Survey, heads: &Heads, passed: &[Head]) {
    let of_host = heads.of(&verified.key.id());
    if of_host.is_empty() {
        let key = verified.key.id();
        let problem = format!("the bureau acknowledged no head of the key `{key}`");
        verified.problems.push(problem);
    }
    for acknowledged in of_host {
        let count = acknowledged.head.count;
        if count > verified.head.count {
            verified.problems.push(format!(
                "truncated: the bureau acknowledged {count} entries, the journal has {}",
                verified.head.count
            ));
        } else if count == 0 || passed.contains(&acknowledged.head) {
            verified.anchored = verified.anchored.max(count);
        } else {
            verified.problems.push(format!(
                "rewritten: the first {count} entries are not those that the bureau acknowledged"
            ));
        }
    }
}

/// The verdict with this number of an answer. Looks through all files, the newest first.
///
/// # Errors
/// [`JournalError`] where a file is damaged before the entry is found.
pub fn find(folder: &Path, answer: &str) -> Result<Option<Found>, JournalError> {
    for number in numbers(folder)?.into_iter().rev() {
        let path = path_of(folder, number);
        let mut before = Head::start();
        let mut found: Option<(Head, Entry)> = None;
        let (mut following, mut sealed) = (Vec::new(), None);
        let (institution, key) = steps(&path, |step| match step {
            Step::Entry(entry, head, digest) => {
                if found.is_some() && sealed.is_none() {
                    following.push(digest);
                } else if found.is_none() && is_verdict(&entry, answer) {
                    found = Some((before, *entry));
                }
                before = head;
            }
            Step::Seal(seal) if found.is_some() && sealed.is_none() => sealed = Some(seal),
            Step::Seal(_) => {}
            Step::Begin(head) => before = head,
        })?;
        if let (Some((before, entry)), Some(seal)) = (found, sealed) {
            return Ok(Some(Found {
                institution,
                key,
                before,
                entry,
                following,
                seal,
            }));
        }
    }
    Ok(None)
}

fn is_verdict(entry: &Entry, answer: &str) -> bool {
    matches!(&entry.event, Event::Verdict(verdict) if verdict.answer == answer)
}

/// Walks through a file up to its last good line; answers whose it is.
fn steps(path: &Path, mut step: impl FnMut(Step)) -> Result<(String, PublicKey), JournalError> {
    let bytes = fs::read(path).map_err(|source| JournalError::io(path, source))?;
    let (mut walk, header) = Walk::begin(&bytes).map_err(|Fault(fault)| JournalError::Damaged {
        path: path.to_owned(),
        line: 1,
        fault,
    })?;
    step(Step::Begin(header.before));
    while let Some(Ok(next)) = walk.next() {
        step(next);
    }
    Ok((header.institution, header.key))
}
