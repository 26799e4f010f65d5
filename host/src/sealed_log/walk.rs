//! Passing the entries of a log one after the other, past lines that are damaged where the caller asks for it.
//!
//! Every line is sealed at its number. Where damage took or made the end of a line, all that follow stand at other
//! places than they were written at. So behind damage a line is tried at the numbers near its place, and never at one
//! that came before: lines that were moved or repeated are still no entries.

use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::fs::FileExt as _;

use rayon::prelude::*;

use super::lines::Lines;
use super::{DamagedLine, End, Place, SealedLog, SealedLogError, lock};

/// From the beginning to the last whole line.
pub(super) const ALL: (End, u64) = (End { bytes: 0, lines: 0 }, u64::MAX);

/// How many numbers before and behind its place a line is tried at, and for how many lines in a row: a damaged block
/// of the disk takes fewer ends of lines.
const NUMBERS_TRIED: u64 = 256;

/// What becomes of a line that this host did not write there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The log is damaged.
    Refused,
    /// The others are taken.
    PassedOver,
}

/// Who unseals entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Processors {
    /// One: others are answered meanwhile.
    One,
    /// All that there are: everybody waits for it.
    All,
}

/// How far the entries were passed.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) end: End,
    /// Lines that were passed over.
    pub(super) damaged: Vec<DamagedLine>,
    /// The number behind the last entry: no later one has a lower one.
    lowest: u64,
    /// Damaged lines since that entry.
    in_a_row: u64,
}

impl SealedLog {
    /// Passes every entry to `each`, the oldest first.
    ///
    /// # Errors
    /// [`SealedLogError`].
    pub(crate) fn entries(&self, mut each: impl FnMut(Place, &[u8])) -> Result<(), SealedLogError> {
        let lines = lock(&self.written).end.lines;
        let all = (End::default(), lines);
        let walked = self.walk(all, self.unreadable, &mut each)?;
        self.note(&walked);
        Ok(())
    }

    /// Passes the entries from a place up to a line, with that, to `each`.
    ///
    /// # Errors
    /// [`SealedLogError`].
    pub(crate) fn entries_within(
        &self,
        (first, last_line): (Place, u64),
        mut each: impl FnMut(Place, &[u8]),
    ) -> Result<(), SealedLogError> {
        let from = End {
            bytes: first.offset,
            lines: first.line,
        };
        let part = (from, last_line.saturating_add(1));
        let walked = self.walk(part, self.unreadable, &mut each)?;
        self.note(&walked);
        Ok(())
    }

    /// The number of the first line that was ever passed over, from 0, and how many there are.
    pub(crate) fn damage(&self) -> Option<(u64, usize)> {
        let damage = lock(&self.damage);
        let (_, first) = damage.first_key_value()?;
        Some((*first, damage.len()))
    }

    /// Notes what was passed over; what was not known before is new on the disk, and is told.
    pub(super) fn note(&self, walked: &Walked) {
        let mut damage = lock(&self.damage);
        let before = damage.len();
        damage.extend(walked.damaged.iter().map(|line| (line.offset, line.number)));
        let lines = damage.len() - before;
        if lines > 0 {
            let path = self.path.display();
            tracing::error!(%path, lines, "damaged lines are passed over");
        }
    }

    /// What stands behind the last line end gets one where a stop in the middle of writing cannot have left it: it is
    /// passed over as any damaged line is, and not cut off.
    ///
    /// # Errors
    /// [`SealedLogError::Io`].
    pub(super) fn end_last_line(&self, walked: &mut Walked) -> Result<(), SealedLogError> {
        let place = Place {
            offset: walked.end.bytes,
            line: walked.end.lines,
        };
        let mut line = self.line(place)?;
        if line.iter().all(u8::is_ascii_hexdigit) {
            return Ok(());
        }
        let end = place.offset + line.len() as u64;
        let written = self.file.write_all_at(b"\n", end);
        let ended = written.and_then(|()| self.file.sync_all());
        ended.map_err(|source| self.failed(source))?;
        line.push(b'\n');
        walked.pass_over(&line);
        walked.end.bytes += line.len() as u64;
        Ok(())
    }

    /// Passes every entry of a log that is only read, as far as it is written.
    ///
    /// # Errors
    /// [`SealedLogError`].
    pub(crate) fn entries_written(
        &self,
        unreadable: Unreadable,
        mut each: impl FnMut(Place, &[u8]),
    ) -> Result<(), SealedLogError> {
        self.walk(ALL, unreadable, &mut each).map(drop)
    }

