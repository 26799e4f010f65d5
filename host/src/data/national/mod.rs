//! The national transactions 3101 (明细审核事前分析) and 3102 (明细审核事中分析): request, rows, response.
//!
//! A request is one JSON object, the envelope, with `input.data.patient_dtos` inside: whole patients with
//! their encounters, diagnoses, orders and operations. Numbers come as numbers or as texts and are read
//! from the very characters, never through a float; codes are taken at any length, for real ones are
//! longer than the interface says. What is required must be there. Errors name the path
//! (`input.data.patient_dtos[0].fsi_encounter_dtos[1].adm_date`) and what was expected, never a value.

mod body;
mod node;
mod region;
mod request;
mod response;
mod rows;

#[cfg(test)]
mod tests;

pub use body::{BodyError, Charset, decode};
pub use region::{Behaviour, Prefix, Region, RegionError, Severity};
pub use request::{Known, Request, RequestError, Transaction};
pub use response::{Amount, Detail, Finding, ItemType, Output, Response};
