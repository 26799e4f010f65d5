//! 集中带量采购执行监测: is the agreed volume of the selected products bought?
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
mod volumes;

pub use agreement::{Agreement, Progress};
pub use volumes::Volumes;

use rulepack_sdk::prelude::*;

use rules::{completion, delivery_rate, non_selected_share, time_progress, zero_purchase};

/// The pack `37/vbp-quota`.
pub struct VbpQuota {
    /// Share of non-selected products above which a product fails (考核不合格).
    pub(crate) non_selected_share_max: Ratio,
    /// From which month of the agreement nothing bought counts as zero purchase.
    pub(crate) zero_purchase_month: i64,
    /// Delivery rates below which the supplier falls short.
    pub(crate) delivery_bands: delivery_rate::Bands,
}

/// An agreement with what was bought under it.
pub struct Assessment {
    /// The agreement.
    pub agreement: Agreement,
    /// How far its term has run.
    pub progress: Progress,
    /// What was bought.
    pub volumes: Volumes,
}

impl Pack for VbpQuota {
    fn prepare(setup: &Setup) -> Result<Self, String> {
        Ok(VbpQuota {
            non_selected_share_max: Ratio(setup.integer("non_selected_share_max")?),
            zero_purchase_month: setup.integer("zero_purchase_month")?,
            delivery_bands: delivery_rate::Bands {
                target: Ratio(setup.integer("delivery_rate_target")?),
                cut: Ratio(setup.integer("delivery_rate_cut")?),
                refused: Ratio(setup.integer("delivery_rate_refused")?),
            },
        })
    }

    fn evaluate(&self, batch: &Batch) -> Result<Answer, String> {
        let mut answer = Answer::default();
        let (first, last) = batch.period().unwrap_or((batch.today(), batch.today()));
        // What lies ahead of today has not happened, whatever the period.
        let last = last.min(batch.today());
        for row in batch.agreements().base_quantities().rows() {
            match Agreement::read(batch, row) {
                Ok(agreement) => {
                    let Some(progress) = agreement.progress(first, last) else {
                        continue;
                    };
                    match Volumes::read(batch, &agreement, progress.last_day)? {
                        Ok(volumes) => {
                            let assessment = Assessment {
                                agreement,
                                progress,
                                volumes,
                            };
                            self.judge(&assessment, &mut answer)?;
                        }
                        Err(missing) => abstain(row, missing, &mut answer),
                    }
                }
                Err(missing) => abstain(row, missing, &mut answer),
            }
        }
        Ok(answer)
    }
}

impl VbpQuota {
    fn judge(&self, assessment: &Assessment, answer: &mut Answer) -> Result<(), Overflow> {
        completion::check(assessment, self, answer);
        non_selected_share::check(assessment, self, answer)?;
        zero_purchase::check(assessment, self, answer);
        time_progress::check(assessment, self, answer);
        delivery_rate::check(assessment, self, answer);
        Ok(())
    }
}

/// No rule can judge an agreement for want of a column.
fn abstain(row: Row<Agreements>, missing: &'static str, answer: &mut Answer) {
    for rule in [
        completion::ID,
        non_selected_share::ID,
        zero_purchase::ID,
        time_progress::ID,
        delivery_rate::ID,
    ] {
        answer.add(Abstention::new(rule, row).missing(missing));
    }
}

rulepack_sdk::export!(VbpQuota);
