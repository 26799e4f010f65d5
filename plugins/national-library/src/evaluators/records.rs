//! 信息异常: defects that the host's own check of the national records found, and procedures that are
//! missing from the settlement list or have no single principal one.

use rulepack_sdk::prelude::*;

use super::Context;
use crate::binding::{Binding, Evaluator, RecordCheck, bound};
use crate::findings::{Hit, Hits};

/// Judges the records of the encounters under review.
#[inline(never)]
pub fn records(context: &Context<'_>, hits: &mut Hits, answer: &mut Answer) {
    for encounter in context.reviewed() {
        for row in context.batch.data_defects().of(encounter) {
            defect(context, encounter, row, hits, answer);
        }
        for (rule, binding) in bound(
            Evaluator::Records(RecordCheck::Procedures),
            context.batch.stage(),
        ) {
            procedures(context, (rule, binding), encounter, hits, answer);
        }
    }
}

/// A defect is a breach of the rule about its source, or of the one about lateness.
fn defect(
    context: &Context<'_>,
    encounter: Row<Encounters>,
    row: Row<DataDefects>,
    hits: &mut Hits,
    answer: &mut Answer,
) {
    let (lists, defects) = (&context.settings.lists, context.batch.data_defects());
    let source = defects.sources().get(row);
    let is_from = |list: &[Code]| source.is_some_and(|source| list.contains(&source));
    let kind = defects.kinds().get(row);
    let check = match kind {
        Some(kind) if lists.late_kinds.contains(&kind) => RecordCheck::Late,
        _ if is_from(&lists.settlement_list_sources) => RecordCheck::SettlementList,
        _ if is_from(&lists.charge_line_sources) => RecordCheck::ChargeLines,
        _ => return,
    };
    for (rule, binding) in bound(Evaluator::Records(check), context.batch.stage()) {
        let (Some(kind), Some(field)) = (kind, defects.fields().get(row)) else {
            let missing = match kind {
                None => "data-defects.kinds",
                Some(_) => "data-defects.fields",
            };
            answer.add(Abstention::new(binding.rule, row).missing(missing));
            continue;
        };
        let mut hit = Hit::new(row, Money::ZERO, Some(field)).figure("found", kind);
        if let Some(order) = defects.orders().get(row) {
            let amount = context.batch.orders().amounts().get(order);
            hit = hit.related(order, amount.unwrap_or_default());
        }
        hits.add(rule, (encounter, 0), hit);
    }
}

/// A stay with an operation charged but none on the settlement list, or with several or no principal one.
fn procedures(
    context: &Context<'_>,
    (rule, binding): (usize, &'static Binding),
    encounter: Row<Encounters>,
    hits: &mut Hits,
    answer: &mut Answer,
) {
    let (batch, lists) = (context.batch, &context.settings.lists);
    if context.is_visit(encounter, &lists.inpatient_visit_types) != Some(true) {
        return;
    }
    let procedures = batch.procedures();
    let listed: Vec<Row<Procedures>> = procedures
        .of(encounter)
        .filter(|row| procedures.on_settlement_list().get(*row) != Some(false))
        .collect();
    if let Some(first) = listed.first() {
        let is_principal = |row: &&Row<Procedures>| procedures.principal().get(**row) == Some(true);
        let count = listed.iter().filter(is_principal).count();
        let uncoded = listed
            .iter()
            .find(|row| procedures.codes().get(**row).is_none());
        if let Some(row) = uncoded.or((count != 1).then_some(first)) {
            let hit = Hit::new(*row, Money::ZERO, None);
            hits.add(rule, (encounter, 0), hit);
        }
        return;
    }
    let operation = context.lines.all.iter().find(|line| {
        let kind = batch.orders().charge_types().get(line.order);
        line.encounter == encounter
            && kind.is_some_and(|kind| lists.operation_charge_types.contains(&kind))
    });
    if let Some(line) = operation {
        if batch.presence::<Procedures>() != Presence::Complete {
            answer.add(Abstention::new(binding.rule, encounter).missing("procedures.codes"));
            return;
        }
        let hit = Hit::new(line.order, line.amount, None);
        hits.add(rule, (encounter, 0), hit);
    }
}
