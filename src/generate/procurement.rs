//! Volume-based procurement (集中带量采购): agreements, two years of purchases, and the stock.
//!
//! Of fixed size. Each variety is a figure sheet of one agreement year with the verdicts that the policy text
//! gives for it, for a review whose period ends on the last generated day. Every agreement follows one
//! of the year before, which was fulfilled with a tenth of non-selected products.

mod rounds;
mod sheets;

use std::collections::BTreeMap;

use time::Date;

use super::hospitals::Hospital;
use super::library;
use super::random::Random;
use super::record::{Breach, Money, Verdict};
use super::tables::{Cell, Folder, Planted, PlantedRow, Table};
use super::timeline::{after, days_between};
use super::{Extent, GenerateError};
use rounds::{Rounds, Standing};
use sheets::{FREQUENT_ORDERS, HIGH_PRICE, LARGE_ORDER, Pace, SHEETS, SUBSTITUTES, Sheet, Term};

/// Days of an agreement year.
const YEAR_DAYS: i64 = 365;
/// Days that a running agreement has run on the last generated day, that day included.
const RUNNING_DAYS: i64 = 151;

/// One agreement year of a variety.
struct Agreement<'a> {
    hospital: Hospital,
    sheet: &'a Sheet,
    round: &'static str,
    start: Date,
    /// Of the selected product.
    ordered: i64,
    delivered: i64,
    returned: i64,
    non_selected: i64,
    orders: i64,
    pace: Pace,
    /// Millionths of a CNY a tablet.
    price: i64,
}

/// What entered the store in a month, and what went back to the supplier.
#[derive(Default)]
struct Movement {
    received: i64,
    returned: i64,
}

impl Standing {
    /// Of an agreement on the last generated day.
    fn of(agreement: &Agreement<'_>, spent: Money, end: Date) -> Self {
        let stocked = agreement.delivered - agreement.returned;
        Standing {
            round: agreement.round,
            days: i64::from(days_between(agreement.start, end)) + 1,
            agreed: agreement.sheet.agreed,
            ordered: agreement.ordered,
            delivered: agreement.delivered,
            stocked,
            non_selected: agreement.non_selected,
            budget: agreement.sheet.agreed * agreement.price * PREVIOUS_TIMES / 10_000,
            spent,
        }
    }
}

/// Movements by item, year and month.
type Movements = BTreeMap<(String, i32, u8), Movement>;

/// `agreements`, `purchases` and `stock`.
pub(super) struct ProcurementTables {
    agreements: Table<9>,
    purchases: Purchases,
    stock: Table<13>,
}

impl ProcurementTables {
    /// Creates the files.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn create(folder: &Folder) -> Result<Self, GenerateError> {
        Ok(Self {
            agreements: Table::create(folder, "agreements", AGREEMENT_COLUMNS)?,
            purchases: Purchases {
                table: Table::create(folder, "purchases", PURCHASE_COLUMNS)?,
                movements: Movements::new(),
            },
            stock: Table::create(folder, "stock", STOCK_COLUMNS)?,
        })
    }

    /// Writes what a hospital agreed to, bought and has, and what was planted in it.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn write(
        &mut self,
        hospital: Hospital,
        (end, extent): (Date, Extent),
        random: &mut Random,
        planted: &mut Planted,
    ) -> Result<(), GenerateError> {
        let mut rounds = Rounds::default();
        self.purchases.movements.clear();
        for sheet in &SHEETS {
            for agreement in two_years(sheet, (hospital, end), random) {
                let row = self.agreements.row(agreement_cells(&agreement))?;
                let bought = self.purchases.write(&agreement, random)?;
                if agreement.latest() {
                    note(planted, sheet, row, bought.first_order)?;
                }
                rounds.add(&Standing::of(&agreement, bought.spent, end), row, planted)?;
            }
        }
        rounds.note(planted)?;
        write_stock(&mut self.stock, (hospital, end), &self.purchases.movements)?;
        match extent {
            Extent::Plain | Extent::Conduct => Ok(()),
            Extent::Library => library::write_stock(&mut self.stock, (hospital, end), planted),
        }
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn finish(self) -> Result<(), GenerateError> {
        self.agreements.finish()?;
        self.purchases.table.finish()?;
        self.stock.finish()
    }
}

