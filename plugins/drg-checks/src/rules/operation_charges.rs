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

/// The charge lines of the stays that this rule looks at.
struct Charges<'a> {
    batch: &'a Batch,
    lines: OrdersPart,
    operation: Code,
    /// Which lines are items of anaesthesia.
    anaesthesia: Members<InPart<Orders>>,
}

impl<'a> Charges<'a> {
    fn of(stays: &[Stay], batch: &'a Batch, terms: &Terms, anaesthesia: CodeSet) -> Self {
        let orders = batch.orders();
        let lines = orders.part(stays.iter().map(|stay| orders.of(stay.encounter)));
        Charges {
            batch,
            operation: terms.operation,
            anaesthesia: batch.members(anaesthesia, &lines.items()),
            lines,
        }
    }

    /// What operation and anaesthesia come to; `None` where a line of them has no amount, which is no
    /// evidence of its absence.
    fn operation_amount(&self, lines: Rows<InPart<Orders>>) -> Option<i128> {
        let mut sum = 0;
        for line in lines {
            let operation = self.lines.charge_types().get(line) == Some(self.operation)
                || self.anaesthesia.contains(line);
            if operation && self.lines.charged().get(line) == Some(true) {
                sum += i128::from(self.lines.amounts().get(line)?.0);
            }
        }
        Some(sum)
    }

    /// Whether every charge line of a stay tells what it is.
    fn told(&self, lines: Rows<InPart<Orders>>) -> Result<(), &'static str> {
        if self.batch.presence::<Orders>() != Presence::Complete {
            return Err("orders.charge-types");
        }
        for line in lines {
            let charged = self.lines.charged().get(line).ok_or("orders.charged")?;
            if charged && self.lines.charge_types().get(line).is_none() {
                return Err("orders.charge-types");
            }
        }
        Ok(())
    }
}

/// The stays claim surgical groups.
pub(crate) fn check(
    stays: &[Stay],
    batch: &Batch,
    terms: &Terms,
    anaesthesia: CodeSet,
    answer: &mut Answer,
) {
    if stays.is_empty() {
        return;
    }
    let charges = Charges::of(stays, batch, terms, anaesthesia);
    for (stay, lines) in stays.iter().zip(charges.lines.ranges()) {
        let told = charges.told(lines.clone());
        let amount = charges.operation_amount(lines);
        let Some(claimed) = stay.claimed else {
            continue;
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
}
