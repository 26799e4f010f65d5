//! Reading the sealed entries of a journal, also while another process writes it. Writes nothing.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::ops::Range;
use std::path::Path;

use rulepack_protocol::key::PublicKey;

use super::JournalError;
use super::acknowledgement::{Acknowledgement, SignedHead};
use super::entry::{Entry, Event};
use super::line::{Fault, Line, Step, Walk};
use super::open::{holds_seal_of, numbers, path_of};

/// Passes every sealed entry of a period, in milliseconds from 1970-01-01 UTC, to `each`, the oldest first.
/// Files that end before it are not read.
///
/// # Errors
/// [`JournalError`] where a file is damaged before its last seal.
pub fn entries_in(
    folder: &Path,
    period: Range<i64>,
    mut each: impl FnMut(&Entry),
) -> Result<(), JournalError> {
    let all = numbers(folder)?;
    let mut from = all.len();
    while let Some(number) = from.checked_sub(1).and_then(|before| all.get(before)) {
        from -= 1;
        let path = path_of(folder, *number);
        let begins = first_time(&path).map_err(|source| JournalError::io(&path, source))?;
        if begins.is_some_and(|begins| begins < period.start) {
            break;
        }
    }
    for number in all.get(from..).unwrap_or_default() {
        sealed_entries(&path_of(folder, *number), |entry| {
            if period.contains(&entry.time) {
                each(entry);
            }
        })?;
    }
    Ok(())
}

/// The last head of a journal, as the bureau is sent it; `None` where nothing was sealed yet.
///
/// # Errors
/// [`JournalError`] where it is damaged.
pub fn head(folder: &Path) -> Result<Option<SignedHead>, JournalError> {
    for number in numbers(folder)?.into_iter().rev() {
        let path = path_of(folder, number);
        let mut last = None;
        let (institution, key) = steps_to_the_end(&path, |step| {
            if let Step::Seal(seal) = step {
                last = Some(seal);
            }
        })?;
        if let Some(seal) = last {
            return Ok(Some(SignedHead {
                institution,
                key,
                seal,
            }));
        }
    }
    Ok(None)
}

/// The last head that the bureau acknowledged, as far as the host has taken that up.
///
/// # Errors
/// [`JournalError`] where a file is damaged before its last seal.
pub fn last_acknowledged(folder: &Path) -> Result<Option<Acknowledgement>, JournalError> {
    // By its canonical form no other line begins so; most files have none and need no parsing.
    const BEGINNING: &[u8] = b"{\"entry\":{\"event\":{\"acknowledged\":";
    for number in numbers(folder)?.into_iter().rev() {
        let path = path_of(folder, number);
        let bytes = fs::read(&path).map_err(|source| JournalError::io(&path, source))?;
        let mut lines = bytes.split(|byte| *byte == b'\n');
        if !lines.any(|line| line.starts_with(BEGINNING)) {
            continue;
        }
        let mut last = None;
        sealed_entries(&path, |entry| {
            if let Event::Acknowledged(acknowledged) = &entry.event {
                last = Some(Acknowledgement::clone(acknowledged));
            }
        })?;
        if last.is_some() {
            return Ok(last);
        }
    }
    Ok(None)
}

/// The time of the first entry of a file; none where it has none yet.
fn first_time(path: &Path) -> io::Result<Option<i64>> {
    let mut lines = BufReader::new(File::open(path)?).split(b'\n');
    let second = lines.nth(1).transpose()?;
    Ok(second.and_then(|line| match Line::parse(&line)? {
        Line::Entry(entry) => Some(entry.time),
        _ => None,
    }))
}

/// Every entry of a file that stands under a seal of the host.
fn sealed_entries(path: &Path, mut each: impl FnMut(&Entry)) -> Result<(), JournalError> {
    let mut group = Vec::new();
    steps_to_the_end(path, |step| match step {
        Step::Entry(entry, _, _) => group.push(entry),
        Step::Seal(_) => group.drain(..).for_each(|entry| each(&entry)),
        Step::Begin(_) => {}
    })
    .map(drop)
}

/// Walks through a file up to its last seal at least; answers whose it is. What is torn behind that is
/// being written, or will be cut; a fault before it is an error.
fn steps_to_the_end(
    path: &Path,
    mut each: impl FnMut(Step),
) -> Result<(String, PublicKey), JournalError> {
    let bytes = fs::read(path).map_err(|source| JournalError::io(path, source))?;
    let damaged = |line, Fault(fault)| JournalError::Damaged {
        path: path.to_owned(),
        line,
        fault,
    };
    let (mut walk, header) = Walk::begin(&bytes).map_err(|fault| damaged(1, fault))?;
    while let Some(step) = walk.next() {
        match step {
            Ok(step) => each(step),
            Err(fault) => {
                let rest = bytes.get(walk.sealed.0..).unwrap_or_default();
                match holds_seal_of(rest, &header.key) {
                    true => return Err(damaged(walk.line, fault)),
                    false => break,
                }
            }
        }
    }
    Ok((header.institution, header.key))
}
