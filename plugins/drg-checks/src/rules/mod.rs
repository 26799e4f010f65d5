//! One file per rule.

pub mod balance;
pub mod claimed_group;
pub mod cost_extremes;
pub mod foreign_procedure;
pub mod operation_charges;
pub mod own_pay_share;
pub mod shifted_costs;
pub mod uncharged_complication;
pub mod uncoded_diagnosis;
pub mod ungroupable;

#[cfg(test)]
mod tests {
    use rulepack_sdk::harness::{assert_needs, assert_stages};

    use super::*;

    #[test]
    fn the_rules_need_what_the_manifest_says() {
        let rules = [
            (balance::ID, balance::NEEDS),
            (cost_extremes::ID, cost_extremes::NEEDS),
            (own_pay_share::ID, own_pay_share::NEEDS),
            (shifted_costs::ID, shifted_costs::NEEDS),
            (uncharged_complication::ID, uncharged_complication::NEEDS),
            (uncoded_diagnosis::ID, uncoded_diagnosis::NEEDS),
        ];
        assert_needs(env!("CARGO_MANIFEST_DIR"), &rules);
    }

    #[test]
    fn the_rules_run_when_the_manifest_says() {
        let rules = [
            (balance::ID, balance::STAGES),
            (cost_extremes::ID, cost_extremes::STAGES),
            (own_pay_share::ID, own_pay_share::STAGES),
            (shifted_costs::ID, shifted_costs::STAGES),
            (uncharged_complication::ID, uncharged_complication::STAGES),
            (uncoded_diagnosis::ID, uncoded_diagnosis::STAGES),
        ];
        assert_stages(env!("CARGO_MANIFEST_DIR"), &rules);
    }
}
