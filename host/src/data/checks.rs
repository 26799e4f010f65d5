//! Rows that contradict themselves or each other: each is left out with the sentence that says how.
//! All look at rows as they arrived, before the builder sorts them; a value that is not recorded
//! contradicts nothing.

use std::collections::HashMap;

use rulepack_contract::data::{DataBuilder, Problem, Values};
use rulepack_contract::schema::{self, TableId, ids};
use rulepack_contract::units::{NOT_RECORDED_S32, NOT_RECORDED_S64};

/// Columns of which the second must not lie before the first.
const IN_ORDER: [(&str, &str, &str, &str); 11] = [
    (
        "encounters",
        "admission-days",
        "discharge-days",
        "the discharge lies before the admission",
    ),
    (
        "encounters",
        "admitted",
        "discharged",
        "the discharge lies before the admission",
    ),
    (
        "encounters",
        "admission-days",
        "settlement-days",
        "the settlement lies before the admission",
    ),
    (
        "enrolments",
        "starts",
        "ends",
        "the registration ends before it starts",
    ),
    (
        "accumulators",
        "period-starts",
        "period-ends",
        "the period ends before it starts",
    ),
    (
        "totals",
        "period-starts",
        "period-ends",
        "the period ends before it starts",
    ),
    (
        "stock",
        "period-starts",
        "period-ends",
        "the period ends before it starts",
    ),
    (
        "agreements",
        "starts",
        "ends",
        "the agreement ends before it starts",
    ),
    (
        "item-prices",
        "starts",
        "ends",
        "the price ends before it starts",
    ),
    (
        "orders",
        "started",
        "stopped",
        "the order is stopped before it is started",
    ),
    (
        "procedures",
        "began",
        "ended",
        "the procedure ends before it begins",
    ),
];

/// All that files must fulfil: the builder leaves out the rows that contradict themselves or each other.
pub fn check_rows(builder: &mut DataBuilder) {
    consistency(builder);
    refunds(builder);
}

/// What every source must fulfil: times in their order, days of supply above zero, the signs of a line
/// alike.
pub(super) fn consistency(builder: &mut DataBuilder) {
    for (table, first, last, sentence) in IN_ORDER {
        if let Some(table) = schema::table(table) {
            in_order(builder, table, (first, last), sentence);
        }
    }
    supply_days_above_zero(builder);
    signs_alike(builder);
}

/// What a source must fulfil that tells which line a refund takes back: it takes back a line of the same
/// patient that was charged, and no more of it than was charged, all refunds together.
pub(super) fn refunds(builder: &mut DataBuilder) {
    refund_of_a_charge(builder);
    for (column, sentence) in [
        ("quantities", "more is refunded than was charged"),
        ("amounts", "a higher amount is refunded than was charged"),
    ] {
        refund_within_the_charge(builder, column, sentence);
    }
}

