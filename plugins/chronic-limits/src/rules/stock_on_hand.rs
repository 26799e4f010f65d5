//! CHR-10 囤药: what a patient holds of a drug.

use rulepack_sdk::prelude::*;

use crate::ChronicLimits;
use crate::lines::Lines;

/// Id of the rule.
pub const ID: &str = "CHR-10";
/// Ten-thousandths.
const DAY: i64 = 10_000;

/// What a patient holds of a drug.
#[derive(Debug, Clone, Copy)]
struct Stock {
    /// The last line that supplied it.
    order: Row<Orders>,
    amount: Money,
    /// From 1970-01-01, in ten-thousandths of a day: until when it lasts, one supply taken after the other.
    end: i64,
}

/// Days on hand are all days supplied less the days that passed (库存 = Σ 开药天数 − 已过天数), never below nothing. A line
/// after which a patient holds more than the limit is suspicious, where it came on top of earlier ones: a
/// single line that lasts too long is CHR-02's. Where an earlier line of the drug does not tell how long it
/// lasts, at least what the others supplied is on hand.
///
/// # Errors
/// Where a day exceeds 64 bits.
pub(crate) fn check(
    pack: &ChronicLimits,
    lines: &Lines,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let mut stocks: Map<(Row<Patients>, Code), Stock> = Map::default();
    for line in lines.supplied.iter().filter(|line| line.is_medicine) {
        let (Some(drug), Some(day), Some(days)) = (line.drug, line.day, line.supply) else {
            continue;
        };
        let start = i64::from(day.0) * DAY;
        let earlier = stocks.get(&(line.patient, drug)).copied();
        let earlier = earlier.filter(|stock| stock.end > start);
        let end = earlier.map_or(start, |stock| stock.end);
        let end = end.checked_add(days.0).ok_or(Overflow)?;
        let held = Quantity(end.checked_sub(start).ok_or(Overflow)?);
        if let Some(earlier) = earlier.filter(|_| line.under_review && days <= pack.days_max)
            && held > pack.stock_days_max
        {
            answer.add(
                Finding::high_suspicion(ID, "stock")
                    .offending(line.order, line.amount)
                    .related(earlier.order, earlier.amount)
                    .argument("drug", drug)
                    .argument("held", held)
                    .argument("limit", pack.stock_days_max),
            );
        }
        let stock = Stock {
            order: line.order,
            amount: line.amount,
            end,
        };
        stocks.insert((line.patient, drug), stock);
    }
    Ok(())
}
