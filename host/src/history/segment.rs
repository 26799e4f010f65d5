//! One import on disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rulepack_contract::schema::TableId;
use rulepack_protocol::digest::Digest;
use serde::{Deserialize, Serialize};

use super::{HistoryError, OwnerRow, rows_of};

/// A patient or an institution.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Owner {
    pub(super) table: String,
    pub(super) key: String,
}

/// Rows by table.
pub(super) type OwnerRows = BTreeMap<String, Vec<BTreeMap<String, String>>>;

/// The first line.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) tables: BTreeMap<String, Covered>,
}

/// What imports covered of a table.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Covered {
    pub(super) columns: Vec<String>,
    /// The import said that rows are missing.
    pub(super) partial: bool,
    pub(super) history_start: Option<i32>,
}

/// Every further line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Block {
    pub(super) owner: Owner,
    pub(super) rows: OwnerRows,
}

/// A segment that was read once.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) header: Header,
    pub(super) digest: Digest,
}

/// A line of which only the owner matters.
#[derive(Deserialize)]
struct OwnerOnly {
    owner: Owner,
}

/// The number of a segment; `None` for any other file.
pub(super) fn number(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(".jsonl")?.parse().ok()
}

/// Whether the rows of a table belong to rows of another in the end.
pub(super) fn is_of(mut table: TableId, root: TableId) -> bool {
    while let Some((_, owner)) = table.table().owner() {
        table = owner;
    }
    table == root
}

impl Segment {
    /// Reads the header, and where the lines of each owner begin.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<(Owner, u64)>), HistoryError> {
        let failed = |source| HistoryError::Io {
            path: path.to_owned(),
            source,
        };
        let damaged = |line| HistoryError::Damaged {
            path: path.to_owned(),
            line,
        };
        let mut reader = BufReader::new(File::open(path).map_err(failed)?);
        let mut text = Vec::new();
        let mut offset = reader.read_until(b'\n', &mut text).map_err(failed)? as u64;
        let mut hasher = Digest::hasher();
        hasher.update(&text);
        let header = serde_json::from_slice(&text).map_err(|_| damaged(1))?;
        let mut owners = Vec::new();
        for line in 2.. {
            text.clear();
            let length = reader.read_until(b'\n', &mut text).map_err(failed)?;
            if length == 0 {
                break;
            }
            hasher.update(&text);
            let OwnerOnly { owner } = serde_json::from_slice(&text).map_err(|_| damaged(line))?;
            owners.push((owner, offset));
            offset += length as u64;
        }
        Ok((
            Segment {
                path: path.to_owned(),
                header,
                digest: hasher.finish(),
            },
            owners,
        ))
    }

    /// The rows of the owner whose line begins there.
    pub(super) fn read(&self, offset: u64) -> Result<Vec<OwnerRow>, HistoryError> {
        let failed = |source: io::Error| HistoryError::Io {
            path: self.path.clone(),
            source,
        };
        let mut file = File::open(&self.path).map_err(failed)?;
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut text = Vec::new();
        BufReader::new(file)
            .read_until(b'\n', &mut text)
            .map_err(failed)?;
        let block: Block = serde_json::from_slice(&text).map_err(|error| {
            failed(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{:?}", error.classify()),
            ))
        })?;
        Ok(rows_of(block.rows))
    }
}

impl Covered {
    /// What a later import adds.
    pub(super) fn merge(&mut self, later: &Covered) {
        for column in &later.columns {
            if !self.columns.contains(column) {
                self.columns.push(column.clone());
            }
        }
        self.partial |= later.partial;
        self.history_start = match (self.history_start, later.history_start) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}
