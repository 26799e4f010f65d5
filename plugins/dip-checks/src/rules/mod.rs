//! One file per rule.

pub mod balance;
pub mod claimed_group;
pub mod cost_extremes;
pub mod own_pay_share;
pub mod uncharged_procedure;
pub mod ungroupable;
