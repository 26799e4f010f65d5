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

pub mod lines;
pub mod rules;
pub mod settings;
pub mod totals;
pub mod treatments;

use rulepack_sdk::prelude::*;

use lines::Lines;
use rules::antibiotics::Antibiotics;
use rules::budgets::Budgets;
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
        rules::impersonation::check(&self.settings, batch, answer);
        rules::idle_bed::check(&self.settings, &care, answer)?;
        rules::frequent_visits::check(&self.settings, batch, answer);
        rules::split_prescriptions::check(&self.settings, &care, answer)?;
        rules::antibiotics::check(self, &care, answer);
        rules::treatment_records::check(self, &care, answer);
        rules::treatment_sites::check(self, &care, answer);
        rules::treatment_frequency::check(self, &care, answer)?;
        rules::similar_treatments::check(self, &care, answer);
        rules::operations::check(&self.settings, &care, answer);
        rules::consent::check(&self.settings, &care, answer);
        rules::unordered_charges::check(&self.settings, &care, answer);
        Ok(())
    }

    fn check_institution(&self, batch: &Batch, answer: &mut Answer) -> Result<(), Overflow> {
        rules::refused_claims::check(&self.settings, batch, answer)?;
        let departments = totals::by_department(batch, answer);
        rules::cost_structure::check(&self.settings, &departments, answer)?;
        rules::budgets::check(&self.budgets, &departments, answer)
    }
}

rulepack_sdk::export!(Conduct);
