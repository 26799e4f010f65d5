//! How the texts of a CSV file are encoded. It is declared and never guessed: bytes of one encoding that happen to
//! be valid in another would be read as other characters (乱码) without anybody noticing.
//!
//! The bytes that separate fields and lines are the same in both, and are no part of any other character, so
//! that fields are told apart first and then read.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use csv::{ByteRecord, StringRecord};
use encoding_rs::{DecoderResult, GB18030, UTF_8};

/// The encoding of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// GBK, read as its superset GB 18030: what hospital systems in China export as "ANSI".
    Gbk,
}

/// What a file is that is not in the encoding that it was declared in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// All of it could be UTF-8, and some is not ASCII.
    Utf8,
    /// All of it could be GBK.
    Gbk,
    /// It begins with a mark of UTF-16.
    Utf16,
    /// None of these.
    Neither,
}

/// The bytes that are read at once.
const CHUNK: usize = 1 << 16;

impl Encoding {
    fn as_declared(self) -> &'static encoding_rs::Encoding {
        match self {
            Encoding::Utf8 => UTF_8,
            Encoding::Gbk => GB18030,
        }
    }

    /// Reads the fields of a record.
    ///
    /// # Errors
    /// The place of the first field, from 0, that is not in this encoding.
    pub(super) fn read(self, bytes: &ByteRecord, record: &mut StringRecord) -> Result<(), usize> {
        record.clear();
        for (place, field) in bytes.iter().enumerate() {
            let text = self
                .as_declared()
                .decode_without_bom_handling_and_without_replacement(field);
            record.push_field(&text.ok_or(place)?);
        }
        Ok(())
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Gbk => "GBK",
        })
    }
}

impl Looks {
    /// Looks through a file.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut start = [0; 2];
        let length = File::open(path)?.read(&mut start)?;
        if length == 2 && matches!(start, [0xff, 0xfe] | [0xfe, 0xff]) {
            return Ok(Looks::Utf16);
        }
        Ok(if is_whole(path, UTF_8)? == Some(true) {
            Looks::Utf8
        } else if is_whole(path, GB18030)?.is_some() {
            Looks::Gbk
        } else {
            Looks::Neither
        })
    }
}

/// Whether all of a file is in an encoding: then whether any of it is not ASCII.
fn is_whole(path: &Path, encoding: &'static encoding_rs::Encoding) -> io::Result<Option<bool>> {
    let mut file = File::open(path)?;
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (mut bytes, mut text) = (vec![0; CHUNK], vec![0; 3 * CHUNK + 16]);
    let mut is_more_than_ascii = false;
    loop {
        let length = file.read(&mut bytes)?;
        let chunk = bytes.get(..length).unwrap_or_default();
        is_more_than_ascii |= !chunk.is_ascii();
        let decoded = decoder.decode_to_utf8_without_replacement(chunk, &mut text, length == 0);
        match decoded.0 {
            DecoderResult::Malformed(..) | DecoderResult::OutputFull => return Ok(None),
            DecoderResult::InputEmpty if length == 0 => return Ok(Some(is_more_than_ascii)),
            DecoderResult::InputEmpty => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(bytes: &[u8]) -> Looks {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("patients.csv");
        std::fs::write(&path, bytes).unwrap();
        Looks::of(&path).unwrap()
    }

    #[test]
    fn a_file_is_looked_at_as_a_whole() {
        let long = "患者,".repeat(60_000);
        let gbk = GB18030.encode(&long).0;
        assert_eq!(looks(long.as_bytes()), Looks::Utf8);
        assert_eq!(looks(&gbk), Looks::Gbk);
        assert_eq!(looks(b"plain"), Looks::Gbk);
        assert_eq!(looks(&[&gbk[..], b"\xff"].concat()), Looks::Neither);
        assert_eq!(looks(b"\xff\xfep\0"), Looks::Utf16);
        assert_eq!(looks(b""), Looks::Gbk);
    }
}
