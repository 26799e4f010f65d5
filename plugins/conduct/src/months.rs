//! Sums of months that follow each other, as the host makes them.

use rulepack_sdk::prelude::*;

/// What a sum is grouped by, beside the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// 项目
    Item(Code),
    /// 医师, by item.
    Doctor(Token, Code),
    /// 就诊类型
    VisitType(Code),
}

/// The sums of one kind of group.
#[derive(Debug, Default)]
pub struct Months {
    sums: Map<(Group, i64), Row<Totals>>,
    /// Months of which anything was summed, in their order.
    months: Vec<i64>,
}

/// Months since year 0.
#[must_use]
pub fn month_of(day: Day) -> i64 {
    let (year, month, _) = day.date();
    i64::from(year) * 12 + i64::from(month)
}

impl Months {
    /// The sums by month of one kind of group; sums by something else beside are those of other rules.
    pub(crate) fn read(batch: &Batch, kind: impl Fn(&Group) -> bool) -> Self {
        Self::read_some(batch, kind, |_| true)
    }

    /// The same, of which only some groups are kept. The months are those of all.
    pub(crate) fn read_some(
        batch: &Batch,
        kind: impl Fn(&Group) -> bool,
        kept: impl Fn(&Group) -> bool,
    ) -> Self {
        let table = batch.totals();
        let mut months = Months::default();
        for (row, start) in table.period_starts().recorded() {
            let end = table.period_ends().get(row);
            let is_month = end.is_some_and(|end| month_of(end) == month_of(start));
            let Some(group) = group(table, row).filter(|group| is_month && kind(group)) else {
                continue;
            };
            let month = month_of(start);
            if let Err(place) = months.months.binary_search(&month) {
                months.months.insert(place, month);
            }
            if kept(&group) {
                months.sums.insert((group, month), row);
            }
        }
        months
    }

    /// The last month of which anything was summed.
    #[must_use]
    pub fn last(&self) -> Option<i64> {
        self.months.last().copied()
    }

    /// Whether anything was summed of a month: then what has no sum in it was not charged.
    #[must_use]
    pub fn holds(&self, month: i64) -> bool {
        self.months.binary_search(&month).is_ok()
    }

    /// The sum of a group in a month.
    #[must_use]
    pub fn get(&self, group: Group, month: i64) -> Option<Row<Totals>> {
        self.sums.get(&(group, month)).copied()
    }

    /// The groups of a month, in their order.
    #[must_use]
    pub fn of(&self, month: i64) -> Vec<(Group, Row<Totals>)> {
        let sums = self.sums.iter().filter(|((_, it), _)| *it == month);
        let mut groups: Vec<(Group, Row<Totals>)> =
            sums.map(|((group, _), row)| (*group, *row)).collect();
        groups.sort_unstable_by_key(|(_, row)| *row);
        groups
    }
}

/// By which single group a row is summed.
fn group(table: &Totals, row: Row<Totals>) -> Option<Group> {
    let apart = table.departments().get(row).is_some()
        || table.charge_types().get(row).is_some()
        || table.payment_groups().get(row).is_some();
    let (doctor, item) = (table.doctors().get(row), table.items().get(row));
    match (doctor, item, table.visit_types().get(row)) {
        _ if apart => None,
        (None, Some(item), None) => Some(Group::Item(item)),
        (Some(doctor), Some(item), None) => Some(Group::Doctor(doctor, item)),
        (None, None, Some(kind)) => Some(Group::VisitType(kind)),
        _ => None,
    }
}
