//! Volume-based procurement (集中带量采购): agreements, two years of purchases, and the stock.
//!
//! Of fixed size. Each variety is a figure sheet of one agreement year with the verdicts that the policy text
//! gives for it, for a review whose period ends on the last generated day. Every agreement follows one
//! of the year before, which was fulfilled with a tenth of non-selected products.

use std::collections::BTreeMap;
use std::path::Path;

use time::Date;

use super::care::INSTITUTION_KEY;
use super::library;
use super::random::Random;
use super::record::{Breach, Verdict};
use super::tables::{Cell, Planted, PlantedRow, Table};
use super::timeline::{after, days_between};
use super::{Extent, GenerateError};

const PACK: &str = "37/vbp-quota";
static INCOMPLETE: Breach = Breach {
    id: "VBP-INCOMPLETE",
    pack: PACK,
    rule: "VBP-01",
};
static NON_SELECTED: Breach = Breach {
    id: "VBP-NON-SELECTED",
    pack: PACK,
    rule: "VBP-02",
};
static NO_PURCHASE: Breach = Breach {
    id: "VBP-ZERO-PURCHASE",
    pack: PACK,
    rule: "VBP-03",
};
static BEHIND: Breach = Breach {
    id: "VBP-BEHIND-TIME",
    pack: PACK,
    rule: "VBP-04",
};
static EXCESS: Breach = Breach {
    id: "VBP-NON-SELECTED-EXCESS",
    pack: PACK,
    rule: "VBP-06",
};
static HIGH_PRICE: Breach = Breach {
    id: "VBP-HIGH-PRICE",
    pack: PACK,
    rule: "VBP-07",
};
static SUBSTITUTES: Breach = Breach {
    id: "VBP-SUBSTITUTES",
    pack: PACK,
    rule: "VBP-08",
};
/// Of the first order of the agreement, in `purchases`.
static LARGE_ORDER: Breach = Breach {
    id: "VBP-LARGE-ORDER",
    pack: PACK,
    rule: "VBP-09",
};

/// Days of an agreement year.
const YEAR_DAYS: i64 = 365;
/// Days that a running agreement has run on the last generated day, that day included.
const RUNNING_DAYS: i64 = 151;

/// Whether the agreement year is over on the last generated day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Term {
    Over,
    Running,
}

/// A variety in its latest agreement year. Quantities are whole tablets.
struct Sheet {
    variety: &'static str,
    /// National codes up to the enterprise.
    item: &'static str,
    term: Term,
    agreed: i64,
    /// Of the selected product.
    ordered: i64,
    delivered: i64,
    returned: i64,
    non_selected: i64,
    /// Order lines that these quantities are spread over.
    orders: u8,
    verdicts: &'static [(&'static Breach, Verdict, &'static str)],
}

use Term::{Over, Running};
use Verdict::{Hit, NearMiss};

