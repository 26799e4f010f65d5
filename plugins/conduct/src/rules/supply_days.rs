//! CND-29 门诊、急诊处方超量: a medicine of an ordinary visit lasts longer than a prescription does (处方一般不得超过 7 日用量,
//! 急诊处方一般不得超过 3 日用量).

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::lines::Line;
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-29";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.visit-types",
    "encounters.care-types",
    "orders.items",
    "orders.supply-days",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::Before, Stage::During, Stage::After];

/// Each line of a medicine, by the days that it tells (prd_days), less what was refunded of it. Visits for chronic and
/// special diseases have limits of their own. A doctor may write more and note why, which nobody tells us: a mild
/// suspicion. At stake is the share of the days beyond.
///
/// # Errors
/// [`Overflow`] of a product.
pub(crate) fn check(
    settings: &Settings,
    care: &Care<'_>,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let (encounters, orders) = (care.batch.encounters(), care.batch.orders());
    for (line, item) in care.lines.clinic_medicines(care.batch, settings) {
        let abstain = |column| Abstention::new(ID, line.order).missing(column);
        let Some(care_type) = encounters.care_types().get(line.encounter) else {
            answer.add(abstain("encounters.care-types"));
            continue;
        };
        if settings.long_supply_types.contains(&care_type) {
            continue;
        }
        let Some(told) = orders.supply_days().get(line.order) else {
            answer.add(abstain("orders.supply-days"));
            continue;
        };
        let days = days_left(told, line, orders.quantities().get(line.order))?;
        let (template, limit) = match settings.emergency_types.contains(&care_type) {
            true => ("emergency", settings.emergency_supply_max),
            false => ("clinic", settings.clinic_supply_max),
        };
        if days > limit {
            let excess = line.amount.portion(days.checked_sub(limit)?.0, days.0)?;
            answer.add(
                Finding::low_suspicion(ID, template)
                    .offending(line.order, excess)
                    .argument("item", item)
                    .argument("days", days)
                    .argument("limit", limit),
            );
        }
    }
    Ok(())
}

/// The days that what is left of a line lasts, in proportion to its quantity.
fn days_left(told: Quantity, line: &Line, whole: Option<Quantity>) -> Result<Quantity, Overflow> {
    let Some((left, whole)) = line.quantity.zip(whole) else {
        return Ok(told);
    };
    let days = i128::from(told.0) * i128::from(left.0);
    let days = days.checked_div(i128::from(whole.0)).ok_or(Overflow)?;
    i64::try_from(days).map(Quantity).map_err(|_| Overflow)
}
