//! 统计指标: shares of an institution's cost by month, and rates over stays. Each is a measure; a share
//! above its parameter is also a suspicion.

use std::collections::BTreeMap;

use rulepack_sdk::prelude::*;

use super::Context;
use super::visits::{previous_stay, repeats_by_plan};
use crate::binding::{BINDINGS, Evaluator, Statistic, bound};
use crate::settings::Settings;

/// 31 天内非计划再入院.
const READMISSION_DAYS: i64 = 31;

/// Part and whole of an institution and month.
#[derive(Default)]
struct Share {
    part: Money,
    part_row: Option<Row<Totals>>,
    whole: Money,
    whole_row: Option<Row<Totals>>,
}

/// The month of an institution.
type Month = (Option<Row<Institutions>>, Option<Day>);

/// Shares of cost, from the sums that the host makes.
///
/// # Errors
/// Where a sum exceeds 64 bits.
#[inline(never)]
pub fn shares(batch: &Batch, settings: &Settings, answer: &mut Answer) -> Result<(), Overflow> {
    for binding in &BINDINGS {
        let Evaluator::Statistic(statistic) = binding.evaluator else {
            continue;
        };
        if binding.since > batch.stage() {
            continue;
        }
        let Some((by_item, codes, share_max)) = part(settings, statistic) else {
            continue;
        };
        if by_item && batch.column_presence::<Totals>("items") == Presence::Absent {
            // The rule needs this column: the host reports it as not evaluable.
            continue;
        }
        if codes.is_empty() {
            // Nobody said which items these are.
            for institution in batch.institutions().levels().rows() {
                let abstention = Abstention::new(binding.rule, institution);
                answer.add(abstention.missing("totals.items"));
            }
            continue;
        }
        for share in months(batch, by_item, codes)?.into_values() {
            let Some(about) = share.whole_row else {
                continue;
            };
            answer.add(Measure::new(
                binding.rule,
                about,
                share.part.0,
                share.whole.0,
            ));
            let found = Ratio::of(share.part.0, share.whole.0);
            if let Some(found) = found.filter(|found| found.0 > share_max) {
                answer.add(
                    Finding::new(binding.rule, "breach", binding.certainty)
                        .offending(share.part_row.unwrap_or(about), share.part)
                        .argument("found", found)
                        .argument("limit", Ratio(share_max)),
                );
            }
        }
    }
    Ok(())
}

/// Whether the part is summed by item, which codes it is of, and how large it may be.
fn part(settings: &Settings, statistic: Statistic) -> Option<(bool, &[Code], i64)> {
    let (lists, numbers) = (&settings.lists, &settings.numbers);
    match statistic {
        Statistic::Medicines => Some((
            false,
            &lists.medicine_charge_types,
            numbers.medicine_share_max,
        )),
        Statistic::Examinations => Some((
            false,
            &lists.examination_charge_types,
            numbers.examination_share_max,
        )),
        Statistic::Consumables => Some((
            false,
            &lists.consumable_charge_types,
            numbers.consumable_share_max,
        )),
        Statistic::Treatment => Some((
            false,
            &lists.treatment_charge_types,
            numbers.treatment_share_max,
        )),
        Statistic::Ct => Some((true, &lists.ct_items, numbers.ct_share_max)),
        Statistic::Mr => Some((true, &lists.mr_items, numbers.mr_share_max)),
        Statistic::HospitalInfection | Statistic::UnplannedReadmission => None,
    }
}

/// The rows grouped by charge type sum to the whole; the part is of these, or of those grouped by item.
fn months(
    batch: &Batch,
    by_item: bool,
    codes: &[Code],
) -> Result<BTreeMap<Month, Share>, Overflow> {
    let totals = batch.totals();
    let mut months: BTreeMap<Month, Share> = BTreeMap::new();
    for (row, amount) in totals.amounts().recorded() {
        let (item, charge) = (totals.items().get(row), totals.charge_types().get(row));
        let start = totals.period_starts().get(row);
        let month = months.entry((totals.institutions().get(row), start));
        let share = month.or_default();
        let is_part = match (by_item, item, charge) {
            (true, Some(item), _) => codes.contains(&item),
            (false, None, Some(charge)) => codes.contains(&charge),
            _ => false,
        };
        if is_part {
            share.part_row = share.part_row.or(Some(row));
            share.part = share.part.checked_add(amount)?;
        }
        if item.is_none() && charge.is_some() {
            share.whole_row = share.whole_row.or(Some(row));
            share.whole = share.whole.checked_add(amount)?;
        }
    }
    months.retain(|_, share| share.whole > Money::ZERO);
    Ok(months)
}

/// One measure a stay that ended: 1 of 1 where an infection arose, or where the patient came back.
#[inline(never)]
pub fn rates(context: &Context<'_>, answer: &mut Answer) {
    let encounters = context.batch.encounters();
    let stays = &context.settings.lists.inpatient_visit_types;
    for encounter in context.reviewed() {
        let ended = encounters.discharge_days().get(encounter).is_some();
        if !ended || context.is_visit(encounter, stays) != Some(true) {
            continue;
        }
        for (_, binding) in bound(
            Evaluator::Statistic(Statistic::HospitalInfection),
            context.batch.stage(),
        ) {
            let column = "present-on-admission";
            if context.batch.column_presence::<Diagnoses>(column) == Presence::Absent {
                continue;
            }
            match infected_in_hospital(context, encounter) {
                Ok(is) => {
                    answer.add(Measure::new(binding.rule, encounter, i64::from(is), 1));
                }
                Err(row) => {
                    let abstention = Abstention::new(binding.rule, row);
                    answer.add(abstention.missing("diagnoses.present-on-admission"));
                }
            }
        }
        for (_, binding) in bound(
            Evaluator::Statistic(Statistic::UnplannedReadmission),
            context.batch.stage(),
        ) {
            if context.batch.column_presence::<Encounters>("institutions") == Presence::Absent {
                continue;
            }
            match previous_stay(context, encounter) {
                Ok(before) => {
                    let soon = before.is_some_and(|(_, apart)| apart <= READMISSION_DAYS);
                    let is = soon && !repeats_by_plan(context, encounter);
                    answer.add(Measure::new(binding.rule, encounter, i64::from(is), 1));
                }
                Err(column) => {
                    answer.add(Abstention::new(binding.rule, encounter).missing(column));
                }
            }
        }
    }
}

/// Whether an infection arose in hospital, or the infection that does not tell.
fn infected_in_hospital(
    context: &Context<'_>,
    encounter: Row<Encounters>,
) -> Result<bool, Row<Diagnoses>> {
    let lists = &context.settings.lists;
    let diagnoses = context.batch.diagnoses();
    let mut infected = false;
    for row in diagnoses.of(encounter) {
        let mut codes = context.diagnoses.of(row);
        if codes.any(|code| lists.infection_diagnoses.contains(&code)) {
            let arose = diagnoses.present_on_admission().get(row).ok_or(row)?;
            infected |= lists.hospital_acquired.contains(&arose);
        }
    }
    Ok(infected)
}
