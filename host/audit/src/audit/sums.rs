//! The sums of institutions, between the review of patients and that of institutions.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use rulepack_contract::schema::ids;
use rulepack_host::files;
use rulepack_host::review::{LeftOut, Summing, SumsMade};

use super::parts_done::PartFiles;
use super::{Audit, Step};
use crate::cut::{folder_of, parts};
use crate::error::AuditError;
use crate::input::{Input, Layout};
use crate::run::{self, RunSettings, Totals};
use crate::sort::{self, Sorter, Written};
use crate::sums::{Joined, SumsDone, join, layout};

/// The sums that a run made of lines, as the table is imported.
pub const TOTALS_CSV: &str = "totals.csv";

/// Sums that were made, and how the table holds them.
pub(super) struct Made {
    pub(super) sums: Arc<SumsMade>,
    pub(super) layout: Layout,
    pub(super) rows: u64,
    pub(super) told: Totals,
}

impl Audit<'_> {
    /// Joins the sums of all parts and makes them the table `totals`, unless that was done.
    pub(super) fn make_sums(
        &self,
        summing: &Summing,
        (input, settings): (&Input, &RunSettings),
        sorter: &Sorter,
    ) -> Result<Made, AuditError> {
        let (folder, layout) = (self.parts(), layout(summing));
        let record = folder.join("totals.json");
        let done = match run::read::<SumsDone>(&record)? {
            Some(done) => done,
            None => {
                let done = self.join_sums((summing, &layout), (input, settings), sorter)?;
                run::write(&record, &done)?;
                done
            }
        };
        let institutions: BTreeSet<&Option<String>> =
            done.left_out.iter().map(|it| &it.institution).collect();
        Ok(Made {
            told: Totals::Made {
                rows: done.rows,
                left_out: institutions.len() as u64,
            },
            rows: done.rows,
            sums: Arc::new(SumsMade::new(summing.clone(), done.left_out)),
            layout,
        })
    }

    fn join_sums(
        &self,
        (summing, layout): (&Summing, &Layout),
        (input, settings): (&Input, &RunSettings),
        sorter: &Sorter,
    ) -> Result<SumsDone, AuditError> {
        let folder = self.parts();
        let files = (0..settings.parts as usize).map(|part| PartFiles::of(&folder, part));
        self.progress.begin(Step::Sum, settings.parts.into());
        let (mut left_out, mut of_parts) = (BTreeSet::<LeftOut>::new(), Vec::new());
        for part in files {
            let done = part.read_done()?;
            left_out.extend(done.left_out);
            of_parts.push(Written {
                path: part.sums,
                rows: done.rows.sums,
            });
        }
        let joined = folder.join("joined.sums");
        left_out.extend(join(of_parts, &joined, (sorter, &sort::runtime()?))?);
        self.progress.advance(settings.parts.into());
        let made = SumsMade::new(summing.clone(), left_out.clone());
        let of_table = folder_of(&folder, ids::TOTALS);
        fs::create_dir_all(&of_table).map_err(AuditError::io(&of_table))?;
        let list = folder.join("totals.new");
        let rows = Joined {
            path: &joined,
            made: &made,
            layout,
            // After all that were read.
            file: u32::try_from(input.files.len()).unwrap_or(u32::MAX),
        }
        .write(&parts::path(&of_table, 0), &list)?;
        files::sync_folder(&of_table).map_err(AuditError::io(&of_table))?;
        self.put(&list, TOTALS_CSV)?;
        Ok(SumsDone { rows, left_out })
    }
}
