//! What each department charged in a month, as the host sums it up.

use rulepack_sdk::prelude::*;

/// The departments, and the rows that cannot be summed, each with the column that it lacks.
#[derive(Debug, Default)]
pub struct Departments {
    /// Each department and month.
    pub departments: Vec<Department>,
    untold: Vec<(Row<Totals>, &'static str)>,
}

impl Departments {
    /// Tells the rows that a rule could not sum.
    pub(crate) fn abstain(&self, rule: &'static str, answer: &mut Answer) {
        for (row, missing) in &self.untold {
            answer.add(Abstention::new(rule, *row).missing(missing));
        }
    }
}

/// A department in a month.
#[derive(Debug)]
pub struct Department {
    /// The hospital's own code.
    pub code: Code,
    /// First day of the month.
    pub start: Day,
    /// What it charged, by 收费类别, each with its row.
    pub charges: Vec<(Row<Totals>, Code, Money)>,
}

impl Department {
    /// The sum of some kinds of charges, and the first row of them.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn sum_of(&self, kinds: &[Code]) -> Result<Option<(Row<Totals>, Money)>, Overflow> {
        let of_kinds = || {
            self.charges
                .iter()
                .filter(|(_, kind, _)| kinds.contains(kind))
        };
        let sum = Money::sum(of_kinds().map(|(.., amount)| *amount))?;
        Ok(of_kinds().next().map(|(row, ..)| (*row, sum)))
    }

    /// All that it charged.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn sum(&self) -> Result<Money, Overflow> {
        Money::sum(self.charges.iter().map(|(.., amount)| *amount))
    }
}

/// The sums by department and 收费类别 whose time lies in the period of the review. Sums by anything else are
/// those of other rules.
pub(crate) fn by_department(batch: &Batch) -> Departments {
    let table = batch.totals();
    let (first, last) = batch.period().unwrap_or((batch.today(), batch.today()));
    let mut read = Departments::default();
    for (row, code) in table.departments().recorded() {
        let apart = table.items().get(row).is_some()
            || table.doctors().get(row).is_some()
            || table.visit_types().get(row).is_some()
            || table.payment_groups().get(row).is_some();
        let Some(kind) = table.charge_types().get(row).filter(|_| !apart) else {
            continue;
        };
        let term = table
            .period_starts()
            .get(row)
            .zip(table.period_ends().get(row));
        let (Some((start, end)), Some(amount)) = (term, table.amounts().get(row)) else {
            let missing = if term.is_none() {
                "totals.period-starts"
            } else {
                "totals.amounts"
            };
            read.untold.push((row, missing));
            continue;
        };
        if start < first || end > last {
            continue;
        }
        let charge = (row, kind, amount);
        match read
            .departments
            .iter_mut()
            .find(|it| it.code == code && it.start == start)
        {
            Some(department) => department.charges.push(charge),
            None => read.departments.push(Department {
                code,
                start,
                charges: vec![charge],
            }),
        }
    }
    read
}
