//! What a run remembers of its inputs and of the cut.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::time::UNIX_EPOCH;

use rulepack_contract::schema::{self, TableId};
use rulepack_protocol::digest::Digest;
use serde::{Deserialize, Serialize};

use super::{Progress, Rows, Step};
use crate::cut::{Cut, Repeated, Root, RowsOfParts};
use crate::error::AuditError;
use crate::input::{Format, Input, InputFile};
use crate::run::{self, InputDigest, Run, RunSettings};

/// Bytes of a line of CSV, about: to tell how many there are before they are read.
const LINE_BYTES: u64 = 100;

/// `cut.json`: all rows lie in parts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct CutRecord {
    /// By table.
    pub(super) rows: Rows,
    /// By table: keys of several patients, each with the first of them, in hexadecimal.
    repeated: BTreeMap<String, Vec<(String, String)>>,
    /// By table: how many rows lie on disk for each part. A file that holds another number is not the one that was
    /// written.
    parts: BTreeMap<String, Vec<u64>>,
}

impl CutRecord {
    pub(super) fn of(cut: &Cut) -> Self {
        let name = |table: &TableId| table.table().name.to_owned();
        let hex = |root: &Root| format!("{:032x}", root.0);
        let repeated = cut.repeated.iter().map(|(table, keys)| {
            let keys = keys.iter().map(|(key, first)| (hex(key), hex(first)));
            (name(table), keys.collect())
        });
        CutRecord {
            rows: cut
                .rows
                .iter()
                .map(|(table, rows)| (name(table), *rows))
                .collect(),
            repeated: repeated.collect(),
            parts: cut
                .rows_of_parts
                .iter()
                .map(|(table, rows)| (name(table), rows.clone()))
                .collect(),
        }
    }

    /// How many rows of each table lie on disk for each part.
    pub(super) fn rows_of_parts(&self) -> RowsOfParts {
        let tables = self.parts.iter();
        let tables = tables.filter_map(|(name, rows)| Some((schema::table(name)?, rows.clone())));
        tables.collect()
    }

    pub(super) fn read(folder: &Path) -> Result<Option<Self>, AuditError> {
        run::read(&folder.join("cut.json"))
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), AuditError> {
        run::write(&folder.join("cut.json"), self)
    }

    /// By table: keys of several patients, each with the first of them.
    pub(super) fn repeated(&self) -> BTreeMap<TableId, Repeated> {
        let root = |text: &String| Some(Root(u128::from_str_radix(text, 16).ok()?));
        let tables = self.repeated.iter().filter_map(|(name, keys)| {
            let keys = keys
                .iter()
                .filter_map(|(key, first)| Some((root(key)?, root(first)?)));
            Some((schema::table(name)?, keys.collect()))
        });
        tables.collect()
    }
}

/// Digests of all files. A file that a run knows already is not read again where length and time are the same.
///
/// # Errors
/// [`AuditError::Changed`] where a known file is another one, or one came or went.
pub(super) fn digests(
    input: &Input,
    known: Option<&Run>,
    progress: &dyn Progress,
) -> Result<Vec<InputDigest>, AuditError> {
    let mut digests = Vec::new();
    let of_file = |file: &InputFile| fs::metadata(&file.path).map(|it| it.len()).unwrap_or(0);
    progress.begin(Step::Digest, input.files.iter().map(of_file).sum());
    for file in &input.files {
        let metadata = fs::metadata(&file.path).map_err(AuditError::io(&file.path))?;
        let modified = metadata.modified().ok();
        let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.and_then(|time| i64::try_from(time.as_nanos()).ok());
        let mut digest = InputDigest {
            name: file.name.clone(),
            bytes: metadata.len(),
            modified_ns: modified.unwrap_or(0),
            sha256: Digest::of(b""),
        };
        let same = known.and_then(|run| {
            let mut inputs = run.inputs.iter();
            inputs.find(|it| it.name == digest.name && it.bytes == digest.bytes)
        });
        match (known, same) {
            (Some(_), None) => return Err(changed(file)),
            (_, Some(same)) if same.modified_ns == digest.modified_ns => {
                digest.sha256 = same.sha256;
            }
            (_, same) => {
                digest.sha256 = sha256(&file.path, progress)?;
                if same.is_some_and(|same| same.sha256 != digest.sha256) {
                    return Err(changed(file));
                }
            }
        }
        digests.push(digest);
    }
    match known {
        Some(run) if run.inputs.len() != digests.len() => {
            let gone = run
                .inputs
                .iter()
                .find(|it| !digests.iter().any(|now| now.name == it.name));
            let path = gone.map_or_else(String::new, |gone| gone.name.clone());
            Err(AuditError::Changed { path: path.into() })
        }
        _ => Ok(digests),
    }
}

fn changed(file: &InputFile) -> AuditError {
    AuditError::Changed {
        path: file.path.clone(),
    }
}

fn sha256(path: &Path, progress: &dyn Progress) -> Result<Digest, AuditError> {
    let mut file = File::open(path).map_err(AuditError::io(path))?;
    let mut hasher = Digest::hasher();
    let mut bytes = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut bytes).map_err(AuditError::io(path))?;
        if read == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&bytes[..read]);
        progress.advance(read as u64);
    }
}

/// How many rows there are, as far as can be told without reading them.
pub(super) fn rows_about(input: &Input) -> Result<u64, AuditError> {
    let mut rows = 0_u64;
    for file in &input.files {
        rows = rows.saturating_add(match file.format {
            Format::Parquet => file.rows_told()?,
            Format::Csv => {
                let metadata = fs::metadata(&file.path).map_err(AuditError::io(&file.path))?;
                metadata.len() / LINE_BYTES
            }
        });
    }
    Ok(rows)
}

/// What of the settings is another one; the number of parts stays that of the run.
pub(super) fn other_setting(known: &RunSettings, now: &RunSettings) -> Option<&'static str> {
    let differs = [
        ("period", (known.from, known.to) != (now.from, now.to)),
        ("day taken as today", known.today != now.today),
        ("encoding of its CSV files", known.encoding != now.encoding),
        ("place of care", known.division != now.division),
        ("lock", known.lock != now.lock),
        (
            "pack",
            (&known.pack, known.versions) != (&now.pack, now.versions),
        ),
        ("release of this program", known.release != now.release),
    ];
    differs
        .into_iter()
        .find(|(_, differs)| *differs)
        .map(|(what, _)| what)
}
