//! A run: find, digest, cut, review, write. Each step leaves files by which the next run goes on.
//!
//! In the folder of a run, while it lasts:
//!
//! | file | holds |
//! |---|---|
//! | `run.json` | what it was made with: another input or setting is refused |
//! | `parts/cut.json` | written last when all rows lie in parts: without it they are cut, and reviewed, anew |
//! | `parts/<table>/0007.arrow` | the rows of a part, where memory does not hold those of all |
//! | `parts/0007.json` | written last when a part is reviewed: without it the part is reviewed anew |
//! | `parts/totals.json` | written last when the sums of institutions are made (`totals.csv`) |
//!
//! At the end `findings.parquet`, `rejected.csv` and `no-verdict.csv` lie there, `run.json` says so, and `parts`
//! is gone.

mod finish;
mod part_findings;
mod parts_done;
mod record;
mod sums;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use arrow::array::RecordBatch;
use rulepack_contract::review::Stage;
use rulepack_contract::schema::ids;
use rulepack_engine::patients::Division as Batches;
use rulepack_host::client::{FailurePoint, Failures};
use rulepack_host::files;
use rulepack_host::review::{Circumstances, InForce};

use crate::cut::{Cutter, Held, Room, folder_of, parts};
use crate::error::AuditError;
use crate::input::{Input, Layout};
use crate::review::{Choices, Ledger, Plan, REJECTED};
use crate::run::{InputDigest, Run, RunSettings, RunState, TableCount, Totals};
use crate::sort::{MEMORY_BYTES_MIN, Sorter};
pub use finish::{FINDINGS, FINDINGS_CSV, NO_VERDICT_CSV, REJECTED_CSV};
pub(crate) use part_findings::PartFindings;
use record::CutRecord;
pub use sums::TOTALS_CSV;

/// Rows of a part, so that a stopped run loses little and a sort is quick.
const PART_ROWS: u64 = 32_000;
/// Files of parts that are open at once.
const PARTS_MAX: u64 = 400;
/// Parts of a run that would do with fewer, so that threads share it.
const PARTS_OF_SMALL: u64 = 16;
/// Rows below which more parts are of no use.
const PART_ROWS_LEAST: u64 = 1_000;

/// Bytes of rows beyond which a run lasts minutes: it is then to go on after a stop, and so lies on disk.
const HELD_BYTES_MAX: u64 = 4 << 30;

/// What is to be audited, with what, and where the result goes.
pub struct Audit<'a> {
    /// The folder of CSV and Parquet files.
    pub input: &'a Path,
    /// The folder of the run.
    pub folder: &'a Path,
    /// Packs, and which version is in force when.
    pub in_force: InForce<'a>,
    /// What the findings depend on beside the data; its number of parts is chosen here.
    pub settings: RunSettings,
    /// Bytes for rows that are cut and sorted, beside what packs take.
    pub memory_bytes: u64,
    /// Rows go on disk even where memory holds them, so that a run which was stopped need not read them anew.
    pub on_disk: bool,
    /// Parts that are reviewed at once.
    pub threads: usize,
    /// Writes `findings.csv` too.
    pub findings_csv: bool,
    /// Told how far it is.
    pub progress: &'a dyn Progress,
    /// Where a test stops it.
    pub failures: &'a (dyn Failures + Sync),
}

/// A step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Files are digested: bytes.
    Digest,
    /// Rows are brought to their patients: rows, for CSV about.
    Cut,
    /// Patients and institutions are reviewed: rows.
    Review,
    /// Sums of institutions are brought together: parts.
    Sum,
    /// Findings are written: parts.
    Write,
}

/// Whoever shows how far a run is.
pub trait Progress: Sync {
    /// A step begins, of so much.
    fn begin(&self, step: Step, total: u64);
    /// So much more is done.
    fn advance(&self, done: u64);
}

/// Nobody looks.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _step: Step, _total: u64) {}

    fn advance(&self, _done: u64) {}
}

