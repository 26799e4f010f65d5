//! Charge lines, less what was refunded of them.

use rulepack_sdk::prelude::*;

use crate::Consumables;

/// The charge lines of a batch, in the order of their rows.
#[derive(Debug)]
pub struct Lines {
    lines: NetLines<Line>,
}

/// A charge line, less its refunds.
#[derive(Debug, Clone)]
pub struct Line {
    /// Which line.
    pub order: Row<Orders>,
    /// Of which encounter.
    pub encounter: Row<Encounters>,
    /// Whether that encounter is under review.
    pub under_review: bool,
    /// National catalogue code.
    pub item: Option<Code>,
    /// Day of the charge.
    pub day: Option<Day>,
    /// What is left of the quantity: in the smallest unit where it is recorded, else in billing units.
    pub quantity: Option<Quantity>,
    /// What is left of the amount.
    pub amount: Money,
    /// Whether each piece is traced on the day of the charge: `Some(true)` where it has a serial number.
    pub traced: Option<bool>,
}

impl Line {
    /// Whether nothing is left of it.
    #[must_use]
    pub fn refunded(&self) -> bool {
        self.quantity
            .is_some_and(|quantity| quantity <= Quantity::ZERO)
    }

    /// What a part of the line costs; all of it where the part is no less than the whole, or the whole is
    /// not recorded.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn share(&self, part: Quantity) -> Result<Money, Overflow> {
        match self.quantity {
            Some(whole) if part < whole => self.amount.portion(part.0, whole.0),
            _ => Ok(self.amount),
        }
    }
}

impl Refundable for Line {
    fn order(&self) -> Row<Orders> {
        self.order
    }

    fn take_off(&mut self, refund: &Self) -> Result<(), Overflow> {
        self.amount = self.amount.checked_add(refund.amount)?;
        if let (Some(quantity), Some(refunded)) = (self.quantity, refund.quantity) {
            self.quantity = Some(quantity.checked_add(refunded)?);
        }
        Ok(())
    }
}

impl Lines {
    /// # Errors
    /// [`Overflow`] of a sum.
    pub(crate) fn read(pack: &Consumables, batch: &Batch) -> Result<Self, Overflow> {
        let (orders, encounters) = (batch.orders(), batch.encounters());
        let traced = pack.traced.of(batch, &orders.items());
        let line = |order, encounter| {
            // A source that does not tell orders from charges sends charges only.
            if orders.charged().get(order) == Some(false) {
                return None;
            }
            let day = orders.days().get(order);
            Some(Line {
                order,
                encounter,
                under_review: encounters.current().get(encounter) == Some(true),
                item: orders.items().get(order),
                day,
                quantity: quantity(orders, order),
                amount: orders.amounts().get(order).unwrap_or_default(),
                traced: day.and_then(|day| traced.get(order, day)),
            })
        };
        let lines = NetLines::read(batch, line)?;
        Ok(Lines { lines })
    }

    /// The line of a row; `None` for a refund, and for what is only ordered.
    #[must_use]
    pub fn get(&self, order: Row<Orders>) -> Option<&Line> {
        self.lines.get(order)
    }

    /// Lines of encounters under review of which something is left.
    pub fn under_review(&self) -> impl Iterator<Item = &Line> {
        self.lines
            .all()
            .iter()
            .filter(|line| line.under_review && !line.refunded())
    }
}

fn quantity(orders: &Orders, order: Row<Orders>) -> Option<Quantity> {
    let smallest = orders.base_quantities().get(order);
    smallest.or_else(|| orders.quantities().get(order))
}
