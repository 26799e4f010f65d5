//! 同一手术: operations of one group of table `groups` on one day, of which only the first is charged in
//! full; and parts of a whole charged in its place.

use std::collections::BTreeMap;

use rulepack_sdk::prelude::*;

use super::Context;
use crate::binding::{Binding, Evaluator, OperationCheck, bound};
use crate::findings::{Hit, Hits};
use crate::knowledge::place;
use crate::lines::Line;

const WHOLE: i128 = 10_000;

/// The members of a group on one day of an encounter, with their rows of knowledge.
type Groups<'a> = BTreeMap<(Row<Encounters>, Day, Code), Vec<(&'a Line, usize)>>;

/// Judges the groups of which a line is under review.
///
/// # Errors
/// Where a product exceeds 64 bits.
#[inline(never)]
pub fn operation(
    context: &Context<'_>,
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    for (rule, binding) in bound(
        Evaluator::Operation(OperationCheck::SameIncision),
        context.batch.stage(),
    ) {
        for ((encounter, day, _), members) in groups(context, rule, binding, answer) {
            let scope = (encounter, i64::from(day.0));
            same_incision(context, (rule, binding, scope), &members, hits, answer)?;
        }
    }
    for (rule, binding) in bound(
        Evaluator::Operation(OperationCheck::Unbundled),
        context.batch.stage(),
    ) {
        for ((encounter, day, whole), members) in groups(context, rule, binding, answer) {
            let scope = (encounter, i64::from(day.0));
            unbundled(context, (rule, scope, whole), &members, hits);
        }
    }
    Ok(())
}

#[inline(never)]
fn groups<'a>(
    context: &'a Context<'_>,
    rule: usize,
    binding: &Binding,
    answer: &mut Answer,
) -> Groups<'a> {
    let mut groups: Groups<'_> = BTreeMap::new();
    for line in &context.lines.all {
        if !binding.concerns(line.claimed) {
            continue;
        }
        let entries = context.knowledge.groups.about(line, context.batch.stage());
        for entry in entries.filter(|entry| entry.rule == rule) {
            match line.day {
                Some(day) => {
                    let group = (line.encounter, day, entry.value.group);
                    groups.entry(group).or_default().push((line, entry.row));
                }
                None if line.under_review => {
                    answer.add(Abstention::new(binding.rule, line.order).missing("orders.days"));
                }
                None => {}
            }
        }
    }
    groups.retain(|_, members| members.iter().any(|(line, _)| line.under_review));
    groups
}

/// The operation with the highest catalogue price is charged in full, the others at most at the share
/// that parameter `second_operation_factor` says.
fn same_incision(
    context: &Context<'_>,
    (rule, binding, scope): (usize, &Binding, (Row<Encounters>, i64)),
    members: &[(&Line, usize)],
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    if members.len() < 2 {
        return Ok(());
    }
    let orders = context.batch.orders();
    let mut priced = Vec::new();
    for (line, row) in members {
        match orders.catalogue_prices().get(line.order) {
            Some(full) => priced.push((full, *line, *row)),
            None => {
                let abstention = Abstention::new(binding.rule, line.order);
                answer.add(abstention.missing("orders.catalogue-prices"));
                return Ok(());
            }
        }
    }
    priced.sort_by_key(|(full, line, _)| (std::cmp::Reverse(*full), line.order));
    let Some(((_, first, _), others)) = priced.split_first() else {
        return Ok(());
    };
    let factor = context.settings.numbers.second_operation_factor;
    for (full, line, row) in others.iter().filter(|(_, line, _)| line.under_review) {
        let Some(price) = orders.unit_prices().get(line.order) else {
            answer.add(Abstention::new(binding.rule, line.order).missing("orders.unit-prices"));
            continue;
        };
        let allowed = i128::from(full.0) * i128::from(factor) / WHOLE;
        let allowed = UnitPrice(i64::try_from(allowed).map_err(|_| Overflow)?);
        if price > allowed {
            let excess = price.checked_sub(allowed)?;
            let amount = line.quantity.unwrap_or_default().at_price(excess)?;
            let hit = Hit::new(line.order, amount, Some(line.item))
                .figure("found", price)
                .figure("limit", allowed)
                .related(first.order, first.amount)
                .resting_on(place::GROUPS, *row);
            hits.add(rule, scope, hit);
        }
    }
    Ok(())
}

/// All parts of a whole are charged on one day, and the whole is not.
fn unbundled(
    context: &Context<'_>,
    (rule, scope, whole): (usize, (Row<Encounters>, i64), Code),
    members: &[(&Line, usize)],
    hits: &mut Hits,
) {
    let mut parts: Vec<usize> = members.iter().map(|(_, row)| *row).collect();
    parts.sort_unstable();
    parts.dedup();
    let all = context.knowledge.part_counts.get(&(rule, whole));
    if all.is_none_or(|all| parts.len() < *all) {
        return;
    }
    for (line, row) in members.iter().filter(|(line, _)| line.under_review) {
        let hit = Hit::new(line.order, line.amount, Some(line.item))
            .figure("other", whole)
            .resting_on(place::GROUPS, *row);
        hits.add(rule, scope, hit);
    }
}
