//! 诊疗与收费行为监管: what hospitals' own supervision asks beside the national library.
//!
//! One file per rule:
//!
//! | rule | scope | file |
//! |---|---|---|
//! | CND-01 冒名就医嫌疑 | patient | [`rules::impersonation`] |
//! | CND-02 挂床住院 | patient | [`rules::idle_bed`] |
//! | CND-03 频繁就诊 | patient | [`rules::frequent_visits`] |
//! | CND-04 分解处方 | patient | [`rules::split_prescriptions`] |
//! | CND-05 抗菌药物分级使用 | patient | [`rules::antibiotics`] |
//! | CND-06 中医、康复治疗无记录 | patient | [`rules::treatment_records`] |
//! | CND-07 中医、康复治疗部位（穴位） | patient | [`rules::treatment_sites`] |
//! | CND-08 中医、康复治疗超频次 | patient | [`rules::treatment_frequency`] |
//! | CND-09 中医、康复相近项目重复收费 | patient | [`rules::similar_treatments`] |
//! | CND-10 手术医嘱、记录、收费一致 | patient | [`rules::operations`] |
//! | CND-11 自费项目知情同意 | patient | [`rules::consent`] |
//! | CND-12 无医嘱收费 | patient | [`rules::unordered_charges`] |
//! | CND-13 拒付前三名医师 | institution | [`rules::refused_claims`] |
//! | CND-14 科室费用结构 | institution | [`rules::cost_structure`] |
//! | CND-15 科室预算 | institution | [`rules::budgets`] |
//! | CND-16 外伤第三方责任 | patient | [`rules::third_party`] |
//! | CND-17 重症监护时长 | patient | [`rules::intensive_care`] |
//! | CND-18 限制开药名单 | patient | [`rules::restricted_patients`] |
//! | CND-19 费用前列项目异常增长 | institution | [`rules::cost_growth`] |
//! | CND-20 降价前后医师用量 | institution | [`rules::price_cuts`] |
//! | CND-21 次均费用增幅 | institution | [`rules::visit_costs`] |
//! | CND-22 大型检查阳性率 | patient | [`rules::positive_findings`] |
//! | CND-23 临床路径外医嘱 | patient | [`rules::pathway`] |
//! | CND-24 检验指征 | patient | [`rules::lab_limits`] |
//! | CND-25 治疗收费次数多于记录 | patient | [`rules::treatment_counts`] |
//! | CND-26 检查收费无报告 | patient | [`rules::unreported_examinations`] |
//! | CND-27 入院打包检查 | patient | [`rules::admission_bundles`] |
//! | CND-28 辅助用药占比 | institution | [`rules::adjuvant_medicines`] |
//! | CND-29 门诊、急诊处方超量 | patient | [`rules::supply_days`] |
//!
//! The rules about patients look at lines less their refunds ([`lines`]). That something is not in the record is
//! evidence only where the hospital's data says that it holds all of it.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod growth;
pub mod lines;
pub mod months;
mod records;
pub mod rules;
pub mod settings;
pub mod totals;
pub mod treatments;

use rulepack_sdk::prelude::*;

use lines::Lines;
use rules::adjuvant_medicines::AdjuvantMedicines;
use rules::admission_bundles::Bundles;
use rules::antibiotics::Antibiotics;
use rules::budgets::Budgets;
use rules::lab_limits::LabLimits;
use rules::pathway::Pathways;
use rules::price_cuts::PriceCuts;
use rules::{
    adjuvant_medicines, admission_bundles, antibiotics, budgets, consent, cost_growth,
    cost_structure, frequent_visits, idle_bed, impersonation, intensive_care, lab_limits,
    operations, pathway, positive_findings, price_cuts, refused_claims, restricted_patients,
    similar_treatments, split_prescriptions, supply_days, third_party, treatment_counts,
    treatment_frequency, treatment_records, treatment_sites, unordered_charges,
    unreported_examinations, visit_costs,
};
use settings::Settings;
use treatments::Treatments;

/// The pack `37/conduct`.
#[derive(Debug)]
pub struct Conduct {
    /// Parameters.
    pub settings: Settings,
    /// 抗菌药物分级目录
    pub antibiotics: Antibiotics,
    /// 中医、康复治疗项目
    pub treatments: Treatments,
    /// 科室预算
    pub budgets: Budgets,
    /// 临床路径
    pub pathways: Pathways,
    /// 降价
    pub price_cuts: PriceCuts,
    /// 检验指征
    pub lab_limits: LabLimits,
    /// 入院常规检查
    pub bundles: Bundles,
    /// 辅助用药目录
    pub adjuvant_medicines: AdjuvantMedicines,
}

/// What the rules about patients look at.
pub struct Care<'a> {
    /// The batch.
    pub batch: &'a Batch,
    /// Its lines.
    pub lines: Lines,
}

impl Pack for Conduct {
    fn prepare(setup: &Setup) -> Result<Self, String> {
        Ok(Conduct {
            settings: Settings::read(setup)?,
            antibiotics: Antibiotics::read(setup)?,
            treatments: Treatments::read(setup)?,
            budgets: Budgets::read(setup)?,
            pathways: Pathways::read(setup)?,
            price_cuts: PriceCuts::read(setup)?,
            lab_limits: LabLimits::read(setup)?,
            bundles: Bundles::read(setup)?,
            adjuvant_medicines: AdjuvantMedicines::read(setup)?,
        })
    }

    fn evaluate(&self, batch: &Batch) -> Result<Answer, String> {
        let mut answer = Answer::default();
        match batch.scope() {
            Scope::Patient => self.check_care(batch, &mut answer)?,
            Scope::Institution => self.check_institution(batch, &mut answer)?,
            Scope::Region => {}
        }
        Ok(answer)
    }
}

