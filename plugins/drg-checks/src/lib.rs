//! DRG 病组审核: does the settlement list support the group that is claimed?
//!
//! The record of a stay is grouped anew by a grouper whose tables are knowledge of the pack, so that a
//! province or city seals the same rules with its own scheme. One file per rule:
//!
//! | rule | file |
//! |---|---|
//! | DRG-01 申报病组与清单分组不一致 | [`rules::claimed_group`] |
//! | DRG-02 手术病组无手术、麻醉收费 | [`rules::operation_charges`] |
//! | DRG-03 主要诊断与主要手术不属同一主要诊断大类 | [`rules::foreign_procedure`] |
//! | DRG-04 无法入组 | [`rules::ungroupable`] |
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod grouper;
pub mod rules;

mod knowledge;
mod standards;
mod stay;

pub use standards::Standards;
pub use stay::{Record, Stay};

use rulepack_sdk::prelude::*;

use grouper::Grouper;
use rules::operation_charges;
use stay::{Reader, Terms};

/// The pack `37/drg-checks`.
pub struct DrgChecks {
    grouper: Grouper<Code>,
    standards: Standards,
    terms: Terms,
    /// Groups whose second letter is A to J: surgical ones (外科组).
    surgical_groups: CodeSet,
    /// Items of anaesthesia, whatever they are charged as.
    anaesthesia: CodeSet,
}

impl Pack for DrgChecks {
    fn prepare(setup: &Setup) -> Result<Self, String> {
        let surgical = surgical_prefixes();
        let surgical: Vec<&str> = surgical.iter().map(String::as_str).collect();
        let anaesthesia = setup.texts(&setup.code_list("anaesthesia_items")?);
        let anaesthesia: Vec<&str> = anaesthesia.iter().map(String::as_str).collect();
        Ok(DrgChecks {
            grouper: knowledge::grouper(setup)?,
            standards: standards::read(setup)?,
            terms: Terms::read(setup)?,
            surgical_groups: setup.code_set(&surgical),
            anaesthesia: setup.code_set(&anaesthesia),
        })
    }

    fn evaluate(&self, batch: &Batch) -> Result<Answer, String> {
        let mut answer = Answer::default();
        let claimed = batch.encounters().payment_groups();
        let surgical = batch.members(self.surgical_groups, &claimed);
        let after = batch.stage() == Stage::After;
        let reader = Reader {
            batch,
            terms: &self.terms,
            grouper: &self.grouper,
        };
        let mut operated = Vec::new();
        for encounter in batch.encounters().current().rows() {
            let Some(stay) = reader.stay(encounter) else {
                continue;
            };
            self.check_record(&stay, after, &mut answer)?;
            if after && surgical.contains(encounter) {
                operated.push(stay);
            }
        }
        let anaesthesia = self.anaesthesia;
        operation_charges::check(&operated, batch, &self.terms, anaesthesia, &mut answer);
        Ok(answer)
    }
}

impl DrgChecks {
    /// The rules that look at the diagnoses and procedures of the settlement list. Before the settlement
    /// only the group claimed is checked.
    fn check_record(&self, stay: &Stay, after: bool, answer: &mut Answer) -> Result<(), String> {
        let record = match &stay.record {
            Ok(record) => record,
            Err(missing) => {
                let others = [rules::foreign_procedure::ID, rules::ungroupable::ID];
                let others = others.into_iter().filter(|_| after);
                for rule in std::iter::once(rules::claimed_group::ID).chain(others) {
                    let abstention = Abstention::new(rule, stay.encounter);
                    answer.add(
                        missing
                            .iter()
                            .fold(abstention, |it, column| it.missing(column)),
                    );
                }
                return Ok(());
            }
        };
        rules::claimed_group::check(stay, record, self, answer)?;
        if after {
            rules::foreign_procedure::check(stay, record, &self.grouper, answer);
            rules::ungroupable::check(stay, record, answer);
        }
        Ok(())
    }
}

/// `AA` to `ZJ`: a letter for the MDC, then A to J for surgery.
fn surgical_prefixes() -> Vec<String> {
    let second = || 'A'..='J';
    ('A'..='Z')
        .flat_map(|first| second().map(move |second| format!("{first}{second}")))
        .collect()
}

rulepack_sdk::export!(DrgChecks);
