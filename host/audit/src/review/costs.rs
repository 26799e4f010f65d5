//! What the encounters under review cost, by institution: what money at stake is a share of.

use std::collections::BTreeMap;

use rulepack_contract::data::{Data, Values};
use rulepack_contract::schema::{TableId, ids};
use rulepack_contract::units::NOT_RECORDED_S64;

use crate::run::Cost;

/// By key of the institution, empty where none is recorded; `days` has one for each encounter under review. Lines
/// that a sum counts are summed, as packs count them; nothing is told where no line has an amount.
pub(super) fn costs(data: &Data, days: &[Option<i32>]) -> BTreeMap<String, Cost> {
    let of_encounter = |row: usize| {
        let row = u32::try_from(row).ok()?;
        let institution = data.number(ids::ENCOUNTERS, "institutions", row);
        let institution = institution.and_then(|row| u32::try_from(row).ok());
        institution.and_then(|row| data.key(ids::INSTITUTIONS, row))
    };
    let amounts = amounts(data, days.len());
    let mut costs: BTreeMap<&str, Cost> = BTreeMap::new();
    for (row, _) in days.iter().enumerate().filter(|(_, day)| day.is_some()) {
        let cost = costs
            .entry(of_encounter(row).unwrap_or_default())
            .or_default();
        cost.encounters += 1;
        let amount = amounts.as_ref().and_then(|amounts| amounts.get(row));
        cost.amount = amount.map(|amount| cost.amount.unwrap_or(0).saturating_add(*amount));
    }
    let costs = costs.into_iter();
    costs.map(|(key, cost)| (key.to_owned(), cost)).collect()
}

/// What the lines of each encounter come to; `None` where lines have no amounts.
fn amounts(data: &Data, encounters: usize) -> Option<Vec<i64>> {
    let Some(Values::S64(amounts)) = column(data, ids::ORDERS, "amounts") else {
        return None;
    };
    let mut sums = vec![0_i64; encounters];
    let counted = match column(data, ids::ORDERS, "counted") {
        Some(Values::U8(flags)) => flags.as_slice(),
        _ => &[],
    };
    if let Some(Values::U32(encounters)) = column(data, ids::ORDERS, "encounters") {
        for (line, (encounter, amount)) in encounters.iter().zip(amounts).enumerate() {
            let is_counted = counted.get(line) != Some(&0) && *amount != NOT_RECORDED_S64;
            if let Some(sum) = sums.get_mut(*encounter as usize).filter(|_| is_counted) {
                *sum = sum.saturating_add(*amount);
            }
        }
    }
    Some(sums)
}

fn column<'d>(data: &'d Data, table: TableId, name: &str) -> Option<&'d Values> {
    data.values(table, table.table().column(name)?)
}