    /// Passes the entries from an end up to a line, without that, one after the other.
    pub(super) fn walk(
        &self,
        part: (End, u64),
        unreadable: Unreadable,
        each: &mut impl FnMut(Place, &[u8]),
    ) -> Result<Walked, SealedLogError> {
        let make = |entry: Vec<u8>| entry;
        let mut take = |place, entry: Vec<u8>| each(place, &entry);
        self.walk_with(part, (unreadable, Processors::One), &make, &mut take)
    }

    /// The same, where something is made of each entry before it is passed on.
    pub(super) fn walk_with<T: Send>(
        &self,
        (from, lines_max): (End, u64),
        (unreadable, processors): (Unreadable, Processors),
        make: &(impl Fn(Vec<u8>) -> T + Sync),
        take: &mut impl FnMut(Place, T),
    ) -> Result<Walked, SealedLogError> {
        let mut walked = Walked {
            end: from,
            lowest: from.lines,
            ..Walked::default()
        };
        let mut reader = BufReader::new(At {
            file: &self.file,
            offset: from.bytes,
        });
        let mut lines = Lines::default();
        let mut is_more = true;
        while is_more {
            // A line that damage divided takes the place of another.
            let behind = lines_max.saturating_add(walked.damaged.len() as u64);
            let most = behind.saturating_sub(walked.end.lines);
            let read = lines.read(&mut reader, most);
            is_more = read.map_err(|source| self.failed(source))?;
            let lines = lines.all();
            let first = walked.end.lines;
            let ahead = self.unseal_ahead(&lines, (first, processors), make);
            for ((number, line), ahead) in (first..).zip(lines).zip(ahead) {
                let offset = walked.end.bytes;
                let entry = match ahead {
                    Some(made) if walked.end.lines == number => Some((number, made)),
                    _ => self.unseal_near(line, &walked, make),
                };
                if let Some((line, made)) = entry {
                    take(Place { offset, line }, made);
                    walked.take(line);
                } else if unreadable == Unreadable::PassedOver {
                    walked.pass_over(line);
                } else {
                    return Err(self.damaged(walked.end.lines));
                }
                walked.end.bytes += line.len() as u64;
            }
        }
        Ok(walked)
    }

    /// What is made of each line, where it has the number that it has if none before it is damaged.
    fn unseal_ahead<T: Send>(
        &self,
        lines: &[&[u8]],
        (first, processors): (u64, Processors),
        make: &(impl Fn(Vec<u8>) -> T + Sync),
    ) -> Vec<Option<T>> {
        let unseal = |(index, line): (usize, &&[u8])| {
            let entry = self.sealer.unseal(line, first + index as u64)?;
            Some(make(entry))
        };
        match processors {
            Processors::One => lines.iter().enumerate().map(unseal).collect(),
            Processors::All => lines.par_iter().enumerate().map(unseal).collect(),
        }
    }

    /// What is made of a line, and the number at which it was written: that of its place, or behind damage one near it.
    fn unseal_near<T>(
        &self,
        line: &[u8],
        walked: &Walked,
        make: impl Fn(Vec<u8>) -> T,
    ) -> Option<(u64, T)> {
        let at = |number| Some((number, make(self.sealer.unseal(line, number)?)));
        let place = walked.end.lines;
        let near = match walked.in_a_row {
            1..=NUMBERS_TRIED => NUMBERS_TRIED,
            _ => 0,
        };
        let first = walked.lowest.max(place.saturating_sub(near));
        at(place).or_else(|| (first..=place.saturating_add(near)).find_map(at))
    }
}

impl Walked {
    fn take(&mut self, number: u64) {
        self.end.lines = number + 1;
        self.lowest = number + 1;
        self.in_a_row = 0;
    }

    fn pass_over(&mut self, line: &[u8]) {
        self.damaged.push(DamagedLine {
            offset: self.end.bytes,
            number: self.end.lines,
            bytes: line.to_vec(),
        });
        self.end.lines += 1;
        self.in_a_row += 1;
    }
}

/// Reads a file from a place, whoever else reads it from another.
pub(super) struct At<'f> {
    pub(super) file: &'f File,
    pub(super) offset: u64,
}

impl io::Read for At<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}