/// The year that the sheet tells, after one that was fulfilled.
fn two_years<'a>(
    sheet: &'a Sheet,
    (hospital, end): (Hospital, Date),
    random: &mut Random,
) -> [Agreement<'a>; 2] {
    let run = match sheet.term {
        Term::Over => YEAR_DAYS,
        Term::Running => RUNNING_DAYS,
    };
    let start = after(end, 1 - run);
    let price = i64::from(random.between(8, 90)) * 10_000;
    let fulfilled = sheet.agreed * 11 / 10;
    let before = Agreement {
        hospital,
        sheet,
        round: "GC-8",
        start: after(start, -YEAR_DAYS),
        ordered: fulfilled,
        delivered: fulfilled,
        returned: 0,
        non_selected: sheet.agreed / 10,
        orders: 12,
        pace: Pace::Monthly,
        price,
    };
    let latest = Agreement {
        round: LATEST_ROUND,
        start,
        ordered: sheet.ordered,
        delivered: sheet.delivered,
        returned: sheet.returned,
        non_selected: sheet.non_selected,
        orders: i64::from(sheet.orders),
        pace: sheet.pace,
        ..before
    };
    [before, latest]
}

/// Times the selected price that a tablet cost before the round.
const PREVIOUS_TIMES: i64 = 4;
const LATEST_ROUND: &str = "GC-9";

impl Sheet {
    /// Whether a breach of this kind, or a near miss of it, is in the sheet.
    fn is_planted(&self, breach: &Breach) -> bool {
        let mut verdicts = self.verdicts.iter();
        verdicts.any(|(planted, ..)| planted.id == breach.id)
    }
}

impl Agreement<'_> {
    fn latest(&self) -> bool {
        self.round == LATEST_ROUND
    }

    /// What a non-selected product costs: twice the selected price, which is no high one yet.
    fn other_price(&self) -> i64 {
        let high = |(breach, verdict, _): &(&Breach, Verdict, _)| {
            breach.id == HIGH_PRICE.id && *verdict == Verdict::Hit
        };
        let is_high = self.latest() && self.sheet.verdicts.iter().any(high);
        self.price * if is_high { 3 } else { 2 }
    }
}

fn note(
    planted: &mut Planted,
    sheet: &Sheet,
    agreement: u64,
    first_order: Option<u64>,
) -> Result<(), GenerateError> {
    for (breach, verdict, note) in sheet.verdicts {
        let is_of_order = [LARGE_ORDER.rule, FREQUENT_ORDERS.rule].contains(&breach.rule);
        let of_order = first_order.filter(|_| is_of_order);
        let (table, row) = match of_order {
            Some(order) => ("purchases", order),
            None => ("agreements", agreement),
        };
        planted.note(&PlantedRow {
            breach,
            verdict: *verdict,
            table,
            key: Cell::Number(row.cast_signed()),
            patient: Cell::Empty,
            amount: None,
            note,
        })?;
    }
    Ok(())
}

const AGREEMENT_COLUMNS: [&str; 9] = [
    "institutions",
    "rounds",
    "varieties",
    "starts",
    "ends",
    "base-quantities",
    "base-units",
    "selected-prices",
    "previous-prices",
];

fn agreement_cells<'a>(agreement: &Agreement<'a>) -> [Cell<'a>; 9] {
    [
        agreement.hospital.key(),
        Cell::Text(agreement.round),
        Cell::Text(agreement.sheet.variety),
        Cell::Day(agreement.start),
        Cell::Day(after(agreement.start, YEAR_DAYS - 1)),
        Cell::Quantity(agreement.sheet.agreed),
        Cell::Text(TABLET),
        Cell::UnitPrice(agreement.price),
        Cell::UnitPrice(agreement.price * PREVIOUS_TIMES),
    ]
}

const TABLET: &str = "片";

#[rustfmt::skip]
const PURCHASE_COLUMNS: [&str; 16] = [
    "institutions", "rounds", "varieties", "items", "suppliers", "selected", "substitutes",
    "ordered", "confirmed", "delivered", "returned", "base-units", "unit-prices",
    "ordered-days", "delivered-days", "stocked-days",
];

/// The purchases so far, and what they mean for the store.
struct Purchases {
    table: Table<16>,
    movements: Movements,
}

/// What came of a year's orders.
#[derive(Default)]
struct Bought {
    /// The row of the first order.
    first_order: Option<u64>,
    /// What everything that was kept cost: all prices are whole fen a tablet.
    spent: Money,
}

/// An order line on the platform.
struct Purchase {
    selected: bool,
    substitute: bool,
    day: Date,
    ordered: i64,
    delivered: i64,
    returned: i64,
}

