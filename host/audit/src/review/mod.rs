//! A part: its rows in the order of patients, gathered into batches of whole patients, each reviewed.

mod assembly;
mod choices;
mod costs;
mod cursor;
mod ledger;
mod told;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use rulepack_contract::data::Data;
use rulepack_contract::review::Scope;
use rulepack_contract::schema::{TableId, ids};
use rulepack_host::review::{Circumstances, Reviewed, Summing};
use tokio::runtime::Runtime;

use crate::audit::{PartFindings, Progress};
use crate::cut::{Held, Repeated, Root, RowsOfParts};
use crate::error::AuditError;
use crate::finding::AuditFinding;
use crate::input::{Input, Layout};
use crate::run::Counts;
use crate::sort::Sorter;
use crate::sums::SumsFile;
use assembly::{Assembly, TooMany};
pub(crate) use choices::Choices;
use cursor::Cursor;
pub(crate) use ledger::{Columns, Ledger, NO_VERDICT, REJECTED, csv_of, rejected_line};

/// A batch is reviewed once it has so many rows: what an instance of a pack is made for.
const BATCH_ROWS: u64 = 10_000;
/// Rows of one patient beyond which they are those of nobody in particular: an identity that many share.
pub const PATIENT_ROWS_MAX: u64 = 200_000;

/// What all parts have in common.
pub(crate) struct Plan<'p> {
    pub(crate) input: &'p Input,
    pub(crate) layouts: &'p [Layout],
    /// By table: keys that stand for rows of several patients.
    pub(crate) repeated: BTreeMap<TableId, Repeated>,
    /// The rows of all parts, where they are not on disk.
    pub(crate) held: &'p Held,
    /// How many there are in each part where they are.
    pub(crate) rows_of_parts: RowsOfParts,
    /// All rows of institutions, for every batch of patients has them.
    pub(crate) institutions: Vec<RecordBatch>,
    pub(crate) choices: Choices<'p>,
    /// What is summed of the lines for the institutions that come after all patients.
    pub(crate) summing: Option<Summing>,
    pub(crate) circumstances: Circumstances,
    /// First and last rule day under review.
    pub(crate) period: (i32, i32),
    pub(crate) folder: PathBuf,
    pub(crate) progress: &'p dyn Progress,
}

/// The files of one part that is being reviewed.
pub(crate) struct Output {
    pub(crate) findings: PartFindings,
    pub(crate) rejected: Ledger,
    pub(crate) no_verdict: Ledger,
    pub(crate) sums: SumsFile,
}

/// What a batch came to.
#[derive(Default)]
struct Found {
    findings: Vec<(Root, AuditFinding)>,
    counts: Counts,
}

