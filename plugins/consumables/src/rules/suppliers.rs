//! CON-12 黑名单供应商: nothing is bought from a supplier who is barred.

use rulepack_sdk::prelude::*;

use crate::Consumables;

/// Id of the rule.
pub const ID: &str = "CON-12";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "purchases.items",
    "purchases.suppliers",
    "purchases.ordered-days",
];
/// The place of `supplier-blacklist` among the tables of the manifest.
const BLACKLIST: u8 = 3;

/// By the day of the order, less what went back; a supplier barred later was none then.
///
/// # Errors
/// [`Overflow`] of a price.
pub(crate) fn check(
    pack: &Consumables,
    batch: &Batch,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let table = batch.purchases();
    let consumables = batch.members(pack.consumables, &table.items());
    let (first, last) = batch.period().unwrap_or((batch.today(), batch.today()));
    for (row, supplier) in table.suppliers().recorded() {
        if !consumables.contains(row) {
            continue;
        }
        let Some(day) = table.ordered_days().get(row) else {
            answer.add(Abstention::new(ID, row).missing("purchases.ordered-days"));
            continue;
        };
        let barred = pack.barred.barred(supplier, day);
        let (Some(place), true) = (barred, (first..=last.min(batch.today())).contains(&day)) else {
            continue;
        };
        let ordered = table.ordered().get(row).unwrap_or_default();
        let kept = ordered.checked_sub(table.returned().get(row).unwrap_or_default())?;
        let price = table.unit_prices().get(row).unwrap_or_default();
        answer.add(
            Finding::violation(ID, "barred")
                .offending(row, kept.at_price(price)?)
                .argument("supplier", supplier)
                .argument("day", day)
                .evidence(BLACKLIST, place),
        );
    }
    Ok(())
}
