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
//! | DRG-05 费用极值病例 | [`rules::cost_extremes`] |
//! | DRG-06 自费占比超标 | [`rules::own_pay_share`] |
//! | DRG-07 事中病组与结余提醒 | [`rules::balance`] |
//! | DRG-08 并发症或合并症无诊疗收费（高套） | [`rules::uncharged_complication`] |
//! | DRG-09 病案诊断未填入结算清单（低编） | [`rules::uncoded_diagnosis`] |
//! | DRG-10 转嫁费用 | [`rules::shifted_costs`] |
//!
//! 分解住院 and 低标准入院 are rules of the national library, and are not told a second time here.
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

use rulepack_sdk::group_payment::CostLimits;
use rulepack_sdk::prelude::*;
use rulepack_sdk::shifted_costs::Shifting;

use grouper::Grouper;
use rules::{
    balance, cost_extremes, operation_charges, own_pay_share, shifted_costs,
    uncharged_complication, uncoded_diagnosis,
};
use stay::{Reader, Terms};

/// The pack `37/drg-checks`.
pub struct DrgChecks {
    grouper: Grouper<Code>,
    standards: Standards,
    /// 例均费用 of groups.
    average_costs: Dated<Code, Money>,
    /// 并发症与诊疗收费对照
    complication_charges: ShowingItems,
    cost_limits: CostLimits,
    /// The largest share of a stay that patients pay outside the catalogue.
    own_pay_share_max: Ratio,
    /// What counts as shifted out of a stay.
    shifting: Shifting,
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
            average_costs: standards::read_average_costs(setup)?,
            complication_charges: ShowingItems::read(setup, "complication-charges", "diagnosis")?,
            cost_limits: CostLimits::read(setup)?,
            own_pay_share_max: Ratio(setup.integer("own_pay_share_max")?),
            shifting: Shifting::read(setup)?,
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
        let encounters = batch.encounters().current().rows();
        let stays = encounters.filter_map(|it| reader.stay(it, Reading::Claimed));
        let stays: Vec<Stay> = stays.collect();
        for stay in &stays {
            self.check_record(stay, after, &mut answer)?;
        }
        if after {
            let surgical = |stay: &&Stay| surgical.contains(stay.encounter);
            let operated: Vec<&Stay> = stays.iter().filter(surgical).collect();
            let anaesthesia = self.anaesthesia;
            operation_charges::check(&operated, batch, &self.terms, anaesthesia, &mut answer);
        }
        self.check_costs(&stays, batch, &mut answer);
        if batch.runs(shifted_costs::STAGES, shifted_costs::NEEDS) {
            shifted_costs::check(&stays, batch, &self.shifting, &mut answer)?;
        }
        self.check_diagnoses(&stays, &reader, &mut answer)?;
        if batch.runs(balance::STAGES, balance::NEEDS) {
            self.forecast(&reader, &mut answer)?;
        }
        Ok(answer)
    }
}

impl DrgChecks {
    /// The rules that look at the diagnoses and procedures of the settlement list. Before the settlement
    /// only the group claimed is checked.
    fn check_record(&self, stay: &Stay, after: bool, answer: &mut Answer) -> Result<(), Overflow> {
        let record = match &stay.record {
            Ok(record) => record,
            Err(missing) => {
                let others = [rules::foreign_procedure::ID, rules::ungroupable::ID];
                let others = others.into_iter().filter(|_| after);
                for rule in std::iter::once(rules::claimed_group::ID).chain(others) {
                    stay.abstain(rule, missing, answer);
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

    /// The rules that look at what stays cost.
    fn check_costs(&self, stays: &[Stay], batch: &Batch, answer: &mut Answer) {
        if batch.runs(cost_extremes::STAGES, cost_extremes::NEEDS) {
            for stay in stays {
                let cost = batch.encounters().total_amounts().get(stay.encounter);
                cost_extremes::check(stay, cost, self, answer);
            }
        }
        if batch.runs(own_pay_share::STAGES, own_pay_share::NEEDS) {
            for stay in stays {
                own_pay_share::check(stay, batch, self.own_pay_share_max, answer);
            }
        }
    }

    /// The rules that group stays anew with fewer or more diagnoses.
    fn check_diagnoses(
        &self,
        stays: &[Stay],
        reader: &Reader<'_>,
        answer: &mut Answer,
    ) -> Result<(), Overflow> {
        let runs = |stages, needs| reader.batch.runs(stages, needs);
        if runs(
            uncharged_complication::STAGES,
            uncharged_complication::NEEDS,
        ) {
            uncharged_complication::check(stays, reader, self, answer)?;
        }
        if runs(uncoded_diagnosis::STAGES, uncoded_diagnosis::NEEDS) {
            for stay in stays {
                uncoded_diagnosis::check(stay, reader, self, answer)?;
            }
        }
        Ok(())
    }

    /// The rule that looks ahead, by what is recorded so far.
    fn forecast(&self, reader: &Reader<'_>, answer: &mut Answer) -> Result<(), Overflow> {
        let encounters = reader.batch.encounters();
        for encounter in encounters.current().rows() {
            if let Some(stay) = reader.stay(encounter, Reading::SoFar) {
                let cost = encounters.total_amounts().get(encounter);
                balance::check(&stay, cost, self, answer)?;
            }
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
