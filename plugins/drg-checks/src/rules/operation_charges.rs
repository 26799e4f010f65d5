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

/// The charge lines of a batch, as far as this rule looks at them.
pub(crate) struct Charges<'a> {
    batch: &'a Batch,
    operation: Code,
    /// For each line, whether it is an item of anaesthesia.
    anaesthesia: Vec<bool>,
}

impl<'a> Charges<'a> {
    pub(crate) fn of(batch: &'a Batch, terms: &Terms, anaesthesia: CodeSet) -> Self {
        let anaesthesia = batch.members(anaesthesia, &batch.orders().items());
        Charges {
            batch,
            operation: terms.operation,
            anaesthesia,
        }
    }

    /// What operation and anaesthesia come to; `None` where a line of them has no amount, which is no
    /// evidence of its absence.
    fn operation_amount(&self, encounter: Row<Encounters>) -> Option<i128> {
        let orders = self.batch.orders();
        let mut sum = 0;
        for line in orders.of(encounter) {
            let operation = orders.charge_types().get(line) == Some(self.operation)
                || self.anaesthesia.get(line.index()) == Some(&true);
            if operation && orders.charged().get(line) == Some(true) {
                sum += i128::from(orders.amounts().get(line)?.0);
            }
        }
        Some(sum)
    }

    /// Whether every charge line of the stay tells what it is.
    fn told(&self, encounter: Row<Encounters>) -> Result<(), &'static str> {
        let orders = self.batch.orders();
        for line in orders.of(encounter) {
            let charged = orders.charged().get(line).ok_or("orders.charged")?;
            if charged && orders.charge_types().get(line).is_none() {
                return Err("orders.charge-types");
            }
        }
        Ok(())
    }
}

/// The stay claims a surgical group.
pub(crate) fn check(stay: &Stay, charges: &Charges<'_>, answer: &mut Answer) {
    let complete = charges.batch.presence::<Orders>() == Presence::Complete;
    let told = if complete {
        charges.told(stay.encounter)
    } else {
        Err("orders.charge-types")
    };
    let amount = charges.operation_amount(stay.encounter);
    let Some(claimed) = stay.claimed else {
        return;
    };
    match (amount, told) {
        (None, _) => {}
        (Some(amount), _) if amount > 0 => {}
        (_, Err(column)) => {
            answer.add(Abstention::new(ID, stay.encounter).missing(column));
        }
        (_, Ok(())) => answer.add(
            Finding::high_suspicion(ID, "no-operation")
                .offending(stay.encounter, Money::ZERO)
                .argument("claimed", claimed),
        ),
    }
}
