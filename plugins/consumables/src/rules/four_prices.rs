//! CON-11 四价统一: on each day the listed price (挂网价), the price of volume-based procurement (集采价), the purchase price
//! (采购价) and the charge (收费价) of a consumable are one.

use rulepack_sdk::prelude::*;

use crate::Consumables;

/// Id of the rule.
pub const ID: &str = "CON-11";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "item-prices.items",
    "item-prices.kinds",
    "item-prices.starts",
    "item-prices.unit-prices",
];

/// Words for the four kinds, as the hospital's export writes them.
#[derive(Debug)]
pub struct Kinds {
    listed: Vec<Code>,
    agreed: Vec<Code>,
    purchase: Vec<Code>,
    charge: Vec<Code>,
}

/// A kind of price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Listed,
    Agreed,
    Purchase,
    Charge,
}

/// A price on the days on which it is in force, as far as they are under review.
struct Price {
    row: Row<ItemPrices>,
    item: Code,
    kind: Kind,
    first: Day,
    last: Day,
    price: UnitPrice,
    unit: Option<Code>,
}

impl Kinds {
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        Ok(Kinds {
            listed: setup.code_list("listed_prices")?,
            agreed: setup.code_list("agreed_prices")?,
            purchase: setup.code_list("purchase_prices")?,
            charge: setup.code_list("charge_prices")?,
        })
    }

    fn of(&self, code: Code) -> Option<Kind> {
        let kinds = [
            (&self.listed, Kind::Listed),
            (&self.agreed, Kind::Agreed),
            (&self.purchase, Kind::Purchase),
            (&self.charge, Kind::Charge),
        ];
        let found = kinds.into_iter().find(|(words, _)| words.contains(&code));
        found.map(|(_, kind)| kind)
    }
}

/// Any two kinds with different prices on a common day under review. A charge above the purchase price is
/// told as such: consumables are sold without a markup (零加成). A kind that is not there is not compared.
pub(crate) fn check(pack: &Consumables, batch: &Batch, answer: &mut Answer) {
    let mut prices = read(pack, batch, answer);
    prices.sort_by_key(|price| (price.item, price.kind, price.row));
    for of_item in prices.chunk_by(|one, other| one.item == other.item) {
        for (place, one) in of_item.iter().enumerate() {
            for other in of_item.iter().skip(place + 1) {
                compare(one, other, answer);
            }
        }
    }
}

/// The rows of consumables; one that lacks what it takes to compare it is abstained on.
fn read(pack: &Consumables, batch: &Batch, answer: &mut Answer) -> Vec<Price> {
    let table = batch.item_prices();
    let consumables = batch.members(pack.consumables, &table.items());
    let (first, last) = batch.period().unwrap_or((batch.today(), batch.today()));
    let last = last.min(batch.today());
    let mut prices = Vec::new();
    for (row, item) in table.items().recorded() {
        let Some(word) = table.kinds().get(row) else {
            continue;
        };
        let Some(kind) = pack.prices.of(word).filter(|_| consumables.contains(row)) else {
            continue;
        };
        let Some(price) = table.unit_prices().get(row) else {
            answer.add(Abstention::new(ID, row).missing("item-prices.unit-prices"));
            continue;
        };
        let Some(start) = table.starts().get(row) else {
            answer.add(Abstention::new(ID, row).missing("item-prices.starts"));
            continue;
        };
        let end = table.ends().get(row).unwrap_or(last);
        prices.push(Price {
            row,
            item,
            kind,
            first: start.max(first),
            last: end.min(last),
            price,
            unit: table.base_units().get(row),
        });
    }
    prices
}

fn compare(one: &Price, other: &Price, answer: &mut Answer) {
    let day = one.first.max(other.first);
    if one.kind == other.kind || day > one.last.min(other.last) || one.price == other.price {
        return;
    }
    if one.unit.is_none() || one.unit != other.unit {
        answer.add(Abstention::new(ID, other.row).missing("item-prices.base-units"));
        return;
    }
    // What stands after the purchase price is what is charged.
    let markup = one.kind == Kind::Purchase && other.price > one.price;
    answer.add(
        Finding::violation(ID, if markup { "markup" } else { "differ" })
            .offending(other.row, Money::ZERO)
            .related(one.row, Money::ZERO)
            .argument("item", other.item)
            .argument("day", day)
            .argument("price", other.price)
            .argument("reference", one.price),
    );
}
