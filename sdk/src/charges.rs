//! Whether something was charged in a stay: what was charged and wholly refunded was not.

use crate::batch::{Batch, Presence};
use crate::column::{Row, Rows};
use crate::part::InPart;
use crate::tables::{Encounters, Orders, OrdersPart};

/// The charge lines of some stays, one range each.
pub struct Charges {
    lines: OrdersPart,
    complete: bool,
}

/// What the lines of a stay say of a kind of item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charged {
    /// Charged; also where a line of the kind has no amount, which is no evidence of its absence.
    Yes,
    /// Not charged, or wholly refunded; all lines of the stay are known.
    No,
    /// The lines that are known show none; not all are known, for want of this column.
    Unknown(&'static str),
}

impl Charges {
    /// The lines of these stays. Each column is fetched for these lines only.
    pub fn of(batch: &Batch, stays: impl IntoIterator<Item = Row<Encounters>>) -> Self {
        let orders = batch.orders();
        Charges {
            lines: orders.part(stays.into_iter().map(|stay| orders.of(stay))),
            complete: batch.presence::<Orders>() == Presence::Complete,
        }
    }

    /// Their columns.
    #[must_use]
    pub fn lines(&self) -> &OrdersPart {
        &self.lines
    }

    /// Whether lines of a kind are charged in a stay, refunds taken off. `kind` tells from `column` whether a
    /// line is of the kind; where it cannot tell, the line could be.
    pub fn charged(
        &self,
        stay: Rows<InPart<Orders>>,
        column: &'static str,
        kind: impl Fn(Row<InPart<Orders>>) -> Option<bool>,
    ) -> Charged {
        let (mut sum, mut unknown) = (0_i128, None);
        for line in stay {
            match (self.lines.charged().get(line), kind(line)) {
                (Some(true), Some(true)) => match self.lines.amounts().get(line) {
                    Some(amount) => sum += i128::from(amount.0),
                    None => return Charged::Yes,
                },
                (Some(true), None) => unknown = unknown.or(Some(column)),
                (None, Some(true) | None) => unknown = unknown.or(Some("orders.charged")),
                (Some(false), _) | (_, Some(false)) => {}
            }
        }
        match unknown {
            _ if sum > 0 => Charged::Yes,
            _ if !self.complete => Charged::Unknown(column),
            Some(column) => Charged::Unknown(column),
            None => Charged::No,
        }
    }
}
