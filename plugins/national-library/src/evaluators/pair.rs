//! 不得同时: two items of table `pairs` nearer to each other than allowed, or two medicines of one class of
//! table `groups` at one time.

use rulepack_sdk::prelude::*;

use super::{Context, days_apart_within};
use crate::binding::{BINDINGS, Binding, Evaluator, bound};
use crate::findings::{Hit, Hits};
use crate::knowledge::{PairScope, place};
use crate::lines::Line;

/// Within this many days a supply that does not tell how long it lasts may still last.
const UNTOLD_SUPPLY_DAYS: i64 = 31;

/// Judges each pair of which a line is under review.
#[inline(never)]
pub fn pair(context: &Context<'_>, hits: &mut Hits, answer: &mut Answer) {
    for lines in context.lines.by_patient() {
        if !lines.iter().any(|line| line.under_review) {
            continue;
        }
        let mut by_code: Map<Code, Vec<&Line>> = Map::default();
        for line in lines {
            by_code.entry(line.item).or_default().push(line);
            if let Some(name) = line.name.filter(|name| *name != line.item) {
                by_code.entry(name).or_default().push(line);
            }
        }
        for main in lines {
            for entry in context.knowledge.pairs.about(main, context.batch.stage()) {
                let Some(binding) = BINDINGS.get(entry.rule) else {
                    continue;
                };
                let excludes_itself =
                    [Some(main.item), main.name].contains(&Some(entry.value.other));
                for other in by_code.get(&entry.value.other).into_iter().flatten() {
                    // Of two lines of one item the later is met beside the earlier, and no line beside itself.
                    if excludes_itself && other.order <= main.order {
                        continue;
                    }
                    let two = Two {
                        main,
                        other,
                        scope: entry.value.scope,
                    };
                    let evidence = (place::PAIRS, entry.row);
                    two.judge(context, (entry.rule, binding, evidence), hits, answer);
                }
            }
        }
    }
}

/// Judges each two medicines of one class, of different names, of which one is under review.
#[inline(never)]
pub fn same_class(context: &Context<'_>, hits: &mut Hits, answer: &mut Answer) {
    for (rule, binding) in bound(Evaluator::SameClass, context.batch.stage()) {
        for lines in context.lines.by_patient() {
            let mut classes: std::collections::BTreeMap<Code, Vec<(&Line, usize)>> =
                std::collections::BTreeMap::new();
            for line in lines {
                let entries = context.knowledge.groups.about(line, context.batch.stage());
                for entry in entries.filter(|entry| entry.rule == rule) {
                    let members = classes.entry(entry.value.group).or_default();
                    members.push((line, entry.row));
                }
            }
            for members in classes.values() {
                for (place, (other, row)) in members.iter().enumerate() {
                    for (main, _) in members.iter().take(place) {
                        if main.name == other.name {
                            continue;
                        }
                        let two = Two {
                            main,
                            other,
                            scope: PairScope::Overlap,
                        };
                        let evidence = (place::GROUPS, *row);
                        two.judge(context, (rule, binding, evidence), hits, answer);
                    }
                }
            }
        }
    }
}

/// Two lines of one patient.
struct Two<'a> {
    main: &'a Line,
    other: &'a Line,
    scope: PairScope,
}

impl Two<'_> {
    #[inline(never)]
    fn judge(
        &self,
        context: &Context<'_>,
        (rule, binding, evidence): (usize, &'static Binding, (u8, usize)),
        hits: &mut Hits,
        answer: &mut Answer,
    ) {
        // What stands beside the main item is at fault, where it is there to be acted on.
        let (at_fault, beside) = match (self.other.under_review, self.main.under_review) {
            (true, _) => (self.other, self.main),
            (false, true) => (self.main, self.other),
            (false, false) => return,
        };
        let both_claimed = self.main.claimed && self.other.claimed;
        if !binding.concerns(both_claimed) {
            return;
        }
        match self.is_near(context) {
            Err(column) => {
                answer.add(Abstention::new(binding.rule, at_fault.order).missing(column));
            }
            Ok(false) => {}
            Ok(true) => {
                let hit = Hit::new(at_fault.order, at_fault.amount, Some(at_fault.item))
                    .figure("other", beside.item)
                    .related(beside.order, beside.amount)
                    .resting_on(evidence.0, evidence.1);
                let day = match self.scope {
                    PairScope::Visit | PairScope::Prescription | PairScope::Overlap => 0,
                    _ => at_fault.day.map_or(0, |day| i64::from(day.0)),
                };
                hits.add(rule, (at_fault.encounter, day), hit);
            }
        }
    }

    /// Whether they lie within the scope, or the column that does not tell.
    fn is_near(&self, context: &Context<'_>) -> Result<bool, &'static str> {
        let orders = context.batch.orders();
        if self.scope == PairScope::Visit {
            return Ok(self.main.encounter == self.other.encounter);
        }
        if self.scope == PairScope::Prescription {
            if self.main.encounter != self.other.encounter {
                return Ok(false);
            }
            let prescription = |line: &Line| orders.prescriptions().get(line.order);
            return match (prescription(self.main), prescription(self.other)) {
                (Some(one), Some(two)) => Ok(one == two),
                _ => Err("orders.prescriptions"),
            };
        }
        let (Some(main), Some(other)) = (self.main.day, self.other.day) else {
            return Err("orders.days");
        };
        let started = |line: &Line| orders.started().get(line.order).ok_or("orders.started");
        let days_apart = main.since(other).abs();
        match self.scope {
            PairScope::Day => Ok(days_apart == 0),
            PairScope::SameHour if days_apart != 0 => Ok(false),
            PairScope::SameHour => {
                let hour = |instant: Instant| instant.0.div_euclid(3_600);
                Ok(hour(started(self.main)?) == hour(started(self.other)?))
            }
            PairScope::Hours(hours) if days_apart > days_apart_within(hours) => Ok(false),
            PairScope::Hours(hours) => {
                let apart = started(self.main)?.since(started(self.other)?);
                Ok(apart.is_ok_and(|seconds| seconds.abs() < hours * 3_600))
            }
            _ => self.overlaps(context, days_apart),
        }
    }

    /// Whether the earlier still lasts when the later begins.
    fn overlaps(&self, context: &Context<'_>, days_apart: i64) -> Result<bool, &'static str> {
        if days_apart == 0 {
            return Ok(true);
        }
        let earlier = std::cmp::min_by_key(self.main, self.other, |line| line.day);
        match context.batch.orders().supply_days().get(earlier.order) {
            Some(days) => Ok(days_apart.saturating_mul(10_000) < days.0),
            None => {
                // In hospital each day has its own line.
                let stays = &context.settings.lists.inpatient_visit_types;
                let in_hospital = context.is_visit(earlier.encounter, stays) == Some(true);
                match in_hospital || days_apart > UNTOLD_SUPPLY_DAYS {
                    true => Ok(false),
                    false => Err("orders.supply-days"),
                }
            }
        }
    }
}
