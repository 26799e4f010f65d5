//! 两库: the 88 rules of the national rule catalogue, 2025 edition.
//!
//! [`binding`] has one line a rule: it binds the rule to one of the generic [`evaluators`]. What the rules
//! judge by stands in the knowledge tables ([`knowledge`]), whose column `rule` names the rule, and in
//! parameters ([`settings`]). Refunds are netted out before anything is judged ([`lines`]); a rule tells
//! one finding for each patient and scope ([`findings`]).

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod binding;
pub mod evaluators;
pub mod findings;
pub mod knowledge;
pub mod lines;
pub mod settings;

use rulepack_sdk::prelude::*;

use evaluators::Context;
use knowledge::Knowledge;
use settings::Settings;

/// The pack: its knowledge and its parameters.
#[derive(Debug)]
pub struct NationalLibrary {
    knowledge: Knowledge,
    settings: Settings,
}

impl Pack for NationalLibrary {
    fn prepare(setup: &Setup) -> Result<Self, String> {
        Ok(NationalLibrary {
            knowledge: Knowledge::read(setup)?,
            settings: Settings::read(setup)?,
        })
    }

    fn evaluate(&self, batch: &Batch) -> Result<Answer, String> {
        let mut answer = Answer::default();
        match batch.scope() {
            Scope::Patient => {
                let context = Context::read(batch, &self.knowledge, &self.settings)?;
                evaluators::judge_patients(&context, &mut answer)?;
            }
            Scope::Institution | Scope::Region => {
                evaluators::judge_institution(batch, &self.settings, &mut answer)?;
            }
        }
        Ok(answer)
    }
}

rulepack_sdk::export!(NationalLibrary);
