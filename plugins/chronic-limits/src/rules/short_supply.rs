//! CHR-09 不得开具长期处方的药品.

use rulepack_sdk::prelude::*;

use crate::ChronicLimits;
use crate::lines::Lines;

/// Id of the rule.
pub const ID: &str = "CHR-09";
/// Drugs that are not prescribed for long (麻醉、精神、毒性、放射性药品, 易制毒药品, 抗微生物药物), by the beginning of their
/// codes, and the days that a line of them may supply.
#[derive(Debug)]
pub struct ShortSupplies {
    drugs: CodeSet,
    days_max: Quantity,
}

impl ShortSupplies {
    /// Reads its parameters.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let beginnings = setup.texts(&setup.code_list("short_supply_drugs")?);
        let beginnings: Vec<&str> = beginnings.iter().map(String::as_str).collect();
        Ok(ShortSupplies {
            drugs: setup.code_set(&beginnings),
            days_max: Quantity(setup.integer("short_supply_days_max")?),
        })
    }
}

/// A line of such a drug that lasts longer is a violation. How long it lasts must be told: a line that does not tell is
/// CHR-02's.
pub(crate) fn check(pack: &ChronicLimits, batch: &Batch, lines: &Lines, answer: &mut Answer) {
    let supplies = &pack.short_supplies;
    let mut long = Vec::new();
    for line in lines.supplied.iter().filter(|line| line.under_review) {
        if let (Some(item), Some(days)) = (line.item, line.supply)
            && days > supplies.days_max
        {
            long.push((line, item, days));
        }
    }
    // Nothing is asked of the host where no line lasts that long.
    if long.is_empty() {
        return;
    }
    let items: Vec<Code> = long.iter().map(|(_, item, _)| *item).collect();
    let meant = batch.contains(supplies.drugs, &items).into_iter();
    for ((line, item, days), _) in long.into_iter().zip(meant).filter(|(_, meant)| *meant) {
        answer.add(
            Finding::violation(ID, "not-for-long")
                .offending(line.order, line.amount)
                .argument("item", item)
                .argument("days", days)
                .argument("limit", supplies.days_max),
        );
    }
}
