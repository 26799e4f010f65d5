//! VBP-05 配送率: how much of what the hospital ordered of the selected products the supplier delivered. Told
//! beside each shortfall in the bands of the notice: below 80 % a risk, below 60 % the supplier's agreed
//! volume is cut, below 30 % it is not accepted. It is about the supplier, so never a finding against the
//! hospital.

use rulepack_sdk::prelude::*;

use crate::{Assessment, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-05";

/// Delivery rates below which a supplier falls short, from mild to grave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bands {
    /// 提示风险
    pub(crate) target: Ratio,
    /// 调减约定量
    pub(crate) cut: Ratio,
    /// 不予认可
    pub(crate) refused: Ratio,
}

impl Bands {
    /// The message for a rate; none at or above the target.
    fn template(&self, rate: Ratio) -> Option<&'static str> {
        match rate {
            rate if rate < self.refused => Some("refused"),
            rate if rate < self.cut => Some("cut"),
            rate if rate < self.target => Some("risk"),
            _ => None,
        }
    }
}

/// The measure at any time, the notice beside a shortfall.
pub(crate) fn check(assessment: &Assessment, pack: &VbpQuota, answer: &mut Answer) {
    let volumes = &assessment.volumes;
    let Some(rate) = volumes.delivery_rate() else {
        return;
    };
    answer.add(Measure::new(
        ID,
        assessment.agreement.row,
        volumes.delivered.0,
        volumes.ordered.0,
    ));
    if !assessment.behind() {
        return;
    }
    if let Some(template) = pack.delivery_bands.template(rate) {
        answer.add(assessment.notice(Notice::new(ID, template)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_on_a_bound_is_in_the_milder_band() {
        let bands = Bands {
            target: Ratio(8_000),
            cut: Ratio(6_000),
            refused: Ratio(3_000),
        };
        let templates =
            [8_000, 7_999, 6_000, 5_999, 3_000, 2_999].map(|rate| bands.template(Ratio(rate)));
        let (risk, cut) = (Some("risk"), Some("cut"));
        assert_eq!(templates, [None, risk, risk, cut, cut, Some("refused")]);
    }
}