#[rustfmt::skip]
static SHEETS: [Sheet; 13] = [
    Sheet { variety: "氨氯地平口服常释剂型", item: "XC08CAA112A0010101", term: Over, agreed: 120_000,
        ordered: 132_000, delivered: 130_000, returned: 0, non_selected: 15_600, orders: 12,
        verdicts: &[(&SUBSTITUTES, NearMiss, "exactly 30 % more substitutes than in the year before")] },
    Sheet { variety: "二甲双胍口服常释剂型", item: "XA10BAE102A0010101", term: Over, agreed: 90_000,
        ordered: 75_600, delivered: 72_000, returned: 0, non_selected: 24_000, orders: 12,
        verdicts: &[(&INCOMPLETE, Hit, "80 % of the agreed volume at the end of the year"),
            (&HIGH_PRICE, NearMiss, "twice the selected price exactly")] },
    Sheet { variety: "阿托伐他汀口服常释剂型", item: "XC10AAA100A0010101", term: Over, agreed: 60_000,
        ordered: 66_000, delivered: 66_000, returned: 6_000, non_selected: 15_000, orders: 12,
        verdicts: &[(&INCOMPLETE, NearMiss, "100 % of the agreed volume exactly after a return")] },
    Sheet { variety: "氯吡格雷口服常释剂型", item: "XB01ACA045A0010101", term: Over, agreed: 48_000,
        ordered: 57_600, delivered: 28_800, returned: 0, non_selected: 7_200, orders: 12,
        verdicts: &[(&INCOMPLETE, NearMiss, "ordered in full; the supplier delivered half")] },
    Sheet { variety: "美托洛尔口服常释剂型", item: "XC07ABA065A0010101", term: Over, agreed: 50_000,
        ordered: 31_000, delivered: 30_000, returned: 0, non_selected: 35_000, orders: 12,
        verdicts: &[(&INCOMPLETE, Hit, "60 % of the agreed volume at the end of the year"),
            (&NON_SELECTED, Hit, "53.8 % non-selected while the volume is unmet"),
            (&EXCESS, Hit, "70 % of the agreed volume in non-selected products")] },
    Sheet { variety: "头孢呋辛口服常释剂型", item: "XJ01DCT058A0010101", term: Over, agreed: 40_000,
        ordered: 20_000, delivered: 20_000, returned: 0, non_selected: 20_000, orders: 10,
        verdicts: &[(&INCOMPLETE, Hit, "half of the agreed volume at the end of the year"),
            (&NON_SELECTED, NearMiss, "50 % non-selected exactly"),
            (&EXCESS, NearMiss, "exactly half of the agreed volume in non-selected products")] },
    Sheet { variety: "奥美拉唑口服常释剂型", item: "XA02BCA214E0010101", term: Over, agreed: 30_000,
        ordered: 36_000, delivered: 36_000, returned: 0, non_selected: 54_000, orders: 12,
        verdicts: &[(&NON_SELECTED, NearMiss, "60 % non-selected beyond a volume that was met"),
            (&EXCESS, Hit, "180 % of the agreed volume in non-selected products"),
            (&HIGH_PRICE, Hit, "three times the selected price")] },
    Sheet { variety: "西格列汀口服常释剂型", item: "XA10BHS168A0010101", term: Running, agreed: 73_000,
        ordered: 38_000, delivered: 36_500, returned: 0, non_selected: 7_300, orders: 5,
        verdicts: &[(&SUBSTITUTES, Hit, "2.4 times the substitutes of the same days of the year before"),
            (&LARGE_ORDER, NearMiss, "orders a seventh larger than those of the year before")] },
    Sheet { variety: "依那普利口服常释剂型", item: "XC09AAB043A0010101", term: Running, agreed: 73_000,
        ordered: 23_000, delivered: 21_900, returned: 0, non_selected: 4_000, orders: 5,
        verdicts: &[(&BEHIND, Hit, "30 % done after 41.4 % of the year")] },
    Sheet { variety: "布洛芬口服常释剂型", item: "XM01AEB158A0010101", term: Running, agreed: 73_000,
        ordered: 30_600, delivered: 30_600, returned: 0, non_selected: 3_000, orders: 5,
        verdicts: &[(&BEHIND, NearMiss, "two days ahead of the elapsed part of the year")] },
    Sheet { variety: "阿莫西林口服常释剂型", item: "XJ01CAA040E0010101", term: Running, agreed: 73_000,
        ordered: 30_600, delivered: 9_180, returned: 0, non_selected: 2_000, orders: 5,
        verdicts: &[(&BEHIND, NearMiss, "ordered in time; the supplier delivered 30 %")] },
    Sheet { variety: "厄贝沙坦口服常释剂型", item: "XC09CAE088A0010101", term: Running, agreed: 36_500,
        ordered: 0, delivered: 0, returned: 0, non_selected: 0, orders: 0,
        verdicts: &[(&NO_PURCHASE, Hit, "nothing bought in five months"),
            (&BEHIND, Hit, "nothing done after 41.4 % of the year")] },
    Sheet { variety: "瑞舒伐他汀口服常释剂型", item: "XC10AAR030A0010101", term: Running, agreed: 36_500,
        ordered: 18_250, delivered: 18_250, returned: 0, non_selected: 0, orders: 1,
        verdicts: &[(&NO_PURCHASE, NearMiss, "a single purchase"),
            (&LARGE_ORDER, Hit, "half a year of the agreed volume in one order")] },
];

