//! CND-19 费用前列项目异常增长: among the items that cost most in a month, those that cost much more than a year before
//! (同比), or than the month before (环比).

use rulepack_sdk::prelude::*;

use crate::growth::{Mean, growth};
use crate::months::{Group, Months};
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-19";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "totals.items",
    "totals.period-starts",
    "totals.period-ends",
    "totals.amounts",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// The last whole month under review. Growth within a year says more than growth within a month, so it is told first;
/// an item that neither month had is told as new. A month of which nothing is held is compared with nothing.
///
/// # Errors
/// [`Overflow`] of a difference.
pub(crate) fn check(
    settings: &Settings,
    batch: &Batch,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let months = Months::read(batch, |group| matches!(group, Group::Item(_)));
    let Some(last) = months.last() else {
        return Ok(());
    };
    let amounts = batch.totals().amounts();
    let mut leaders: Vec<(Code, Row<Totals>, Money)> = Vec::new();
    for (group, row) in months.of(last) {
        match (group, amounts.get(row)) {
            (Group::Item(item), Some(amount)) => leaders.push((item, row, amount)),
            _ => answer.add(Abstention::new(ID, row).missing("totals.amounts")),
        }
    }
    leaders.retain(|(.., amount)| *amount > Money::ZERO);
    leaders.sort_by_key(|(_, row, amount)| (std::cmp::Reverse(*amount), *row));
    leaders.truncate(usize::try_from(settings.growth_rank).unwrap_or(usize::MAX));
    let earlier = [("on-year", last - 12), ("on-month", last - 1)];
    let held: Vec<(&'static str, i64)> = earlier
        .into_iter()
        .filter(|(_, month)| months.holds(*month))
        .collect();
    for (item, row, amount) in leaders {
        if held.is_empty() {
            answer.add(Abstention::new(ID, row).missing("totals.period-starts"));
            continue;
        }
        let before = |month| {
            let row = months.get(Group::Item(item), month);
            row.and_then(|row| amounts.get(row)).unwrap_or_default()
        };
        let before: Vec<(&'static str, Money)> = held
            .iter()
            .map(|(template, month)| (*template, before(*month)))
            .filter(|(_, amount)| *amount > Money::ZERO)
            .collect();
        let grown = before.iter().find(|(_, before)| {
            let (this, before) = (Mean::whole(amount.0), Mean::whole(before.0));
            this.exceeds(before, settings.growth_max)
        });
        let finding = match grown {
            Some((template, before)) => Finding::low_suspicion(ID, template)
                .argument("before", *before)
                .argument("growth", growth(before.0, amount.0)?),
            None if before.is_empty() => Finding::low_suspicion(ID, "new"),
            None => continue,
        };
        answer.add(
            finding
                .offending(row, Money::ZERO)
                .argument("item", item)
                .argument("amount", amount)
                .argument("rank", settings.growth_rank),
        );
    }
    Ok(())
}
