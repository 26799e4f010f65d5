//! 一张处方: what one prescription holds: only slices that are not paid alone, too many kinds, too much in a
//! dose, or less than is charged for it.

use std::collections::BTreeMap;

use rulepack_sdk::prelude::*;

use super::Context;
use crate::binding::{Binding, Evaluator, PrescriptionCheck, bound};
use crate::findings::{Hit, Hits};
use crate::knowledge::place;
use crate::lines::{Class, Line};

/// The lines of one class on one prescription of an encounter.
type Prescriptions<'a> = BTreeMap<(Row<Encounters>, Token), Vec<&'a Line>>;

/// Judges the prescriptions of which a line is under review.
///
/// # Errors
/// Where a sum exceeds 64 bits.
#[inline(never)]
pub fn prescription(
    context: &Context<'_>,
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    for (rule, binding) in of_check(context, PrescriptionCheck::OnlyListedSlices) {
        let slices = prescriptions(context, binding, Class::Slice, answer);
        for lines in slices.values() {
            only_listed(context, (rule, binding), lines, hits);
        }
    }
    for (rule, binding) in of_check(context, PrescriptionCheck::MedicineKinds) {
        for lines in prescriptions(context, binding, Class::Medicine, answer).values() {
            medicine_kinds(context, (rule, binding), lines, hits, answer);
        }
    }
    for (rule, binding) in of_check(context, PrescriptionCheck::SliceSize) {
        for lines in prescriptions(context, binding, Class::Slice, answer).values() {
            slice_size(context, (rule, binding), lines, hits, answer)?;
        }
    }
    for (rule, binding) in of_check(context, PrescriptionCheck::SliceCharges) {
        slice_charges(context, (rule, binding), hits, answer)?;
    }
    Ok(())
}

fn of_check(
    context: &Context<'_>,
    check: PrescriptionCheck,
) -> impl Iterator<Item = (usize, &'static Binding)> + use<> {
    bound(Evaluator::Prescription(check), context.batch.stage())
}

/// The prescriptions with a line to judge, whole: what the patient pays alone was prescribed too. A line that
/// tells no prescription is not judged.
#[inline(never)]
fn prescriptions<'a>(
    context: &'a Context<'_>,
    binding: &Binding,
    class: Class,
    answer: &mut Answer,
) -> Prescriptions<'a> {
    let column = context.batch.orders().prescriptions();
    let is_judged = |line: &Line| line.under_review && binding.concerns(line.claimed);
    let mut found: Prescriptions<'_> = BTreeMap::new();
    for line in &context.lines.all {
        if line.class != class {
            continue;
        }
        match column.get(line.order) {
            Some(token) => found.entry((line.encounter, token)).or_default().push(line),
            None if is_judged(line) => {
                let abstention = Abstention::new(binding.rule, line.order);
                answer.add(abstention.missing("orders.prescriptions"));
            }
            None => {}
        }
    }
    found.retain(|_, lines| lines.iter().any(|line| is_judged(line)));
    found
}

/// The place of a prescription among the scopes of its encounter.
fn scope(lines: &[&Line]) -> Option<(Row<Encounters>, i64)> {
    let first = lines.first()?;
    Some((first.encounter, i64::from(first.order.number())))
}

/// 全部由这些饮片组成的处方: every slice of the prescription is listed, whoever pays for it.
fn only_listed(
    context: &Context<'_>,
    (rule, binding): (usize, &Binding),
    lines: &[&Line],
    hits: &mut Hits,
) {
    let Some(scope) = scope(lines) else {
        return;
    };
    let mut found = Vec::new();
    for line in lines {
        let rows = &mut context.knowledge.limits.about(line, context.batch.stage());
        match rows.find(|entry| entry.rule == rule) {
            Some(entry) => found.push((*line, entry.row)),
            None => return,
        }
    }
    found.retain(|(line, _)| binding.concerns(line.claimed));
    for (line, row) in found {
        let hit = Hit::new(line.order, line.amount, Some(line.item));
        hits.add(rule, scope, hit.resting_on(place::LIMITS, row));
    }
}

