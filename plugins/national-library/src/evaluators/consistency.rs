//! 记录之间一致: the day of a charge and the days of the stay; antibiotics and the operation that they were
//! given for.

use rulepack_sdk::prelude::*;

use super::Context;
use crate::binding::{Binding, ConsistencyCheck, Evaluator, bound};
use crate::findings::{Hit, Hits};
use crate::knowledge::place;
use crate::lines::Line;

/// A bound rule with its place.
type Rule = (usize, &'static Binding);

/// Judges the lines under review.
///
/// # Errors
/// Where a sum exceeds 64 bits.
#[inline(never)]
pub fn consistency(
    context: &Context<'_>,
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let stays = &context.settings.lists.inpatient_visit_types;
    for line in context.lines.reviewed() {
        if context.is_visit(line.encounter, stays) != Some(true) {
            continue;
        }
        for rule in bound(
            Evaluator::Consistency(ConsistencyCheck::ChargeInStay),
            context.batch.stage(),
        ) {
            charge_in_stay(context, rule, line, hits, answer);
        }
        for rule in bound(
            Evaluator::Consistency(ConsistencyCheck::Prophylaxis),
            context.batch.stage(),
        ) {
            prophylaxis(context, rule, line, hits, answer)?;
        }
    }
    Ok(())
}

/// 计费日期不在住院时间范围内, beyond the days of parameter `billing_grace_days`.
fn charge_in_stay(
    context: &Context<'_>,
    (rule, binding): Rule,
    line: &Line,
    hits: &mut Hits,
    answer: &mut Answer,
) {
    // A line that is only ordered is not charged yet.
    if context.batch.orders().charged().get(line.order) == Some(false) {
        return;
    }
    let encounters = context.batch.encounters();
    let admitted = encounters.admission_days().get(line.encounter);
    let abstain = |column| Abstention::new(binding.rule, line.order).missing(column);
    let (Some(day), Some(admitted)) = (line.day, admitted) else {
        answer.add(abstain(match line.day {
            None => "orders.days",
            Some(_) => "encounters.admission-days",
        }));
        return;
    };
    let grace = context.settings.numbers.billing_grace_days;
    let discharged = encounters.discharge_days().get(line.encounter);
    let after = discharged.map(|discharged| day.since(discharged));
    if admitted.since(day) > grace || after.is_some_and(|after| after > grace) {
        let hit = Hit::new(line.order, line.amount, Some(line.item));
        hits.add(rule, (line.encounter, 0), hit.figure("found", day));
    }
}

/// An antibiotic (rows of `limits` that name an item) in a stay with an operation whose prophylaxis is
/// limited (rows that name a procedure) begins too early or lasts too long. A stay with an infection
/// among its diagnoses is treated, not protected.
#[inline(never)]
fn prophylaxis(
    context: &Context<'_>,
    (rule, binding): Rule,
    line: &Line,
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let batch = context.batch;
    let mut rows = context.knowledge.limits.about(line, context.batch.stage());
    let Some(row) = rows.find(|entry| entry.rule == rule).map(|entry| entry.row) else {
        return Ok(());
    };
    let infections = &context.settings.lists.infection_diagnoses;
    let is_infected = batch.diagnoses().of(line.encounter).any(|row| {
        let mut codes = context.diagnoses.of(row);
        codes.any(|code| infections.contains(&code))
    });
    if is_infected {
        return Ok(());
    }
    let day = context.day(line.encounter);
    let procedures = batch.procedures();
    let operation = procedures.of(line.encounter).find(|row| {
        let mut rows =
            context
                .knowledge
                .limits
                .on(context.procedures.of(*row), day, context.batch.stage());
        rows.any(|entry| entry.rule == rule)
    });
    let Some(operation) = operation else {
        return Ok(());
    };
    let abstain = |column| Abstention::new(binding.rule, line.order).missing(column);
    let Some(began) = procedures.began().get(operation) else {
        answer.add(abstain("procedures.began"));
        return Ok(());
    };
    let Some(started) = batch.orders().started().get(line.order) else {
        answer.add(abstain("orders.started"));
        return Ok(());
    };
    let numbers = &context.settings.numbers;
    let early = began.since(started)? > numbers.prophylaxis_before_minutes * 60;
    let ended = procedures.ended().get(operation).unwrap_or(began);
    let last = batch.orders().stopped().get(line.order).unwrap_or(started);
    let late = last.since(ended)? > numbers.prophylaxis_after_hours * 3_600;
    if early || late {
        let hit = Hit::new(line.order, line.amount, Some(line.item))
            .related(operation, Money::ZERO)
            .resting_on(place::LIMITS, row);
        hits.add(rule, (line.encounter, 0), hit);
    }
    Ok(())
}
