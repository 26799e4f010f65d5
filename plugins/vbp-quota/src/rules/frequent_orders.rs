//! VBP-10 频繁下单: a selected product is ordered many times within a few days. Suppliers deliver small orders late or not
//! at all, so it is weighed in the assessment (考核参考), no breach by itself.

use rulepack_sdk::prelude::*;

use crate::{Assessment, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-10";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "agreements.base-quantities",
    "purchases.items",
    "purchases.selected",
    "purchases.ordered",
    "purchases.ordered-days",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// When orders are frequent.
#[derive(Debug)]
pub(crate) struct Frequency {
    /// Days that orders are counted over.
    window_days: i64,
    /// The most orders of a product within these days.
    orders_max: i64,
}

impl Frequency {
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        Ok(Frequency {
            window_days: setup.integer("order_window_days")?,
            orders_max: setup.integer("orders_max")?,
        })
    }
}

/// An order, by product and day.
type Order = (Code, Day, Row<Purchases>);

/// One finding for each run of days that holds too many orders of a product and ends under review; the next run
/// begins after it. An order of nothing (a cancelled one) is none.
pub(crate) fn check(assessment: &Assessment<'_>, pack: &VbpQuota, answer: &mut Answer) {
    let frequency = &pack.order_frequency;
    let table = assessment.purchases.table();
    let mut orders: Vec<Order> = Vec::new();
    for row in assessment.volumes.selected_lines.iter().copied() {
        let ordered = table.ordered().get(row).unwrap_or_default();
        let day = table.ordered_days().get(row);
        let Some(day) = day.filter(|_| ordered > Quantity::ZERO) else {
            continue;
        };
        match table.items().get(row) {
            Some(item) => orders.push((item, day, row)),
            None => answer.add(Abstention::new(ID, row).missing("purchases.items")),
        }
    }
    orders.sort_unstable();
    for of_item in orders.chunk_by(|one, other| one.0 == other.0) {
        let mut rest = of_item;
        while let Some(((item, first, _), _)) = rest.split_first() {
            let within = |order: &Order| order.1.since(*first) < frequency.window_days;
            let run = rest.partition_point(within);
            if i64::try_from(run).is_ok_and(|count| count <= frequency.orders_max) {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let (orders, later) = rest.split_at_checked(run).unwrap_or((rest, &[]));
            if orders.last().is_some_and(|it| it.1 >= assessment.first_day) {
                answer.add(finding((*item, *first), orders, frequency));
            }
            rest = later;
        }
    }
}

fn finding((item, first): (Code, Day), orders: &[Order], frequency: &Frequency) -> Finding {
    let count = i64::try_from(orders.len()).unwrap_or(i64::MAX);
    let finding = Finding::low_suspicion(ID, "frequent")
        .argument("item", item)
        .argument("day", first)
        .argument("days", frequency.window_days)
        .argument("count", count)
        .argument("limit", frequency.orders_max);
    let orders = orders.iter();
    orders.fold(finding, |it, (.., row)| it.offending(*row, Money::ZERO))
}