/// The second column must not lie before the first.
fn in_order(
    builder: &mut DataBuilder,
    table: TableId,
    (first, last): (&str, &'static str),
    sentence: &'static str,
) {
    let (Some(firsts), Some(lasts)) = (builder.values(table, first), builder.values(table, last))
    else {
        return;
    };
    let backwards = rows(builder, table)
        .filter(|row| matches!((at(firsts, *row), at(lasts, *row)), (Some(a), Some(b)) if b < a))
        .collect();
    reject(builder, table, backwards, last, sentence);
}

/// A quantity lasts for some time. A refund takes time back, and may say so with a number below zero.
fn supply_days_above_zero(builder: &mut DataBuilder) {
    let Some(days) = builder.values(ids::ORDERS, "supply-days") else {
        return;
    };
    let quantities = builder.values(ids::ORDERS, "quantities");
    let is_refund = |row| {
        quantities
            .and_then(|values| at(values, row))
            .is_some_and(|q| q < 0)
    };
    let wrong = rows(builder, ids::ORDERS)
        .filter(|row| at(days, *row).is_some_and(|days| days <= 0) && !is_refund(*row))
        .collect();
    let sentence = "the days of supply are not above zero";
    reject(builder, ids::ORDERS, wrong, "supply-days", sentence);
}

/// A refund has negative quantity and amount, any other line neither.
fn signs_alike(builder: &mut DataBuilder) {
    let quantities = builder.values(ids::ORDERS, "quantities");
    let amounts = builder.values(ids::ORDERS, "amounts");
    let (Some(quantities), Some(amounts)) = (quantities, amounts) else {
        return;
    };
    let wrong = rows(builder, ids::ORDERS)
        .filter(|row| match (at(quantities, *row), at(amounts, *row)) {
            (Some(quantity), Some(amount)) => quantity.signum() * amount.signum() < 0,
            _ => false,
        })
        .collect();
    let sentence = "quantity and amount differ in sign";
    reject(builder, ids::ORDERS, wrong, "amounts", sentence);
}

/// A refund takes back a line of the same patient that is no refund itself, and only a refund does.
fn refund_of_a_charge(builder: &mut DataBuilder) {
    let Some(quantities) = builder.values(ids::ORDERS, "quantities") else {
        return;
    };
    let reverses = builder.values(ids::ORDERS, "reverses");
    let names_a_line = |row: u32| match reverses {
        Some(Values::U32(keys)) => keys.get(row as usize).is_some_and(|key| *key != u32::MAX),
        _ => false,
    };
    let mut faults: Vec<(u32, &'static str)> = Vec::new();
    for row in rows(builder, ids::ORDERS) {
        let is_refund = at(quantities, row).is_some_and(|quantity| quantity < 0);
        match (is_refund, names_a_line(row)) {
            (true, false) => faults.push((row, "a refund that reverses no line")),
            (false, true) => {
                faults.push((row, "it reverses a line, but its quantity is not negative"))
            }
            (true, true) => {
                let Some(line) = builder.target(ids::ORDERS, "reverses", row) else {
                    continue;
                };
                if at(quantities, line).is_none_or(|quantity| quantity <= 0) {
                    faults.push((row, "a refund of a line that charges nothing"));
                } else if patient(builder, row) != patient(builder, line) {
                    faults.push((row, "a refund of a line of another patient"));
                }
            }
            (false, false) => {}
        }
    }
    for (row, sentence) in faults {
        builder.reject(
            ids::ORDERS,
            row,
            "reverses",
            Problem::Inconsistent(sentence),
        );
    }
}

/// The refunds of a line, in the order of arrival, take no more of a column than the line has; the refund
/// that goes beyond is left out.
fn refund_within_the_charge(
    builder: &mut DataBuilder,
    column: &'static str,
    sentence: &'static str,
) {
    let Some(values) = builder.values(ids::ORDERS, column) else {
        return;
    };
    let mut left: HashMap<u32, i64> = HashMap::new();
    let mut beyond = Vec::new();
    for row in reversing(builder) {
        let Some(line) = builder.target(ids::ORDERS, "reverses", row) else {
            continue;
        };
        let (Some(refund), Some(charge)) = (at(values, row), at(values, line)) else {
            continue;
        };
        let rest = left.entry(line).or_insert(charge);
        match rest.checked_add(refund).filter(|rest| *rest >= 0) {
            Some(less) => *rest = less,
            None => beyond.push(row),
        }
    }
    reject(builder, ids::ORDERS, beyond, column, sentence);
}

/// The lines that name one which they take back.
fn reversing(builder: &DataBuilder) -> Vec<u32> {
    let keys = match builder.values(ids::ORDERS, "reverses") {
        Some(Values::U32(keys)) => keys.as_slice(),
        _ => &[],
    };
    let named = (0_u32..).zip(keys).filter(|(_, key)| **key != u32::MAX);
    named.map(|(row, _)| row).collect()
}

/// The patient's row before sorting; `None` where the way there is broken, which the builder reports.
fn patient(builder: &DataBuilder, order: u32) -> Option<u32> {
    let encounter = builder.target(ids::ORDERS, "encounters", order)?;
    builder.target(ids::ENCOUNTERS, "patients", encounter)
}

fn rows(builder: &DataBuilder, table: TableId) -> std::ops::Range<u32> {
    0..builder.rows(table)
}

/// A number of 32 or 64 bits with a sign; `None` where it is not recorded.
fn at(values: &Values, row: u32) -> Option<i64> {
    match values {
        Values::S32(values) => {
            let value = *values.get(row as usize)?;
            (value != NOT_RECORDED_S32).then_some(i64::from(value))
        }
        Values::S64(values) => values
            .get(row as usize)
            .copied()
            .filter(|value| *value != NOT_RECORDED_S64),
        Values::U8(_) | Values::U32(_) => None,
    }
}

fn reject(
    builder: &mut DataBuilder,
    table: TableId,
    rows: Vec<u32>,
    column: &'static str,
    sentence: &'static str,
) {
    for row in rows {
        builder.reject(table, row, column, Problem::Inconsistent(sentence));
    }
}
