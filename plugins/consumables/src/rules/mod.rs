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
