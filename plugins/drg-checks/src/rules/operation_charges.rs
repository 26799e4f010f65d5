//! DRG-02 手术病组无手术、麻醉收费: a surgical group (second letter A to J) is claimed, but neither an
//! operation nor an anaesthesia is charged in the stay.
//!
//! Refunds are netted: what was charged and wholly refunded was not charged. Absence is evidence only
//! where all orders of the stay are known.

use rulepack_sdk::prelude::*;

use crate::Stay;
use crate::stay::Terms;

/// Id of the rule.
pub const ID: &str = "DRG-02";

/// The stays claim surgical groups.
pub(crate) fn check(
    stays: &[&Stay],
    batch: &Batch,
    terms: &Terms,
    anaesthesia: CodeSet,
    answer: &mut Answer,
) {
    if stays.is_empty() {
        return;
    }
    let charges = Charges::of(batch, stays.iter().map(|stay| stay.encounter));
    let lines = charges.lines();
    let anaesthesia = batch.members(anaesthesia, &lines.items());
    let operation = |line| match lines.charge_types().get(line) {
        _ if anaesthesia.contains(line) => Some(true),
        kind => kind.map(|kind| kind == terms.operation),
    };
    for (stay, own) in stays.iter().zip(lines.ranges()) {
        let Some(claimed) = stay.claimed else {
            continue;
        };
        match charges.charged(own, "orders.charge-types", operation) {
            Charged::Yes => {}
            Charged::Unknown(column) => {
                answer.add(Abstention::new(ID, stay.encounter).missing(column));
            }
            Charged::No => answer.add(
                Finding::high_suspicion(ID, "no-operation")
                    .offending(stay.encounter, Money::ZERO)
                    .argument("claimed", claimed),
            ),
        }
    }
}
