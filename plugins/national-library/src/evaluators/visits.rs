//! 就诊次数: stays close to each other, visits more often than expected, and stays without a reason.

use rulepack_sdk::prelude::*;

use super::Context;
use crate::binding::{Binding, Evaluator, VisitCheck, bound};
use crate::findings::{Hit, Hits};
use crate::lines::Class;

/// A bound rule with its place.
type Rule = (usize, &'static Binding);

/// Judges the encounters under review.
///
/// # Errors
/// Where a sum exceeds 64 bits.
#[inline(never)]
pub fn visits(context: &Context<'_>, hits: &mut Hits, answer: &mut Answer) -> Result<(), Overflow> {
    let (lists, numbers) = (&context.settings.lists, &context.settings.numbers);
    let counted = [
        (
            VisitCheck::Outpatient,
            &lists.outpatient_visit_types,
            numbers.outpatient_visits_max,
        ),
        (
            VisitCheck::Purchases,
            &lists.pharmacy_visit_types,
            numbers.purchases_max,
        ),
        (
            VisitCheck::Stays,
            &lists.inpatient_visit_types,
            numbers.stays_max,
        ),
    ];
    for encounter in context.reviewed() {
        for (check, types, visits_max) in &counted {
            for rule in bound(Evaluator::Visits(*check), context.batch.stage()) {
                too_often(context, rule, (encounter, types, *visits_max), hits, answer);
            }
        }
        if context.is_visit(encounter, &lists.inpatient_visit_types) == Some(true) {
            for rule in bound(
                Evaluator::Visits(VisitCheck::SplitStay),
                context.batch.stage(),
            ) {
                split_stay(context, rule, encounter, hits, answer);
            }
            for rule in bound(
                Evaluator::Visits(VisitCheck::NoReason),
                context.batch.stage(),
            ) {
                no_reason(context, rule, encounter, hits, answer)?;
            }
        }
    }
    Ok(())
}

fn fund(context: &Context<'_>, encounter: Row<Encounters>) -> Money {
    let paid = context.batch.encounters().pooled_fund_pays().get(encounter);
    paid.unwrap_or_default()
}

/// Cycles of chemotherapy, dialysis and the like repeat by plan, as does a readmission that was declared.
pub fn repeats_by_plan(context: &Context<'_>, encounter: Row<Encounters>) -> bool {
    let lists = &context.settings.lists;
    let encounters = context.batch.encounters();
    let diagnoses = context.batch.diagnoses();
    let care = encounters.care_types().get(encounter);
    let by_diagnosis = diagnoses.of(encounter).any(|row| {
        diagnoses.principal().get(row) == Some(true)
            && context
                .diagnoses
                .of(row)
                .any(|code| lists.repeated_diagnoses.contains(&code))
    });
    encounters.planned_readmissions().get(encounter) == Some(true)
        || care.is_some_and(|care| lists.repeated_care_types.contains(&care))
        || by_diagnosis
}

/// The stay of the same patient before this one at the same hospital, if any is known, and days between.
pub fn previous_stay(
    context: &Context<'_>,
    encounter: Row<Encounters>,
) -> Result<Option<(Row<Encounters>, i64)>, &'static str> {
    let encounters = context.batch.encounters();
    let stays = &context.settings.lists.inpatient_visit_types;
    let Some(patient) = encounters.patients().get(encounter) else {
        return Ok(None);
    };
    let admitted = encounters.admission_days().get(encounter);
    let admitted = admitted.ok_or("encounters.admission-days")?;
    let hospital = encounters.institutions().get(encounter);
    let mut nearest: Option<(Row<Encounters>, i64)> = None;
    for other in encounters.of(patient).filter(|other| *other != encounter) {
        if context.is_visit(other, stays) != Some(true) {
            continue;
        }
        let same = match (hospital, encounters.institutions().get(other)) {
            (Some(one), Some(two)) => one == two,
            _ => return Err("encounters.institutions"),
        };
        let began = encounters.admission_days().get(other);
        if !same || began.is_some_and(|began| began > admitted) {
            continue;
        }
        let discharged = encounters.discharge_days().get(other);
        let discharged = discharged.ok_or("encounters.discharge-days")?;
        let apart = admitted.since(discharged);
        // A stay that overlaps this one is not before it.
        let before = (apart >= 0).then_some((other, apart));
        nearest = nearest.into_iter().chain(before).min_by_key(|it| it.1);
    }
    Ok(nearest)
}

