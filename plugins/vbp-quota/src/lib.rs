//! 集中带量采购执行监测: is the agreed volume of the selected products bought, and what is bought beside them?
//!
//! After the notice of the Shandong bureau of 2024-01-04. Each agreement (品种 and 采购批次) of the
//! institution is looked at for itself. One file per rule:
//!
//! | rule | file |
//! |---|---|
//! | VBP-01 约定采购量未完成 | [`rules::completion`] |
//! | VBP-02 未完成且非中选采购占比过半 | [`rules::non_selected_share`] |
//! | VBP-03 零采购 | [`rules::zero_purchase`] |
//! | VBP-04 低于序时进度 | [`rules::time_progress`] |
//! | VBP-05 配送率 | [`rules::delivery_rate`] |
//! | VBP-06 非中选产品超量 | [`rules::non_selected_excess`] |
//! | VBP-07 高价非中选产品 | [`rules::high_prices`] |
//! | VBP-08 高价可替代产品增长 | [`rules::substitutes`] |
//! | VBP-09 异常订单 | [`rules::abnormal_orders`] |
//! | VBP-10 频繁下单 | [`rules::frequent_orders`] |
//! | VBP-11 结余留用测算 | [`rules::retained_surplus`] |
//! | VBP-12 采购批次执行汇总 | [`rules::summary`] |
//!
//! A shortfall of supply is not held against the hospital (不搞一刀切): where it ordered what was agreed
//! and the supplier did not deliver, VBP-01 and VBP-04 give a notice instead of a finding.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod rules;

mod agreement;
mod assessment;
mod purchase_lines;
mod volumes;

pub use agreement::{Agreement, Progress};
pub use assessment::Assessment;
pub use purchase_lines::PurchaseLines;
pub use volumes::{Stocked, Supplied, Volumes};

use rulepack_sdk::prelude::*;

use rules::{
    abnormal_orders, completion, delivery_rate, frequent_orders, high_prices, non_selected_excess,
    non_selected_share, retained_surplus, substitutes, summary, time_progress, zero_purchase,
};

/// The pack `37/vbp-quota`.
pub struct VbpQuota {
    /// Share of non-selected products above which a product fails (考核不合格).
    pub(crate) non_selected_share_max: Ratio,
    /// What may be bought of non-selected products, as a share of the agreed volume.
    pub(crate) non_selected_allowance: Ratio,
    /// How many times the selected price is a high one.
    pub(crate) high_price: Ratio,
    /// How much substitutes may grow against the year before.
    pub(crate) substitute_growth_max: Ratio,
    /// 医院等级 whose orders may be of any selected product.
    pub(crate) any_brand_levels: Vec<Code>,
    /// From which month of the agreement nothing bought counts as zero purchase.
    pub(crate) zero_purchase_month: i64,
    /// Share of the elapsed part of the term that must be done.
    pub(crate) progress_min: Ratio,
    /// Delivery rates below which the supplier falls short.
    pub(crate) delivery_bands: delivery_rate::Bands,
    /// When an order is abnormal.
    pub(crate) order_limits: abnormal_orders::Limits,
    /// When orders are frequent.
    pub(crate) order_frequency: frequent_orders::Frequency,
    /// What a surplus is worth to the hospital.
    pub(crate) retention: retained_surplus::Retention,
}

/// What is looked at.
struct Review<'a> {
    purchases: PurchaseLines<'a>,
    /// First and last day of the period; what lies ahead of today has not happened.
    days: (Day, Day),
}

impl Pack for VbpQuota {
    fn prepare(setup: &Setup) -> Result<Self, String> {
        let ratio = |name| setup.integer(name).map(Ratio);
        Ok(VbpQuota {
            non_selected_share_max: ratio("non_selected_share_max")?,
            non_selected_allowance: ratio("non_selected_allowance")?,
            high_price: ratio("high_price")?,
            substitute_growth_max: ratio("substitute_growth_max")?,
            any_brand_levels: setup.code_list("any_brand_levels")?,
            zero_purchase_month: setup.integer("zero_purchase_month")?,
            progress_min: ratio("progress_min")?,
            delivery_bands: delivery_rate::Bands {
                target: ratio("delivery_rate_target")?,
                cut: ratio("delivery_rate_cut")?,
                refused: ratio("delivery_rate_refused")?,
            },
            order_limits: abnormal_orders::Limits::read(setup)?,
            order_frequency: frequent_orders::Frequency::read(setup)?,
            retention: retained_surplus::Retention::read(setup)?,
        })
    }

