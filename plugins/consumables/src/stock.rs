//! 进销存: the book of the store, one account for each item and period.

use rulepack_sdk::prelude::*;

use crate::Consumables;

/// A period of an item, complete or with what is missing.
#[derive(Debug)]
pub struct Account {
    /// Its row.
    pub row: Row<Stock>,
    /// National catalogue code.
    pub item: Code,
    /// Whether each piece is traced.
    pub traced: bool,
    /// The figures, or the columns that are not recorded.
    pub figures: Result<Figures, Vec<&'static str>>,
}

/// What came and went, in the smallest unit.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    opening: Quantity,
    received: Quantity,
    supplier_returns: Quantity,
    adjusted: Quantity,
    closing: Quantity,
    patient_returns: Option<Quantity>,
    issued: Option<Quantity>,
    /// 计费: charge lines less refunds.
    pub billed: Quantity,
}

impl Figures {
    /// 消耗 by the book: what was there and came, less what is left (期初 + 入库 − 退货 ± 调整 − 期末). What patients
    /// gave back is in the store again, so it is not consumed.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn consumed(&self) -> Result<Quantity, Overflow> {
        let came = self
            .opening
            .checked_add(self.received)?
            .checked_add(self.adjusted)?;
        came.checked_sub(self.supplier_returns)?
            .checked_sub(self.closing)
    }

    /// 出库: what was issued less what patients gave back; `None` where either is not recorded.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn issued(&self) -> Result<Option<Quantity>, Overflow> {
        let pair = self.issued.zip(self.patient_returns);
        pair.map(|(issued, returned)| issued.checked_sub(returned))
            .transpose()
    }
}

/// The accounts of consumables whose period ends in the period of the review.
pub(crate) fn accounts(pack: &Consumables, batch: &Batch) -> Vec<Account> {
    let table = batch.stock();
    let items = table.items();
    let consumables = batch.members(pack.consumables, &items);
    let traced = pack.traced.of(batch, &items);
    let (first, last) = batch.period().unwrap_or((batch.today(), batch.today()));
    let mut accounts = Vec::new();
    for (row, item) in items.recorded() {
        let Some(end) = table.period_ends().get(row) else {
            continue;
        };
        let ended = (first..=last.min(batch.today())).contains(&end);
        if !ended || !consumables.contains(row) {
            continue;
        }
        accounts.push(Account {
            row,
            item,
            traced: traced.get(row, end).is_some(),
            figures: figures(table, row),
        });
    }
    accounts
}

fn figures(table: &Stock, row: Row<Stock>) -> Result<Figures, Vec<&'static str>> {
    let mut missing = Vec::new();
    let mut take = |column, value: Option<Quantity>| {
        value.unwrap_or_else(|| {
            missing.push(column);
            Quantity::ZERO
        })
    };
    let figures = Figures {
        opening: take("stock.opening", table.opening().get(row)),
        received: take("stock.received", table.received().get(row)),
        supplier_returns: take("stock.supplier-returns", table.supplier_returns().get(row)),
        adjusted: take("stock.adjusted", table.adjusted().get(row)),
        closing: take("stock.closing", table.closing().get(row)),
        patient_returns: table.patient_returns().get(row),
        issued: table.issued().get(row),
        billed: take("stock.billed", table.billed().get(row)),
    };
    match missing.is_empty() {
        true => Ok(figures),
        false => Err(missing),
    }
}