/// 分解住院: admitted again to the same hospital within the days of parameter `readmission_days`.
#[inline(never)]
fn split_stay(
    context: &Context<'_>,
    (rule, binding): Rule,
    encounter: Row<Encounters>,
    hits: &mut Hits,
    answer: &mut Answer,
) {
    let numbers = &context.settings.numbers;
    match previous_stay(context, encounter) {
        Err(column) => answer.add(Abstention::new(binding.rule, encounter).missing(column)),
        Ok(Some((before, apart))) if apart < numbers.readmission_days => {
            if repeats_by_plan(context, encounter) {
                return;
            }
            let mut hit = Hit::new(encounter, fund(context, encounter), None)
                .figure("found", apart)
                .figure("limit", numbers.readmission_days)
                .related(before, fund(context, before));
            if apart > numbers.readmission_days_high {
                hit = hit.certainty(Certainty::LowSuspicion);
            }
            hits.add(rule, (encounter, 0), hit);
        }
        Ok(_) => {}
    }
}

/// More visits of one type in the days up to this one than allowed.
#[inline(never)]
fn too_often(
    context: &Context<'_>,
    (rule, binding): Rule,
    (encounter, types, visits_max): (Row<Encounters>, &[Code], i64),
    hits: &mut Hits,
    answer: &mut Answer,
) {
    if context.is_visit(encounter, types) != Some(true) || repeats_by_plan(context, encounter) {
        return;
    }
    let encounters = context.batch.encounters();
    let Some(patient) = encounters.patients().get(encounter) else {
        return;
    };
    let Some(day) = encounters.admission_days().get(encounter) else {
        let abstention = Abstention::new(binding.rule, encounter);
        answer.add(abstention.missing("encounters.admission-days"));
        return;
    };
    let period = context.settings.numbers.visit_period_days;
    let counts = |other: &Row<Encounters>| {
        let apart = encounters
            .admission_days()
            .get(*other)
            .map(|it| day.since(it));
        context.is_visit(*other, types) == Some(true)
            && apart.is_some_and(|apart| (0..period).contains(&apart))
            && !repeats_by_plan(context, *other)
    };
    let found: Vec<Row<Encounters>> = encounters.of(patient).filter(counts).collect();
    let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
    if count > visits_max {
        let mut hit = Hit::new(encounter, fund(context, encounter), None)
            .figure("found", count)
            .figure("limit", visits_max)
            .figure("days", period);
        for other in found.into_iter().filter(|other| *other != encounter) {
            hit = hit.related(other, Money::ZERO);
        }
        hits.add(rule, (encounter, 0), hit);
    }
}

/// 无指征住院: a short stay without operation or treatment that cost mostly examinations.
#[inline(never)]
fn no_reason(
    context: &Context<'_>,
    (rule, binding): Rule,
    encounter: Row<Encounters>,
    hits: &mut Hits,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let batch = context.batch;
    let encounters = batch.encounters();
    let numbers = &context.settings.numbers;
    let days = (
        encounters.admission_days().get(encounter),
        encounters.discharge_days().get(encounter),
    );
    let (Some(admitted), Some(discharged)) = days else {
        // A stay that has not ended is not judged.
        return Ok(());
    };
    let died = encounters.discharge_dispositions().get(encounter);
    let lasted = discharged.since(admitted);
    let died = died == Some(context.settings.words.died);
    if lasted >= numbers.short_stay_days || died || repeats_by_plan(context, encounter) {
        return Ok(());
    }
    let mut abstain = |column| answer.add(Abstention::new(binding.rule, encounter).missing(column));
    if batch.presence::<Procedures>() != Presence::Complete {
        abstain("procedures.codes");
        return Ok(());
    }
    if batch.presence::<Orders>() != Presence::Complete {
        abstain("orders.items");
        return Ok(());
    }
    if !batch.procedures().of(encounter).is_empty() {
        return Ok(());
    }
    let lists = &context.settings.lists;
    let (mut all, mut examined, mut treated) = (Money::ZERO, Money::ZERO, false);
    for line in &context.lines.all {
        if line.encounter != encounter {
            continue;
        }
        let Some(kind) = batch.orders().charge_types().get(line.order) else {
            abstain("orders.charge-types");
            return Ok(());
        };
        all = all.checked_add(line.amount)?;
        treated |= lists.stay_charge_types.contains(&kind) || line.class == Class::Consumable;
        if lists.examination_charge_types.contains(&kind) {
            examined = examined.checked_add(line.amount)?;
        }
    }
    let share = Ratio::of(examined.0, all.0).unwrap_or_default();
    if !treated && share.0 >= numbers.examination_stay_share {
        let hit = Hit::new(encounter, fund(context, encounter), None)
            .figure("found", share)
            .figure("days", lasted);
        hits.add(rule, (encounter, 0), hit);
    }
    Ok(())
}
