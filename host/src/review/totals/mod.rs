//! 汇总: the sums that a pack declares (`[[total]]` of its manifest), made by the host from the lines of whole
//! institutions and periods, for a year of lines does not fit into a sandbox.
//!
//! Sums are made only where they are right. A period is summed where it lies wholly within the days under
//! review and within the history held, and is over. An institution's period is summed where every line to sum
//! has its amount, its day, its institution and everything that the pack groups by. What is left out is told:
//! as an abstention of the rules that would have read it, or among what a rule misses. All arithmetic is on
//! integers, and a sum that 64 bits do not hold is left out too.

mod periods;
mod sums;
mod told;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use rulepack_contract::data::{Coverage, Data, Presence, Values};
use rulepack_contract::review::{Scope, Stage};
use rulepack_contract::schema::{TableId, ids};
use rulepack_contract::units;
use rulepack_protocol::pack::manifest::{Grouping, Total};

use super::Circumstances;
use periods::{Span, periods};
use sums::Sums;

pub(super) use told::tell_left_out;

/// Data with the sums that a pack declares.
#[derive(Debug)]
pub(super) struct Totalled {
    pub(super) data: Arc<Data>,
    /// Institutions, by row, of which something was left out, and for want of which column.
    pub(super) left_out: BTreeSet<(u32, String)>,
}

/// The data that a pack sees in this scope: with sums where it declares some, nobody brought any, and the
/// caller said for which days the data is whole (`period`).
///
/// # Errors
/// What is missing, as columns, where nothing can be summed.
pub(super) fn add(
    data: &Arc<Data>,
    declared: &[Total],
    (scope, circumstances): (Scope, &Circumstances),
) -> Result<Option<Totalled>, Vec<String>> {
    let is_asked = scope == Scope::Institution && circumstances.stage == Stage::After;
    let is_brought = data.coverage(ids::TOTALS).presence != Presence::Absent;
    if declared.is_empty() || !is_asked || is_brought {
        return Ok(None);
    }
    let Some((first, last)) = circumstances.period else {
        return Ok(None);
    };
    let wanted = Wanted::of(data, declared)?;
    let start = history_start(data);
    let from = start.map_or(first, |start| start.max(first));
    let last = last.min(circumstances.today);
    let mut sums = Sums::new(data);
    for total in &wanted.totals {
        let spans = periods(total.period, from, last);
        sums.add(total, &spans);
    }
    if sums.spans.is_empty() {
        return Err(vec!["period (no whole one)".to_owned()]);
    }
    let mut left_out = sums.left_out();
    if let Some(start) = start.filter(|start| *start > first) {
        let told = format!("orders before {}", units::format_day(start));
        left_out.extend((0..data.rows(ids::INSTITUTIONS)).map(|row| (row, told.clone())));
    }
    let presence = match left_out.is_empty() {
        true => Presence::Complete,
        false => Presence::Partial,
    };
    let coverage = Coverage {
        presence,
        history_start: from,
    };
    let columns = sums.columns();
    let data = data
        .with_table(ids::TOTALS, columns, coverage)
        .ok_or_else(|| vec!["totals (too many)".to_owned()])?;
    Ok(Some(Totalled {
        data: Arc::new(data),
        left_out,
    }))
}

/// The sums that are declared and whose columns are recorded.
#[derive(Debug)]
struct Wanted {
    totals: Vec<Total>,
}

impl Wanted {
    /// # Errors
    /// What is missing where none can be made.
    fn of(data: &Data, declared: &[Total]) -> Result<Self, Vec<String>> {
        let mut missing = BTreeSet::new();
        for (table, name) in [(ids::ORDERS, "orders"), (ids::ENCOUNTERS, "encounters")] {
            match data.coverage(table).presence {
                Presence::Complete => {}
                Presence::Partial => _ = missing.insert(format!("{name} (partial)")),
                Presence::Absent => _ = missing.insert(name.to_owned()),
            }
        }
        for source in [AMOUNTS, DAYS, INSTITUTIONS] {
            missing.extend((!source.is_recorded(data)).then(|| source.told()));
        }
        if !missing.is_empty() {
            return Err(missing.into_iter().collect());
        }
        let mut totals: Vec<Total> = Vec::new();
        for total in declared {
            let absent = total.by.iter().map(|by| Source::of(*by));
            let absent: Vec<Source> = absent.filter(|it| !it.is_recorded(data)).collect();
            missing.extend(absent.iter().map(Source::told));
            let mut total = total.clone();
            total.by.sort();
            // What is declared twice is summed once.
            if absent.is_empty() && !totals.contains(&total) {
                totals.push(total);
            }
        }
        match totals.is_empty() {
            true => Err(missing.into_iter().collect()),
            false => Ok(Wanted { totals }),
        }
    }
}

/// A column that sums are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Source {
    table: TableId,
    column: &'static str,
}

const AMOUNTS: Source = Source {
    table: ids::ORDERS,
    column: "amounts",
};
const DAYS: Source = Source {
    table: ids::ORDERS,
    column: "days",
};
const INSTITUTIONS: Source = Source {
    table: ids::ENCOUNTERS,
    column: "institutions",
};

impl Source {
    /// Where a grouping stands: of the line where it has one, else of its encounter.
    fn of(grouping: Grouping) -> Self {
        let (table, column) = match grouping {
            Grouping::Department => (ids::ORDERS, "departments"),
            Grouping::Doctor => (ids::ORDERS, "doctors"),
            Grouping::ChargeType => (ids::ORDERS, "charge-types"),
            Grouping::Item => (ids::ORDERS, "items"),
            Grouping::VisitType => (ids::ENCOUNTERS, "visit-types"),
            Grouping::PaymentGroup => (ids::ENCOUNTERS, "payment-groups"),
        };
        Source { table, column }
    }

    fn values<'d>(&self, data: &'d Data) -> Option<&'d Values> {
        data.values(self.table, self.table.table().column(self.column)?)
    }

    fn is_recorded(&self, data: &Data) -> bool {
        self.values(data).is_some()
    }

    /// `orders.charge-types`
    fn told(&self) -> String {
        format!("{}.{}", self.table.table().name, self.column)
    }
}

/// The first day of which both lines and encounters are held; `None` where nobody said.
fn history_start(data: &Data) -> Option<i32> {
    let starts = [ids::ORDERS, ids::ENCOUNTERS].map(|table| data.coverage(table).history_start);
    let told = starts
        .into_iter()
        .filter(|start| *start != units::NOT_RECORDED_S32);
    told.max()
}
