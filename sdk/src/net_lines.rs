//! Lines less what was refunded of them (退费). What a pack keeps of a line is its own: it reads the columns that its
//! rules need, and no others.

use crate::batch::Batch;
use crate::column::Row;
use crate::tables::{Encounters, Orders};
use crate::units::Overflow;

/// What a pack keeps of a line.
pub trait Refundable {
    /// Which line it is.
    fn order(&self) -> Row<Orders>;

    /// Takes off what a refund gave back; its quantity and amounts are negative.
    ///
    /// # Errors
    /// [`Overflow`] of a sum.
    fn take_off(&mut self, refund: &Self) -> Result<(), Overflow>;
}

/// The lines of a batch that are not refunds, in the order of their rows, which is by encounter.
#[derive(Debug, Clone)]
pub struct NetLines<L> {
    lines: Vec<L>,
}

impl<L: Refundable> NetLines<L> {
    /// Makes a line of each row that belongs to an encounter, where `line` gives one, and takes the refunds off. A
    /// refund that names no such line takes nothing off.
    ///
    /// # Errors
    /// [`Overflow`] of a sum.
    pub fn read(
        batch: &Batch,
        line: impl Fn(Row<Orders>, Row<Encounters>) -> Option<L>,
    ) -> Result<Self, Overflow> {
        let orders = batch.orders();
        let (mut lines, mut refunds) = (Vec::new(), Vec::new());
        for (order, encounter) in orders.encounters().recorded() {
            let Some(line) = line(order, encounter) else {
                continue;
            };
            match orders.reverses().get(order) {
                Some(target) => refunds.push((target, line)),
                None => lines.push(line),
            }
        }
        let mut net = NetLines { lines };
        for (target, refund) in refunds {
            if let Some(line) = net.place(target).and_then(|it| net.lines.get_mut(it)) {
                line.take_off(&refund)?;
            }
        }
        Ok(net)
    }

    /// All of them, also those of which nothing is left.
    #[must_use]
    pub fn all(&self) -> &[L] {
        &self.lines
    }

    /// The line of a row; `None` for a refund, and for a row of which no line was made.
    #[must_use]
    pub fn get(&self, order: Row<Orders>) -> Option<&L> {
        self.lines.get(self.place(order)?)
    }

    fn place(&self, order: Row<Orders>) -> Option<usize> {
        let place = self.lines.binary_search_by_key(&order, Refundable::order);
        place.ok()
    }
}
