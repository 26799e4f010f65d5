//! Finding the end of a journal, and cutting what was never sealed.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::PublicKey;

use super::JournalError;
use super::chain::Head;
use super::line::{Fault, Walk};
use crate::files;

/// What was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Its length.
    pub bytes: u64,
    /// Of it.
    pub digest: Digest,
    /// Where it is kept; nowhere where the disk had no room for it.
    pub kept: Option<PathBuf>,
}

/// Where a journal goes on.
#[derive(Debug)]
pub(super) struct End {
    pub(super) head: Head,
    /// Number of the last file and its length; none where there is no file.
    pub(super) last: Option<(u32, u64)>,
    /// Of the last entry.
    pub(super) time: Option<i64>,
    pub(super) cut: Option<Cut>,
}

/// The file with this number.
pub(super) fn path_of(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:06}.jsonl"))
}

/// The numbers of all files, in order.
pub(super) fn numbers(folder: &Path) -> Result<Vec<u32>, JournalError> {
    let failed = |source| JournalError::io(folder, source);
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_str().unwrap_or_default();
        numbers.extend(name.strip_suffix(".jsonl").and_then(number));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn number(stem: &str) -> Option<u32> {
    let number = stem.parse().ok()?;
    (stem == format!("{number:06}")).then_some(number)
}

/// Finds the end of the journal in a folder, which is made where it is missing.
pub(super) fn end(folder: &Path, key: &PublicKey) -> Result<End, JournalError> {
    fs::create_dir_all(folder).map_err(|source| JournalError::io(folder, source))?;
    let Some(last) = numbers(folder)?.pop() else {
        return Ok(End {
            head: Head::start(),
            last: None,
            time: None,
            cut: None,
        });
    };
    let path = path_of(folder, last);
    let bytes = fs::read(&path).map_err(|source| JournalError::io(&path, source))?;
    let damaged = |line, Fault(fault)| JournalError::Damaged {
        path: path.clone(),
        line,
        fault,
    };
    let (mut walk, header) = Walk::begin(&bytes).map_err(|fault| damaged(1, fault))?;
    if header.key != *key {
        return Err(damaged(1, Fault("the header names another key")));
    }
    let mut time = None;
    let fault = loop {
        match walk.next() {
            None => break None,
            Some(Err(fault)) => break Some((walk.line, fault)),
            Some(Ok(_)) if walk.sealed.0 == walk.offset => time = walk.last_time,
            Some(Ok(_)) => {}
        }
    };
    let (sealed, head) = walk.sealed;
    let tail = bytes.get(sealed..).unwrap_or_default();
    // What is torn is one group at the very end. A good seal behind the fault shows that more is wrong.
    if let Some((line, fault)) = fault
        && holds_seal_of(tail, key)
    {
        return Err(damaged(line, fault));
    }
    let cut = match tail.is_empty() {
        true => None,
        false => Some(cut(folder, &path, sealed as u64, tail)?),
    };
    Ok(End {
        head,
        last: Some((last, sealed as u64)),
        time,
        cut,
    })
}

/// Whether any whole line is a seal that the host signed. A seal that lacks its line end is the end of a
/// torn group.
pub(super) fn holds_seal_of(bytes: &[u8], key: &PublicKey) -> bool {
    let ends = bytes.iter().rposition(|byte| *byte == b'\n');
    let whole = bytes.get(..ends.unwrap_or(0)).unwrap_or_default();
    whole.split(|byte| *byte == b'\n').any(|line| {
        matches!(super::line::Line::parse(line),
            Some(super::line::Line::Seal(seal)) if seal.is_by(key))
    })
}

/// Keeps a tail beside the journal, then cuts it off. On a full disk, which is a likely place for a torn group, it is
/// cut off all the same: nobody was answered on the ground of it, and everybody waits for the service.
fn cut(folder: &Path, path: &Path, sealed: u64, tail: &[u8]) -> Result<Cut, JournalError> {
    let digest = Digest::of(tail);
    let kept = folder.join(format!("cut-{digest}"));
    let kept = match files::replace(&kept, tail) {
        Ok(()) => Some(kept),
        Err(error) => {
            let bytes = tail.len();
            tracing::error!(%error, bytes, %digest, "an unsealed end of the journal cannot be kept");
            None
        }
    };
    let shorten = || {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(sealed)?;
        file.sync_all()
    };
    shorten().map_err(|source| JournalError::io(path, source))?;
    Ok(Cut {
        bytes: tail.len() as u64,
        digest,
        kept,
    })
}