impl Plan<'_> {
    /// What is to be summed for the institutions; `None` where sums were brought or no pack asks for any.
    pub(crate) fn sums_wanted(&self) -> Option<Summing> {
        let (first, last) = self.period;
        let declared = self.choices.on(last).declared_sums();
        let is_brought = self.input.tables().any(|table| table == ids::TOTALS);
        if declared.is_empty() || is_brought {
            return None;
        }
        let last = last.min(self.circumstances.today);
        let sources = assembly::sources(self);
        Some(Summing::new(&sources, &declared, (first, last)))
    }

    /// Reviews a part; that of institutions where `scope` says so.
    ///
    /// # Errors
    /// [`AuditError`] where rows cannot be read or findings cannot be written. What a pack fails on is counted.
    pub(crate) fn review(
        &self,
        (part, scope): (usize, Scope),
        sorter: &Sorter,
        runtime: &Arc<Runtime>,
        output: &mut Output,
    ) -> Result<Counts, AuditError> {
        let mut cursors = cursor::all(self, (part, scope), sorter, runtime)?;
        let mut counts = Counts::default();
        let mut assembly = Assembly::new(self, scope);
        while let Some(root) = cursors.iter().filter_map(Cursor::root).min() {
            assembly.begin();
            for cursor in &mut cursors {
                while cursor.root() == Some(root) {
                    cursor.take(root, &mut assembly, output)?;
                }
            }
            if assembly.rows() >= BATCH_ROWS {
                let full = std::mem::replace(&mut assembly, Assembly::new(self, scope));
                counts.add(&self.finish(full, output)?);
            }
        }
        counts.add(&self.finish(assembly, output)?);
        Ok(counts)
    }

    /// Reviews what was gathered.
    fn finish(&self, assembly: Assembly<'_>, output: &mut Output) -> Result<Counts, AuditError> {
        if assembly.rows() == 0 {
            return Ok(Counts::default());
        }
        let (scope, too_many) = (assembly.scope(), assembly.too_many().to_vec());
        self.progress.advance(assembly.rows());
        let data = assembly.finish(&mut output.rejected)?;
        let mut found = Found::default();
        self.count(&data, scope, &mut found.counts);
        match scope {
            Scope::Patient => {
                if let Some(summing) = &self.summing {
                    output.sums.add(summing.sum(&data))?;
                    leave_out(&data, &too_many, &mut output.sums);
                }
                self.review_patients(data, &too_many, (&mut found, &mut *output))?;
            }
            Scope::Institution | Scope::Region => {
                let day = self.period.1;
                let reviewed = self.choices.on(day).review(
                    &Arc::new(data.clone()),
                    &self.circumstances,
                    scope,
                );
                self.take(reviewed, &data, &|_| day, (&mut found, &mut *output))?;
            }
        }
        found
            .findings
            .sort_by(|a, b| a.0.cmp(&b.0).then_with(|| order(&a.1).cmp(&order(&b.1))));
        let findings: Vec<AuditFinding> =
            found.findings.into_iter().map(|(_, found)| found).collect();
        output.findings.write(&findings)?;
        Ok(found.counts)
    }

    /// Reviews each encounter with the versions of its own rule day; the others of its patient are history then.
    fn review_patients(
        &self,
        data: Data,
        too_many: &[TooMany],
        (found, output): (&mut Found, &mut Output),
    ) -> Result<(), AuditError> {
        let days = self.rule_days(&data, too_many);
        let chosen = |row: &u32| self.choices.number(days[*row as usize]?);
        let encounters = data.rows(ids::ENCOUNTERS);
        let mut numbers: Vec<usize> = (0..encounters).filter_map(|row| chosen(&row)).collect();
        found.counts.under_review = numbers.len() as u64;
        found.counts.costs = costs::costs(&data, &days);
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let data = Arc::new(data.with_under_review(|row| chosen(&row) == Some(number)));
            let choice = self.choices.numbered(number);
            let reviewed = choice.review(&data, &self.circumstances, Scope::Patient);
            let day = |encounter: u32| days.get(encounter as usize).copied().flatten();
            let day = |encounter| day(encounter).unwrap_or(self.circumstances.today);
            self.take(reviewed, &data, &day, (&mut *found, &mut *output))?;
        }
        for patient in too_many {
            ledger::no_verdict_of_many(&patient.key, &mut output.no_verdict)?;
            found.counts.add(&told::too_many());
        }
        Ok(())
    }

    /// The rule day of each encounter that is under review: not called history by its file, and within the
    /// period.
    fn rule_days(&self, data: &Data, too_many: &[TooMany]) -> Vec<Option<i32>> {
        let number = |column, row| data.number(ids::ENCOUNTERS, column, row);
        let day = |row| {
            let day = number("settlement-days", row).or_else(|| number("discharge-days", row));
            let day = day.and_then(|day| i32::try_from(day).ok());
            let day = day.unwrap_or(self.circumstances.today);
            let (first, last) = self.period;
            let is_within = (first..=last).contains(&day) && number("current", row) != Some(0);
            let patient = number("patients", row).and_then(|row| u32::try_from(row).ok());
            let patient = patient.and_then(|row| data.key(ids::PATIENTS, row));
            let is_somebody =
                patient.is_none_or(|key| !too_many.iter().any(|many| many.key == key));
            (is_within && is_somebody).then_some(day)
        };
        (0..data.rows(ids::ENCOUNTERS)).map(day).collect()
    }

    fn count(&self, data: &Data, scope: Scope, counts: &mut Counts) {
        match scope {
            Scope::Patient => {
                counts.patients = u64::from(data.rows(ids::PATIENTS));
                counts.encounters = u64::from(data.rows(ids::ENCOUNTERS));
                counts.lines = u64::from(data.rows(ids::ORDERS));
            }
            _ => counts.institutions = u64::from(data.rows(ids::INSTITUTIONS)),
        }
    }

    /// Takes in what one choice of versions said of data.
    fn take(
        &self,
        reviewed: Reviewed,
        data: &Data,
        day: &dyn Fn(u32) -> i32,
        (found, output): (&mut Found, &mut Output),
    ) -> Result<(), AuditError> {
        found.counts.add(&told::counts(&reviewed));
        for none in &reviewed.report.no_verdict {
            ledger::no_verdict(none, &mut output.no_verdict)?;
        }
        let teller = told::Teller::new(self.input, data, day);
        for finding in &reviewed.report.findings {
            found.findings.push(teller.tell(finding));
        }
        Ok(())
    }
}

/// Of a patient with too many rows some lines are not there: what their institutions come to is not known.
fn leave_out(data: &Data, too_many: &[TooMany], sums: &mut SumsFile) {
    const MISSING: &str = "orders (too many rows of one patient)";
    let row = |column, row| {
        let number = data.number(ids::ENCOUNTERS, column, row);
        number.and_then(|number| u32::try_from(number).ok())
    };
    for patient in too_many {
        if !patient.has_all_encounters {
            sums.leave_out(None, MISSING);
        }
        for encounter in 0..data.rows(ids::ENCOUNTERS) {
            let of = row("patients", encounter).and_then(|row| data.key(ids::PATIENTS, row));
            let institution = row("institutions", encounter);
            let institution = institution.and_then(|row| data.key(ids::INSTITUTIONS, row));
            if of == Some(&patient.key) {
                sums.leave_out(institution.map(str::to_owned), MISSING);
            }
        }
    }
}

/// The order of the findings of one patient or institution.
fn order(finding: &AuditFinding) -> impl Ord + '_ {
    (
        &finding.offending,
        &finding.pack,
        &finding.rule,
        &finding.message,
        &finding.related,
    )
}
