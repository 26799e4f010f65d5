//! From parts to the files that people get.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rulepack_contract::units;
use rulepack_host::files;
use rulepack_host::spreadsheet::inert;

use super::parts_done::{PartDone, PartFiles, all_parts};
use super::{Audit, Step, part_findings};
use crate::error::AuditError;
use crate::finding::{AuditFinding, AuditRow};
use crate::findings_file::{FindingsWriter, findings, schema};
use crate::input::Input;
use crate::review::{Columns, NO_VERDICT, REJECTED, csv_of};
use crate::run::{self, Counts, Run};
use crate::sort::{self, Sorter};

/// The findings of a run.
pub const FINDINGS: &str = "findings.parquet";
/// The same for a spreadsheet, where it was asked for.
pub const FINDINGS_CSV: &str = "findings.csv";
/// Rows left out, with what is wrong.
pub const REJECTED_CSV: &str = "rejected.csv";
/// Patients and institutions without a verdict, the most money first.
pub const NO_VERDICT_CSV: &str = "no-verdict.csv";

impl Audit<'_> {
    /// Writes the findings of all parts into one file, and the lists in order.
    pub(super) fn finish(
        &self,
        input: &Input,
        sorter: &Sorter,
        run: &mut Run,
    ) -> Result<(), AuditError> {
        let folder = self.parts();
        let parts = all_parts(&run.settings);
        self.progress.begin(Step::Write, parts as u64);
        let files: Vec<PartFiles> = (0..parts)
            .map(|part| PartFiles::of(&folder, part))
            .collect();
        let (mut counts, mut found) = (Counts::default(), Vec::new());
        for part in &files {
            let done: Option<PartDone> = run::read(&part.done)?;
            let of_part = done.map(|done| done.counts).unwrap_or_default();
            found.push(of_part.findings);
            counts.add(&of_part);
        }
        run.counts = counts;
        self.write_findings(&files, &found)?;
        let mut rejected: Vec<PathBuf> = files.iter().map(|part| part.rejected.clone()).collect();
        rejected.push(folder.join("cut.rejected"));
        let by_file = self.write_list(REJECTED_CSV, rejected, &REJECTED, sorter)?;
        for (file, count) in by_file {
            let file = input.files.iter().find(|of| of.name == file);
            let name = file.map_or("", |file| file.table.table().name);
            run.tables.entry(name.to_owned()).or_default().rejected += count;
        }
        let no_verdict = files.iter().map(|part| part.no_verdict.clone()).collect();
        self.write_list(NO_VERDICT_CSV, no_verdict, &NO_VERDICT, sorter)?;
        Ok(())
    }

    /// Writes the findings of all parts, of each of which so many were found.
    fn write_findings(&self, of_parts: &[PartFiles], found: &[u64]) -> Result<(), AuditError> {
        let (new, new_csv) = (
            self.parts().join("new.parquet"),
            self.parts().join("new.csv"),
        );
        let mut writer = FindingsWriter::create(&new)?;
        let mut csv = match self.findings_csv {
            true => Some(CsvFindings::create(&new_csv)?),
            false => None,
        };
        for (part, expected) in of_parts.iter().zip(found) {
            let mut written = 0;
            for rows in part_findings::read(&part.findings)? {
                let rows = rows.map_err(AuditError::rows(&part.findings))?;
                written += rows.num_rows() as u64;
                writer.write_rows(&rows)?;
                if let Some(csv) = &mut csv {
                    csv.write(&findings(&rows))?;
                }
            }
            if written != *expected {
                return Err(AuditError::PartRows {
                    path: part.findings.clone(),
                    found: written,
                    expected: *expected,
                });
            }
            self.progress.advance(1);
        }
        writer.finish()?;
        self.put(&new, FINDINGS)?;
        match csv {
            Some(csv) => {
                csv.finish()?;
                self.put(&new_csv, FINDINGS_CSV)
            }
            None => Ok(()),
        }
    }

    /// Writes a list in its order; answers how many entries there are by their first cell.
    fn write_list(
        &self,
        name: &str,
        parts: Vec<PathBuf>,
        columns: &Columns,
        sorter: &Sorter,
    ) -> Result<BTreeMap<String, u64>, AuditError> {
        let order = columns.order();
        let sorted = sorter.sorted(parts, (&columns.schema(), &order), &sort::runtime()?)?;
        let new = self.parts().join("list.new");
        let counts = csv_of(sorted, columns, &new)?;
        self.put(&new, name)?;
        Ok(counts)
    }

    /// Makes a file that is whole one of the run's.
    pub(super) fn put(&self, new: &Path, name: &str) -> Result<(), AuditError> {
        let path = self.folder.join(name);
        let put = File::open(new).and_then(|file| {
            file.sync_all()?;
            fs::rename(new, &path)?;
            files::sync_folder(self.folder)
        });
        put.map_err(AuditError::io(&path))
    }
}

/// `findings.csv`
struct CsvFindings {
    writer: csv::Writer<File>,
    path: PathBuf,
}

impl CsvFindings {
    fn create(path: &Path) -> Result<Self, AuditError> {
        let file = files::create_private(path).map_err(AuditError::io(path))?;
        let mut writer = csv::Writer::from_writer(file);
        let schema = schema();
        let names = schema.fields().iter().map(|field| field.name());
        writer.write_record(names).map_err(io(path))?;
        Ok(CsvFindings {
            writer,
            path: path.to_owned(),
        })
    }

    fn write(&mut self, findings: &[AuditFinding]) -> Result<(), AuditError> {
        for found in findings {
            let amount = units::format_decimal(found.amount, 2);
            let (offending, related) = (rows(&found.offending), rows(&found.related));
            let texts = [
                &found.pack,
                &found.rule,
                &found.title,
                &found.kind,
                &found.basis,
                &found.behaviour,
                &found.certainty,
                &found.message,
            ];
            let (day, mark) = (found.day.clone(), u8::from(found.retroactive).to_string());
            let whose = [
                &found.institution,
                &found.department,
                &found.doctor,
                &found.patient,
                &found.encounter,
                &offending,
                &related,
            ];
            let texts = texts.into_iter().map(|text| inert(text.to_owned()));
            let whose = whose.into_iter().map(|text| inert(text.to_owned()));
            let cells = texts.chain([amount, day, mark]).chain(whose);
            self.writer.write_record(cells).map_err(io(&self.path))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), AuditError> {
        self.writer.flush().map_err(AuditError::io(&self.path))
    }
}

/// `orders L1 12.00; orders L2 3.00`
fn rows(rows: &[AuditRow]) -> String {
    let told = rows.iter().map(|row| {
        let amount = units::format_decimal(row.amount, 2);
        format!("{} {} {amount}", row.table, row.key)
    });
    told.collect::<Vec<_>>().join("; ")
}

fn io(path: &Path) -> impl FnOnce(csv::Error) -> AuditError + '_ {
    |error| AuditError::io(path)(std::io::Error::other(error))
}
