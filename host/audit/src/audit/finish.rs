//! From parts to the files that people get.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rulepack_contract::units;
use rulepack_host::files;
use rulepack_host::spreadsheet::inert;

use super::parts_done::{PartFiles, PartRows, all_parts};
use super::record::CutRecord;
use super::{Audit, Step, part_findings};
use crate::error::AuditError;
use crate::finding::{AuditFinding, AuditRow};
use crate::findings_file::{FindingsWriter, findings, schema};
use crate::input::Input;
use crate::review::{Columns, NO_VERDICT, REJECTED, csv_of};
use crate::run::{Counts, Run};
use crate::sort::{self, Sorter, Written};

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
        (input, cut): (&Input, &CutRecord),
        sorter: &Sorter,
        run: &mut Run,
    ) -> Result<(), AuditError> {
        let folder = self.parts();
        let parts = all_parts(&run.settings);
        self.progress.begin(Step::Write, parts as u64);
        let files: Vec<PartFiles> = (0..parts)
            .map(|part| PartFiles::of(&folder, part))
            .collect();
        let (mut counts, mut rows) = (Counts::default(), Vec::new());
        let (mut rejected, mut no_verdict) = (Vec::new(), Vec::new());
        for part in &files {
            let done = part.read_done()?;
            counts.add(&done.counts);
            rejected.push(Written {
                path: part.rejected.clone(),
                rows: done.rows.rejected,
            });
            no_verdict.push(Written {
                path: part.no_verdict.clone(),
                rows: done.rows.no_verdict,
            });
            rows.push(done.rows);
        }
        run.counts = counts;
        self.write_findings(&files, &rows)?;
        rejected.push(Written {
            path: folder.join("cut.rejected"),
            rows: cut.left_out,
        });
        let by_file = self.write_list((REJECTED_CSV, &REJECTED), rejected, sorter)?;
        for (file, count) in by_file {
            let file = input.files.iter().find(|of| of.name == file);
            let name = file.map_or("", |file| file.table.table().name);
            run.tables.entry(name.to_owned()).or_default().rejected += count;
        }
        self.write_list((NO_VERDICT_CSV, &NO_VERDICT), no_verdict, sorter)?;
        Ok(())
    }

    /// Writes the findings of all parts, of each of which so many were found.
    fn write_findings(&self, of_parts: &[PartFiles], rows: &[PartRows]) -> Result<(), AuditError> {
        let (new, new_csv) = (
            self.parts().join("new.parquet"),
            self.parts().join("new.csv"),
        );
        let mut writer = FindingsWriter::create(&new)?;
        let mut csv = match self.findings_csv {
            true => Some(CsvFindings::create(&new_csv)?),
            false => None,
        };
        for (part, of_part) in of_parts.iter().zip(rows) {
            let mut found = 0;
            for rows in part_findings::read(&part.findings)? {
                let rows = rows.map_err(AuditError::rows(&part.findings))?;
                found += rows.num_rows() as u64;
                writer.write_rows(&rows)?;
                if let Some(csv) = &mut csv {
                    csv.write(&findings(&rows))?;
                }
            }
            AuditError::unless_all(found, of_part.findings, &part.findings)?;
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

    /// Writes a list in its order; answers how many there are by their first cell.
    fn write_list(
        &self,
        (name, columns): (&str, &Columns),
        parts: Vec<Written>,
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