    fn evaluate(&self, batch: &Batch) -> Result<Answer, String> {
        let mut answer = Answer::default();
        let (first, last) = batch.period().unwrap_or((batch.today(), batch.today()));
        let review = Review {
            purchases: PurchaseLines::read(batch),
            days: (first, last.min(batch.today())),
        };
        let (mut assessments, mut unread) = (Vec::new(), Vec::new());
        for row in batch.agreements().base_quantities().rows() {
            match self.assess(&review, row)? {
                Ok(assessment) => assessments.extend(assessment),
                Err(missing) => {
                    unread.push(row);
                    abstain(batch, row, missing, &mut answer);
                }
            }
        }
        for assessment in &assessments {
            self.judge(assessment, &mut answer)?;
            self.judge_orders(assessment, &mut answer)?;
        }
        if batch.runs(substitutes::STAGES, substitutes::NEEDS) {
            substitutes::check_unreported(&review.purchases, review.days, self, &mut answer)?;
        }
        if unread.is_empty() {
            summary::tell(&assessments, self, &mut answer)?;
        }
        Ok(answer)
    }
}

impl VbpQuota {
    /// An agreement with what was bought under it; `None` where no day of it is under review, and an inner error
    /// names the column for want of which nothing can be said.
    fn assess<'a>(
        &self,
        review: &'a Review<'_>,
        row: Row<Agreements>,
    ) -> Result<Result<Option<Assessment<'a>>, &'static str>, Overflow> {
        let agreement = match Agreement::read(review.purchases.batch, row, &self.any_brand_levels) {
            Ok(agreement) => agreement,
            Err(missing) => return Ok(Err(missing)),
        };
        let (first, last) = review.days;
        let Some(progress) = agreement.progress(first, last) else {
            return Ok(Ok(None));
        };
        let volumes = Volumes::read(&review.purchases, &agreement, progress.last_day)?;
        Ok(volumes.map(|volumes| {
            Some(Assessment {
                agreement,
                progress,
                volumes,
                purchases: &review.purchases,
                first_day: first.max(agreement.start),
            })
        }))
    }

    /// The rules that measure the agreed volume.
    fn judge(&self, assessment: &Assessment<'_>, answer: &mut Answer) -> Result<(), Overflow> {
        completion::check(assessment, self, answer);
        non_selected_share::check(assessment, self, answer)?;
        zero_purchase::check(assessment, self, answer);
        time_progress::check(assessment, self, answer);
        delivery_rate::check(assessment, self, answer);
        Ok(())
    }

    /// The rules about what was bought, and how, each where its columns are recorded.
    fn judge_orders(
        &self,
        assessment: &Assessment<'_>,
        answer: &mut Answer,
    ) -> Result<(), Overflow> {
        let runs = |stages, needs| assessment.purchases.batch.runs(stages, needs);
        if runs(non_selected_excess::STAGES, non_selected_excess::NEEDS) {
            non_selected_excess::check(assessment, self, answer)?;
        }
        if runs(high_prices::STAGES, high_prices::NEEDS) {
            high_prices::check(assessment, self, answer)?;
        }
        if runs(substitutes::STAGES, substitutes::NEEDS) {
            substitutes::check(assessment, self, answer)?;
        }
        if runs(abnormal_orders::STAGES, abnormal_orders::NEEDS) {
            abnormal_orders::check(assessment, self, answer)?;
        }
        if runs(frequent_orders::STAGES, frequent_orders::NEEDS) {
            frequent_orders::check(assessment, self, answer);
        }
        if runs(retained_surplus::STAGES, retained_surplus::NEEDS) {
            retained_surplus::check(assessment, self, answer)?;
        }
        Ok(())
    }
}

/// No rule can judge an agreement for want of a column.
fn abstain(batch: &Batch, row: Row<Agreements>, missing: &'static str, answer: &mut Answer) {
    let always: [&str; 6] = [
        completion::ID,
        non_selected_share::ID,
        zero_purchase::ID,
        time_progress::ID,
        delivery_rate::ID,
        summary::ID,
    ];
    let by_columns: [(&str, &[Stage], &[&str]); 6] = [
        (
            non_selected_excess::ID,
            non_selected_excess::STAGES,
            non_selected_excess::NEEDS,
        ),
        (high_prices::ID, high_prices::STAGES, high_prices::NEEDS),
        (substitutes::ID, substitutes::STAGES, substitutes::NEEDS),
        (
            abnormal_orders::ID,
            abnormal_orders::STAGES,
            abnormal_orders::NEEDS,
        ),
        (
            frequent_orders::ID,
            frequent_orders::STAGES,
            frequent_orders::NEEDS,
        ),
        (
            retained_surplus::ID,
            retained_surplus::STAGES,
            retained_surplus::NEEDS,
        ),
    ];
    let running = by_columns
        .into_iter()
        .filter(|(_, stages, needs)| batch.runs(stages, needs))
        .map(|(rule, ..)| rule);
    for rule in always.into_iter().chain(running) {
        answer.add(Abstention::new(rule, row).missing(missing));
    }
}

rulepack_sdk::export!(VbpQuota);