impl Conduct {
    fn check_care(&self, batch: &Batch, answer: &mut Answer) -> Result<(), Overflow> {
        let lines = Lines::read(batch)?;
        let care = Care { batch, lines };
        self.check_visits(&care, answer)?;
        self.check_records(&care, answer)?;
        self.check_treatments(&care, answer)
    }

    /// Rules about who is treated, how long, and what is prescribed.
    fn check_visits(&self, care: &Care<'_>, answer: &mut Answer) -> Result<(), Overflow> {
        let batch = care.batch;
        let runs = |stages, needs| batch.runs(stages, needs);
        if runs(impersonation::STAGES, impersonation::NEEDS) {
            impersonation::check(&self.settings, batch, answer);
        }
        if runs(idle_bed::STAGES, idle_bed::NEEDS) {
            idle_bed::check(&self.settings, care, answer)?;
        }
        if runs(frequent_visits::STAGES, frequent_visits::NEEDS) {
            frequent_visits::check(&self.settings, batch, answer);
        }
        if runs(split_prescriptions::STAGES, split_prescriptions::NEEDS) {
            split_prescriptions::check(&self.settings, care, answer)?;
        }
        if runs(antibiotics::STAGES, antibiotics::NEEDS) {
            antibiotics::check(self, care, answer);
        }
        if runs(supply_days::STAGES, supply_days::NEEDS) {
            supply_days::check(&self.settings, care, answer)?;
        }
        Ok(())
    }

    /// Rules about what is stated, approved and reported.
    fn check_records(&self, care: &Care<'_>, answer: &mut Answer) -> Result<(), Overflow> {
        let batch = care.batch;
        let runs = |stages, needs| batch.runs(stages, needs);
        if runs(third_party::STAGES, third_party::NEEDS) {
            third_party::check(&self.settings, batch, answer);
        }
        if runs(intensive_care::STAGES, intensive_care::NEEDS) {
            intensive_care::check(batch, answer)?;
        }
        if runs(restricted_patients::STAGES, restricted_patients::NEEDS) {
            restricted_patients::check(&self.settings, care, answer);
        }
        if runs(positive_findings::STAGES, positive_findings::NEEDS) {
            positive_findings::check(&self.settings, batch, answer);
        }
        if runs(
            unreported_examinations::STAGES,
            unreported_examinations::NEEDS,
        ) {
            unreported_examinations::check(&self.settings, care, answer);
        }
        if runs(admission_bundles::STAGES, admission_bundles::NEEDS) {
            admission_bundles::check(&self.settings, &self.bundles, care, answer);
        }
        if runs(pathway::STAGES, pathway::NEEDS) {
            pathway::check(&self.settings, &self.pathways, care, answer);
        }
        if runs(lab_limits::STAGES, lab_limits::NEEDS) {
            lab_limits::check(&self.lab_limits, care, answer);
        }
        Ok(())
    }

    /// Rules about what is done and charged.
    fn check_treatments(&self, care: &Care<'_>, answer: &mut Answer) -> Result<(), Overflow> {
        let runs = |stages, needs| care.batch.runs(stages, needs);
        if runs(treatment_records::STAGES, treatment_records::NEEDS) {
            treatment_records::check(self, care, answer);
        }
        if runs(treatment_sites::STAGES, treatment_sites::NEEDS) {
            treatment_sites::check(self, care, answer);
        }
        if runs(treatment_frequency::STAGES, treatment_frequency::NEEDS) {
            treatment_frequency::check(self, care, answer)?;
        }
        if runs(treatment_counts::STAGES, treatment_counts::NEEDS) {
            treatment_counts::check(self, care, answer)?;
        }
        if runs(similar_treatments::STAGES, similar_treatments::NEEDS) {
            similar_treatments::check(self, care, answer);
        }
        if runs(operations::STAGES, operations::NEEDS) {
            operations::check(&self.settings, care, answer);
        }
        if runs(consent::STAGES, consent::NEEDS) {
            consent::check(&self.settings, care, answer);
        }
        if runs(unordered_charges::STAGES, unordered_charges::NEEDS) {
            unordered_charges::check(&self.settings, care, answer);
        }
        Ok(())
    }

    fn check_institution(&self, batch: &Batch, answer: &mut Answer) -> Result<(), Overflow> {
        if batch.runs(refused_claims::STAGES, refused_claims::NEEDS) {
            refused_claims::check(&self.settings, batch, answer)?;
        }
        let departments = totals::by_department(batch);
        if batch.runs(cost_structure::STAGES, cost_structure::NEEDS) {
            cost_structure::check(&self.settings, &departments, answer)?;
        }
        if batch.runs(budgets::STAGES, budgets::NEEDS) {
            budgets::check(&self.budgets, &departments, answer)?;
        }
        if batch.runs(cost_growth::STAGES, cost_growth::NEEDS) {
            cost_growth::check(&self.settings, batch, answer)?;
        }
        if batch.runs(price_cuts::STAGES, price_cuts::NEEDS) {
            price_cuts::check(&self.settings, &self.price_cuts, batch, answer)?;
        }
        if batch.runs(visit_costs::STAGES, visit_costs::NEEDS) {
            visit_costs::check(&self.settings, batch, answer)?;
        }
        if batch.runs(adjuvant_medicines::STAGES, adjuvant_medicines::NEEDS) {
            adjuvant_medicines::check(&self.settings, &self.adjuvant_medicines, batch, answer)?;
        }
        Ok(())
    }
}

rulepack_sdk::export!(Conduct);
