//! VBP-12 采购批次执行汇总: how the varieties of a round stand, in the columns of the bureaus' monthly lists.

use rulepack_sdk::prelude::*;

use super::{non_selected_excess, time_progress, zero_purchase};
use crate::{Assessment, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-12";

/// What is counted of a round.
#[derive(Default)]
struct Counts {
    /// 签约产品总数
    agreed: i64,
    /// 零采购数
    zero: i64,
    /// 低于序时进度数, those with zero purchase not counted again; after the term, 未完成数
    behind: i64,
    /// 超量: more than the agreed volume entered the store.
    over: i64,
    /// 非中选采购数
    non_selected: i64,
    /// 非中选超量
    excess: i64,
    /// 低于序时进度且非中选超量
    behind_with_excess: i64,
}

/// One notice a round, about its agreements. Only where every agreement of the institution could be read:
/// a list that leaves one out is no list.
///
/// # Errors
/// [`Overflow`] of a quantity.
pub(crate) fn tell(
    assessments: &[Assessment<'_>],
    pack: &VbpQuota,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let mut rounds: Vec<Code> = Vec::new();
    for assessment in assessments {
        if !rounds.contains(&assessment.agreement.round) {
            rounds.push(assessment.agreement.round);
        }
    }
    for round in rounds {
        let of_round = assessments.iter().filter(|it| it.agreement.round == round);
        let of_round: Vec<&Assessment<'_>> = of_round.collect();
        let mut counts = Counts::default();
        for assessment in &of_round {
            counts.add(assessment, pack)?;
        }
        let notice = counts.tell(Notice::new(ID, "round").argument("round", round));
        let rows = of_round.iter().map(|it| it.agreement.row);
        answer.add(rows.fold(notice, Notice::about));
    }
    Ok(())
}

impl Counts {
    fn add(&mut self, assessment: &Assessment<'_>, pack: &VbpQuota) -> Result<(), Overflow> {
        let (agreement, volumes) = (&assessment.agreement, &assessment.volumes);
        let zero = zero_purchase::is_zero(assessment, pack);
        let behind = match assessment.progress.over() {
            true => !assessment.fulfilled(),
            false => time_progress::lags(assessment, pack),
        };
        let excess = non_selected_excess::excess(assessment, pack)?.is_some();
        self.agreed += 1;
        self.zero += i64::from(zero);
        self.behind += i64::from(behind && !zero);
        self.over += i64::from(volumes.selected > agreement.quantity);
        self.non_selected += i64::from(volumes.non_selected > Quantity::ZERO);
        self.excess += i64::from(excess);
        self.behind_with_excess += i64::from(behind && excess);
        Ok(())
    }

    fn tell(&self, notice: Notice) -> Notice {
        let share = |part| Ratio::of(part, self.agreed).unwrap_or_default();
        let normal = self.agreed - self.zero - self.behind - self.over;
        notice
            .argument("agreed", self.agreed)
            .argument("zero", self.zero)
            .argument("zero_share", share(self.zero))
            .argument("behind", self.behind)
            .argument("behind_share", share(self.behind))
            .argument("over", self.over)
            .argument("normal", normal)
            .argument("non_selected", self.non_selected)
            .argument("excess", self.excess)
            .argument("both", self.behind_with_excess)
    }
}
