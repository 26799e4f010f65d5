//! 单条限量、限价: one line beyond its row of table `line-limits`, or priced above the ceiling of the day.

use rulepack_sdk::prelude::*;

use super::Context;
use crate::binding::{BINDINGS, Evaluator, bound};
use crate::findings::{Hit, Hits};
use crate::knowledge::{LineLimit, LineMeasure, place};
use crate::lines::{Class, Line};

/// Judges the lines under review.
///
/// # Errors
/// Where a product exceeds 64 bits.
#[inline(never)]
pub fn line_limit(
    context: &Context<'_>,
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    for line in context.lines.reviewed() {
        over_limit(context, line, hits, answer)?;
        over_price(context, line, hits, answer)?;
    }
    Ok(())
}

#[inline(never)]
fn over_limit(
    context: &Context<'_>,
    line: &Line,
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    for entry in context
        .knowledge
        .line_limits
        .about(line, context.batch.stage())
    {
        let Some(binding) = BINDINGS.get(entry.rule) else {
            continue;
        };
        if !binding.concerns(line.claimed) {
            continue;
        }
        let abstain = |column| Abstention::new(binding.rule, line.order).missing(column);
        if line.day.is_none() {
            answer.add(abstain("orders.days"));
            continue;
        }
        match measured(context, line, &entry.value)? {
            Err(column) => answer.add(abstain(column)),
            Ok(found) if found > entry.value.maximum => {
                let hit = Hit::new(line.order, line.amount, Some(line.item))
                    .figure("found", found)
                    .figure("limit", entry.value.maximum)
                    .resting_on(place::LINE_LIMITS, entry.row);
                hits.add(entry.rule, (line.encounter, 0), hit);
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

/// What a line has of the measure, or the column that does not tell it.
fn measured(
    context: &Context<'_>,
    line: &Line,
    limit: &LineLimit,
) -> Result<Result<Quantity, &'static str>, Overflow> {
    let orders = context.batch.orders();
    match limit.measure {
        LineMeasure::SupplyDays => {
            let days = orders.supply_days().get(line.order);
            Ok(days.ok_or("orders.supply-days"))
        }
        LineMeasure::Quantity => Ok(line.quantity.ok_or("orders.quantities")),
        LineMeasure::DailyDose => {
            let told = orders.dose_units().get(line.order);
            if limit.unit.is_none_or(|unit| told != Some(unit)) {
                return Ok(Err("orders.dose-units"));
            }
            let Some(dose) = orders.doses().get(line.order) else {
                return Ok(Err("orders.doses"));
            };
            let Some(times) = orders.frequency_counts().get(line.order) else {
                return Ok(Err("orders.frequency-counts"));
            };
            let minutes = orders.frequency_minutes().get(line.order);
            let Some(minutes) = minutes.filter(|minutes| *minutes > 0) else {
                return Ok(Err("orders.frequency-minutes"));
            };
            let daily = i128::from(dose.0) * i128::from(times) * 1_440 / i128::from(minutes);
            Ok(Ok(Quantity(i64::try_from(daily).map_err(|_| Overflow)?)))
        }
    }
}

/// A service charged above the ceiling that the bureau published for the day (1318).
fn over_price(
    context: &Context<'_>,
    line: &Line,
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let orders = context.batch.orders();
    // An item without a ceiling is not limited.
    let Some(ceiling) = orders.price_ceilings().get(line.order) else {
        return Ok(());
    };
    if line.class != Class::Service || !line.claimed {
        return Ok(());
    }
    for (rule, binding) in bound(Evaluator::PriceCeiling, context.batch.stage()) {
        let Some(price) = orders.unit_prices().get(line.order) else {
            answer.add(Abstention::new(binding.rule, line.order).missing("orders.unit-prices"));
            continue;
        };
        if price > ceiling {
            let quantity = line.quantity.unwrap_or_default();
            let excess = quantity.at_price(price.checked_sub(ceiling)?)?;
            let hit = Hit::new(line.order, excess, Some(line.item))
                .figure("found", price)
                .figure("limit", ceiling);
            hits.add(rule, (line.encounter, 0), hit);
        }
    }
    Ok(())
}
