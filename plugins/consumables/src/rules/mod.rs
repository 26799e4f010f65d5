//! One file per rule.

pub mod bundles;
pub mod counts;
pub mod expiry;
pub mod five_codes;
pub mod four_prices;
pub mod identifiers;
pub mod scans;
pub mod single_piece;
pub mod stock_counts;
pub mod stock_difference;
pub mod stocking;
pub mod suppliers;

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts in quotes of a list of a rule in the manifest.
    fn listed(id: &str, field: &str) -> Vec<String> {
        let manifest = include_str!("../../pack.toml");
        let (_, rule) = manifest.split_once(&format!("id = \"{id}\"")).unwrap();
        let (_, list) = rule.split_once(&format!("\n{field} = [")).unwrap();
        let (list, _) = list.split_once(']').unwrap();
        list.split('"')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn the_rules_need_what_the_manifest_says() {
        let rules = [
            (bundles::ID, bundles::NEEDS),
            (counts::ID, counts::NEEDS),
            (expiry::ID, expiry::NEEDS),
            (five_codes::ID, five_codes::NEEDS),
            (four_prices::ID, four_prices::NEEDS),
            (identifiers::ID, identifiers::NEEDS),
            (scans::ID, scans::NEEDS),
            (single_piece::ID, single_piece::NEEDS),
            (stock_counts::ID, stock_counts::NEEDS),
            (stock_difference::ID, stock_difference::NEEDS),
            (stocking::ID, stocking::NEEDS),
            (suppliers::ID, suppliers::NEEDS),
        ];
        for (id, needs) in rules {
            assert_eq!(listed(id, "needs"), needs, "{id}");
        }
    }
}
