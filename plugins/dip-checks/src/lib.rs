//! DIP 病种审核: does the settlement list support the group that is claimed, and what is it worth?
//!
//! The record of a stay is grouped anew by the tables of the pack (主目录: 核心病种 and 综合病种); the city supplies
//! scores (分值), point values (点值) and coefficients, and the money at stake follows from them. One file per rule:
//!
//! | rule | file |
//! |---|---|
//! | DIP-01 申报病种与清单分组不一致 | [`rules::claimed_group`] |
//! | DIP-02 无法入组 | [`rules::ungroupable`] |
//! | DIP-03 费用极值病例 | [`rules::cost_extremes`] |
//! | DIP-04 病种所依据的手术操作未收费（高套） | [`rules::uncharged_procedure`] |
//! | DIP-05 事中病种与结余提醒 | [`rules::balance`] |
//! | DIP-06 自费占比超标 | [`rules::own_pay_share`] |
//! | DIP-07 转嫁费用 | [`rules::shifted_costs`] |
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

pub mod auxiliary;
pub mod grouper;
pub mod rules;
pub mod severity;
pub mod stay;
pub mod values;

use rulepack_sdk::group_payment::CostLimits;
use rulepack_sdk::prelude::*;
use rulepack_sdk::shifted_costs::Shifting;

use auxiliary::Auxiliary;
use grouper::Grouper;
use rules::{
    balance, claimed_group, cost_extremes, own_pay_share, shifted_costs, uncharged_procedure,
    ungroupable,
};
use stay::Stay;
use values::Values;

/// The pack `37/dip-checks`.
#[derive(Debug)]
pub struct DipChecks {
    /// 主目录
    pub grouper: Grouper,
    /// 分值、点值、机构系数
    pub values: Values,
    /// 辅助目录
    pub auxiliary: Auxiliary,
    /// 手术操作与收费项目对照
    pub procedure_charges: ShowingItems,
    /// When a cost is extreme.
    pub cost_limits: CostLimits,
    /// The largest share of a stay that patients pay outside the catalogue.
    pub own_pay_share_max: Ratio,
    /// What counts as shifted out of a stay.
    pub shifting: Shifting,
    /// 医保支付方式 that are DIP.
    pub payment_methods: Vec<Code>,
    /// 医疗类别 that a forecast takes as paid by DIP where no payment method is recorded.
    pub forecast_care_types: Vec<Code>,
    /// Classifications of diagnoses that groups are made from.
    pub western_systems: Vec<Code>,
}

impl Pack for DipChecks {
    fn prepare(setup: &Setup) -> Result<Self, String> {
        Ok(DipChecks {
            grouper: Grouper::read(setup)?,
            values: Values::read(setup)?,
            auxiliary: Auxiliary::read(setup)?,
            procedure_charges: ShowingItems::read(setup, "procedure-charges", "procedure")?,
            cost_limits: CostLimits::read(setup)?,
            own_pay_share_max: Ratio(setup.integer("own_pay_share_max")?),
            shifting: Shifting::read(setup)?,
            payment_methods: setup.code_list("dip_payment_methods")?,
            forecast_care_types: setup.code_list("forecast_care_types")?,
            western_systems: setup.code_list("western_systems")?,
        })
    }

    fn evaluate(&self, batch: &Batch) -> Result<Answer, String> {
        let mut answer = Answer::default();
        let stays = stay::stays(self, batch, Reading::Claimed);
        self.check_groups(&stays, batch, &mut answer)?;
        self.check_costs(&stays, batch, &mut answer)?;
        if batch.runs(balance::STAGES, balance::NEEDS) {
            for stay in stay::stays(self, batch, Reading::SoFar) {
                let cost = batch.encounters().total_amounts().get(stay.encounter);
                balance::check(&stay, cost, self, &mut answer)?;
            }
        }
        Ok(answer)
    }
}

impl DipChecks {
    /// Rules about the group and what it is made from.
    fn check_groups(
        &self,
        stays: &[Stay],
        batch: &Batch,
        answer: &mut Answer,
    ) -> Result<(), Overflow> {
        let claimed_group = batch.runs(claimed_group::STAGES, claimed_group::NEEDS);
        let ungroupable = batch.runs(ungroupable::STAGES, ungroupable::NEEDS);
        for stay in stays {
            match &stay.record {
                Ok(record) => {
                    if claimed_group {
                        claimed_group::check(stay, record, self, answer)?;
                    }
                    if ungroupable {
                        ungroupable::check(stay, record, answer);
                    }
                }
                Err(missing) => {
                    let rules = [
                        (claimed_group, claimed_group::ID),
                        (ungroupable, ungroupable::ID),
                    ];
                    for (_, rule) in rules.into_iter().filter(|(runs, _)| *runs) {
                        stay.abstain(rule, missing, answer);
                    }
                }
            }
        }
        if batch.runs(uncharged_procedure::STAGES, uncharged_procedure::NEEDS) {
            uncharged_procedure::check(stays, batch, self, answer)?;
        }
        Ok(())
    }

    /// Rules about what a stay costs.
    fn check_costs(
        &self,
        stays: &[Stay],
        batch: &Batch,
        answer: &mut Answer,
    ) -> Result<(), Overflow> {
        if batch.runs(cost_extremes::STAGES, cost_extremes::NEEDS) {
            for stay in stays {
                let cost = batch.encounters().total_amounts().get(stay.encounter);
                cost_extremes::check(stay, cost, self, answer)?;
            }
        }
        if batch.runs(own_pay_share::STAGES, own_pay_share::NEEDS) {
            for stay in stays {
                own_pay_share::check(stay, batch, self.own_pay_share_max, answer);
            }
        }
        if batch.runs(shifted_costs::STAGES, shifted_costs::NEEDS) {
            shifted_costs::check(stays, batch, &self.shifting, answer)?;
        }
        Ok(())
    }
}

rulepack_sdk::export!(DipChecks);
