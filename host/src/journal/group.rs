//! Writing a journal: entries that arrive together are one group, with one seal and one sync.
//!
//! A group that could not be written or synced, on a full disk say, is taken back: the file is cut to where the last
//! good group ends before anything else is written, since after a failed sync nobody knows what of it is on
//! the disk. Nobody was answered on the ground of it. The first group that succeeds begins with an entry that says since when
//! nothing was recorded, and how much was not.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::sync::Arc;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::{SecretKey, Signer as _};
use rulepack_protocol::moment::CHINA_AHEAD_MS;

use super::JournalError;
use super::chain::{Head, Seal};
use super::entry::{Entry, Event};
use super::line::{FORMAT, Header, Line};
use super::open::{self, End};
use super::writer::Setup;
use crate::client::FailurePoint;
use crate::files;

/// A file that is longer, or of another day in China, is followed by a new one.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
const DAY_MS: i64 = 86_400_000;

/// The one writer of a journal.
pub(super) struct Writer {
    setup: Setup,
    key: Arc<SecretKey>,
    file: File,
    number: u32,
    /// Of the file, up to the end of the last group that is on the disk.
    length: u64,
    day: i64,
    head: Head,
    time: Option<i64>,
    interrupted: Option<Interruption>,
    /// Held while this lives.
    _lock: File,
}

/// Since when nothing can be written.
#[derive(Debug, Clone, Copy)]
struct Interruption {
    /// Milliseconds from 1970-01-01 UTC.
    since: i64,
    /// Events that are lost.
    unrecorded: u64,
}

impl Writer {
    /// Goes on where a journal ends.
    pub(super) fn begin(
        setup: Setup,
        key: Arc<SecretKey>,
        end: End,
        lock: File,
    ) -> Result<Self, JournalError> {
        let number = end.last.map_or(1, |(number, _)| number);
        let path = open::path_of(&setup.folder, number);
        let failed = |source| JournalError::io(&path, source);
        if end.last.is_none() {
            write_header(&setup, &key, (number, end.head)).map_err(failed)?;
        }
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let day = day_of(end.time.unwrap_or_else(setup.clock));
        Ok(Writer {
            setup,
            key,
            file,
            number,
            length,
            day,
            head: end.head,
            time: end.time,
            interrupted: None,
            _lock: lock,
        })
    }

    /// Whether the last group could not be written.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.is_some()
    }

    /// Writes a group and syncs it; answers the number of its first event. What was lost before is told first.
    pub(super) fn write(&mut self, events: Vec<Event>) -> io::Result<u64> {
        let (now, count) = ((self.setup.clock)(), events.len() as u64);
        let written = self.try_to_write(now, events);
        match (&written, self.interrupted) {
            (Ok(_), Some(Interruption { unrecorded, .. })) => {
                tracing::warn!(unrecorded, "the journal is written again");
                self.interrupted = None;
            }
            (Ok(_), None) => {}
            (Err(error), before) => {
                if before.is_none() {
                    tracing::error!(%error, "the journal cannot be written; no verdict is given until it can");
                }
                let before = before.unwrap_or(Interruption {
                    since: now,
                    unrecorded: 0,
                });
                self.interrupted = Some(Interruption {
                    unrecorded: before.unrecorded.saturating_add(count),
                    ..before
                });
                // Nothing torn is left to others who read; where this fails too, the next try does it.
                let _ = self.take_back();
            }
        }
        written
    }

    fn try_to_write(&mut self, now: i64, events: Vec<Event>) -> io::Result<u64> {
        if self.is_interrupted() {
            self.take_back()?;
        }
        self.rotate(now)?;
        let (bytes, head, first) = self.group(now, events);
        let (one, other) = bytes.split_at(bytes.len() / 2);
        self.reach(FailurePoint::JournalGroup)?;
        self.file.write_all(one)?;
        self.reach(FailurePoint::JournalTorn)?;
        self.file.write_all(other)?;
        self.reach(FailurePoint::JournalWritten)?;
        self.file.sync_data()?;
        self.reach(FailurePoint::JournalSynced)?;
        self.length = self.length.saturating_add(bytes.len() as u64);
        (self.head, self.time) = (head, Some(now));
        Ok(first)
    }

    /// The bytes of a group with its seal, the head with it, and the number of the first of `events`.
    fn group(&self, now: i64, events: Vec<Event>) -> (Vec<u8>, Head, u64) {
        let mut head = self.head;
        let mut bytes = Vec::new();
        let mut put = |event: Event| {
            let number = head.count.saturating_add(1);
            let time = now;
            let line = Line::Entry(Box::new(Entry {
                number,
                time,
                event,
            }))
            .to_bytes();
            head = head.then(&Digest::of(&line));
            bytes.extend_from_slice(&line);
            bytes.push(b'\n');
            number
        };
        if let Some(before) = self.time.filter(|before| now < *before) {
            let back_ms = before.saturating_sub(now);
            put(Event::Clock { back_ms });
        }
        if let Some(Interruption { since, unrecorded }) = self.interrupted {
            put(Event::Interrupted { since, unrecorded });
        }
        let numbers: Vec<u64> = events.into_iter().map(&mut put).collect();
        let seal = Line::Seal(Seal::new(head, now, &self.key)).to_bytes();
        bytes.extend_from_slice(&seal);
        bytes.push(b'\n');
        let first = numbers.first().copied().unwrap_or(head.count);
        (bytes, head, first)
    }

    /// Cuts the file to where the last good group ends, durably.
    fn take_back(&self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if length < self.length {
            return Err(io::Error::other(
                "the file is shorter than what was written to it",
            ));
        }
        self.file.set_len(self.length)?;
        self.file.sync_all()
    }

    /// Begins a new file where the present one is long enough or of another day.
    fn rotate(&mut self, now: i64) -> io::Result<()> {
        let day = day_of(now);
        if self.length < FILE_BYTES_MAX && day <= self.day {
            return Ok(());
        }
        let number = self.number.saturating_add(1);
        write_header(&self.setup, &self.key, (number, self.head))?;
        self.reach(FailurePoint::JournalFile)?;
        let path = open::path_of(&self.setup.folder, number);
        self.file = OpenOptions::new().append(true).open(path)?;
        self.length = self.file.metadata()?.len();
        (self.number, self.day) = (number, day);
        Ok(())
    }

    fn reach(&self, point: FailurePoint) -> io::Result<()> {
        self.setup.failures.reach(point)
    }
}

/// A new file is there with its header or not at all.
fn write_header(setup: &Setup, key: &SecretKey, (number, before): (u32, Head)) -> io::Result<()> {
    let header = Line::Header(Box::new(Header {
        format: FORMAT.to_owned(),
        institution: setup.institution.clone(),
        key: key.public_key().clone(),
        before,
    }));
    let mut bytes = header.to_bytes();
    bytes.push(b'\n');
    files::replace(&open::path_of(&setup.folder, number), &bytes)
}

fn day_of(time: i64) -> i64 {
    time.saturating_add(CHINA_AHEAD_MS).div_euclid(DAY_MS)
}