impl Purchases {
    /// The year's orders, selected and non-selected product by turns.
    fn write(
        &mut self,
        year: &Agreement<'_>,
        random: &mut Random,
    ) -> Result<Bought, GenerateError> {
        let last = year.orders - 1;
        let mut bought = Bought::default();
        for place in 0..year.orders {
            let part = |whole: i64| {
                let share = whole / year.orders;
                if place == last {
                    whole - share * last
                } else {
                    share
                }
            };
            let day = year.ordered_on(place, random);
            let selected = Purchase {
                selected: true,
                substitute: false,
                day,
                ordered: part(year.ordered),
                delivered: part(year.delivered),
                returned: if place == last { year.returned } else { 0 },
            };
            let row = self.line(year, &selected, random)?;
            bought.first_order.get_or_insert(row);
            bought.spent += (selected.delivered - selected.returned) * year.price / 10_000;
            let other = part(year.non_selected);
            if other > 0 {
                let substitute = year.sheet.is_planted(&SUBSTITUTES) && place == 0;
                let purchase = Purchase {
                    selected: false,
                    substitute,
                    ordered: other,
                    delivered: other,
                    returned: 0,
                    ..selected
                };
                self.line(year, &purchase, random)?;
                bought.spent += other * year.other_price() / 10_000;
            }
        }
        Ok(bought)
    }

    #[rustfmt::skip]
    fn line(
        &mut self, year: &Agreement<'_>, purchase: &Purchase, random: &mut Random,
    ) -> Result<u64, GenerateError> {
        let enterprise = if purchase.selected { "00101" } else { "00202" };
        let item = format!("{}{enterprise}", year.sheet.item);
        let supplier = if purchase.selected { "G370001" } else { "G370002" };
        let price = if purchase.selected { year.price } else { year.other_price() };
        let delivered = after(purchase.day, i64::from(random.between(2, 6)));
        let stocked = after(delivered, i64::from(random.between(0, 1)));
        let month = (item.clone(), stocked.year(), u8::from(stocked.month()));
        let movement = self.movements.entry(month).or_default();
        movement.received += purchase.delivered;
        movement.returned += purchase.returned;
        self.table.row([
            year.hospital.key(), Cell::Text(year.round), Cell::Text(year.sheet.variety),
            Cell::Text(&item), Cell::Text(supplier),
            Cell::Flag(purchase.selected), Cell::Flag(purchase.substitute),
            Cell::Quantity(purchase.ordered), Cell::Quantity(purchase.ordered),
            Cell::Quantity(purchase.delivered), Cell::Quantity(purchase.returned),
            Cell::Text(TABLET), Cell::UnitPrice(price),
            Cell::Day(purchase.day), Cell::Day(delivered), Cell::Day(stocked),
        ])
    }
}

impl Agreement<'_> {
    /// Twelve orders reach the store within the year, five within [`RUNNING_DAYS`]; a single order is of
    /// the third month.
    fn ordered_on(&self, place: i64, random: &mut Random) -> Date {
        if let Pace::Crowded(days) = self.pace
            && place < 4
        {
            return after(self.start, place * days / 3);
        }
        let first = if self.orders == 1 { 65 } else { 0 };
        after(
            self.start,
            first + place * 28 + i64::from(random.between(0, 9)),
        )
    }
}

#[rustfmt::skip]
const STOCK_COLUMNS: [&str; 13] = [
    "institutions", "items", "base-units", "period-starts", "period-ends", "opening", "received",
    "supplier-returns", "patient-returns", "adjusted", "issued", "billed", "closing",
];

/// A row for each item and month from its first purchase on: nine tenths of what is there are used.
fn write_stock(
    stock: &mut Table<13>,
    (hospital, end): (Hospital, Date),
    movements: &Movements,
) -> Result<(), GenerateError> {
    let mut items: Vec<&str> = movements.keys().map(|(item, ..)| item.as_str()).collect();
    items.dedup();
    for item in items {
        let mut opening = 0;
        let mut first = month_start(after(end, 1 - 2 * YEAR_DAYS));
        while days_between(first, end) >= 0 {
            let next = month_start(after(first, 31));
            let last = after(next, -1).min(end);
            let key = (item.to_owned(), first.year(), u8::from(first.month()));
            let (received, returned) = movements
                .get(&key)
                .map_or((0, 0), |month| (month.received, month.returned));
            let held = opening + received - returned;
            let issued = held * 9 / 10;
            stock.row(stock_cells(
                (hospital, item),
                [first, last],
                [opening, received, returned, issued],
            ))?;
            opening = held - issued;
            first = next;
        }
    }
    Ok(())
}

#[rustfmt::skip]
fn stock_cells<'a>(
    (hospital, item): (Hospital, &'a str), [first, last]: [Date; 2], [opening, received, returned, issued]: [i64; 4],
) -> [Cell<'a>; 13] {
    [
        hospital.key(), Cell::Text(item), Cell::Text(TABLET), Cell::Day(first), Cell::Day(last),
        Cell::Quantity(opening), Cell::Quantity(received), Cell::Quantity(returned),
        Cell::Quantity(0), Cell::Quantity(0), Cell::Quantity(issued), Cell::Quantity(issued),
        Cell::Quantity(opening + received - returned - issued),
    ]
}

fn month_start(day: Date) -> Date {
    after(day, 1 - i64::from(day.day()))
}
