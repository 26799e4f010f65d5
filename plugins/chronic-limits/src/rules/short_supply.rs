//! CHR-09 不得开具长期处方的药品.

use rulepack_sdk::prelude::*;

use crate::ChronicLimits;
use crate::lines::Lines;

/// Id of the rule.
pub const ID: &str = "CHR-09";
/// Place of `not-for-long` among the tables of the manifest.
const TABLE: u8 = 1;

/// Drugs that are not prescribed for long (麻醉、精神、毒性、放射性药品, 易制毒药品, 抗微生物药物), by the beginning of their
/// code, with the days that a line of them may supply.
#[derive(Debug)]
pub struct ShortSupplies(Vec<ShortSupply>);

#[derive(Debug)]
struct ShortSupply {
    drugs: CodeSet,
    days_max: Quantity,
    validity: Validity,
}

impl ShortSupplies {
    /// Reads table `not-for-long`.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("not-for-long")?;
        let rows = table.texts("drug")?.into_iter();
        let rows = rows.zip(table.quantities("days_max")?);
        let supplies = rows.zip(table.validity()?);
        let supplies = supplies.map(|((drug, days_max), validity)| ShortSupply {
            drugs: setup.code_set(&[drug.as_str()]),
            days_max,
            validity,
        });
        Ok(ShortSupplies(supplies.collect()))
    }
}

/// A line of such a drug that lasts longer is a violation. How long it lasts must be told: a line that does not tell is
/// CHR-02's.
pub(crate) fn check(pack: &ChronicLimits, batch: &Batch, lines: &Lines, answer: &mut Answer) {
    let mut long = Vec::new();
    for line in lines.supplied.iter().filter(|line| line.under_review) {
        if let (Some(item), Some(days), Some(day)) = (line.item, line.supply, line.day) {
            long.push((line, item, days, day));
        }
    }
    // Nothing is asked of the host for a line that lasts no longer than any of them.
    let shortest = pack.short_supplies.0.iter().map(|it| it.days_max).min();
    long.retain(|(_, _, days, _)| shortest.is_some_and(|shortest| *days > shortest));
    if long.is_empty() {
        return;
    }
    let items: Vec<Code> = long.iter().map(|(_, item, ..)| *item).collect();
    for (row, supply) in pack.short_supplies.0.iter().enumerate() {
        let meant = batch.contains(supply.drugs, &items).into_iter();
        for ((line, item, days, day), _) in long.iter().zip(meant).filter(|(_, meant)| *meant) {
            if *days > supply.days_max && supply.validity.includes(*day) {
                answer.add(
                    Finding::violation(ID, "not-for-long")
                        .offending(line.order, line.amount)
                        .argument("item", *item)
                        .argument("days", *days)
                        .argument("limit", supply.days_max)
                        .evidence(TABLE, row),
                );
            }
        }
    }
}
