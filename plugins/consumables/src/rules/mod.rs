//! One file per rule.

pub mod bundles;
pub mod counts;
pub mod expiry;
pub mod five_codes;
pub mod four_prices;
pub mod identifiers;
pub mod product_sets;
pub mod scans;
pub mod single_piece;
pub mod stock_counts;
pub mod stock_difference;
pub mod stocking;
pub mod suppliers;
pub mod unmapped_charges;

#[cfg(test)]
mod tests {
    use rulepack_sdk::harness::assert_needs;

    use super::*;

    #[test]
    fn the_rules_need_what_the_manifest_says() {
        let rules = [
            (bundles::ID, bundles::NEEDS),
            (counts::ID, counts::NEEDS),
            (expiry::ID, expiry::NEEDS),
            (five_codes::ID, five_codes::NEEDS),
            (four_prices::ID, four_prices::NEEDS),
            (identifiers::ID, identifiers::NEEDS),
            (product_sets::ID, product_sets::NEEDS),
            (scans::ID, scans::NEEDS),
            (single_piece::ID, single_piece::NEEDS),
            (stock_counts::ID, stock_counts::NEEDS),
            (stock_difference::ID, stock_difference::NEEDS),
            (stocking::ID, stocking::NEEDS),
            (suppliers::ID, suppliers::NEEDS),
            (unmapped_charges::ID, unmapped_charges::NEEDS),
        ];
        assert_needs(env!("CARGO_MANIFEST_DIR"), &rules);
    }
}
