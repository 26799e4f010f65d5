//! One file per rule.

pub mod balance;
pub mod claimed_group;
pub mod cost_extremes;
pub mod foreign_procedure;
pub mod operation_charges;
pub mod own_pay_share;
pub mod uncharged_complication;
pub mod uncoded_diagnosis;
pub mod ungroupable;
