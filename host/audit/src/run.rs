//! `run.json`: what a run was made with, what it read and what came of it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use rulepack_host::data::Encoding;
use rulepack_host::files;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use serde::{Deserialize, Serialize};

use crate::error::AuditError;

/// The name of the file in the folder of a run.
pub const FILE: &str = "run.json";

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Whether all parts are done.
    pub state: RunState,
    /// What the findings depend on beside the data.
    pub settings: RunSettings,
    /// What was read.
    pub inputs: Vec<InputDigest>,
    /// Rows by table of the contract.
    pub tables: BTreeMap<String, TableCount>,
    /// What came of it.
    pub counts: Counts,
    /// Where the sums of institutions came from.
    #[serde(default)]
    pub totals: Totals,
    /// Went on after it had been stopped.
    pub resumed: bool,
    /// Seconds that it took, from when it last went on or began anew.
    pub seconds: u64,
    /// Rows of all tables in each of these seconds.
    pub rows_per_second: u64,
    /// Threads that it was given last.
    pub threads: usize,
    /// Bytes that it was given last.
    pub memory_bytes: u64,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Some parts are still to be reviewed: the figures are those of no part.
    Running,
    /// All findings are there.
    Done,
}

/// What the findings depend on beside the data. A run goes on with these alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSettings {
    /// The folder of the data.
    pub data: String,
    /// First day of settlement, or of discharge before it, that is under review.
    pub from: Day,
    /// The last such day; that of institution scope.
    pub to: Day,
    /// The day that rules take as today.
    pub today: Day,
    /// Six digits: the place of care.
    pub division: String,
    /// Digest of the lock of the host.
    pub lock: Digest,
    /// Digest of that part of it which versions were chosen from: all of it, unless one pack was asked for.
    pub versions: Digest,
    /// How its CSV files are encoded.
    #[serde(default)]
    pub encoding: FileEncoding,
    /// The only pack that runs; all where it is empty.
    #[serde(default)]
    pub pack: String,
    /// The release of this program.
    pub release: String,
    /// Parts that the data is cut into.
    pub parts: u32,
}

/// How CSV files are encoded. It is declared and never guessed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileEncoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// GBK, read as GB 18030.
    Gbk,
}

impl From<FileEncoding> for Encoding {
    fn from(encoding: FileEncoding) -> Self {
        match encoding {
            FileEncoding::Utf8 => Encoding::Utf8,
            FileEncoding::Gbk => Encoding::Gbk,
        }
    }
}

impl From<Encoding> for FileEncoding {
    fn from(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Utf8 => FileEncoding::Utf8,
            Encoding::Gbk => FileEncoding::Gbk,
        }
    }
}

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputDigest {
    /// Within the folder of inputs.
    pub name: String,
    /// Length.
    pub bytes: u64,
    /// Nanoseconds from 1970-01-01 UTC at which it was last written.
    pub modified_ns: i64,
    /// Of its bytes.
    pub sha256: Digest,
}

/// Rows of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCount {
    /// Files of it.
    pub files: u64,
    /// Rows in them, those left out included.
    pub rows: u64,
    /// Rows left out: `rejected.csv` lists them.
    pub rejected: u64,
}

/// Where the sums of institutions (`totals`) came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Totals {
    /// No pack in force asks for any.
    #[default]
    NotAsked,
    /// From the files, as they were brought.
    Brought,
    /// From the lines: `totals.csv` lists them.
    Made {
        /// How many.
        rows: u64,
        /// Institutions of which some are left out, for want of a column; all of them where a line does not say
        /// whose it is.
        left_out: u64,
    },
}

/// What encounters under review cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// How many there are.
    pub encounters: u64,
    /// Fen of their lines that are counted; none where no amount is recorded.
    pub amount: Option<i64>,
}

/// What came of the review of some patients or institutions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Patients read.
    pub patients: u64,
    /// Encounters read.
    pub encounters: u64,
    /// Those of them that are under review.
    pub under_review: u64,
    /// Order lines read.
    pub lines: u64,
    /// Institutions read.
    pub institutions: u64,
    /// Breaches and suspicions found.
    pub findings: u64,
    /// Fen at stake in them.
    pub amount: i64,
    /// Findings of versions, or of settings, that apply to days before they were published.
    pub retroactive: u64,
    /// By key of the institution, empty where it is not recorded: what is under review.
    #[serde(default)]
    pub costs: BTreeMap<String, Cost>,
    /// Notices: told while care goes on, and only counted here.
    pub notices: u64,
    /// By pack and reason: who got no verdict. `no-verdict.csv` lists them.
    pub no_verdict: Vec<NoVerdictCount>,
    /// Rules that could not be evaluated at all.
    pub not_evaluable: Vec<NotEvaluableRule>,
    /// By rule: rows that it could not evaluate.
    pub abstentions: Vec<AbstentionCount>,
    /// What ran.
    pub packs: Vec<PackCount>,
    /// Packs of which no version is in force on some day under review.
    pub gaps: Vec<String>,
    /// Versions in force that could not be used, each with the reason.
    pub broken: Vec<BrokenPack>,
}

/// Patients or institutions without a verdict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NoVerdictCount {
    /// The pack and version.
    pub pack: String,
    /// The reason in a word.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// Fen of their encounters under review.
    pub amount: i64,
}

/// A rule that could not be evaluated, and what is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotEvaluableRule {
    /// The pack and version.
    pub pack: String,
    /// Id of the rule.
    pub rule: String,
    /// What people call it.
    pub title: String,
    /// Columns that are not recorded or not granted.
    pub missing: Vec<String>,
    /// Those of them that the hospital does not grant.
    pub not_granted: Vec<String>,
}

