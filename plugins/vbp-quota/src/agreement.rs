//! 约定采购量: what an institution agreed to buy of a variety in a round.

use rulepack_sdk::prelude::*;

/// An agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// Its row.
    pub row: Row<Agreements>,
    /// 采购批次
    pub round: Code,
    /// 品种
    pub variety: Code,
    /// The product (品牌) whose volume is agreed, where one is named; else every selected product of the variety counts.
    pub item: Option<Code>,
    /// First day of the term.
    pub start: Day,
    /// Last day of the term.
    pub end: Day,
    /// In the agreement's unit.
    pub quantity: Quantity,
    /// The agreement's unit (最小计量单位).
    pub unit: Code,
}

/// How far the term of an agreement has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The last day that is looked at: the end of the term, or that of the review where it comes first.
    pub last_day: Day,
    /// Days of the term so far, both ends included.
    pub elapsed_days: i64,
    /// Days of the whole term.
    pub term_days: i64,
    /// The month of the agreement that has begun, from 1.
    pub month: i64,
}

impl Progress {
    /// Whether the whole term has run.
    #[must_use]
    pub fn over(&self) -> bool {
        self.elapsed_days >= self.term_days
    }
}

impl Agreement {
    /// # Errors
    /// The column that is not recorded.
    pub(crate) fn read(
        batch: &Batch,
        row: Row<Agreements>,
        any_brand_levels: &[Code],
    ) -> Result<Self, &'static str> {
        let table = batch.agreements();
        let named = table.items().get(row);
        Ok(Agreement {
            row,
            item: named.filter(|_| !counts_any_brand(batch, any_brand_levels)),
            round: table.rounds().get(row).ok_or("agreements.rounds")?,
            variety: table.varieties().get(row).ok_or("agreements.varieties")?,
            start: table.starts().get(row).ok_or("agreements.starts")?,
            end: table.ends().get(row).ok_or("agreements.ends")?,
            quantity: table
                .base_quantities()
                .get(row)
                .ok_or("agreements.base-quantities")?,
            unit: table.base_units().get(row).ok_or("agreements.base-units")?,
        })
    }

    /// How far the term has run by the last day of a review; `None` where no day of it is under review,
    /// or nothing is agreed. A term that ended before the review was assessed in its own.
    #[must_use]
    pub fn progress(&self, first: Day, last: Day) -> Option<Progress> {
        let under_review = self.start <= last && self.end >= first && self.start <= self.end;
        if !under_review || self.quantity <= Quantity::ZERO {
            return None;
        }
        let last_day = self.end.min(last);
        Some(Progress {
            last_day,
            elapsed_days: last_day.since(self.start) + 1,
            term_days: self.end.since(self.start) + 1,
            month: full_months(self.start, last_day) + 1,
        })
    }
}

/// Whether the institution is of a level whose few orders may be of any selected product (村卫生室等小额订单).
fn counts_any_brand(batch: &Batch, levels: &[Code]) -> bool {
    let own = batch.institutions().levels();
    own.recorded().any(|(_, level)| levels.contains(&level))
}

/// Whole months from one day to another: 2024-01-15 to 2024-03-14 is one, to 2024-03-15 two.
fn full_months(from: Day, to: Day) -> i64 {
    let (first_year, first_month, first_day) = from.date();
    let (year, month, day) = to.date();
    let years = i64::from(year) - i64::from(first_year);
    let months = years * 12 + i64::from(month) - i64::from(first_month);
    months - i64::from(day < first_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_full_on_the_same_day_of_the_next() {
        let (january_15, march_14) = (Day(19_737), Day(19_796));
        assert_eq!(full_months(january_15, march_14), 1);
        assert_eq!(full_months(january_15, Day(19_797)), 2);
        assert_eq!(full_months(january_15, january_15), 0);
    }
}
