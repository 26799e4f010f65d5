//! One rule a file. Each is a sentence of the policy.
//!
//! Each stays a function of its own in the component too (`inline(never)`): of the values of all rules at once the
//! sandbox's compiler would keep too few in registers (`docs/PERFORMANCE.md`).

mod days_of_supply;
pub mod one_disease;
mod outside_catalogue;
mod overlapping_supply;
pub mod registration;
mod remaining_limit;
pub mod short_supply;
pub mod stock_on_hand;
mod yearly_limit;

pub use days_of_supply::days_of_supply;
pub use outside_catalogue::outside_catalogue;
pub use overlapping_supply::overlapping_supply;
pub use remaining_limit::remaining_limit;
pub use yearly_limit::yearly_limit;
