//! Sums of institutions (汇总) in an audit: made of the lines of each part while it is reviewed, put on disk, and
//! joined by institution, period and group before the institutions themselves are reviewed.
//!
//! Memory: a part holds some thousands of sums before it writes them; all of them are sorted on disk like other
//! rows and joined as they come. What is left out is held: a few texts an institution and period.

mod file;
mod joined;

use std::collections::BTreeSet;

use rulepack_contract::schema::{Kind, TableId, ids};
use rulepack_host::review::{LeftOut, SumKey, SumOfLines, Summing};
use serde::{Deserialize, Serialize};

use crate::input::{Form, Layout};
pub(crate) use file::SumsFile;
pub(crate) use joined::{Joined, join};

/// What was made of the lines: `parts/totals.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct SumsDone {
    /// Rows of `totals.csv`.
    pub(crate) rows: u64,
    /// What was left out, and for want of what.
    pub(crate) left_out: BTreeSet<LeftOut>,
}

/// A value of a sum, as the table holds it.
enum Value<'s> {
    Text(&'s str),
    Number(Option<i64>),
}

/// The columns of the table that are made.
pub(crate) fn layout(summing: &Summing) -> Layout {
    let table: TableId = ids::TOTALS;
    let columns = table.table().columns.iter().enumerate();
    let made = columns.filter(|(_, column)| summing.has(column.name));
    let columns = made.map(|(place, column)| match column.kind {
        Kind::Code | Kind::Token | Kind::Row(_) => (place, Form::Text),
        _ => (place, Form::Number),
    });
    Layout {
        table,
        columns: columns.collect(),
    }
}

fn value<'s>(column: &str, (key, sum): (&'s SumKey, &'s SumOfLines)) -> Value<'s> {
    let group = |place: usize| Value::Text(key.group.get(place).map_or("", String::as_str));
    match column {
        "institutions" => Value::Text(&key.institution),
        "departments" => group(0),
        "doctors" => group(1),
        "visit-types" => group(2),
        "charge-types" => group(3),
        "items" => group(4),
        "payment-groups" => group(5),
        "period-starts" => Value::Number(Some(key.first.into())),
        "period-ends" => Value::Number(Some(key.last.into())),
        "encounters" => Value::Number(Some(sum.encounters)),
        "base-quantities" => Value::Number(sum.base_quantity),
        "amounts" => Value::Number(Some(sum.amount)),
        "covered-amounts" => Value::Number(sum.covered),
        "own-pays" => Value::Number(sum.own_pay),
        _ => Value::Number(None),
    }
}
