//! The lines of a log, many at a time: so they can be unsealed by all processors at once.

use std::io::{self, BufRead};

/// Bytes of lines after which no more are read at once.
const BYTES_AT_ONCE: usize = 4 << 20;

/// Whole lines that follow each other.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Behind the end of each line.
    ends: Vec<usize>,
}

impl Lines {
    /// Reads lines in place of those before, at most so many. Answers whether there may be more: none follow what ends
    /// without a line end, though another process may be about to write it.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(super) fn read(&mut self, reader: &mut impl BufRead, most: u64) -> io::Result<bool> {
        self.bytes.clear();
        self.ends.clear();
        while (self.ends.len() as u64) < most && self.bytes.len() < BYTES_AT_ONCE {
            let read = reader.read_until(b'\n', &mut self.bytes)?;
            if read == 0 || self.bytes.last() != Some(&b'\n') {
                return Ok(false);
            }
            self.ends.push(self.bytes.len());
        }
        Ok(!self.ends.is_empty())
    }

    /// Each line with its end, the first one first.
    pub(super) fn all(&self) -> Vec<&[u8]> {
        let mut from = 0;
        let ends = self.ends.iter();
        let lines = ends.map(|end| {
            let line = self.bytes.get(from..*end).unwrap_or_default();
            from = *end;
            line
        });
        lines.collect()
    }
}