/// One agreement year of a variety.
struct Agreement<'a> {
    sheet: &'a Sheet,
    round: &'static str,
    start: Date,
    /// Of the selected product.
    ordered: i64,
    delivered: i64,
    returned: i64,
    non_selected: i64,
    orders: i64,
    /// Millionths of a CNY a tablet.
    price: i64,
}

/// What entered the store in a month, and what went back to the supplier.
#[derive(Default)]
struct Movement {
    received: i64,
    returned: i64,
}

/// Movements by item, year and month.
type Movements = BTreeMap<(String, i32, u8), Movement>;

/// Writes `agreements`, `purchases` and `stock`, and what was planted in them.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write(
    directory: &Path,
    (end, extent): (Date, Extent),
    random: &mut Random,
    planted: &mut Planted,
) -> Result<(), GenerateError> {
    let mut agreements = Table::create(directory, "agreements", AGREEMENT_COLUMNS)?;
    let mut purchases = Purchases {
        table: Table::create(directory, "purchases", PURCHASE_COLUMNS)?,
        movements: Movements::new(),
    };
    for sheet in &SHEETS {
        for agreement in two_years(sheet, end, random) {
            let row = agreements.row(agreement_cells(&agreement))?;
            let first_order = purchases.write(&agreement, random)?;
            if agreement.latest() {
                note(planted, sheet, row, first_order)?;
            }
        }
    }
    agreements.finish()?;
    purchases.table.finish()?;
    let mut stock = Table::create(directory, "stock", STOCK_COLUMNS)?;
    write_stock(&mut stock, end, &purchases.movements)?;
    if extent == Extent::Library {
        library::write_stock(&mut stock, end, planted)?;
    }
    stock.finish()
}

/// The year that the sheet tells, after one that was fulfilled.
fn two_years<'a>(sheet: &'a Sheet, end: Date, random: &mut Random) -> [Agreement<'a>; 2] {
    let run = match sheet.term {
        Over => YEAR_DAYS,
        Running => RUNNING_DAYS,
    };
    let start = after(end, 1 - run);
    let price = i64::from(random.between(8, 90)) * 10_000;
    let fulfilled = sheet.agreed * 11 / 10;
    let before = Agreement {
        sheet,
        round: "GC-8",
        start: after(start, -YEAR_DAYS),
        ordered: fulfilled,
        delivered: fulfilled,
        returned: 0,
        non_selected: sheet.agreed / 10,
        orders: 12,
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
        ..before
    };
    [before, latest]
}

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
            breach.id == HIGH_PRICE.id && *verdict == Hit
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
        let of_order = first_order.filter(|_| breach.rule == LARGE_ORDER.rule);
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
        INSTITUTION_KEY,
        Cell::Text(agreement.round),
        Cell::Text(agreement.sheet.variety),
        Cell::Day(agreement.start),
        Cell::Day(after(agreement.start, YEAR_DAYS - 1)),
        Cell::Quantity(agreement.sheet.agreed),
        Cell::Text(TABLET),
        Cell::UnitPrice(agreement.price),
        Cell::UnitPrice(agreement.price * 4),
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
    /// The year's orders, selected and non-selected product by turns. Gives the row of the first.
    fn write(
        &mut self,
        year: &Agreement<'_>,
        random: &mut Random,
    ) -> Result<Option<u64>, GenerateError> {
        let last = year.orders - 1;
        let mut first = None;
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
            first.get_or_insert(row);
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
            }
        }
        Ok(first)
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
            INSTITUTION_KEY, Cell::Text(year.round), Cell::Text(year.sheet.variety),
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
    end: Date,
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
                item,
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
    item: &'a str, [first, last]: [Date; 2], [opening, received, returned, issued]: [i64; 4],
) -> [Cell<'a>; 13] {
    [
        INSTITUTION_KEY, Cell::Text(item), Cell::Text(TABLET), Cell::Day(first), Cell::Day(last),
        Cell::Quantity(opening), Cell::Quantity(received), Cell::Quantity(returned),
        Cell::Quantity(0), Cell::Quantity(0), Cell::Quantity(issued), Cell::Quantity(issued),
        Cell::Quantity(opening + received - returned - issued),
    ]
}

fn month_start(day: Date) -> Date {
    after(day, 1 - i64::from(day.day()))
}