/// Rows that a rule could not evaluate for want of the same columns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AbstentionCount {
    /// The pack and version.
    pub pack: String,
    /// Id of the rule.
    pub rule: String,
    /// What was missing.
    pub missing: Vec<String>,
    /// How many rows.
    pub rows: u64,
}

/// A pack that ran.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PackCount {
    /// The pack and version.
    pub pack: String,
    /// Its digest.
    pub digest: String,
    /// Of what is set for it here.
    pub parameters: String,
    /// Of the columns that it may read here.
    pub grants: String,
    /// What it used: it grows with the number of batches.
    pub fuel: u64,
    /// Findings.
    pub findings: u64,
    /// Fen at stake in them.
    pub amount: i64,
}

/// A version that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BrokenPack {
    /// The pack and version.
    pub pack: String,
    /// Why not.
    pub reason: String,
}

impl Run {
    /// One of which nothing is done.
    pub(crate) fn new(settings: RunSettings, inputs: Vec<InputDigest>) -> Self {
        Run {
            state: RunState::Running,
            settings,
            inputs,
            tables: BTreeMap::new(),
            counts: Counts::default(),
            totals: Totals::default(),
            resumed: false,
            seconds: 0,
            rows_per_second: 0,
            threads: 1,
            memory_bytes: 0,
        }
    }

    /// The run in a folder; `None` where there is none.
    ///
    /// # Errors
    /// [`AuditError`] where it cannot be read, or the folder is a file or would lie in one.
    pub fn read(folder: &Path) -> Result<Option<Self>, AuditError> {
        let there = folder.ancestors().find(|path| path.exists());
        match there.filter(|path| !path.is_dir()) {
            Some(file) => Err(AuditError::NoFolder(file.to_owned())),
            None => read(&folder.join(FILE)),
        }
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), AuditError> {
        write(&folder.join(FILE), self)
    }
}

impl Cost {
    fn add(&mut self, other: Cost) {
        self.encounters = self.encounters.saturating_add(other.encounters);
        self.amount = match (self.amount, other.amount) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
    }
}

impl Counts {
    /// Adds what came of other patients and institutions.
    pub fn add(&mut self, other: &Counts) {
        let sums = [
            (&mut self.patients, other.patients),
            (&mut self.encounters, other.encounters),
            (&mut self.under_review, other.under_review),
            (&mut self.lines, other.lines),
            (&mut self.institutions, other.institutions),
            (&mut self.findings, other.findings),
            (&mut self.retroactive, other.retroactive),
            (&mut self.notices, other.notices),
        ];
        for (sum, more) in sums {
            *sum = sum.saturating_add(more);
        }
        self.amount = self.amount.saturating_add(other.amount);
        for (institution, cost) in &other.costs {
            self.costs
                .entry(institution.clone())
                .or_default()
                .add(*cost);
        }
        join(&mut self.no_verdict, &other.no_verdict, |sum, more| {
            let is_same = sum.pack == more.pack && sum.kind == more.kind;
            if is_same {
                sum.count += more.count;
                sum.amount = sum.amount.saturating_add(more.amount);
            }
            is_same
        });
        join(&mut self.abstentions, &other.abstentions, |sum, more| {
            let is_same =
                sum.pack == more.pack && sum.rule == more.rule && sum.missing == more.missing;
            sum.rows += if is_same { more.rows } else { 0 };
            is_same
        });
        join(&mut self.packs, &other.packs, |sum, more| {
            let is_same = sum.pack == more.pack && sum.parameters == more.parameters;
            if is_same {
                sum.fuel = sum.fuel.saturating_add(more.fuel);
                sum.findings += more.findings;
                sum.amount = sum.amount.saturating_add(more.amount);
            }
            is_same
        });
        join(
            &mut self.not_evaluable,
            &other.not_evaluable,
            |known, more| known == more,
        );
        join(&mut self.gaps, &other.gaps, |known, more| known == more);
        join(&mut self.broken, &other.broken, |known, more| known == more);
    }
}

/// Adds each of `more` to the one that takes it in, or else to the end; in order.
fn join<T: Clone + Ord>(sums: &mut Vec<T>, more: &[T], take_in: impl Fn(&mut T, &T) -> bool) {
    for one in more {
        if !sums.iter_mut().any(|sum| take_in(sum, one)) {
            sums.push(one.clone());
        }
    }
    sums.sort();
}

/// A file of a run; `None` where it is not there.
pub(crate) fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, AuditError> {
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(AuditError::io(path))?,
    };
    let parsed = serde_json::from_slice(&bytes);
    parsed.map(Some).map_err(|source| AuditError::Record {
        path: path.to_owned(),
        source,
    })
}

/// Writes a file of a run whole, or not at all.
pub(crate) fn write(path: &Path, value: &impl Serialize) -> Result<(), AuditError> {
    files::replace(path, &bytes_of(path, value)?).map_err(AuditError::io(path))
}

/// As [`write`], for what need not outlast a stop of the machine.
///
/// # Errors
/// As [`write`].
pub(crate) fn write_unsynced(path: &Path, value: &impl Serialize) -> Result<(), AuditError> {
    let bytes = bytes_of(path, value)?;
    let written = files::create_private(path).and_then(|mut file| file.write_all(&bytes));
    written.map_err(AuditError::io(path))
}

fn bytes_of(path: &Path, value: &impl Serialize) -> Result<Vec<u8>, AuditError> {
    serde_json::to_vec_pretty(value).map_err(|source| AuditError::Record {
        path: path.to_owned(),
        source,
    })
}
