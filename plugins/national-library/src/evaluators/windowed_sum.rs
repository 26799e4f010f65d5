//! 限频次、限疗程、限总额: the sum of a window beyond its row of table `window-limits`. Items of one subject
//! are summed together; only what lies beyond the limit is at stake.

use std::collections::BTreeMap;

use rulepack_sdk::prelude::*;

use super::{Context, days_apart_within};
use crate::binding::BINDINGS;
use crate::findings::{Hit, Hits};
use crate::knowledge::{Entry, Measured, Window, WindowLimit, place};
use crate::lines::Line;

const DAY: i64 = 10_000;

/// A line with the row that limits it, and what it has of the measure.
struct Use<'a> {
    line: &'a Line,
    entry: &'a Entry<WindowLimit>,
    day: Day,
    started: Option<Instant>,
    measured: Option<Quantity>,
}

/// The column that does not tell a sum.
type Missing = &'static str;

/// Judges each line under review by the window that ends with it.
///
/// # Errors
/// Where a sum exceeds 64 bits.
#[inline(never)]
pub fn windowed_sum(
    context: &Context<'_>,
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    for lines in context.lines.by_patient() {
        if !lines.iter().any(|line| line.under_review) {
            continue;
        }
        for (number, uses) in (0..).zip(subjects(context, lines, answer)?.values()) {
            for (end, last) in uses.iter().enumerate() {
                if last.line.under_review {
                    let before = uses.get(..=end).unwrap_or_default();
                    judge(context, number, before, hits, answer)?;
                }
            }
        }
    }
    Ok(())
}

/// The uses of each rule and subject, in the order of time.
#[inline(never)]
fn subjects<'a>(
    context: &'a Context<'_>,
    lines: &'a [Line],
    answer: &mut Answer,
) -> Result<BTreeMap<(usize, Code), Vec<Use<'a>>>, Overflow> {
    let mut subjects: BTreeMap<(usize, Code), Vec<Use<'_>>> = BTreeMap::new();
    for line in lines {
        for entry in context
            .knowledge
            .window_limits
            .about(line, context.batch.stage())
        {
            let Some(binding) = BINDINGS.get(entry.rule) else {
                continue;
            };
            if !binding.concerns(line.claimed) {
                continue;
            }
            let Some(day) = line.day else {
                if line.under_review {
                    answer.add(Abstention::new(binding.rule, line.order).missing("orders.days"));
                }
                continue;
            };
            let uses = subjects.entry((entry.rule, entry.value.subject));
            uses.or_default().push(Use {
                line,
                entry,
                day,
                started: context.batch.orders().started().get(line.order),
                measured: measured(context, line, entry.value.measure)?,
            });
        }
    }
    for uses in subjects.values_mut() {
        uses.sort_by_key(|one| (one.day, one.started, one.line.order));
    }
    Ok(subjects)
}

fn measured(
    context: &Context<'_>,
    line: &Line,
    measure: Measured,
) -> Result<Option<Quantity>, Overflow> {
    let orders = context.batch.orders();
    match measure {
        Measured::Quantity => Ok(line.quantity),
        // A line that does not tell how long it lasts is a day of use.
        Measured::Days => {
            let days = orders.supply_days().get(line.order).unwrap_or_default();
            Ok(Some(Quantity(days.0.max(DAY))))
        }
        Measured::Amount => match covered(context, line)? {
            None => Ok(None),
            Some(fen) => {
                let cny = fen.0.checked_mul(100).ok_or(Overflow)?;
                Ok(Some(Quantity(cny)))
            }
        },
    }
}

/// What is inside the scope of the fund: as told, else the amount without what the patient pays alone.
fn covered(context: &Context<'_>, line: &Line) -> Result<Option<Money>, Overflow> {
    let orders = context.batch.orders();
    if let Some(covered) = orders.covered_amounts().get(line.order) {
        return Ok(Some(covered.min(line.amount)));
    }
    let pays = (
        orders.own_pays().get(line.order),
        orders.self_pays().get(line.order),
    );
    match pays {
        (Some(own), Some(own_part)) => {
            let left = line.amount.checked_sub(own)?.checked_sub(own_part)?;
            Ok(Some(left.max(Money::ZERO)))
        }
        _ => Ok(None),
    }
}

