//! CND-28 辅助用药占比: the share of the medicines on the list of adjuvant ones (重点监控、辅助用药) in what a hospital charges for
//! medicines in a month.

use rulepack_sdk::prelude::*;

use crate::months::{Group, Months};
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-28";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "totals.items",
    "totals.period-starts",
    "totals.period-ends",
    "totals.amounts",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// 辅助用药目录, as the province supplies it.
#[derive(Debug)]
pub struct AdjuvantMedicines {
    by_item: Map<Code, Vec<Validity>>,
}

impl AdjuvantMedicines {
    /// Reads table `adjuvant-medicines`; without one nothing is measured.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("adjuvant-medicines")?;
        let mut by_item: Map<Code, Vec<Validity>> = Map::default();
        for (item, validity) in table.codes("item")?.into_iter().zip(table.validity()?) {
            by_item.entry(item).or_default().push(validity);
        }
        Ok(AdjuvantMedicines { by_item })
    }

    fn holds(&self, item: Code, day: Day) -> bool {
        let rows = self.by_item.get(&item);
        rows.is_some_and(|rows| rows.iter().any(|validity| validity.includes(day)))
    }
}

/// The last whole month under review. The share is a measure; above its limit it is told as a low suspicion, with the
/// medicine that costs most. The list is that of the first day of the month.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    settings: &Settings,
    list: &AdjuvantMedicines,
    batch: &Batch,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let months = Months::read(batch, |group| matches!(group, Group::Item(_)));
    let Some(last) = months.last().filter(|_| !list.by_item.is_empty()) else {
        return Ok(());
    };
    let table = batch.totals();
    let medicines = batch.members(settings.medicines, &table.items());
    let (mut whole, mut adjuvant) = (Money::ZERO, Vec::new());
    for (group, row) in months.of(last) {
        let Group::Item(item) = group else {
            continue;
        };
        if !medicines.contains(row) {
            continue;
        }
        let Some(amount) = table.amounts().get(row) else {
            answer.add(Abstention::new(ID, row).missing("totals.amounts"));
            return Ok(());
        };
        whole = whole.checked_add(amount)?;
        let start = table.period_starts().get(row);
        if start.is_some_and(|start| list.holds(item, start)) {
            adjuvant.push((row, item, amount));
        }
    }
    adjuvant.sort_by_key(|(row, _, amount)| (std::cmp::Reverse(*amount), *row));
    let part = Money::sum(adjuvant.iter().map(|(.., amount)| *amount))?;
    let Some((row, item, _)) = adjuvant.first().filter(|_| whole > Money::ZERO) else {
        return Ok(());
    };
    answer.add(Measure::new(ID, *row, part.0, whole.0));
    if part.against(settings.adjuvant_share_max, whole) == std::cmp::Ordering::Greater {
        answer.add(
            Finding::low_suspicion(ID, "above")
                .offending(*row, Money::ZERO)
                .argument("share", Ratio::of(part.0, whole.0).unwrap_or_default())
                .argument("limit", settings.adjuvant_share_max)
                .argument("amount", part)
                .argument("item", *item),
        );
    }
    Ok(())
}
