//! CND-24 检验指征: an item that is paid only below or above a laboratory value (人血白蛋白, where albumin is below 30 g/L) is
//! ordered where the laboratory says so.

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::lines::Line;

/// Id of the rule.
pub const ID: &str = "CND-24";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "orders.items",
    "orders.days",
    "lab-results.items",
    "lab-results.values",
    "lab-results.reported",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::Before, Stage::During, Stage::After];
/// The place of `lab-limits` among the tables of the manifest.
const TABLE: u8 = 5;
/// Quantities of a table have four decimals, laboratory values six.
const MEASUREMENTS_OF_A_QUANTITY: i64 = 100;

/// 检验指征, as the province supplies them.
#[derive(Debug)]
pub struct LabLimits {
    by_item: Dated<Code, Limit>,
}

/// What the laboratory must have said.
#[derive(Debug, Clone, Copy)]
struct Limit {
    lab: Code,
    unit: Code,
    side: Side,
    value: Measurement,
    /// How many days old a result may be.
    days: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// 低于
    Below,
    /// 高于
    Above,
}

/// What a result says of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Met,
    NotMet,
    Unknown(&'static str),
}

impl LabLimits {
    /// Reads table `lab-limits`; without one nothing is limited.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("lab-limits")?;
        let rows = table.codes("lab")?.into_iter().zip(table.codes("unit")?);
        let rows = rows
            .zip(table.texts("side")?)
            .zip(table.quantities("value")?);
        let rows = (1..).zip(rows.zip(table.integers("days")?));
        let mut limits = Vec::new();
        for (row, ((((lab, unit), side), value), days)) in rows {
            let side = match side.as_str() {
                "below" => Side::Below,
                "above" => Side::Above,
                other => {
                    return Err(format!(
                        "table `lab-limits` row {row}: expected `below` or `above`, got `{other}`"
                    ));
                }
            };
            let value = value.0.checked_mul(MEASUREMENTS_OF_A_QUANTITY);
            let value = Measurement(value.ok_or_else(|| Overflow.to_string())?);
            limits.push(Limit {
                lab,
                unit,
                side,
                value,
                days,
            });
        }
        let rows = table.codes("item")?.into_iter().zip(limits);
        let by_item = Dated::new(rows.zip(table.validity()?));
        Ok(LabLimits { by_item })
    }
}

/// Results of the person's visits from so many days before the line on; one that meets the limit is enough. That
/// there is none is told only where all results are known.
pub(crate) fn check(limits: &LabLimits, care: &Care<'_>, answer: &mut Answer) {
    for line in care.lines.under_review() {
        let (Some(item), Some(day)) = (line.item, line.day) else {
            continue;
        };
        let Some(limit) = limits.by_item.on(&item, day) else {
            continue;
        };
        let verdicts = verdicts(&limit.value, care.batch, line, day);
        if verdicts.contains(&Verdict::Met) {
            continue;
        }
        let unknown = verdicts.iter().find_map(|verdict| match verdict {
            Verdict::Unknown(column) => Some(*column),
            _ => None,
        });
        let is_complete = care.batch.presence::<LabResults>() == Presence::Complete;
        let unknown = unknown.or((!is_complete).then_some("lab-results.items"));
        if let Some(column) = unknown {
            answer.add(Abstention::new(ID, line.order).missing(column));
            continue;
        }
        let template = match (verdicts.is_empty(), limit.value.side) {
            (true, _) => "no-result",
            (false, Side::Below) => "not-below",
            (false, Side::Above) => "not-above",
        };
        let finding = Finding::high_suspicion(ID, template)
            .offending(line.order, line.amount)
            .argument("item", item)
            .argument("lab", limit.value.lab)
            .argument("days", limit.value.days)
            .evidence(TABLE, limit.row);
        let value = Quantity(limit.value.value.0 / MEASUREMENTS_OF_A_QUANTITY);
        answer.add(match verdicts.is_empty() {
            true => finding,
            false => finding
                .argument("value", value)
                .argument("unit", limit.value.unit),
        });
    }
}

fn verdicts(limit: &Limit, batch: &Batch, line: &Line, day: Day) -> Vec<Verdict> {
    let (encounters, results) = (batch.encounters(), batch.lab_results());
    let visits: Vec<Row<Encounters>> = match encounters.patients().get(line.encounter) {
        Some(patient) => encounters.of(patient).collect(),
        None => vec![line.encounter],
    };
    let rows = visits.into_iter().flat_map(|visit| results.of(visit));
    let rows = rows.filter(|row| results.items().get(*row) == Some(limit.lab));
    let mut verdicts = Vec::new();
    for row in rows {
        let Some(reported) = results.reported().get(row) else {
            verdicts.push(Verdict::Unknown("lab-results.reported"));
            continue;
        };
        if (0..=limit.days).contains(&day.since(reported.day())) {
            verdicts.push(limit.judge(results, row));
        }
    }
    verdicts
}

impl Limit {
    fn judge(&self, results: &LabResults, row: Row<LabResults>) -> Verdict {
        let Some(value) = results.values().get(row) else {
            return Verdict::Unknown("lab-results.values");
        };
        if results.units().get(row) != Some(self.unit) {
            return Verdict::Unknown("lab-results.units");
        }
        // Not told is equal: laboratories write a comparator only where there is one.
        let comparator = results.comparators().get(row).unwrap_or(0);
        let (below, above) = match comparator {
            0 => (value < self.value, value > self.value),
            1 => (value <= self.value, false),
            2 => (value < self.value, false),
            3 => (false, value >= self.value),
            _ => (false, value > self.value),
        };
        let (met, other) = match self.side {
            Side::Below => (below, above),
            Side::Above => (above, below),
        };
        let at_limit = comparator == 0 && value == self.value;
        match (met, other || at_limit) {
            (true, _) => Verdict::Met,
            (false, true) => Verdict::NotMet,
            // `<50` tells nothing of a limit of 30, but `>30` and `>=30` do.
            (false, false) => self.judge_bound(value, comparator),
        }
    }

    /// A result that is only a bound, on the limit itself.
    fn judge_bound(&self, value: Measurement, comparator: u8) -> Verdict {
        let touches = value == self.value;
        match (self.side, comparator) {
            (Side::Below, 4) | (Side::Above, 2) if touches => Verdict::NotMet,
            _ => Verdict::Unknown("lab-results.comparators"),
        }
    }
}