impl Audit<'_> {
    /// Begins a run, or goes on with the one in the folder.
    ///
    /// # Errors
    /// [`AuditError`]; the same call goes on, with what was done where rows lie on disk, else from the beginning.
    pub fn run(&self) -> Result<Run, AuditError> {
        let least_bytes = MEMORY_BYTES_MIN.saturating_mul(self.threads.max(1) as u64);
        if self.memory_bytes < least_bytes {
            return Err(AuditError::Memory {
                memory_bytes: self.memory_bytes,
                least_bytes,
            });
        }
        let started = Instant::now();
        let input = Input::find(self.input, self.settings.encoding.into())?;
        let layouts = input.tables().map(|table| Layout::of(table, &input));
        let layouts = layouts.collect::<Result<Vec<_>, _>>()?;
        let mut run = self.begin(&input)?;
        let (cut, held) = self.cut(&input, &layouts, &run.settings)?;
        for (table, rows) in &cut.rows {
            let files = input
                .files
                .iter()
                .filter(|file| file.table.table().name == table);
            let files = files.count() as u64;
            let count = TableCount {
                files,
                rows: *rows,
                rejected: 0,
            };
            run.tables.insert(table.clone(), count);
        }
        let plan = self.plan(&input, &layouts, (&cut, &held))?;
        let sorter = Sorter::new(self.memory_bytes / 2, &self.parts())?;
        self.review(&plan, &sorter, (&run.settings, &cut))?;
        run.totals = self.review_sums(plan, &sorter, &run.settings)?;
        self.finish((&input, &cut), &sorter, &mut run)?;
        let rows: u64 = cut.rows.values().sum();
        run.state = RunState::Done;
        run.seconds = started.elapsed().as_secs();
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        run.rows_per_second = rows.saturating_mul(1_000) / milliseconds.max(1);
        self.reach(FailurePoint::AuditFindings)?;
        run.write(self.folder)?;
        fs::remove_dir_all(self.parts()).map_err(AuditError::io(&self.parts()))?;
        Ok(run)
    }

    /// What is new, or what was begun with the same inputs and settings.
    fn begin(&self, input: &Input) -> Result<Run, AuditError> {
        let known = Run::read(self.folder)?;
        let holds = |holds: String| AuditError::Folder {
            folder: self.folder.to_owned(),
            holds,
        };
        let inputs = record::digests(input, known.as_ref(), self.progress)?;
        let mut run = match known {
            Some(run) if run.state == RunState::Done => {
                return Err(holds("a run that is done".to_owned()));
            }
            Some(run) => {
                if let Some(other) = record::other_setting(&run.settings, &self.settings) {
                    return Err(holds(format!("a run with another {other}")));
                }
                Run {
                    resumed: true,
                    ..run
                }
            }
            None if fs::read_dir(self.folder).is_ok_and(|mut entries| entries.next().is_some()) => {
                return Err(holds("files that are of no run".to_owned()));
            }
            None => self.first(input, inputs)?,
        };
        (run.threads, run.memory_bytes) = (self.threads, self.memory_bytes);
        run.write(self.folder)?;
        Ok(run)
    }

    /// A run of which nothing is done, and the number of its parts.
    fn first(&self, input: &Input, inputs: Vec<InputDigest>) -> Result<Run, AuditError> {
        let rows = record::rows_about(input)?;
        let fewest = PARTS_OF_SMALL.min(rows / PART_ROWS_LEAST);
        let parts = (rows / PART_ROWS).max(fewest).clamp(1, PARTS_MAX);
        let mut settings = self.settings.clone();
        settings.parts = u32::try_from(parts).unwrap_or(1);
        Ok(Run::new(settings, inputs))
    }

    /// Cuts the rows into parts, unless that was done. Those that memory holds are cut whenever a run begins.
    fn cut(
        &self,
        input: &Input,
        layouts: &[Layout],
        settings: &RunSettings,
    ) -> Result<(CutRecord, Held), AuditError> {
        let folder = self.parts();
        if let Some(done) = CutRecord::read(&folder)? {
            return Ok((done, Held::default()));
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(AuditError::io(&folder))?;
        }
        fs::create_dir_all(&folder).map_err(AuditError::io(&folder))?;
        self.progress.begin(Step::Cut, record::rows_about(input)?);
        let cutter = Cutter {
            input,
            folder: &folder,
            parts: settings.parts,
            room: self.room(),
            keys_bytes: self.memory_bytes / 4,
            ahead: self.threads > 1,
            progress: &|rows| self.progress.advance(rows),
        };
        let left_out = folder.join("cut.rejected");
        let mut rejected = Ledger::create(&left_out, &REJECTED)?;
        let cut = cutter.cut(layouts, &mut rejected)?;
        let left_out_rows = rejected.finish()?;
        let keys = folder.join("keys");
        if keys.exists() {
            fs::remove_dir_all(&keys).map_err(AuditError::io(&keys))?;
        }
        let record = CutRecord::of(&cut, left_out_rows);
        if cut.is_on_disk {
            if left_out_rows > 0 {
                files::sync(&left_out).map_err(AuditError::io(&left_out))?;
            }
            record.write(&folder)?;
        }
        self.reach(FailurePoint::AuditCut)?;
        Ok((record, cut.held))
    }

    /// Half of the memory holds rows, whose sorting then takes next to nothing; or some wait for their files.
    fn room(&self) -> Room {
        Room {
            held_bytes: match self.on_disk {
                true => 0,
                false => (self.memory_bytes / 2).min(HELD_BYTES_MAX),
            },
            waiting_bytes: self.memory_bytes / 8,
        }
    }

    /// Reviews the institutions, with the sums of their lines. Answers where these came from.
    fn review_sums(
        &self,
        mut plan: Plan<'_>,
        sorter: &Sorter,
        settings: &RunSettings,
    ) -> Result<Totals, AuditError> {
        let Some(summing) = plan.summing.take() else {
            self.review_institutions(&plan, sorter, settings)?;
            let mut tables = plan.input.tables();
            return Ok(match tables.any(|table| table == ids::TOTALS) {
                true => Totals::Brought,
                false => Totals::NotAsked,
            });
        };
        let made = self.make_sums(&summing, (plan.input, settings), sorter)?;
        let mut layouts = plan.layouts.to_vec();
        layouts.push(made.layout);
        plan.rows_of_parts.insert(ids::TOTALS, vec![made.rows]);
        plan.circumstances.sums = Some(made.sums);
        let plan = Plan {
            layouts: &layouts,
            ..plan
        };
        self.review_institutions(&plan, sorter, settings)?;
        Ok(made.told)
    }

    fn plan<'p>(
        &'p self,
        input: &'p Input,
        layouts: &'p [Layout],
        (cut, held): (&CutRecord, &'p Held),
    ) -> Result<Plan<'p>, AuditError> {
        let period = (self.settings.from.number(), self.settings.to.number());
        let mut plan = Plan {
            input,
            layouts,
            repeated: cut.repeated(),
            held,
            rows_of_parts: cut.rows_of_parts(),
            institutions: self.institutions(cut, held)?,
            choices: Choices::new(self.in_force, period),
            summing: None,
            circumstances: Circumstances {
                stage: Stage::After,
                today: self.settings.today.number(),
                scenes: Vec::new(),
                jurisdiction: self.settings.division.clone(),
                period: Some(period),
                sums: None,
                batches: Batches::default(),
            },
            period,
            folder: self.parts(),
            progress: self.progress,
        };
        plan.summing = plan.sums_wanted();
        Ok(plan)
    }

    /// All rows of institutions.
    fn institutions(&self, cut: &CutRecord, held: &Held) -> Result<Vec<RecordBatch>, AuditError> {
        if let Some(rows) = held.tables.get(&ids::INSTITUTIONS) {
            return Ok(rows.batches().cloned().collect());
        }
        let path = parts::path(&folder_of(&self.parts(), ids::INSTITUTIONS), 0);
        let mut rows = Vec::new();
        for batch in parts::open(&path)?.into_iter().flatten() {
            rows.push(batch.map_err(AuditError::rows(&path))?);
        }
        let found = rows.iter().map(|batch| batch.num_rows() as u64).sum();
        let written = cut.rows_of_parts();
        let expected = written.get(&ids::INSTITUTIONS).into_iter().flatten().sum();
        AuditError::unless_all(found, expected, &path)?;
        Ok(rows)
    }

    fn parts(&self) -> PathBuf {
        self.folder.join("parts")
    }

    fn reach(&self, point: FailurePoint) -> Result<(), AuditError> {
        self.failures
            .reach(point)
            .map_err(AuditError::io(self.folder))
    }
}

/// Rows by table.
type Rows = BTreeMap<String, u64>;
