//! The four families of rules that others are measured beside: diagnosis limit, quantity a day, exclusive pair
//! in a day, readmission. Each has up to five sets of knowledge; a set of a family is a rule.
//!
//! While orders are written the lines under review are judged, afterwards those of the encounters under review.

mod knowledge;

use rulepack_sdk::prelude::*;

use knowledge::{Item, Knowledge};

/// The pack: its knowledge, and the word for a stay.
#[derive(Debug)]
pub struct FourFamilies {
    knowledge: Knowledge,
    stay: Code,
}

/// Rules by family, then by set.
const DIAGNOSIS: [&str; SETS] = ["DIA-1", "DIA-2", "DIA-3", "DIA-4", "DIA-5"];
const QUANTITY: [&str; SETS] = ["QTY-1", "QTY-2", "QTY-3", "QTY-4", "QTY-5"];
const PAIR: [&str; SETS] = ["PAR-1", "PAR-2", "PAR-3", "PAR-4", "PAR-5"];
const READMISSION: [&str; SETS] = ["REA-1", "REA-2", "REA-3", "REA-4", "REA-5"];

/// Sets of knowledge that a family has at most.
pub const SETS: usize = 5;

/// The template that every rule has.
const BREACH: &str = "breach";

impl Pack for FourFamilies {
    fn prepare(setup: &Setup) -> Result<Self, String> {
        Ok(FourFamilies {
            knowledge: Knowledge::read(setup)?,
            stay: setup.code("2")?,
        })
    }

    fn evaluate(&self, batch: &Batch) -> Result<Answer, String> {
        let mut answer = Answer::default();
        let mut uses = self.lines(batch, &mut answer);
        uses.sort_unstable_by_key(|one| (one.patient, one.day, one.item, one.order));
        for day in uses.chunk_by(|one, next| (one.patient, one.day) == (next.patient, next.day)) {
            self.quantities(day, &mut answer)?;
            self.pairs(day, &mut answer);
        }
        self.readmissions(batch, &mut answer);
        Ok(answer)
    }
}

/// A line of an item that some rule sums or pairs.
struct Use<'k> {
    patient: Row<Patients>,
    day: Day,
    item: Code,
    order: Row<Orders>,
    quantity: Quantity,
    amount: Money,
    under_review: bool,
    rules: &'k Item,
}

impl FourFamilies {
    /// Walks the lines once: judges their diagnoses, and keeps those that are summed or paired.
    fn lines(&self, batch: &Batch, answer: &mut Answer) -> Vec<Use<'_>> {
        let (orders, encounters) = (batch.orders(), batch.encounters());
        let (items, days, amounts) = (orders.items(), orders.days(), orders.amounts());
        let (quantities, current) = (orders.quantities(), orders.current());
        let mut uses = Vec::new();
        for (encounter, lines) in orders.encounters().owners() {
            let Some(patient) = encounters.patients().get(encounter) else {
                continue;
            };
            let is_reviewed = encounters.current().get(encounter) == Some(true);
            for order in lines {
                let Some((item, rules)) = items.get(order).and_then(|it| self.knowledge.of(it))
                else {
                    continue;
                };
                let amount = amounts.get(order).unwrap_or_default();
                let under_review = match batch.stage() {
                    Stage::After => is_reviewed,
                    Stage::Before | Stage::During => current.get(order) == Some(true),
                };
                if under_review && !rules.diagnoses.is_empty() {
                    let line = (encounter, order, item, amount);
                    diagnoses(batch, rules, line, answer);
                }
                if let Some(day) = days.get(order).filter(|_| rules.is_used_by_day()) {
                    uses.push(Use {
                        patient,
                        day,
                        item,
                        order,
                        quantity: quantities.get(order).unwrap_or_default(),
                        amount,
                        under_review,
                        rules,
                    });
                }
            }
        }
        uses
    }

    /// Quantity a day: the lines of one item of one patient and day together.
    fn quantities(&self, day: &[Use<'_>], answer: &mut Answer) -> Result<(), Overflow> {
        for lines in day.chunk_by(|one, next| one.item == next.item) {
            let Some(first) = lines.first() else { continue };
            if first.rules.quantities.is_empty() || !lines.iter().any(|line| line.under_review) {
                continue;
            }
            let sum = Quantity::sum(lines.iter().map(|line| line.quantity))?;
            for (set, maximum) in &first.rules.quantities {
                if sum > *maximum {
                    answer.add(
                        Finding::violation(QUANTITY[*set], BREACH)
                            .offending(first.order, first.amount)
                            .argument("item", first.item)
                            .argument("found", sum),
                    );
                }
            }
        }
        Ok(())
    }

    /// Exclusive pair in a day: the first line of each of the two.
    fn pairs(&self, day: &[Use<'_>], answer: &mut Answer) {
        for first in day.chunk_by(|one, next| one.item == next.item) {
            let Some(one) = first.first() else { continue };
            for (set, second) in &one.rules.pairs {
                let begin = day.partition_point(|line| line.item < *second);
                let other = day.get(begin..).unwrap_or_default();
                let end = other.partition_point(|line| line.item == *second);
                let other = other.get(..end).unwrap_or_default();
                let reviewed = |lines: &[Use<'_>]| lines.iter().any(|line| line.under_review);
                if let Some(two) = other.first()
                    && (reviewed(first) || reviewed(other))
                {
                    answer.add(
                        Finding::violation(PAIR[*set], BREACH)
                            .offending(one.order, one.amount)
                            .related(two.order, two.amount)
                            .argument("item", one.item)
                            .argument("other", two.item),
                    );
                }
            }
        }
    }

    /// Readmission: a stay that begins few days after the end of another of the patient.
    fn readmissions(&self, batch: &Batch, answer: &mut Answer) {
        let encounters = batch.encounters();
        let (types, reviewed) = (encounters.visit_types(), encounters.current());
        let (begins, ends) = (encounters.admission_days(), encounters.discharge_days());
        for (_, visits) in encounters.patients().owners() {
            let stays: Vec<_> = visits
                .filter(|visit| types.get(*visit) == Some(self.stay))
                .collect();
            for later in stays.iter().filter(|it| reviewed.get(**it) == Some(true)) {
                for earlier in stays.iter().filter(|it| *it != later) {
                    let (Some(end), Some(begin)) = (ends.get(*earlier), begins.get(*later)) else {
                        continue;
                    };
                    let days = begin.since(end);
                    for (set, within) in &self.knowledge.readmissions {
                        if (0..=*within).contains(&days) {
                            answer.add(
                                Finding::violation(READMISSION[*set], BREACH)
                                    .offending(*later, Money::ZERO)
                                    .related(*earlier, Money::ZERO)
                                    .argument("found", days),
                            );
                        }
                    }
                }
            }
        }
    }
}

/// Diagnosis limit: the encounter has none of the diagnoses that the item is limited to.
fn diagnoses(
    batch: &Batch,
    rules: &Item,
    (encounter, order, item, amount): (Row<Encounters>, Row<Orders>, Code, Money),
    answer: &mut Answer,
) {
    let codes = batch.diagnoses().codes();
    for (set, limited) in &rules.diagnoses {
        let mut rows = batch.diagnoses().of(encounter);
        let has = rows.any(|row| codes.get(row).is_some_and(|code| limited.contains(&code)));
        if !has {
            answer.add(
                Finding::violation(DIAGNOSIS[*set], BREACH)
                    .offending(order, amount)
                    .argument("item", item),
            );
        }
    }
}

rulepack_sdk::export!(FourFamilies);
