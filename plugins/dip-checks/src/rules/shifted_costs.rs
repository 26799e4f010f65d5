//! DIP-07 转嫁费用: while a stay is paid by its group, what belongs to it is charged elsewhere: at visits and pharmacies
//! during the stay, or as tests in the clinic of the same hospital just before it.

use rulepack_sdk::prelude::*;
use rulepack_sdk::shifted_costs::Shifting;

use crate::stay::Stay;

/// Id of the rule.
pub const ID: &str = "DIP-07";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.current",
    "encounters.patients",
    "encounters.visit-types",
    "encounters.admission-days",
    "encounters.discharge-days",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::During, Stage::After];

/// What counts as shifted is told at [`Shifting::check`].
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    stays: &[Stay],
    batch: &Batch,
    shifting: &Shifting,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let encounters = stays.iter().map(|stay| stay.encounter);
    shifting.check(ID, batch, encounters, answer)
}
