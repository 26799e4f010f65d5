//! 进销存: what was billed of a medicine (43) or of a consumable (48) differs from what left the stock by more
//! than 5 %.

use time::Date;

use super::super::GenerateError;
use super::super::hospitals::Hospital;
use super::super::record::Verdict;
use super::super::tables::{Cell, Planted, PlantedRow, Table};
use super::super::timeline::after;
use super::rules::rule;

/// A month of an item of which a thousand left the stock, in pieces.
struct Month {
    rule: usize,
    item: &'static str,
    billed: i64,
    verdict: Verdict,
    note: &'static str,
}

use Verdict::{Hit, NearMiss};

#[rustfmt::skip]
static MONTHS: [Month; 6] = [
    Month { rule: 43, item: "XA99AAA143A001010100001", billed: 1_051, verdict: Hit, note: "5.1 % more billed than used" },
    Month { rule: 43, item: "XA99AAA143A001010100002", billed: 1_050, verdict: NearMiss, note: "5 % more billed than used" },
    Month { rule: 43, item: "T999143000", billed: 949, verdict: Hit, note: "5.1 % less billed than used" },
    Month { rule: 48, item: "C9914800000000000001", billed: 1_051, verdict: Hit, note: "5.1 % more billed than used" },
    Month { rule: 48, item: "C9914800000000000002", billed: 1_050, verdict: NearMiss, note: "5 % more billed than used" },
    Month { rule: 48, item: "C9914800000000000003", billed: 950, verdict: NearMiss, note: "5 % less billed than used" },
];

/// Adds the months that end on the last day to the stock. 200 at first, 1,100 received, 60 sent back, 10
/// returned by patients, 50 given to another department: 1,000 used where 200 are left.
///
/// # Errors
/// When a file cannot be written.
pub(in super::super) fn write_stock(
    stock: &mut Table<13>,
    (hospital, end): (Hospital, Date),
    planted: &mut Planted,
) -> Result<(), GenerateError> {
    let first = after(end, 1 - i64::from(end.day()));
    for month in &MONTHS {
        let row = stock.row(cells(hospital, month, [first, end]))?;
        planted.note(&PlantedRow {
            breach: rule(month.rule),
            verdict: month.verdict,
            table: "stock",
            key: Cell::Number(row.cast_signed()),
            patient: Cell::Empty,
            amount: None,
            note: month.note,
        })?;
    }
    Ok(())
}

#[rustfmt::skip]
fn cells(hospital: Hospital, month: &Month, [first, last]: [Date; 2]) -> [Cell<'static>; 13] {
    let [opening, received, sent_back, returned, given] = [200, 1_100, 60, 10, -50].map(Cell::Quantity);
    [
        hospital.key(), Cell::Text(month.item), Cell::Text("个"), Cell::Day(first), Cell::Day(last),
        opening, received, sent_back, returned, given,
        Cell::Quantity(1_000), Cell::Quantity(month.billed), Cell::Quantity(200),
    ]
}
