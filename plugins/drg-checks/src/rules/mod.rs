//! One file per rule.

pub mod claimed_group;
pub mod foreign_procedure;
pub mod operation_charges;
pub mod ungroupable;
