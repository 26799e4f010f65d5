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
    /// The band of a rate; none at or above the target.
    fn band(&self, rate: Ratio) -> Option<&'static Band> {
        match rate {
            rate if rate < self.refused => Some(&REFUSED),
            rate if rate < self.cut => Some(&CUT),
            rate if rate < self.target => Some(&RISK),
            _ => None,
        }
    }
}

/// The messages of a band: one that names the supplier, and one for where it is not recorded.
#[derive(Debug, PartialEq, Eq)]
struct Band {
    named: &'static str,
    unnamed: &'static str,
}

static RISK: Band = Band {
    named: "risk-supplier",
    unnamed: "risk",
};
static CUT: Band = Band {
    named: "cut-supplier",
    unnamed: "cut",
};
static REFUSED: Band = Band {
    named: "refused-supplier",
    unnamed: "refused",
};

/// The measure at any time; beside a shortfall a notice for each supplier (配送企业) whose own rate falls short.
pub(crate) fn check(assessment: &Assessment<'_>, pack: &VbpQuota, answer: &mut Answer) {
    let volumes = &assessment.volumes;
    if volumes.delivery_rate().is_none() {
        return;
    }
    answer.add(Measure::new(
        ID,
        assessment.agreement.row,
        volumes.delivered.0,
        volumes.ordered.0,
    ));
    if !assessment.behind() {
        return;
    }
    for supplied in &volumes.suppliers {
        let rate = Ratio::of(supplied.delivered.0, supplied.ordered.0);
        let Some((rate, band)) =
            rate.and_then(|rate| Some((rate, pack.delivery_bands.band(rate)?)))
        else {
            continue;
        };
        let notice = match supplied.supplier {
            Some(supplier) => Notice::new(ID, band.named).argument("supplier", supplier),
            None => Notice::new(ID, band.unnamed),
        };
        answer.add(assessment.notice(notice).argument("delivery", rate));
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
        let found = [8_000, 7_999, 6_000, 5_999, 3_000, 2_999].map(|rate| bands.band(Ratio(rate)));
        let (risk, cut) = (Some(&RISK), Some(&CUT));
        assert_eq!(found, [None, risk, risk, cut, cut, Some(&REFUSED)]);
    }
}
