//! Orders and charge lines, less what was refunded of them.

use rulepack_sdk::prelude::*;

use crate::settings::Settings;

/// The lines of a batch, in the order of their rows, which is by encounter.
#[derive(Debug)]
pub struct Lines {
    lines: NetLines<Line>,
}

/// A line, less its refunds.
#[derive(Debug, Clone)]
pub struct Line {
    /// Which line.
    pub order: Row<Orders>,
    /// Of which encounter.
    pub encounter: Row<Encounters>,
    /// While an order is written those being written; later all of the encounters looked at.
    pub under_review: bool,
    /// Whether it is charged, or only ordered; `None` where the source does not tell.
    pub charged: Option<bool>,
    /// Whether it is to be summed: a charge, or an order that has no charge yet.
    pub counted: bool,
    /// National catalogue code.
    pub item: Option<Code>,
    /// Day of the charge, or of the order.
    pub day: Option<Day>,
    /// What is left of the quantity, in billing units.
    pub quantity: Option<Quantity>,
    /// What is left of the amount.
    pub amount: Money,
    /// What is left of what the patient pays outside the catalogue (自费).
    pub own_pay: Option<Money>,
}

impl Line {
    /// Whether nothing is left of it.
    #[must_use]
    pub fn refunded(&self) -> bool {
        self.quantity
            .is_some_and(|quantity| quantity <= Quantity::ZERO)
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
        if let (Some(own_pay), Some(refunded)) = (self.own_pay, refund.own_pay) {
            self.own_pay = Some(own_pay.checked_add(refunded)?);
        }
        Ok(())
    }
}

impl Lines {
    /// # Errors
    /// [`Overflow`] of a sum.
    pub(crate) fn read(batch: &Batch) -> Result<Self, Overflow> {
        let orders = batch.orders();
        let line = |order, encounter| {
            let current = batch.encounters().current().get(encounter) == Some(true);
            let written =
                batch.stage() != Stage::Before || orders.current().get(order) == Some(true);
            Some(Line {
                order,
                encounter,
                under_review: current && written,
                charged: orders.charged().get(order),
                counted: orders.counted().get(order) != Some(false),
                item: orders.items().get(order),
                day: orders.days().get(order),
                quantity: orders.quantities().get(order),
                amount: orders.amounts().get(order).unwrap_or_default(),
                own_pay: orders.own_pays().get(order),
            })
        };
        let lines = NetLines::read(batch, line)?;
        Ok(Lines { lines })
    }

    /// Lines of an encounter of which something is left.
    pub fn of(&self, encounter: Row<Encounters>) -> impl Iterator<Item = &Line> {
        let lines = self.lines.all();
        let first = lines.partition_point(|line| line.encounter < encounter);
        let rest = lines.get(first..).unwrap_or_default().iter();
        rest.take_while(move |line| line.encounter == encounter)
            .filter(|line| !line.refunded())
    }

    /// Lines to sum that are under review, of which something is left.
    pub fn under_review(&self) -> impl Iterator<Item = &Line> {
        let lines = self.lines.all().iter();
        lines.filter(|line| line.under_review && line.counted && !line.refunded())
    }

    /// Medicines of visits to the clinic (门诊) among the lines under review.
    pub(crate) fn clinic_medicines(
        &self,
        batch: &Batch,
        settings: &Settings,
    ) -> impl Iterator<Item = (&Line, Code)> {
        let visit_types = batch.encounters().visit_types();
        let medicines = batch.members(settings.medicines, &batch.orders().items());
        self.under_review().filter_map(move |line| {
            let visit_type = visit_types.get(line.encounter)?;
            let at_clinic = settings.clinic_types.contains(&visit_type);
            line.item
                .filter(|_| at_clinic && medicines.contains(line.order))
                .map(|item| (line, item))
        })
    }
}
