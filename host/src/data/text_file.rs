//! A CSV file as texts, line by line, whatever it is encoded in.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, StringRecord};
use rulepack_contract::knowledge::line_of;

use super::encoding::{Encoding, Looks};
use super::error::DataError;

/// An open file.
#[derive(Debug)]
pub(super) struct TextFile {
    path: PathBuf,
    encoding: Encoding,
    reader: Reader<BufReader<File>>,
    bytes: ByteRecord,
    record: StringRecord,
    /// The first line.
    header: StringRecord,
}

impl TextFile {
    /// Opens a file and reads its first line.
    ///
    /// # Errors
    /// [`DataError`] where it cannot be read, or is not in the encoding.
    pub(super) fn open(path: &Path, encoding: Encoding) -> Result<Self, DataError> {
        let unreadable = |source| DataError::Read {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(unreadable)?;
        if encoding == Encoding::Gbk && Looks::of(path).map_err(unreadable)? == Looks::Utf8 {
            return Err(DataError::NotGbk {
                path: path.to_owned(),
            });
        }
        let reader = ReaderBuilder::new()
            .flexible(true)
            // A carriage return before the line feed stays in the value, which is trimmed: otherwise lines
            // of such files are counted one behind.
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(BufReader::with_capacity(1 << 16, file));
        let mut file = TextFile {
            path: path.to_owned(),
            encoding,
            reader,
            bytes: ByteRecord::new(),
            record: StringRecord::new(),
            header: StringRecord::new(),
        };
        let header = file.reader.byte_headers().cloned();
        let header = header.map_err(|error| fault(path, error))?;
        let read = encoding.read(&header, &mut file.record);
        read.map_err(|field| file.not_in_encoding(1, field))?;
        // The mark of GB 18030; that of UTF-8 is gone already.
        let names = file.record.iter();
        file.header = names
            .map(|name| name.trim_start_matches('\u{feff}').to_owned())
            .collect();
        Ok(file)
    }

    /// The first line.
    pub(super) fn header(&self) -> &StringRecord {
        &self.header
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Goes to the next line that is not blank, and answers its number from 1; `None` at the end.
    ///
    /// # Errors
    /// [`DataError::Read`] and [`DataError::Encoding`].
    pub(super) fn advance(&mut self) -> Result<Option<u64>, DataError> {
        loop {
            let before = self.reader.position().line();
            let read = self.reader.read_byte_record(&mut self.bytes);
            if !read.map_err(|error| fault(&self.path, error))? {
                return Ok(None);
            }
            let line = line_of(&self.bytes, before, self.reader.position().line());
            let read = self.encoding.read(&self.bytes, &mut self.record);
            read.map_err(|field| self.not_in_encoding(line, field))?;
            if !is_blank(&self.record) {
                return Ok(Some(line));
            }
        }
    }

    /// The texts of the line.
    pub(super) fn record(&self) -> &StringRecord {
        &self.record
    }

    fn not_in_encoding(&self, line: u64, field: usize) -> DataError {
        let name = self.header.get(field).map(str::to_owned);
        DataError::Encoding {
            path: self.path.clone(),
            line,
            column: name.unwrap_or_else(|| field.saturating_add(1).to_string()),
            expected: self.encoding,
            looks: Looks::of(&self.path).unwrap_or(Looks::Neither),
        }
    }
}

/// The bytes of a CSV file in UTF-8, whatever it is encoded in.
///
/// # Errors
/// [`DataError::Read`], [`DataError::Encoding`] with the first field that is not in the encoding, and
/// [`DataError::NotGbk`].
pub fn to_utf8(path: &Path, encoding: Encoding) -> Result<Vec<u8>, DataError> {
    let mut file = TextFile::open(path, encoding)?;
    while file.advance()?.is_some() {}
    let bytes = std::fs::read(path).map_err(|source| DataError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(match encoding {
        Encoding::Utf8 => bytes,
        Encoding::Gbk => {
            let (text, _) = encoding_rs::GB18030.decode_with_bom_removal(&bytes);
            text.into_owned().into_bytes()
        }
    })
}

/// A line with nothing on it but blanks.
fn is_blank(record: &StringRecord) -> bool {
    record.len() <= 1 && record.iter().all(|value| value.trim().is_empty())
}

fn fault(path: &Path, error: csv::Error) -> DataError {
    let source = match error.into_kind() {
        ErrorKind::Io(source) => source,
        other => std::io::Error::other(format!("{other:?}")),
    };
    DataError::Read {
        path: path.to_owned(),
        source,
    }
}
