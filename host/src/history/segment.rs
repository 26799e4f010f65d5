//! One import on disk: two files of sealed lines (`sealer.rs`), written once and never changed.
//!
//! `000001.identities`, sealed under `identity.secret`, says whose the rows are: its line n holds the owner of
//! block n. `000001.rows`, sealed under `data.secret`, holds a header and then the blocks, each the rows of one
//! owner without its key. The header names how many blocks there are and the digest of the identities, so that
//! a file that was cut off, or that belongs to another import, is known as such. The identities are written
//! first; the import is there once the rows are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rulepack_contract::schema::TableId;
use rulepack_protocol::digest::Digest;
use serde::{Deserialize, Serialize};

use super::secrets::Secrets;
use super::{HistoryError, OwnerRow, rows_of};
use crate::files;
use crate::sealer::Sealer;

/// A patient or an institution.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Owner {
    pub(super) table: String,
    pub(super) key: String,
}

/// Rows by table.
pub(super) type OwnerRows = BTreeMap<String, Vec<BTreeMap<String, String>>>;

/// What an import covered, by table.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
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

/// The first line of the rows.
#[derive(Debug, Serialize, Deserialize)]
struct First {
    #[serde(flatten)]
    header: Header,
    blocks: u64,
    identities: Digest,
}

/// A segment that was opened.
#[derive(Debug)]
pub(super) struct Segment {
    path: PathBuf,
    /// Later imports have higher ones.
    pub(super) number: u64,
    pub(super) header: Header,
    /// Of the rows, whose header pins the identities.
    pub(super) digest: Digest,
    sealer: Sealer,
}

/// Where the rows of an owner stand in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    offset: u64,
    line: u64,
}

/// The number of a segment, by the path of its rows; `None` for any other file.
pub(super) fn number(path: &Path) -> Option<u32> {
    path.file_name()?
        .to_str()?
        .strip_suffix(".rows")?
        .parse()
        .ok()
}

/// Whether a file is what an earlier release kept, which encrypted nothing.
pub(super) fn is_plain(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let number = name.and_then(|name| name.strip_suffix(".jsonl"));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Whether the rows of a table belong to rows of another in the end.
pub(super) fn is_of(mut table: TableId, root: TableId) -> bool {
    while let Some((_, owner)) = table.table().owner() {
        table = owner;
    }
    table == root
}

/// Writes a segment; it is there whole or not at all. Answers the path of its rows.
pub(super) fn write(
    folder: &Path,
    number: u32,
    header: Header,
    blocks: BTreeMap<Owner, OwnerRows>,
    secrets: &Secrets,
) -> Result<PathBuf, HistoryError> {
    let path = folder.join(format!("{number:06}.rows"));
    let (owners, rows): (Vec<Owner>, Vec<OwnerRows>) = blocks.into_iter().unzip();
    let sealed = |path: &Path, secret: &[u8; 32], lines: &mut dyn Iterator<Item = Vec<u8>>| {
        let sealer = Sealer::new(path, secret);
        let mut bytes = Vec::new();
        for (line, entry) in (0..).zip(lines) {
            bytes.extend(sealer.seal(&entry, line)?);
        }
        files::replace(path, &bytes)?;
        Ok(Digest::of(&bytes))
    };
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source: io::Error| HistoryError::Io { path, source }
    };
    let whose = whose(&path);
    let identities = sealed(&whose, &secrets.identities, &mut owners.iter().map(json));
    let first = First {
        header,
        blocks: rows.len() as u64,
        identities: identities.map_err(failed(&whose))?,
    };
    let mut lines = std::iter::once(json(&first)).chain(rows.iter().map(json));
    sealed(&path, &secrets.rows, &mut lines).map_err(failed(&path))?;
    Ok(path)
}

