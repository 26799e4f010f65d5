//! CND-20 降价前后医师用量: a doctor orders much more of an item after its price was cut (带量采购, 限价) than before.

use rulepack_sdk::prelude::*;

use crate::growth::{Mean, growth};
use crate::months::{Group, Months, month_of};
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-20";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "totals.doctors",
    "totals.items",
    "totals.period-starts",
    "totals.period-ends",
    "totals.base-quantities",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];
/// The place of `price-cuts` among the tables of the manifest.
const TABLE: u8 = 4;

/// 降价, as the province supplies them.
#[derive(Debug)]
pub struct PriceCuts(Vec<(Code, Day)>);

impl PriceCuts {
    /// Reads table `price-cuts`; without one nothing is compared.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("price-cuts")?;
        let rows = table.codes("item")?.into_iter();
        Ok(PriceCuts(rows.zip(table.days("cut_on")?).collect()))
    }
}

/// Whole months before the month of the cut against as many after it; that month itself is neither. Told once: in the
/// review that ends with the last of them. Patients move between doctors, so it is a mild suspicion, and a doctor
/// who ordered none before is not judged.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    settings: &Settings,
    cuts: &PriceCuts,
    batch: &Batch,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let items: Set<Code> = cuts.0.iter().map(|(item, _)| *item).collect();
    let months = Months::read_some(
        batch,
        |group| matches!(group, Group::Doctor(..)),
        |group| matches!(group, Group::Doctor(_, item) if items.contains(item)),
    );
    for (place, (item, day)) in cuts.0.iter().enumerate() {
        let cut = month_of(*day);
        if months.last() != Some(cut + settings.usage_months) {
            continue;
        }
        for (group, row) in doctors(&months, *item, (cut, settings.usage_months)) {
            let sum = |first: i64, last: i64| quantity(batch, &months, group, first..=last);
            let before = sum(cut - settings.usage_months, cut - 1)?;
            let after = sum(cut + 1, cut + settings.usage_months)?;
            let (before, after) = match (before, after) {
                (Ok(before), Ok(after)) => (before, after),
                (Err(missing), _) | (_, Err(missing)) => {
                    answer.add(Abstention::new(ID, row).missing(missing));
                    continue;
                }
            };
            if before <= Quantity::ZERO {
                continue;
            }
            answer.add(Measure::new(ID, row, after.0, before.0));
            let limit = settings.usage_growth_max;
            if Mean::whole(after.0).exceeds(Mean::whole(before.0), limit) {
                answer.add(
                    Finding::low_suspicion(ID, "more")
                        .offending(row, Money::ZERO)
                        .argument("item", *item)
                        .argument("day", *day)
                        .argument("months", settings.usage_months)
                        .argument("before", before)
                        .argument("after", after)
                        .argument("growth", growth(before.0, after.0)?)
                        .evidence(TABLE, place),
                );
            }
        }
    }
    Ok(())
}

/// The doctors who ordered an item in the months after its cut, each with the last sum of it.
fn doctors(months: &Months, item: Code, (cut, count): (i64, i64)) -> Vec<(Group, Row<Totals>)> {
    let mut doctors: Vec<(Group, Row<Totals>)> = Vec::new();
    for month in (1..=count).rev().map(|after| cut + after) {
        for (group, row) in months.of(month) {
            let of_item = matches!(group, Group::Doctor(_, of) if of == item);
            if of_item && doctors.iter().all(|(known, _)| *known != group) {
                doctors.push((group, row));
            }
        }
    }
    doctors
}

/// What a doctor ordered in some months; an inner error names what is missing of one.
fn quantity(
    batch: &Batch,
    months: &Months,
    group: Group,
    span: std::ops::RangeInclusive<i64>,
) -> Result<Result<Quantity, &'static str>, Overflow> {
    let quantities = batch.totals().base_quantities();
    let mut sum = Quantity::ZERO;
    for month in span {
        if !months.holds(month) {
            return Ok(Err("totals.period-starts"));
        }
        let Some(row) = months.get(group, month) else {
            continue;
        };
        match quantities.get(row) {
            Some(quantity) => sum = sum.checked_add(quantity)?,
            None => return Ok(Err("totals.base-quantities")),
        }
    }
    Ok(Ok(sum))
}