/// Judges the last of these uses.
#[inline(never)]
fn judge(
    context: &Context<'_>,
    number: i64,
    uses: &[Use<'_>],
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let Some(last) = uses.last() else {
        return Ok(());
    };
    let Some(binding) = BINDINGS.get(last.entry.rule) else {
        return Ok(());
    };
    let abstain = |column| Abstention::new(binding.rule, last.line.order).missing(column);
    let within = match window(context, uses, last) {
        Ok(within) => within,
        Err(column) => {
            answer.add(abstain(column));
            return Ok(());
        }
    };
    let limit = &last.entry.value;
    let (sum, untold) = sum(&within, limit.measure)?;
    if sum > limit.maximum {
        let own = last.measured.unwrap_or_default();
        let beyond = sum.checked_sub(limit.maximum)?.min(own);
        let amount = match own.0 {
            0 => Money::ZERO,
            whole => last.line.amount.portion(beyond.0, whole)?,
        };
        let mut hit = Hit::new(last.line.order, amount, Some(last.line.item))
            .figure("found", sum)
            .figure("limit", limit.maximum)
            .resting_on(place::WINDOW_LIMITS, last.entry.row);
        for earlier in within
            .iter()
            .filter(|one| one.line.order != last.line.order)
        {
            hit = hit.related(earlier.line.order, earlier.line.amount);
        }
        hits.add(last.entry.rule, (last.line.encounter, number), hit);
    } else if let Some(column) = untold {
        answer.add(abstain(column));
    }
    Ok(())
}

/// The uses in the window that ends with the last one.
fn window<'a, 'b>(
    context: &Context<'_>,
    uses: &'a [Use<'b>],
    last: &Use<'_>,
) -> Result<Vec<&'a Use<'b>>, Missing> {
    let picked = |is_in: &dyn Fn(&Use<'_>) -> bool| uses.iter().filter(|one| is_in(one)).collect();
    match last.entry.value.window {
        Window::Visit => Ok(picked(&|one| one.line.encounter == last.line.encounter)),
        Window::Days(days) => Ok(picked(&|one| last.day.since(one.day) < i64::from(days))),
        Window::Year => Ok(picked(&|one| one.day.date().0 == last.day.date().0)),
        Window::Hours(hours) => {
            let end = last.started.ok_or("orders.started")?;
            // A line without its hour is in doubt where its day is near enough.
            let days = days_apart_within(hours);
            let near = |one: &Use<'_>| last.day.since(one.day) <= days;
            if uses.iter().any(|one| one.started.is_none() && near(one)) {
                return Err("orders.started");
            }
            Ok(picked(&|one| {
                let start = one.started.and_then(|start| end.since(start).ok());
                start.is_some_and(|seconds| seconds < hours * 3_600)
            }))
        }
        Window::Course => {
            let gap_max = context.settings.numbers.course_gap_days;
            let mut first = uses.len().saturating_sub(1);
            while let Some((earlier, later)) = first
                .checked_sub(1)
                .and_then(|before| Some((uses.get(before)?, uses.get(first)?)))
            {
                let lasts = earlier.measured.map_or(1, |days| days.whole_units().max(1));
                if later.day.since(earlier.day) > gap_max.saturating_add(lasts) {
                    break;
                }
                first -= 1;
            }
            Ok(uses.get(first..).unwrap_or_default().iter().collect())
        }
    }
}

/// The sum of a window, and the column that some line of it does not tell. Of lines on one day the
/// longest counts as days of use.
fn sum(within: &[&Use<'_>], measure: Measured) -> Result<(Quantity, Option<Missing>), Overflow> {
    let untold = within.iter().any(|one| one.measured.is_none());
    let untold = untold.then_some(match measure {
        Measured::Amount => "orders.covered-amounts",
        _ => "orders.quantities",
    });
    let known = within
        .iter()
        .filter_map(|one| Some((one.day, one.measured?)));
    let sum = match measure {
        Measured::Days => {
            let mut days: BTreeMap<Day, Quantity> = BTreeMap::new();
            for (day, lasts) in known {
                let longest = days.entry(day).or_default();
                *longest = lasts.max(*longest);
            }
            Quantity::sum(days.into_values())?
        }
        _ => Quantity::sum(known.map(|(_, measured)| measured))?,
    };
    Ok((sum, untold))
}
