//! One file per rule.

pub mod abnormal_orders;
pub mod completion;
pub mod delivery_rate;
pub mod frequent_orders;
pub mod high_prices;
pub mod non_selected_excess;
pub mod non_selected_share;
pub mod retained_surplus;
pub mod substitutes;
pub mod summary;
pub mod time_progress;
pub mod zero_purchase;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_need_what_the_manifest_says_and_run_when_it_says() {
        let source = env!("CARGO_MANIFEST_DIR");
        rulepack_sdk::harness::assert_needs(
            source,
            &[
                (non_selected_excess::ID, non_selected_excess::NEEDS),
                (high_prices::ID, high_prices::NEEDS),
                (substitutes::ID, substitutes::NEEDS),
                (abnormal_orders::ID, abnormal_orders::NEEDS),
                (frequent_orders::ID, frequent_orders::NEEDS),
                (retained_surplus::ID, retained_surplus::NEEDS),
            ],
        );
        rulepack_sdk::harness::assert_stages(
            source,
            &[
                (non_selected_excess::ID, non_selected_excess::STAGES),
                (high_prices::ID, high_prices::STAGES),
                (substitutes::ID, substitutes::STAGES),
                (abnormal_orders::ID, abnormal_orders::STAGES),
                (frequent_orders::ID, frequent_orders::STAGES),
                (retained_surplus::ID, retained_surplus::STAGES),
            ],
        );
    }
}
