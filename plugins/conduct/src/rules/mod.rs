//! One file per rule.

pub mod antibiotics;
pub mod budgets;
pub mod consent;
pub mod cost_structure;
pub mod frequent_visits;
pub mod idle_bed;
pub mod impersonation;
pub mod operations;
pub mod refused_claims;
pub mod similar_treatments;
pub mod split_prescriptions;
pub mod treatment_frequency;
pub mod treatment_records;
pub mod treatment_sites;
pub mod unordered_charges;
