//! The lines that rules judge: counted lines of a batch with refunds netted out, by patient, then by day.

use rulepack_sdk::prelude::*;

use crate::settings::Settings;

/// The lines of a batch.
#[derive(Debug, Default)]
pub struct Lines {
    /// By patient, then by day; lines refunded in full are not here.
    pub all: Vec<Line>,
}

/// A line, less what was refunded of it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Which line.
    pub order: Row<Orders>,
    /// The visit or stay that it belongs to.
    pub encounter: Row<Encounters>,
    /// Whose.
    pub patient: Row<Patients>,
    /// National catalogue code.
    pub item: Code,
    /// Its first ten characters: of a Western medicine the name without dose form, maker and package.
    pub name: Option<Code>,
    /// What kind of item it is.
    pub class: Class,
    /// Day of the charge, or of the order.
    pub day: Option<Day>,
    /// Before and during care the lines being written; afterwards those of the encounters looked at.
    pub under_review: bool,
    /// Whether the fund is asked to pay for it.
    pub claimed: bool,
    /// What it costs; nothing where it has no price yet.
    pub amount: Money,
    /// In billing units.
    pub quantity: Option<Quantity>,
}

/// What an item is, by the first character of its national code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// 西药 (X) and 中成药 (Z).
    Medicine,
    /// 中药饮片 (T).
    Slice,
    /// 医用耗材 (C).
    Consumable,
    /// 医疗服务项目, and whatever else.
    Service,
}

impl Lines {
    /// Reads the lines of a batch.
    ///
    /// # Errors
    /// Where a sum exceeds 64 bits.
    #[inline(never)]
    pub fn collect(settings: &Settings, batch: &Batch) -> Result<Self, Overflow> {
        let orders = batch.orders();
        let items = orders.items();
        let names = batch.column_prefixes(&items, 10);
        let classes = Classes::read(settings, batch);
        let mut lines = Lines::default();
        let mut refunds: Vec<(Row<Orders>, Line)> = Vec::new();
        for (order, item) in items.recorded() {
            // A source that does not tell orders from charges sends lines to sum only.
            if orders.counted().get(order) == Some(false) {
                continue;
            }
            let Some(encounter) = orders.encounters().get(order) else {
                continue;
            };
            let Some(patient) = batch.encounters().patients().get(encounter) else {
                continue;
            };
            let amount = orders.amounts().get(order).unwrap_or_default();
            let line = Line {
                order,
                encounter,
                patient,
                item,
                name: names.get(order.index()).copied().flatten(),
                class: classes.of(order),
                day: orders.days().get(order),
                under_review: is_under_review(batch, order, encounter),
                claimed: is_claimed(batch, order, encounter, amount),
                amount,
                quantity: orders.quantities().get(order),
            };
            match orders.reverses().get(order) {
                Some(target) => refunds.push((target, line)),
                None => lines.all.push(line),
            }
        }
        lines.net_out(&refunds)?;
        lines
            .all
            .sort_by_key(|line| (line.patient, line.day, line.order));
        Ok(lines)
    }

    /// Takes each refund off its line, and drops the lines of which nothing is left.
    fn net_out(&mut self, refunds: &[(Row<Orders>, Line)]) -> Result<(), Overflow> {
        for (target, refund) in refunds {
            // Lines were met in the order of their rows.
            let place = self.all.binary_search_by_key(target, |line| line.order);
            let Some(line) = place.ok().and_then(|place| self.all.get_mut(place)) else {
                continue;
            };
            line.amount = line.amount.checked_add(refund.amount)?;
            line.quantity = match (line.quantity, refund.quantity) {
                (Some(quantity), Some(refunded)) => Some(quantity.checked_add(refunded)?),
                // Where quantities are not told, a refund of all the money leaves nothing.
                _ if line.amount <= Money::ZERO => Some(Quantity::ZERO),
                (quantity, _) => quantity,
            };
        }
        let left = |line: &Line| line.quantity.is_none_or(|left| left > Quantity::ZERO);
        self.all.retain(left);
        Ok(())
    }

    /// The lines under review.
    pub fn reviewed(&self) -> impl Iterator<Item = &Line> {
        self.all.iter().filter(|line| line.under_review)
    }

    /// The lines of one patient.
    #[must_use]
    pub fn of(&self, patient: Row<Patients>) -> &[Line] {
        let first = self.all.partition_point(|line| line.patient < patient);
        let end = self.all.partition_point(|line| line.patient <= patient);
        self.all.get(first..end).unwrap_or_default()
    }

    /// The lines of each patient, apart.
    pub fn by_patient(&self) -> impl Iterator<Item = &[Line]> {
        self.all.chunk_by(|one, next| one.patient == next.patient)
    }
}

/// Before and during care the lines being written are judged, afterwards whole encounters.
#[must_use]
pub fn is_under_review(batch: &Batch, order: Row<Orders>, encounter: Row<Encounters>) -> bool {
    let current = match batch.stage() {
        Stage::After => batch.encounters().current().get(encounter),
        Stage::Before | Stage::During => batch.orders().current().get(order),
    };
    current == Some(true)
}

/// Whether the fund is asked to pay: not where the visit is not claimed, nor where the patient pays all
/// of the line alone (全自费).
fn is_claimed(
    batch: &Batch,
    order: Row<Orders>,
    encounter: Row<Encounters>,
    amount: Money,
) -> bool {
    let own_pay = batch.orders().own_pays().get(order);
    let all_own = amount > Money::ZERO && own_pay.is_some_and(|own_pay| own_pay >= amount);
    batch.encounters().reimbursed().get(encounter) != Some(false) && !all_own
}

/// The class of every line of a batch.
struct Classes {
    medicines: Members<Orders>,
    slices: Members<Orders>,
    consumables: Members<Orders>,
}

impl Classes {
    fn read(settings: &Settings, batch: &Batch) -> Self {
        let items = batch.orders().items();
        Classes {
            medicines: batch.members(settings.medicines, &items),
            slices: batch.members(settings.slices, &items),
            consumables: batch.members(settings.consumables, &items),
        }
    }

    fn of(&self, order: Row<Orders>) -> Class {
        match () {
            () if self.medicines.contains(order) => Class::Medicine,
            () if self.slices.contains(order) => Class::Slice,
            () if self.consumables.contains(order) => Class::Consumable,
            () => Class::Service,
        }
    }
}
