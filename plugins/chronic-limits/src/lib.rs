//! 门诊慢特病: what may be charged under a chronic or special outpatient disease, for how long ahead, and
//! how much in a year.
//!
//! | rule | sentence of the policy | file |
//! |---|---|---|
//! | CHR-01 | an item outside the catalogue of its disease is not paid | [`rules::outside_catalogue`] |
//! | CHR-02 | a line supplies at most so many days | [`rules::days_of_supply`] |
//! | CHR-03 | the same item is not supplied again long before it is used up | [`rules::overlapping_supply`] |
//! | CHR-04 | who writes the line sees what is left of the year | [`rules::remaining_limit`] |
//! | CHR-05 | what exceeds the limit of the year is not paid | [`rules::yearly_limit`] |
//! | CHR-06 | only who is registered for the disease is treated under it | [`rules::registration`] |
//! | CHR-07 | the lines of a prescription are charged under one disease | [`rules::one_disease`] |
//! | CHR-08 | what exceeds the limit of the quarter is not paid | [`rules::yearly_limit`] |
//! | CHR-09 | some drugs are never prescribed for long | [`rules::short_supply`] |
//! | CHR-10 | nobody holds more than a long prescription and some weeks | [`rules::stock_on_hand`] |
//!
//! All of them look at the charge lines of visits of the care types of chronic disease, refunds netted
//! out ([`lines`]), under the disease that the line names or that the patient is registered for
//! ([`disease`]).

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod accounts;
pub mod catalogue;
pub mod disease;
pub mod drug;
pub mod lines;
pub mod rules;

use rulepack_sdk::prelude::*;

use accounts::Accounts;
use catalogue::Catalogue;
use lines::Lines;
use rules::short_supply::ShortSupplies;

/// The pack: its catalogue, its parameters and the vocabulary that it compares with.
#[derive(Debug)]
pub struct ChronicLimits {
    /// What each disease covers.
    pub catalogue: Catalogue,
    /// 医疗类别 of chronic visits.
    pub care_types: Vec<Code>,
    /// Western (X) and Chinese patent (Z) medicines of the national catalogue, of which a quantity lasts
    /// a number of days; services and consumables do not.
    pub medicines: CodeSet,
    /// Kinds of accumulators that count chronic disease.
    pub account_kinds: Vec<Code>,
    /// What is not prescribed for long.
    pub short_supplies: ShortSupplies,
    /// How many characters of a code tell the same drug.
    pub same_drug_characters: u8,
    /// The most days that a patient may hold after a line.
    pub stock_days_max: Quantity,
    /// The most days that one line may supply.
    pub days_max: Quantity,
    /// How many days before the end of the previous supply a new one may start.
    pub early_days_max: Quantity,
}

impl Pack for ChronicLimits {
    fn prepare(setup: &Setup) -> Result<Self, String> {
        Ok(ChronicLimits {
            catalogue: Catalogue::read(setup)?,
            care_types: setup.code_list("care_types")?,
            medicines: setup.code_set(&["X", "Z"]),
            account_kinds: setup.code_list("account_kinds")?,
            short_supplies: ShortSupplies::read(setup)?,
            same_drug_characters: u8::try_from(setup.integer("same_drug_characters")?)
                .map_err(|_| "parameter `same_drug_characters` exceeds 255".to_owned())?,
            stock_days_max: Quantity(setup.integer("stock_days_max")?),
            days_max: Quantity(setup.integer("days_max")?),
            early_days_max: Quantity(setup.integer("early_days_max")?),
        })
    }

    fn evaluate(&self, batch: &Batch) -> Result<Answer, String> {
        let mut answer = Answer::default();
        let lines = Lines::collect(self, batch)?;
        if lines.supplied.iter().all(|line| !line.under_review) {
            return Ok(answer);
        }
        rules::outside_catalogue(self, &lines, &mut answer);
        rules::days_of_supply(self, &lines, &mut answer);
        rules::overlapping_supply(self, &lines, &mut answer)?;
        if batch.are_recorded(rules::registration::NEEDS) {
            rules::registration::check(batch, &lines, &mut answer);
        }
        if batch.are_recorded(rules::one_disease::NEEDS) {
            rules::one_disease::check(&lines, &mut answer);
        }
        rules::short_supply::check(self, batch, &lines, &mut answer);
        rules::stock_on_hand::check(self, &lines, &mut answer)?;
        let accounts = Accounts::read(self, batch, &lines)?;
        if batch.stage() != Stage::After {
            rules::remaining_limit(&accounts, &mut answer)?;
        }
        rules::yearly_limit(&accounts, &mut answer)?;
        Ok(answer)
    }
}

rulepack_sdk::export!(ChronicLimits);

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_gets_the_answer_that_it_expects() {
        rulepack_sdk::harness::assert_cases::<super::ChronicLimits>(env!("CARGO_MANIFEST_DIR"));
    }
}
