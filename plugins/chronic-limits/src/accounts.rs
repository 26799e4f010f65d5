//! The yearly limits of each patient, with what was used before and the lines under review.

use rulepack_sdk::prelude::*;

use crate::ChronicLimits;
use crate::lines::{Line, Lines};

/// No quarter has as many days, and no half year as few.
const QUARTER_DAYS_MAX: i64 = 100;

/// The limits of the patients of a batch under which a line under review falls.
#[derive(Debug)]
pub struct Accounts<'a> {
    /// Each limit.
    pub accounts: Vec<Account<'a>>,
    /// Lines under review of which nobody knows under which limit they fall.
    pub unassigned: Vec<Row<Orders>>,
    /// Lines under review without a day, of patients who have a limit.
    pub undated: Vec<Row<Orders>>,
}

/// A limit, and what counts towards it.
#[derive(Debug)]
pub struct Account<'a> {
    /// The disease or item that is counted.
    pub subject: Code,
    /// The first and last day that it is for.
    pub period: Option<(Day, Day)>,
    /// The limit on what is inside the scope of the fund, and what was used of it before.
    pub money: Option<(Money, Money)>,
    /// The limit on quantities in the smallest unit, and what was used of it before.
    pub quantity: Option<(Quantity, Quantity)>,
    /// The lines under review, in the order of their days.
    pub lines: Vec<&'a Line>,
}

impl<'a> Accounts<'a> {
    /// Reads the accumulators of a batch.
    ///
    /// # Errors
    /// Where a sum exceeds 64 bits.
    #[inline(never)]
    pub fn read(pack: &ChronicLimits, batch: &Batch, lines: &'a Lines) -> Result<Self, Overflow> {
        let table = batch.accumulators();
        let mut read = Accounts {
            accounts: Vec::new(),
            unassigned: Vec::new(),
            undated: Vec::new(),
        };
        let mut last_patient = None;
        for (row, patient) in table.patients().recorded() {
            let kind = table.kinds().get(row);
            if !kind.is_some_and(|kind| pack.account_kinds.contains(&kind)) {
                continue;
            }
            if last_patient.replace(patient) != Some(patient) {
                read.set_apart(lines.of(patient));
            }
            let Some(subject) = table.subjects().get(row) else {
                continue;
            };
            let (start, end) = (table.period_starts().get(row), table.period_ends().get(row));
            let period = Validity::new(start, end);
            let counts = |line: &Line| {
                let is_subject = line.disease.code() == Some(subject) || line.item == Some(subject);
                is_subject && line.day.is_some_and(|day| period.includes(day))
            };
            let reviewed = lines.of(patient).iter().filter(|line| line.under_review);
            let mut account = Account {
                subject,
                period: start.zip(end),
                money: table.amount_limits().get(row).zip(table.amounts().get(row)),
                quantity: table
                    .quantity_limits()
                    .get(row)
                    .zip(table.base_quantities().get(row)),
                lines: reviewed.filter(|line| counts(line)).collect(),
            };
            let credits = lines.credits.iter();
            for credit in credits.filter(|credit| credit.patient == patient && counts(credit)) {
                account.give_back(credit)?;
            }
            if !account.lines.is_empty() {
                read.accounts.push(account);
            }
        }
        Ok(read)
    }

    fn set_apart(&mut self, lines: &[Line]) {
        for line in lines.iter().filter(|line| line.under_review) {
            if line.day.is_none() {
                self.undated.push(line.order);
            } else if line.disease.code().is_none() {
                self.unassigned.push(line.order);
            }
        }
    }
}

impl Account<'_> {
    /// The days of a limit that is for a part of the year (季度限额); `None` for one of a year, or of unknown length.
    #[must_use]
    pub fn quarter(&self) -> Option<(Day, Day)> {
        self.period
            .filter(|(start, end)| end.since(*start) < QUARTER_DAYS_MAX)
    }

    /// A refund under review of a line that was counted before.
    fn give_back(&mut self, credit: &Line) -> Result<(), Overflow> {
        if let (Some((_, used)), Some(covered)) = (&mut self.money, credit.covered) {
            *used = used.checked_add(covered)?;
        }
        if let (Some((_, used)), Some(quantity)) = (&mut self.quantity, credit.base_quantity) {
            *used = used.checked_add(quantity)?;
        }
        Ok(())
    }
}
