//! The national transactions 3101 (明细审核事前分析) and 3102 (明细审核事中分析): request, rows, response; and
//! 3103 (明细审核反馈), by which a clinician's decision comes back.
//!
//! A request is one JSON object, the envelope, with `input.data.patient_dtos` inside: whole patients with
//! their encounters, diagnoses, orders and operations. Numbers come as numbers or as texts and are read
//! from the very characters, never through a float; codes are taken at any length, for real ones are
//! longer than the interface says. What is required must be there. Errors name the path
//! (`input.data.patient_dtos[0].fsi_encounter_dtos[1].adm_date`) and what was expected, never a value.

mod body;
mod feedback;
pub(in crate::data) mod names;
pub(in crate::data) mod node;
mod region;
mod regional;
mod request;
mod response;
mod rows;

#[cfg(test)]
mod tests;

pub use body::{BodyError, Charset, decode};
pub use feedback::{Feedback, Warning};
pub use region::{Behaviour, Prefix, Region, RegionError, Severity, Transactions};
pub use request::{Request, Transaction};
pub use response::{Amount, Detail, Finding, ItemType, Output, Response};

use std::sync::Arc;

use names::Names;
use node::{Node, Place};

use super::call::RequestError;

/// A request of any of the three transactions.
#[derive(Debug)]
pub enum Message {
    /// 3101 or 3102.
    Review(Request),
    /// 3103.
    Feedback(Feedback),
}

impl Message {
    /// Reads the envelope as a region writes it, and all of a 3103.
    ///
    /// # Errors
    /// [`RequestError`] where the text is no JSON, or lacks something.
    pub fn parse(text: &str, region: &Region) -> Result<Self, RequestError> {
        const EXPECTED: &str = "`3101`, `3102` or `3103` (or what the region calls them)";
        let node = Node::parse(text)?;
        let names = Arc::new(Names::of(region));
        let infno = Place::root(&node, &names).object()?.field("infno");
        let numbers = &region.transactions;
        let told = infno.required(EXPECTED)?;
        if told == numbers.feedback {
            return Feedback::read(&node, &names).map(Message::Feedback);
        }
        match numbers.review(told) {
            Some(transaction) => Request::read(node, names, transaction).map(Message::Review),
            None => Err(infno.unexpected(EXPECTED)),
        }
    }
}
