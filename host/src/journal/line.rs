//! The lines of a journal's files: one header, then groups of entries, each group with its seal behind it.

use rulepack_protocol::canonical;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::PublicKey;
use serde::{Deserialize, Serialize};

use super::chain::{Head, Seal};
use super::entry::Entry;

/// The format of the lines.
pub(super) const FORMAT: &str = "rulepack-journal-1";

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Line {
    /// The first of a file, and no other.
    Header(Box<Header>),
    /// One entry of the chain.
    Entry(Box<Entry>),
    /// Behind each group.
    Seal(Seal),
}

/// How a file begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) format: String,
    /// Of the hospital.
    pub(super) institution: String,
    /// The key of the host.
    pub(super) key: PublicKey,
    /// All before this file.
    pub(super) before: Head,
}

impl Line {
    /// Canonical JSON without a line end. JSON escapes no character there but `"` and `\`; texts of a
    /// journal hold no control characters.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        canonical::to_bytes(self).expect("a line holds texts and integers")
    }

    /// Reads a line without its end; `None` where it is none, or not in its one spelling.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let line: Line = serde_json::from_value(canonical::parse(bytes).ok()?).ok()?;
        (line.to_bytes() == bytes).then_some(line)
    }
}

/// Reads a file from its beginning, line by line.
#[derive(Debug)]
pub(super) struct Walk<'b> {
    rest: &'b [u8],
    key: PublicKey,
    pub(super) head: Head,
    /// Line of the file that was read last, from 1.
    pub(super) line: u64,
    pub(super) offset: usize,
    /// Where the last good seal ends, and what it seals.
    pub(super) sealed: (usize, Head),
    pub(super) last_time: Option<i64>,
}

/// What stands on a line.
#[derive(Debug)]
pub(super) enum Step {
    /// The header: the head before the file.
    Begin(Head),
    /// An entry, the head with it, and the digest of its line.
    Entry(Box<Entry>, Head, Digest),
    /// A good seal.
    Seal(Seal),
}

/// A line that is not as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault(pub(super) &'static str);

impl<'b> Walk<'b> {
    /// Reads the header.
    pub(super) fn begin(bytes: &'b [u8]) -> Result<(Self, Header), Fault> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (first, rest) = match end.and_then(|end| bytes.split_at_checked(end)) {
            Some((first, rest)) => (first, rest.get(1..).unwrap_or_default()),
            None => return Err(Fault("the header is not whole")),
        };
        let Some(Line::Header(header)) = Line::parse(first) else {
            return Err(Fault("the first line is no header"));
        };
        if header.format != FORMAT {
            return Err(Fault("the header names another format"));
        }
        let offset = first.len() + 1;
        let walk = Walk {
            rest,
            key: header.key.clone(),
            head: header.before,
            line: 1,
            offset,
            sealed: (offset, header.before),
            last_time: None,
        };
        Ok((walk, *header))
    }

    /// The next line; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Option<Result<Step, Fault>> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') else {
            return Some(Err(Fault("the line does not end")));
        };
        let (line, rest) = self.rest.split_at(end);
        let step = self.step(line);
        if step.is_ok() {
            self.rest = rest.get(1..).unwrap_or_default();
            self.offset += end + 1;
            if let Ok(Step::Seal(_)) = step {
                self.sealed = (self.offset, self.head);
            }
        }
        Some(step)
    }

    fn step(&mut self, bytes: &[u8]) -> Result<Step, Fault> {
        match Line::parse(bytes) {
            Some(Line::Entry(entry)) => {
                let digest = Digest::of(bytes);
                let head = self.head.then(&digest);
                if entry.number != head.count {
                    return Err(Fault("the entry has another number than its place"));
                }
                self.head = head;
                self.last_time = Some(entry.time);
                Ok(Step::Entry(entry, head, digest))
            }
            Some(Line::Seal(seal)) if seal.head() != self.head => {
                Err(Fault("the seal is of another chain"))
            }
            Some(Line::Seal(seal)) if !seal.is_by(&self.key) => {
                Err(Fault("the signature is not the host's"))
            }
            Some(Line::Seal(seal)) => Ok(Step::Seal(seal)),
            Some(Line::Header(_)) => Err(Fault("a header stands within the file")),
            None => Err(Fault("the line is no line of a journal")),
        }
    }
}
