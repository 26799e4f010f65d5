//! 进销存: what was billed against what left the stock, by item and period.

use rulepack_sdk::prelude::*;

use crate::binding::{Binding, Evaluator, Goods, bound};
use crate::settings::Settings;

/// Judges each item and period in stock.
///
/// # Errors
/// Where a sum exceeds 64 bits.
#[inline(never)]
pub fn inventory(batch: &Batch, settings: &Settings, answer: &mut Answer) -> Result<(), Overflow> {
    let items = batch.stock().items();
    let medicines = batch.members(settings.medicines, &items);
    let slices = batch.members(settings.slices, &items);
    let consumables = batch.members(settings.consumables, &items);
    for (row, item) in items.recorded() {
        let goods = match () {
            () if medicines.contains(row) || slices.contains(row) => Goods::Medicines,
            () if consumables.contains(row) => Goods::Consumables,
            () => continue,
        };
        for (_, binding) in bound(Evaluator::Inventory(goods), batch.stage()) {
            judge(batch, settings, binding, (row, item), answer)?;
        }
    }
    Ok(())
}

/// 销售 − (期初 + 购进 − 期末) beyond the tolerance of what was used.
fn judge(
    batch: &Batch,
    settings: &Settings,
    binding: &'static Binding,
    (row, item): (Row<Stock>, Code),
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let stock = batch.stock();
    // What was not recorded of these did not happen; opening, closing and billing are always told.
    let moved = [
        (stock.received().get(row), 1),
        (stock.supplier_returns().get(row), -1),
        (stock.patient_returns().get(row), 1),
        (stock.adjusted().get(row), 1),
    ];
    let told = [
        (stock.opening().get(row), "stock.opening"),
        (stock.closing().get(row), "stock.closing"),
        (stock.billed().get(row), "stock.billed"),
    ];
    let [Some(opening), Some(closing), Some(billed)] = told.map(|(quantity, _)| quantity) else {
        let mut abstention = Abstention::new(binding.rule, row);
        for (_, column) in told.iter().filter(|(quantity, _)| quantity.is_none()) {
            abstention = abstention.missing(column);
        }
        answer.add(abstention);
        return Ok(());
    };
    let mut used = opening.checked_sub(closing)?;
    for (quantity, sign) in moved {
        let quantity = quantity.unwrap_or_default();
        used = match sign {
            1 => used.checked_add(quantity)?,
            _ => used.checked_sub(quantity)?,
        };
    }
    let apart = billed.checked_sub(used)?;
    let allowed = i128::from(used.0.abs()) * i128::from(settings.numbers.stock_tolerance) / 10_000;
    if i128::from(apart.0.abs()) > allowed {
        answer.add(
            Finding::new(binding.rule, "breach", binding.certainty)
                .offending(row, Money::ZERO)
                .argument("item", item)
                .argument("found", billed)
                .argument("limit", used)
                .argument("apart", apart),
        );
    }
    Ok(())
}