/// More kinds of medicine on one outpatient prescription than allowed, by name whatever the maker.
fn medicine_kinds(
    context: &Context<'_>,
    (rule, binding): (usize, &Binding),
    lines: &[&Line],
    hits: &mut Hits,
    answer: &mut Answer,
) {
    let Some(scope) = scope(lines) else {
        return;
    };
    match context.is_visit(scope.0, &context.settings.lists.outpatient_visit_types) {
        Some(true) => {}
        Some(false) => return,
        None => {
            let abstention = Abstention::new(binding.rule, scope.0);
            answer.add(abstention.missing("encounters.visit-types"));
            return;
        }
    }
    let limit = context.settings.numbers.prescription_kinds_max;
    let kinds = kinds(lines);
    if kinds > limit {
        for line in lines {
            let hit = Hit::new(line.order, line.amount, Some(line.item));
            hits.add(
                rule,
                scope,
                hit.figure("found", kinds).figure("limit", limit),
            );
        }
    }
}

fn kinds(lines: &[&Line]) -> i64 {
    let mut names: Vec<Code> = lines
        .iter()
        .map(|line| line.name.unwrap_or(line.item))
        .collect();
    names.sort_unstable();
    names.dedup();
    i64::try_from(names.len()).unwrap_or(i64::MAX)
}

/// 超大处方: too many slices, or too many grams of them in one dose.
#[inline(never)]
fn slice_size(
    context: &Context<'_>,
    (rule, binding): (usize, &Binding),
    lines: &[&Line],
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let Some(scope) = scope(lines) else {
        return Ok(());
    };
    let numbers = &context.settings.numbers;
    let mut add = |found: Figure, limit: Figure| {
        for line in lines {
            let hit = Hit::new(line.order, line.amount, Some(line.item));
            hits.add(
                rule,
                scope,
                hit.figure("found", found).figure("limit", limit),
            );
        }
    };
    let kinds = kinds(lines);
    if kinds > numbers.slice_kinds_max {
        add(kinds.into(), numbers.slice_kinds_max.into());
        return Ok(());
    }
    let limit = Quantity::of_units(numbers.slice_grams_max)?;
    match grams_of_a_dose(context, lines)? {
        Ok(grams) if grams > limit => add(grams.into(), limit.into()),
        Ok(_) => {}
        Err((order, column)) => answer.add(Abstention::new(binding.rule, order).missing(column)),
    }
    Ok(())
}

/// The grams of all slices in one dose, or the line and column that do not tell.
fn grams_of_a_dose(
    context: &Context<'_>,
    lines: &[&Line],
) -> Result<Result<Quantity, (Row<Orders>, &'static str)>, Overflow> {
    let orders = context.batch.orders();
    let mut sum = Quantity::ZERO;
    for line in lines {
        if orders.base_units().get(line.order) != Some(context.settings.words.gram) {
            return Ok(Err((line.order, "orders.base-units")));
        }
        let Some(grams) = orders.base_quantities().get(line.order) else {
            return Ok(Err((line.order, "orders.base-quantities")));
        };
        let doses = orders.decoction_doses().get(line.order).map(i64::from);
        let Some(of_a_dose) = doses.and_then(|doses| grams.0.checked_div(doses)) else {
            return Ok(Err((line.order, "orders.decoction-doses")));
        };
        sum = sum.checked_add(Quantity(of_a_dose))?;
    }
    Ok(Ok(sum))
}

/// 超量上传: the charge lines that fulfil an order of slices sum to more than was ordered.
#[inline(never)]
fn slice_charges(
    context: &Context<'_>,
    (rule, binding): (usize, &Binding),
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let orders = context.batch.orders();
    let mut charged: BTreeMap<Row<Orders>, Vec<&Line>> = BTreeMap::new();
    for line in &context.lines.all {
        if let Some(order) = orders.fulfils().get(line.order)
            && line.class == Class::Slice
        {
            charged.entry(order).or_default().push(line);
        }
    }
    for (order, lines) in charged {
        let Some(last) = lines.iter().rev().find(|line| line.under_review) else {
            continue;
        };
        let quantities: Option<Vec<Quantity>> = lines.iter().map(|line| line.quantity).collect();
        let (Some(ordered), Some(quantities)) = (orders.quantities().get(order), quantities) else {
            let abstention = Abstention::new(binding.rule, last.order);
            answer.add(abstention.missing("orders.quantities"));
            continue;
        };
        let sum = Quantity::sum(quantities)?;
        if sum > ordered {
            let own = last.quantity.unwrap_or_default();
            let beyond = sum.checked_sub(ordered)?.min(own);
            let amount = last.amount.portion(beyond.0, own.0)?;
            let hit = Hit::new(last.order, amount, Some(last.item))
                .figure("found", sum)
                .figure("limit", ordered)
                .related(order, Money::ZERO);
            let scope = (last.encounter, i64::from(order.number()));
            hits.add(rule, scope, hit);
        }
    }
    Ok(())
}
