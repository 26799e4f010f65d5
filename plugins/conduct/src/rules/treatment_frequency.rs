//! CND-08 中医、康复治疗超频次: a treatment is charged at most so often in a day.

use rulepack_sdk::prelude::*;

use super::treatment_records::TREATMENTS;
use crate::{Care, Conduct};

/// Id of the rule.
pub const ID: &str = "CND-08";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["orders.items", "orders.days", "orders.quantities"];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::During, Stage::After];

/// All lines of an item in a stay or visit on one day, refunds taken off. At stake is the share beyond.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(pack: &Conduct, care: &Care<'_>, answer: &mut Answer) -> Result<(), Overflow> {
    let mut charged = pack.treatments.charged(care);
    charged.sort_by_key(|(line, item, day, _)| (line.encounter, *day, *item, line.order));
    let together = charged.chunk_by(|one, other| {
        (one.0.encounter, one.1, one.2) == (other.0.encounter, other.1, other.2)
    });
    for lines in together {
        let Some((first, item, day, treatment)) = lines.first() else {
            continue;
        };
        let Some(limit) = treatment.daily_max else {
            continue;
        };
        let untold = lines.iter().find(|(line, ..)| line.quantity.is_none());
        if let Some((line, ..)) = untold {
            answer.add(Abstention::new(ID, line.order).missing("orders.quantities"));
            continue;
        }
        let count = Quantity::sum(lines.iter().filter_map(|(line, ..)| line.quantity))?;
        if count <= limit {
            continue;
        }
        let amount = Money::sum(lines.iter().map(|(line, ..)| line.amount))?;
        let excess = amount.portion(count.checked_sub(limit)?.0, count.0)?;
        let finding = Finding::violation(ID, "too-often")
            .offending(first.order, excess)
            .argument("item", *item)
            .argument("day", *day)
            .argument("count", count)
            .argument("limit", limit)
            .argument("amount", excess)
            .evidence(TREATMENTS, treatment.row);
        let others = lines.iter().skip(1);
        answer.add(others.fold(finding, |it, (line, ..)| {
            it.related(line.order, line.amount)
        }));
    }
    Ok(())
}
