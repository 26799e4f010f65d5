//! My pack: a line may hold at most so many units of an item.

use rulepack_sdk::prelude::*;

/// The pack: the limits of table `limits`.
#[derive(Debug)]
pub struct MyPack {
    limits: Map<Code, Vec<Limit>>,
}

/// A row of table `limits`.
#[derive(Debug)]
struct Limit {
    /// Its place in the table, for the evidence of a finding.
    row: usize,
    units_max: Quantity,
    validity: Validity,
}

/// The place of table `limits` among the `[[table]]` of `pack.toml`.
const LIMITS: u8 = 0;

impl Pack for MyPack {
    fn prepare(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("limits")?;
        let units = table.quantities("units_max")?.into_iter();
        let rows = table
            .codes("item")?
            .into_iter()
            .zip(units)
            .zip(table.validity()?);
        let mut limits: Map<Code, Vec<Limit>> = Map::default();
        for (row, ((item, units_max), validity)) in rows.enumerate() {
            let limit = Limit {
                row,
                units_max,
                validity,
            };
            limits.entry(item).or_default().push(limit);
        }
        Ok(MyPack { limits })
    }

    fn evaluate(&self, batch: &Batch) -> Result<Answer, String> {
        let mut answer = Answer::default();
        self.too_many_units(batch, &mut answer);
        Ok(answer)
    }
}

impl MyPack {
    /// MY-01: a line under review with more units of an item than are allowed on its day is a violation.
    fn too_many_units(&self, batch: &Batch, answer: &mut Answer) {
        let orders = batch.orders();
        for (order, item) in orders.items().recorded() {
            let Some(limits) = self.limits.get(&item) else {
                continue;
            };
            if orders.current().get(order) != Some(true) {
                continue;
            }
            let (day, quantity) = (orders.days().get(order), orders.quantities().get(order));
            let (Some(day), Some(quantity)) = (day, quantity) else {
                let missing = if day.is_none() {
                    "orders.days"
                } else {
                    "orders.quantities"
                };
                answer.add(Abstention::new("MY-01", order).missing(missing));
                continue;
            };
            let mut in_force = limits.iter().filter(|limit| limit.validity.includes(day));
            if let Some(limit) = in_force.find(|limit| quantity > limit.units_max) {
                answer.add(
                    Finding::violation("MY-01", "too-many")
                        .offending(order, orders.amounts().get(order).unwrap_or_default())
                        .argument("item", item)
                        .argument("units", quantity)
                        .argument("limit", limit.units_max)
                        .evidence(LIMITS, limit.row),
                );
            }
        }
    }
}

rulepack_sdk::export!(MyPack);
