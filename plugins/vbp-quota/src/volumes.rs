//! What was bought of a variety in the term of an agreement.
//!
//! Volume counts when it enters the store (入库, 3503): what was delivered less what was returned, by the day of
//! stocking. Orders and deliveries of the selected products count by the day of the order, for the
//! delivery rate. All quantities must be in the agreement's unit.

use rulepack_sdk::prelude::*;

use crate::{Agreement, PurchaseLines};

/// What was bought, in the agreement's unit.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Volumes {
    /// Stocked of the selected products of the round.
    pub selected: Quantity,
    /// Stocked of all products of the variety, whatever their round.
    pub all: Quantity,
    /// Stocked of the non-selected products of the variety.
    pub non_selected: Quantity,
    /// Ordered of the selected products of the round.
    pub ordered: Quantity,
    /// Delivered of these orders.
    pub delivered: Quantity,
    /// Order lines of the selected products of the round.
    pub selected_lines: Vec<Row<Purchases>>,
    /// The lines that entered the store, whatever their product.
    pub stocked: Vec<Stocked>,
    /// Orders and deliveries of the selected products of the round, by supplier.
    pub suppliers: Vec<Supplied>,
}

/// A line that entered the store in the term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stocked {
    /// Its row.
    pub row: Row<Purchases>,
    /// Whether the product won a round (中选), this one or another.
    pub selected: bool,
    /// Delivered less returned.
    pub quantity: Quantity,
    /// What a unit cost.
    pub price: Option<UnitPrice>,
}

/// What a supplier (配送企业) was asked for and brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supplied {
    /// `None` where it is not recorded.
    pub supplier: Option<Code>,
    /// Ordered of it.
    pub ordered: Quantity,
    /// Delivered of that.
    pub delivered: Quantity,
}

impl Stocked {
    /// What it cost; `None` where its price is not recorded.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn money(&self) -> Result<Option<Money>, Overflow> {
        self.price
            .map(|price| self.quantity.at_price(price))
            .transpose()
    }
}

/// One line of the procurement platform.
struct Line<'a> {
    table: &'a Purchases,
    row: Row<Purchases>,
    selected: bool,
    /// Of the agreement's round, and its product where it names one.
    of_round: bool,
}

impl Volumes {
    /// The purchases of the agreement's variety in its term up to a day; an inner error names the column
    /// for want of which nothing can be said.
    ///
    /// # Errors
    /// [`Overflow`] of a sum.
    pub(crate) fn read(
        purchases: &PurchaseLines<'_>,
        agreement: &Agreement,
        last_day: Day,
    ) -> Result<Result<Self, &'static str>, Overflow> {
        let mut volumes = Volumes::default();
        if !purchases.are_complete() {
            return Ok(Err("purchases.delivered"));
        }
        for row in purchases.of(agreement.variety) {
            let line = match Line::read(purchases.table(), *row, agreement) {
                Ok(line) => line,
                Err(missing) => return Ok(Err(missing)),
            };
            if let Err(missing) = volumes.add(&line, agreement, last_day)? {
                return Ok(Err(missing));
            }
        }
        Ok(Ok(volumes))
    }

    /// The lines of non-selected products that entered the store.
    pub fn non_selected_lines(&self) -> impl Iterator<Item = &Stocked> {
        self.stocked.iter().filter(|line| !line.selected)
    }

    /// How much of the orders was delivered; `None` where nothing was ordered.
    #[must_use]
    pub fn delivery_rate(&self) -> Option<Ratio> {
        Ratio::of(self.delivered.0, self.ordered.0)
    }

    fn add(
        &mut self,
        line: &Line<'_>,
        agreement: &Agreement,
        last_day: Day,
    ) -> Result<Result<(), &'static str>, Overflow> {
        let in_term = |day: Day| (agreement.start..=last_day).contains(&day);
        let ordered_in_term = line.table.ordered_days().get(line.row).map(in_term);
        let own = line.selected && line.of_round;
        if own {
            let Some(ordered_in_term) = ordered_in_term else {
                return Ok(Err("purchases.ordered-days"));
            };
            if ordered_in_term {
                let Some(ordered) = line.table.ordered().get(line.row) else {
                    return Ok(Err("purchases.ordered"));
                };
                self.ordered = self.ordered.checked_add(ordered)?;
                self.selected_lines.push(line.row);
            }
        }
        let Some(delivered) = line.table.delivered().get(line.row) else {
            return Ok(Err("purchases.delivered"));
        };
        if own && ordered_in_term == Some(true) {
            self.delivered = self.delivered.checked_add(delivered)?;
            self.add_supply(line, delivered)?;
        }
        if delivered == Quantity::ZERO {
            return Ok(Ok(()));
        }
        let Some(returned) = line.table.returned().get(line.row) else {
            return Ok(Err("purchases.returned"));
        };
        match line.table.stocked_days().get(line.row) {
            Some(day) if in_term(day) => {
                self.stock(line, delivered.checked_sub(returned)?)?;
                Ok(Ok(()))
            }
            None if ordered_in_term != Some(false) => Ok(Err("purchases.stocked-days")),
            _ => Ok(Ok(())),
        }
    }

    /// Counts what was ordered of a supplier and delivered by it.
    fn add_supply(&mut self, line: &Line<'_>, delivered: Quantity) -> Result<(), Overflow> {
        let supplier = line.table.suppliers().get(line.row);
        let ordered = line.table.ordered().get(line.row).unwrap_or_default();
        let known = self.suppliers.iter_mut().find(|it| it.supplier == supplier);
        match known {
            Some(known) => {
                known.ordered = known.ordered.checked_add(ordered)?;
                known.delivered = known.delivered.checked_add(delivered)?;
            }
            None => self.suppliers.push(Supplied {
                supplier,
                ordered,
                delivered,
            }),
        }
        Ok(())
    }

    /// Counts what entered the store in the term.
    fn stock(&mut self, line: &Line<'_>, quantity: Quantity) -> Result<(), Overflow> {
        self.all = self.all.checked_add(quantity)?;
        if line.selected && line.of_round {
            self.selected = self.selected.checked_add(quantity)?;
        }
        if !line.selected {
            self.non_selected = self.non_selected.checked_add(quantity)?;
        }
        self.stocked.push(Stocked {
            row: line.row,
            selected: line.selected,
            quantity,
            price: line.table.unit_prices().get(line.row),
        });
        Ok(())
    }
}

impl<'a> Line<'a> {
    /// # Errors
    /// The column that is not recorded, or in another unit than the agreement's.
    fn read(
        table: &'a Purchases,
        row: Row<Purchases>,
        agreement: &Agreement,
    ) -> Result<Self, &'static str> {
        let selected = table.selected().get(row).ok_or("purchases.selected")?;
        let round = table.rounds().get(row);
        if selected && round.is_none() {
            return Err("purchases.rounds");
        }
        if table.base_units().get(row) != Some(agreement.unit) {
            return Err("purchases.base-units");
        }
        let mut of_round = round == Some(agreement.round);
        if let Some(agreed) = agreement.item.filter(|_| selected && of_round) {
            of_round = table.items().get(row).ok_or("purchases.items")? == agreed;
        }
        Ok(Line {
            table,
            row,
            selected,
            of_round,
        })
    }
}
