//! CON-13 系统组套超价: the parts of a system (关节、脊柱等组套) that are used for one operation cost more than the set does
//! in volume-based purchasing (集采中选组套价).

use rulepack_sdk::prelude::*;

use crate::lines::Line;
use crate::{Care, Consumables};

/// Id of the rule.
pub const ID: &str = "CON-13";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["orders.items", "orders.days", "orders.procedures"];
/// The place of `product-sets` among the tables of the manifest.
const SETS: u8 = 4;

/// 组套, as the province supplies them.
#[derive(Debug)]
pub struct ProductSets {
    prices: Dated<Code, Money>,
    parts: Dated<Code, Part>,
    /// All that is a part on some day.
    items: Set<Code>,
}

/// Where an item stands in its set.
#[derive(Debug, Clone, Copy)]
struct Part {
    set: Code,
    /// 部件, such as the cup of a hip.
    part: Code,
    /// How many of the part belong to one set.
    per_set: Quantity,
}

impl ProductSets {
    /// Reads tables `product-sets` and `set-parts`; without them nothing is a set.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let sets = setup.table("product-sets")?;
        let rows = sets.codes("set")?.into_iter().zip(sets.money("price")?);
        let prices = Dated::new(rows.zip(sets.validity()?));
        let table = setup.table("set-parts")?;
        let rows = table.codes("set")?.into_iter().zip(table.codes("part")?);
        let rows = rows.zip(table.quantities("per_set")?);
        let mut parts = Vec::new();
        for (row, ((set, part), per_set)) in (1..).zip(rows) {
            if per_set <= Quantity::ZERO {
                return Err(format!(
                    "table `set-parts` row {row}: expected `per_set` above 0"
                ));
            }
            parts.push(Part { set, part, per_set });
        }
        let items = table.codes("item")?;
        let rows = items.iter().copied().zip(parts);
        Ok(ProductSets {
            prices,
            parts: Dated::new(rows.zip(table.validity()?)),
            items: items.into_iter().collect(),
        })
    }
}

/// A line of a part.
struct Used<'a> {
    procedure: Row<Procedures>,
    part: Part,
    day: Day,
    quantity: Quantity,
    line: &'a Line,
}

/// The lines of one operation and set are looked at together, refunds taken off. As many sets are allowed as the part
/// that was used most asks for (both hips are two sets), so that a breach is certain; at stake is what exceeds
/// their price. A part that names no operation is not judged.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    pack: &Consumables,
    care: &Care<'_>,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let mut used = Vec::new();
    for line in care.lines.under_review() {
        match read(&pack.product_sets, care.batch, line) {
            Ok(Some(part)) => used.push(part),
            Ok(None) => {}
            Err(missing) => answer.add(Abstention::new(ID, line.order).missing(missing)),
        }
    }
    used.sort_by_key(|it| (it.procedure, it.part.set, it.part.part, it.line.order));
    for set in used
        .chunk_by(|one, other| (one.procedure, one.part.set) == (other.procedure, other.part.set))
    {
        check_set(&pack.product_sets, set, answer)?;
    }
    Ok(())
}

/// The part that a line charges, if it is one; an error names what is missing to tell.
fn read<'a>(
    sets: &ProductSets,
    batch: &Batch,
    line: &'a Line,
) -> Result<Option<Used<'a>>, &'static str> {
    let Some(item) = line.item.filter(|item| sets.items.contains(item)) else {
        return Ok(None);
    };
    let day = line.day.ok_or("orders.days")?;
    let Some(part) = sets.parts.on(&item, day) else {
        return Ok(None);
    };
    let procedure = batch.orders().procedures().get(line.order);
    Ok(Some(Used {
        procedure: procedure.ok_or("orders.procedures")?,
        part: part.value,
        day,
        quantity: line.quantity.ok_or("orders.quantities")?,
        line,
    }))
}

fn check_set(sets: &ProductSets, used: &[Used<'_>], answer: &mut Answer) -> Result<(), Overflow> {
    let Some((first, others)) = used.split_first() else {
        return Ok(());
    };
    let Some(price) = sets.prices.on(&first.part.set, first.day) else {
        return Ok(());
    };
    let mut count = 0_i64;
    for part in used.chunk_by(|one, other| one.part.part == other.part.part) {
        let quantity = Quantity::sum(part.iter().map(|it| it.quantity))?;
        let per_set = part.first().map_or(Quantity(1), |it| it.part.per_set);
        let whole = quantity.0.checked_add(per_set.0 - 1).ok_or(Overflow)?;
        count = count.max(whole / per_set.0);
    }
    let sum = Money::sum(used.iter().map(|it| it.line.amount))?;
    let allowed = price
        .value
        .0
        .checked_mul(count)
        .map(Money)
        .ok_or(Overflow)?;
    if sum <= allowed {
        return Ok(());
    }
    let excess = sum.checked_sub(allowed)?;
    let finding = Finding::high_suspicion(ID, "above-set")
        .offending(first.line.order, excess)
        .related(first.procedure, Money::ZERO)
        .argument("set", first.part.set)
        .argument("count", count)
        .argument("sum", sum)
        .argument("price", price.value)
        .argument("amount", excess)
        .evidence(SETS, price.row);
    answer.add(others.iter().fold(finding, |it, other| {
        it.offending(other.line.order, Money::ZERO)
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use rulepack_sdk::harness::Harness;
    use rulepack_sdk::harness::contract::case::Cell;

    /// What a city is told that says how many of a part belong to a set.
    fn told(per_set: &str) -> Option<String> {
        let harness = Harness::from_source(env!("CARGO_MANIFEST_DIR")).unwrap();
        let cases = harness.cases().unwrap().into_iter();
        let mut case = cases
            .rev()
            .find(|case| case.supplied.contains_key("set-parts"))
            .unwrap();
        let parts = case.supplied.get_mut("set-parts").unwrap();
        parts[0].insert("per_set".to_owned(), Cell(per_set.to_owned()));
        let answer = harness.run::<crate::Consumables>(&case);
        answer.err().map(|error| error.to_string())
    }

    #[test]
    fn a_set_of_no_part_is_refused() {
        let refused = "table `set-parts` row 1: expected `per_set` above 0";
        for per_set in ["0", "-1"] {
            let told = told(per_set).unwrap();
            assert!(told.ends_with(refused), "{told}");
        }
        assert_eq!(told("1"), None);
    }
}
