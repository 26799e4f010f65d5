//! The review of all parts, by several threads, each part once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use rulepack_contract::review::Scope;
use rulepack_host::client::FailurePoint;
use rulepack_host::files;
use rulepack_host::review::LeftOut;
use serde::{Deserialize, Serialize};

use super::part_findings::PartFindings;
use super::record::CutRecord;
use super::{Audit, Step};
use crate::error::AuditError;
use crate::review::{Ledger, NO_VERDICT, Output, Plan, REJECTED};
use crate::run::{self, Counts, RunSettings};
use crate::sort::{self, Sorter};
use crate::sums::SumsFile;

/// `0007.json`: a part is done.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PartDone {
    /// What came of it.
    pub(super) counts: Counts,
    /// Which sums of institutions its lines leave out.
    pub(super) left_out: BTreeSet<LeftOut>,
    /// How many rows each of its files has: none where there is no file.
    pub(super) rows: PartRows,
}

/// Rows in the files of a part.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(super) struct PartRows {
    pub(super) findings: u64,
    pub(super) rejected: u64,
    pub(super) no_verdict: u64,
    pub(super) sums: u64,
}

/// The files of a part.
pub(super) struct PartFiles {
    pub(super) done: PathBuf,
    pub(super) findings: PathBuf,
    pub(super) rejected: PathBuf,
    pub(super) no_verdict: PathBuf,
    pub(super) sums: PathBuf,
}

impl PartFiles {
    pub(super) fn of(folder: &Path, part: usize) -> Self {
        let path = |ending| folder.join(format!("{part:04}.{ending}"));
        PartFiles {
            done: path("json"),
            findings: path("findings"),
            rejected: path("rejected"),
            no_verdict: path("no-verdict"),
            sums: path("sums"),
        }
    }

    /// What came of a part that was reviewed.
    ///
    /// # Errors
    /// [`AuditError::PartGone`] where nothing says any more that it was, [`AuditError::Io`] and [`AuditError::Record`]
    /// where what says so cannot be read.
    pub(super) fn read_done(&self) -> Result<PartDone, AuditError> {
        let done = run::read(&self.done)?;
        done.ok_or_else(|| AuditError::PartGone {
            path: self.done.clone(),
        })
    }

    fn create(&self) -> Result<Output, AuditError> {
        Ok(Output {
            findings: PartFindings::create(&self.findings)?,
            rejected: Ledger::create(&self.rejected, &REJECTED)?,
            no_verdict: Ledger::create(&self.no_verdict, &NO_VERDICT)?,
            sums: SumsFile::create(&self.sums)?,
        })
    }

    /// Waits until what was written lies on the disk.
    fn sync(&self, rows: PartRows) -> Result<(), AuditError> {
        let files = [
            (&self.findings, rows.findings),
            (&self.rejected, rows.rejected),
            (&self.no_verdict, rows.no_verdict),
            (&self.sums, rows.sums),
        ];
        for (path, _) in files.into_iter().filter(|(_, rows)| *rows > 0) {
            files::sync(path).map_err(AuditError::io(path))?;
        }
        Ok(())
    }
}

/// All parts: those of patients, and last that of institutions.
pub(super) fn all_parts(settings: &RunSettings) -> usize {
    settings.parts as usize + 1
}

impl Audit<'_> {
    /// Reviews the parts of patients that are not done yet.
    pub(super) fn review(
        &self,
        plan: &Plan<'_>,
        sorter: &Sorter,
        (settings, cut): (&RunSettings, &CutRecord),
    ) -> Result<(), AuditError> {
        self.progress.begin(Step::Review, cut.rows.values().sum());
        let mut to_do = Vec::new();
        for part in (0..settings.parts as usize).rev() {
            match run::read::<PartDone>(&PartFiles::of(&plan.folder, part).done)? {
                Some(done) => self.progress.advance(done.counts.lines),
                None => to_do.push(part),
            }
        }
        let to_do = Mutex::new(to_do);
        let fault: Mutex<Option<AuditError>> = Mutex::new(None);
        let work = || {
            let one_more = || {
                let is_faulty = fault
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .is_some();
                let mut to_do = to_do.lock().unwrap_or_else(PoisonError::into_inner);
                if is_faulty { None } else { to_do.pop() }
            };
            while let Some(part) = one_more() {
                if let Err(error) = self.review_part(plan, sorter, (part, settings)) {
                    let mut fault = fault.lock().unwrap_or_else(PoisonError::into_inner);
                    fault.get_or_insert(error);
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.threads.max(1) {
                scope.spawn(work);
            }
            work();
        });
        let fault = fault.into_inner().unwrap_or_else(PoisonError::into_inner);
        fault.map_or(Ok(()), Err)
    }

    /// Reviews the institutions, unless that was done: after all patients, for their lines are summed first.
    pub(super) fn review_institutions(
        &self,
        plan: &Plan<'_>,
        sorter: &Sorter,
        settings: &RunSettings,
    ) -> Result<(), AuditError> {
        let part = settings.parts as usize;
        match run::read::<PartDone>(&PartFiles::of(&plan.folder, part).done)? {
            Some(_) => Ok(()),
            None => self.review_part(plan, sorter, (part, settings)),
        }
    }

    fn review_part(
        &self,
        plan: &Plan<'_>,
        sorter: &Sorter,
        (part, settings): (usize, &RunSettings),
    ) -> Result<(), AuditError> {
        let files = PartFiles::of(&plan.folder, part);
        let mut output = files.create()?;
        // Institutions lie in the first part of their tables.
        let (of_tables, scope) = match part < settings.parts as usize {
            true => (part, Scope::Patient),
            false => (0, Scope::Institution),
        };
        let counts = plan.review((of_tables, scope), sorter, &sort::runtime()?, &mut output)?;
        let (sums, left_out) = output.sums.finish()?;
        let rows = PartRows {
            findings: output.findings.finish()?,
            rejected: output.rejected.finish()?,
            no_verdict: output.no_verdict.finish()?,
            sums,
        };
        let done = PartDone {
            counts,
            left_out,
            rows,
        };
        // What is reviewed anew after a stop need not outlast one of the machine.
        match plan.held.tables.is_empty() {
            true => {
                files.sync(rows)?;
                self.reach(FailurePoint::AuditPart)?;
                run::write(&files.done, &done)?;
            }
            false => {
                self.reach(FailurePoint::AuditPart)?;
                run::write_unsynced(&files.done, &done)?;
            }
        }
        self.reach(FailurePoint::AuditPartDone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_which_nothing_says_that_it_is_done_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let part = PartFiles::of(folder.path(), 7);
        let error = part.read_done().unwrap_err();
        let path = folder.path().join("0007.json");
        assert_eq!(
            error.to_string(),
            format!(
                "`{}`, which said that a part is done, is gone",
                path.display()
            )
        );
        assert_eq!(
            error.hint().unwrap(),
            "go on with `--resume`: what is missing is made anew"
        );
    }
}
