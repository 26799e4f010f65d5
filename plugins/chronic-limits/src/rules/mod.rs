//! One rule a file. Each is a sentence of the policy.

mod days_of_supply;
mod outside_catalogue;
mod overlapping_supply;
mod remaining_limit;
mod yearly_limit;

pub use days_of_supply::days_of_supply;
pub use outside_catalogue::outside_catalogue;
pub use overlapping_supply::overlapping_supply;
pub use remaining_limit::remaining_limit;
pub use yearly_limit::yearly_limit;
