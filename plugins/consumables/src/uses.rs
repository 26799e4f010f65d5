//! Pieces that were scanned or billed for a patient (高值耗材, 一物一码).

use rulepack_sdk::prelude::*;

use crate::lines::Lines;
use crate::udi::{self, Carrier, Identifier, UdiError};

/// The pieces of a batch, in the order of their rows.
#[derive(Debug)]
pub struct Uses {
    uses: Vec<Use>,
}

/// A piece.
#[derive(Debug, Clone)]
pub struct Use {
    /// Which row.
    pub row: Row<DeviceUses>,
    /// For which stay or visit.
    pub encounter: Row<Encounters>,
    /// Whether that encounter is under review.
    pub under_review: bool,
    /// The charge line that it was used under.
    pub order: Option<Row<Orders>>,
    /// UDI-DI, or the whole carrier.
    pub identifier: Option<Code>,
    /// What the identifier says.
    pub parsed: Option<Result<Identifier, UdiError>>,
    /// One where the row does not tell: a scan is of one piece.
    pub quantity: Quantity,
    /// When it was used.
    pub used: Option<Instant>,
    /// The day of use, or that of the charge.
    pub day: Option<Day>,
    /// What its share of the charge line costs.
    pub amount: Money,
    /// Whether the charge line was refunded in full.
    pub refunded: bool,
}

impl Use {
    /// What the carrier of GS1 says, where it is one.
    #[must_use]
    pub fn carrier(&self) -> Option<&Carrier> {
        match &self.parsed {
            Some(Ok(Identifier::Gs1(carrier))) => Some(carrier),
            _ => None,
        }
    }
}

impl Uses {
    /// # Errors
    /// [`Overflow`] of a product.
    pub(crate) fn read(batch: &Batch, lines: &Lines) -> Result<Self, Overflow> {
        let table = batch.device_uses();
        let identifiers: Vec<(Row<DeviceUses>, Code)> =
            table.device_identifiers().recorded().collect();
        let codes: Vec<Code> = identifiers.iter().map(|(_, code)| *code).collect();
        let texts = batch.texts(&codes);
        let parsed = texts.iter().map(|text| udi::parse(text, batch.today()));
        let mut parsed: Map<Row<DeviceUses>, Result<Identifier, UdiError>> = identifiers
            .iter()
            .map(|(row, _)| *row)
            .zip(parsed)
            .collect();
        let mut uses = Vec::new();
        for (row, encounter) in table.encounters().recorded() {
            let order = table.orders().get(row);
            let line = order.and_then(|order| lines.get(order));
            let quantity = table.quantities().get(row).unwrap_or(Quantity(10_000));
            let used = table.used().get(row);
            let current = batch.encounters().current().get(encounter);
            uses.push(Use {
                row,
                encounter,
                under_review: current == Some(true),
                order,
                identifier: table.device_identifiers().get(row),
                parsed: parsed.remove(&row),
                quantity,
                used,
                day: used
                    .map(Instant::day)
                    .or_else(|| line.and_then(|line| line.day)),
                amount: line.map_or(Ok(Money::ZERO), |line| line.share(quantity))?,
                refunded: line.is_some_and(|line| line.refunded()),
            });
        }
        Ok(Uses { uses })
    }

    /// All pieces that were used: those of refunded lines were not.
    pub fn all(&self) -> impl Iterator<Item = &Use> {
        self.uses.iter().filter(|piece| !piece.refunded)
    }

    /// Those of encounters under review.
    pub fn under_review(&self) -> impl Iterator<Item = &Use> {
        self.all().filter(|piece| piece.under_review)
    }

    /// Every row of an encounter that names the line, or names none.
    pub fn about(
        &self,
        encounter: Row<Encounters>,
        order: Row<Orders>,
    ) -> impl Iterator<Item = &Use> {
        let first = self
            .uses
            .partition_point(|piece| piece.encounter < encounter);
        let rest = self.uses.get(first..).unwrap_or_default().iter();
        rest.take_while(move |piece| piece.encounter == encounter)
            .filter(move |piece| piece.order.is_none_or(|named| named == order))
    }
}
