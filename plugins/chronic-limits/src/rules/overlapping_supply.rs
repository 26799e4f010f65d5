//! CHR-03 重复开药.

use rulepack_sdk::prelude::*;

use crate::ChronicLimits;
use crate::lines::Lines;

const RULE: &str = "CHR-03";
/// Ten-thousandths.
const DAY: i64 = 10_000;

/// An earlier supply of an item to a patient.
#[derive(Clone, Copy)]
struct Supply {
    order: Row<Orders>,
    amount: Money,
    /// From 1970-01-01, in ten-thousandths of a day.
    end: i64,
}

/// The same medicine (by its code, or by its generic name) supplied again, by whichever department or doctor, more than the tolerated days
/// before the previous supply ends is highly suspicious. What matters is how long the *earlier* line
/// lasts: where it does not tell, and is recent enough to matter, the rule abstains on the later one.
///
/// # Errors
/// Where a day exceeds 64 bits.
#[inline(never)]
pub fn overlapping_supply(
    pack: &ChronicLimits,
    lines: &Lines,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let mut latest: Map<(Row<Patients>, Code), Supply> = Map::default();
    let mut untold: Map<(Row<Patients>, Code), i64> = Map::default();
    for line in lines.supplied.iter().filter(|line| line.is_medicine) {
        let (Some(item), Some(day)) = (line.item, line.day) else {
            if line.under_review {
                answer.add(Abstention::new(RULE, line.order).missing("orders.days"));
            }
            continue;
        };
        let drug = line.drug.unwrap_or(item);
        let (key, start) = ((line.patient, drug), i64::from(day.0) * DAY);
        if line.under_review {
            let early = latest
                .get(&key)
                .map(|supply| (supply, supply.end.saturating_sub(start)))
                .filter(|(_, early)| *early > pack.early_days_max.0);
            let is_untold = untold
                .get(&key)
                .is_some_and(|earlier| start.saturating_sub(*earlier) < pack.days_max.0);
            if let Some((supply, early)) = early {
                answer.add(
                    Finding::high_suspicion(RULE, "overlap")
                        .offending(line.order, line.amount)
                        .related(supply.order, supply.amount)
                        .argument("item", item)
                        .argument("days", Quantity(early))
                        .argument("tolerance", pack.early_days_max),
                );
            } else if is_untold {
                answer.add(Abstention::new(RULE, line.order).missing("orders.supply-days"));
            }
        }
        let Some(days) = line.supply else {
            untold.insert(key, start);
            continue;
        };
        let supply = Supply {
            order: line.order,
            amount: line.amount,
            end: start.checked_add(days.0).ok_or(Overflow)?,
        };
        let known = latest.entry(key).or_insert(supply);
        *known = std::cmp::max_by_key(supply, *known, |it| it.end);
    }
    Ok(())
}
