//! 汇总: the sums that a pack declares (`[[total]]` of its manifest), made by the host from the lines of whole
//! institutions and periods, for a year of lines does not fit into a sandbox.
//!
//! Sums are made only where they are right. A period is summed where it lies wholly within the days under
//! review and within the history held, and is over. An institution's period is summed where every line to sum
//! has its amount, its day, its institution and everything that the pack groups by. What is left out is told:
//! as an abstention of the rules that would have read it, or among what a rule misses. All arithmetic is on
//! integers, and a sum that 64 bits do not hold is left out too.

mod in_parts;
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

pub use in_parts::{LeftOut, PartSums, SumKey, SumOfLines, Summing, SumsMade};
pub(super) use told::tell_left_out;

/// Data with the sums that a pack declares.
#[derive(Debug)]
pub(super) struct Totalled {
    pub(super) data: Arc<Data>,
    /// Institutions, by row, of which something was left out, and for want of which column.
    pub(super) left_out: BTreeSet<(u32, String)>,
}

/// The data that a pack sees in this scope: with the sums that it declares, of those that somebody brought, or
/// else where the caller said for which days the data is whole (`period`). Where lines were read in parts, the sums are those
/// that were joined from them (`sums`), of which a pack sees what it declares.
///
/// # Errors
/// What is missing, as columns, where nothing can be summed.
pub(super) fn add(
    data: &Arc<Data>,
    declared: &[Total],
    (scope, circumstances): (Scope, &Circumstances),
) -> Result<Option<Totalled>, Vec<String>> {
    let is_asked = scope == Scope::Institution && circumstances.stage == Stage::After;
    let is_made = circumstances.sums.is_some();
    let is_brought = data.coverage(ids::TOTALS).presence != Presence::Absent && !is_made;
    if declared.is_empty() || !is_asked {
        // Sums that were made for other packs are none that anybody brought.
        let hidden = is_made.then(|| in_parts::without_sums(data)).flatten();
        return Ok(hidden);
    }
    if is_brought {
        return Ok(in_parts::declared_alone(data, declared));
    }
    let Some(period) = circumstances.period else {
        return Ok(None);
    };
    let days = (period.0, period.1.min(circumstances.today));
    match &circumstances.sums {
        Some(made) => made.of_pack(data, declared, days).map(Some),
        None => of_whole(data, declared, days).map(Some),
    }
}

/// Data with the sums of all its lines.
fn of_whole(
    data: &Arc<Data>,
    declared: &[Total],
    days: (i32, i32),
) -> Result<Totalled, Vec<String>> {
    let wanted = Wanted::of(data, declared, days)?;
    let mut sums = Sums::new(data);
    for (total, spans) in &wanted.totals {
        sums.add(total, spans);
    }
    let mut left_out = sums.left_out();
    if let Some(told) = &wanted.before_history {
        left_out.extend((0..data.rows(ids::INSTITUTIONS)).map(|row| (row, told.clone())));
    }
    let coverage = wanted.coverage(left_out.is_empty());
    let columns = sums.columns();
    let data = data
        .with_table(ids::TOTALS, columns, coverage)
        .ok_or_else(|| vec!["totals (too many)".to_owned()])?;
    Ok(Totalled {
        data: Arc::new(data),
        left_out,
    })
}

/// The sums that are declared and whose columns are recorded.
#[derive(Debug, Clone)]
struct Wanted {
    /// Each with its periods.
    totals: Vec<(Total, Vec<Span>)>,
    /// The first day that is summed.
    from: i32,
    /// Days that are not held, as they are told.
    before_history: Option<String>,
}

impl Wanted {
    /// Of data that has these columns, over whole periods from the first day to the last one.
    ///
    /// # Errors
    /// What is missing where nothing can be summed.
    fn of(data: &Data, declared: &[Total], (first, last): (i32, i32)) -> Result<Self, Vec<String>> {
        let totals = Self::recorded(data, declared)?;
        let start = history_start(data);
        let from = start.map_or(first, |start| start.max(first));
        let with_spans = |total: Total| {
            let spans = periods(total.period, from, last);
            (total, spans)
        };
        let totals: Vec<_> = totals.into_iter().map(with_spans).collect();
        if totals.iter().all(|(_, spans)| spans.is_empty()) {
            return Err(vec!["period (no whole one)".to_owned()]);
        }
        let start = start.filter(|start| *start > first);
        Ok(Wanted {
            totals,
            from,
            before_history: start.map(|it| format!("orders before {}", units::format_day(it))),
        })
    }

    /// Of the sums, all of which are there or not.
    fn coverage(&self, is_complete: bool) -> Coverage {
        Coverage {
            presence: match is_complete {
                true => Presence::Complete,
                false => Presence::Partial,
            },
            history_start: self.from,
        }
    }

    /// # Errors
    /// What is missing where none can be made.
    fn recorded(data: &Data, declared: &[Total]) -> Result<Vec<Total>, Vec<String>> {
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
            false => Ok(totals),
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