impl Segment {
    /// Reads the header, and where the rows of each owner begin.
    pub(super) fn open(
        path: &Path,
        secrets: &Secrets,
    ) -> Result<(Self, Vec<(Owner, Place)>), HistoryError> {
        let sealer = Sealer::new(path, &secrets.rows);
        let (lines, digest) = places(path)?;
        let mut lines = lines.into_iter();
        let damaged = |line| HistoryError::Damaged {
            path: path.to_owned(),
            line,
        };
        let first: First = lines
            .next()
            .map(|place| read(path, &sealer, place))
            .transpose()?
            .ok_or_else(|| damaged(1))?;
        let owners = owners(&whose(path), &first.identities, secrets)?;
        let (expected, found) = (first.blocks, lines.len() as u64);
        if expected != found || owners.len() as u64 != found {
            // The header is line 1.
            return Err(damaged(expected.min(found) + 2));
        }
        let segment = Segment {
            path: path.to_owned(),
            number: number(path).map_or(0, u64::from),
            header: first.header,
            digest,
            sealer,
        };
        Ok((segment, owners.into_iter().zip(lines).collect()))
    }

    /// The rows of an owner, with its key where they belong to it directly.
    pub(super) fn read(&self, owner: &Owner, place: Place) -> Result<Vec<OwnerRow>, HistoryError> {
        let rows: OwnerRows = read(&self.path, &self.sealer, place)?;
        let mut rows = rows_of(rows);
        for row in &mut rows {
            if let Some(name) = row.table().and_then(column_of_owner) {
                row.cells.insert(name.to_owned(), owner.key.clone());
            }
        }
        Ok(rows)
    }
}

/// The column that holds the key of a patient or an institution to whom the rows of a table belong directly:
/// it stands among the identities alone.
pub(super) fn column_of_owner(table: TableId) -> Option<&'static str> {
    match table.table().owner() {
        None => table.table().key(),
        Some((column, of)) if of.table().owner().is_none() => {
            Some(table.table().columns[column].name)
        }
        Some(_) => None,
    }
}

/// The file of the identities, by that of the rows.
fn whose(rows: &Path) -> PathBuf {
    rows.with_extension("identities")
}

fn owners(path: &Path, expected: &Digest, secrets: &Secrets) -> Result<Vec<Owner>, HistoryError> {
    let sealer = Sealer::new(path, &secrets.identities);
    let (lines, found) = places(path)?;
    if found != *expected {
        return Err(HistoryError::Foreign(path.to_owned()));
    }
    let owners = lines.into_iter().map(|place| read(path, &sealer, place));
    owners.collect()
}

/// Where each line begins, and the digest of the file. A line without an end is none of ours.
fn places(path: &Path) -> Result<(Vec<Place>, Digest), HistoryError> {
    let failed = |source| HistoryError::Io {
        path: path.to_owned(),
        source,
    };
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let (mut places, mut hasher) = (Vec::new(), Digest::hasher());
    let (mut text, mut place) = (Vec::new(), Place { offset: 0, line: 0 });
    loop {
        text.clear();
        let length = reader.read_until(b'\n', &mut text).map_err(failed)?;
        if length == 0 {
            return Ok((places, hasher.finish()));
        }
        if text.last() != Some(&b'\n') {
            return Err(HistoryError::Damaged {
                path: path.to_owned(),
                line: place.line + 1,
            });
        }
        hasher.update(&text);
        places.push(place);
        place.offset += length as u64;
        place.line += 1;
    }
}

/// The entry of the line at a place.
fn read<T: for<'de> Deserialize<'de>>(
    path: &Path,
    sealer: &Sealer,
    place: Place,
) -> Result<T, HistoryError> {
    let failed = |source: io::Error| HistoryError::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(failed)?;
    file.seek(SeekFrom::Start(place.offset)).map_err(failed)?;
    let mut text = Vec::new();
    let mut reader = BufReader::new(file);
    reader.read_until(b'\n', &mut text).map_err(failed)?;
    let entry = sealer.unseal(&text, place.line);
    entry
        .and_then(|entry| serde_json::from_slice(&entry).ok())
        .ok_or_else(|| HistoryError::Damaged {
            path: path.to_owned(),
            line: place.line + 1,
        })
}

fn json<T: Serialize>(entry: &T) -> Vec<u8> {
    serde_json::to_vec(entry).expect("entries have texts as the names of their fields")
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
