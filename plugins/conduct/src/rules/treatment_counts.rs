//! CND-25 治疗收费次数多于记录: a treatment of Chinese medicine, rehabilitation or radiotherapy is charged on a day as often as
//! it was recorded.

use rulepack_sdk::prelude::*;

use super::treatment_records::TREATMENTS;
use crate::lines::Line;
use crate::treatments::{Treatment, recorded_times};
use crate::{Care, Conduct};

/// Id of the rule.
pub const ID: &str = "CND-25";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "orders.items",
    "orders.days",
    "orders.quantities",
    "care-records.items",
    "care-records.performed",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// All lines of an item in a stay or visit on one day, refunds taken off, against its records of that day. A day
/// without any record is the matter of CND-06; that records are too few is evidence only where the hospital's records
/// are complete. At stake is the share beyond.
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
        if let Some((first, item, day, treatment)) = lines.first() {
            let lines: Vec<&Line> = lines.iter().map(|(line, ..)| *line).collect();
            check_day(care, &lines, (first, *item, *day, treatment), answer)?;
        }
    }
    Ok(())
}

fn check_day(
    care: &Care<'_>,
    lines: &[&Line],
    (first, item, day, treatment): (&Line, Code, Day, &Treatment),
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let recorded = recorded_times(care.batch, lines, item, day)?;
    if recorded <= Quantity::ZERO {
        return Ok(());
    }
    if let Some(line) = lines.iter().find(|line| line.quantity.is_none()) {
        answer.add(Abstention::new(ID, line.order).missing("orders.quantities"));
        return Ok(());
    }
    let count = Quantity::sum(lines.iter().filter_map(|line| line.quantity))?;
    if count <= recorded {
        return Ok(());
    }
    if care.batch.presence::<CareRecords>() != Presence::Complete {
        answer.add(Abstention::new(ID, first.order).missing("care-records.items"));
        return Ok(());
    }
    let amount = Money::sum(lines.iter().map(|line| line.amount))?;
    let excess = amount.portion(count.checked_sub(recorded)?.0, count.0)?;
    let finding = Finding::high_suspicion(ID, "more-than-recorded")
        .offending(first.order, excess)
        .argument("item", item)
        .argument("day", day)
        .argument("count", count)
        .argument("recorded", recorded)
        .argument("amount", excess)
        .evidence(TREATMENTS, treatment.row);
    let others = lines.iter().skip(1);
    answer.add(others.fold(finding, |it, line| it.related(line.order, line.amount)));
    Ok(())
}
