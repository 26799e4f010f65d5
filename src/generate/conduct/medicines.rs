//! 辅助用药占比 (CND-28): of what an institution charges for medicines in its last whole month, those on the list of
//! adjuvant ones may be 15 % at most. Two small institutions of a hospital have one patient each, one a percent above
//! it and one at it; nobody else is given what is on the list.

use time::Date;

use super::super::catalogue::{CLINIC_DRUGS, Class, Item, Kind};
use super::super::random::Random;
use super::super::record::{Breach, Order, Patient, Place};
use super::super::timeline::{Timeline, after};
use super::{PACK, mark, visitor};

static ADJUVANT_SHARE: Breach = Breach::new("CND-ADJUVANT-SHARE", PACK, "CND-28");

/// Institutions of a hospital altogether: itself, one above the share, one at it.
pub(in super::super) const INSTITUTIONS: u64 = 3;
/// Percent of the cost of medicines.
const SHARE_MAX: i64 = 15;
/// Millionths of a CNY in ten CNY.
const TEN_YUAN: i64 = 10_000_000;

static ADJUVANT: Item = Item {
    code: "XC04AXX901B001010100024",
    kind: Kind::Drug,
    class: Class::B,
    unit: "支",
    price: TEN_YUAN,
    pack: 1,
    base_unit: "支",
    dosage: None,
};
static OTHER: &Item = CLINIC_DRUGS[0];

/// A patient of each small institution, in the last whole month under review.
pub(super) fn patients(random: &mut Random, timeline: &Timeline) -> Vec<Patient> {
    let day = day_of_last_whole_month(random, timeline);
    let above = (
        2,
        SHARE_MAX + 1,
        "a percent of the medicines above the share",
    );
    let exact = (3, SHARE_MAX, "the share exactly");
    let patient = |(institution, percent, note): (u64, i64, &'static str)| {
        let of_hundred = |item, percent: i64| {
            let mut order = Order::charge(item, day, 1);
            order.details.price = Some(percent * TEN_YUAN);
            order
        };
        let orders = vec![
            of_hundred(&ADJUVANT, percent),
            of_hundred(OTHER, 100 - percent),
        ];
        let mut patient = visitor(random, timeline, orders);
        patient.encounters[0].details.institution = institution;
        let amount = (percent > SHARE_MAX).then_some(0);
        patient
            .marks
            .push(mark(&ADJUVANT_SHARE, Place::Totals(0), amount, note));
        patient
    };
    [above, exact].map(patient).into()
}

/// A day of the last month that has ended on the last day.
fn day_of_last_whole_month(random: &mut Random, timeline: &Timeline) -> Date {
    let end = timeline.end;
    let last = match after(end, 1).day() == 1 {
        true => end,
        false => after(end, -i64::from(end.day())),
    };
    let back = random.between(0, i32::from(last.day()) - 1);
    after(last, -i64::from(back)).max(timeline.start).min(last)
}
