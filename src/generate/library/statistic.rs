//! 统计指标: shares of an institution's cost in a month (56-61), and the rate of infections that arose in
//! hospital (62).
//!
//! Each share has two small institutions of its own, one above the limit and one at it. What the other
//! institutions charge is added up too: where the charges of a month happen to exceed a limit, that is
//! told. Shares are in ten-thousandths, cut off, as the limits are.

use std::collections::BTreeMap;

use time::Date;

use super::super::GenerateError;
use super::super::catalogue::{Item, Kind};
use super::super::record::{Encounter, Money, Order, Place, Verdict};
use super::super::tables::{Cell, Planted, PlantedRow};
use super::super::timeline::after;
use super::items::{YUAN, material, medicine, service};
use super::round::{Round, hit, near_miss, one};
use super::rules::rule;
use super::tables::{FIRST_OF_SHARES, is_of_shares};

/// What the region takes for CT and for magnetic resonance, which the pack leaves open; the first is the CT
/// of the ordinary clinic.
const CT: &str = "002103000010000";
const MR: &str = "002102000020000";

/// A share of cost: its rule, what belongs to it, and what it may not exceed in percent.
struct Share {
    rule: usize,
    item: Item,
    is_part: fn(&Item) -> bool,
    percent_max: i64,
}

#[rustfmt::skip]
static SHARES: [Share; 6] = [
    Share { rule: 56, item: medicine("XA99AAA156A001010100001", YUAN), is_part: |item| item.kind.is_prescribed(), percent_max: 35 },
    Share { rule: 57, item: service("002503010020000", Kind::Laboratory, YUAN), is_part: is_examination, percent_max: 40 },
    Share { rule: 58, item: material("C9915800000000000001", YUAN), is_part: |item| item.kind == Kind::Consumable, percent_max: 25 },
    Share { rule: 59, item: service("003401000010000", Kind::Treatment, YUAN), is_part: |item| item.kind == Kind::Treatment, percent_max: 45 },
    Share { rule: 60, item: service(CT, Kind::Examination, YUAN), is_part: |item| item.code == CT, percent_max: 8 },
    Share { rule: 61, item: service(MR, Kind::Examination, YUAN), is_part: |item| item.code == MR, percent_max: 5 },
];

fn is_examination(item: &Item) -> bool {
    matches!(item.kind, Kind::Examination | Kind::Laboratory)
}

/// Belongs to no share.
static NURSING: Item = service("001201000040000", Kind::Nursing, YUAN);

/// Plants the shares and the infections.
pub(super) fn plant(round: &mut Round<'_>) {
    for (place, share) in (0..).zip(&SHARES) {
        for more in [0, 1] {
            let day = round.day_of_whole_month();
            let percent = share.percent_max + more;
            let of_hundred = |item, yuan: i64| {
                let mut order = one(item, day);
                order.details.price = Some(yuan * 10 * YUAN);
                order
            };
            let part = of_hundred(&share.item, percent);
            let rest = of_hundred(&NURSING, 100 - percent);
            let mut patient = round.visitor(vec![part, rest]);
            let institution = FIRST_OF_SHARES + 2 * place + u64::from(more == 1);
            patient.encounters[0].details.institution = institution;
            round.plant(patient);
        }
    }
    infections(round);
}

/// 院内感染 (62): an infection that arose in hospital counts, one that was there on admission does not.
fn infections(round: &mut Round<'_>) {
    for acquired in [Some(1), None] {
        let day = round.day();
        let mut patient = round.inpatient(day, 5, Vec::new());
        let stay = &mut patient.encounters[0];
        stay.diagnoses = vec!["I10.x00x002", "N39.000"];
        stay.details.acquired = acquired;
        let place = Place::Encounter(0);
        patient.marks.push(match acquired {
            Some(_) => hit(
                62,
                place,
                None,
                "urinary infection that arose in hospital; counts for the rate",
            ),
            None => near_miss(62, place, "urinary infection that was there on admission"),
        });
        round.plant(patient);
    }
}

/// Sums by institution and month.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    months: BTreeMap<(u64, i32, u8), Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    whole: Money,
    parts: [Money; SHARES.len()],
}

impl Ledger {
    /// Adds the lines of an encounter of an institution, by the number of its row.
    pub(super) fn add(&mut self, encounter: &Encounter, institution: u64) {
        for order in encounter.orders.iter().filter(|order| order.charged()) {
            let (year, month) = (order.day.year(), u8::from(order.day.month()));
            let month = (institution, year, month);
            self.months.entry(month).or_default().add(order);
        }
    }

    /// Notes the months that exceed a limit, and those that lie at it. A month that has not ended on the
    /// last day is not summed.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn note(&self, end: Date, planted: &mut Planted) -> Result<(), GenerateError> {
        let tomorrow = after(end, 1);
        let begun = (tomorrow.year(), u8::from(tomorrow.month()));
        for ((institution, year, month), sums) in &self.months {
            if (*year, *month) >= begun {
                continue;
            }
            let key = format!("{year}-{month:02}");
            for (share, part) in SHARES.iter().zip(sums.parts) {
                let Some((verdict, note)) = share.verdict(part, sums.whole, *institution) else {
                    continue;
                };
                planted.note(&PlantedRow {
                    breach: rule(share.rule),
                    verdict,
                    table: "totals",
                    key: Cell::Text(&key),
                    patient: Cell::Key('H', *institution),
                    amount: Some(part),
                    note,
                })?;
            }
        }
        Ok(())
    }
}

impl Sums {
    fn add(&mut self, order: &Order) {
        let amount = order.amount();
        self.whole += amount;
        for (share, part) in SHARES.iter().zip(&mut self.parts) {
            if (share.is_part)(order.item) {
                *part += amount;
            }
        }
    }
}

impl Share {
    /// What a month is whose charges are these; nothing where it lies below the limit.
    fn verdict(
        &self,
        part: Money,
        whole: Money,
        institution: u64,
    ) -> Option<(Verdict, &'static str)> {
        let found = (i128::from(part) * 10_000).checked_div(i128::from(whole))?;
        let limit = i128::from(self.percent_max * 100);
        let is_planted = is_of_shares(institution);
        match found.cmp(&limit) {
            std::cmp::Ordering::Greater if is_planted => {
                Some((Verdict::Hit, "one percent of the cost above the share"))
            }
            std::cmp::Ordering::Greater => Some((
                Verdict::Hit,
                "the ordinary charges of the month happen to exceed the share",
            )),
            std::cmp::Ordering::Equal => Some((Verdict::NearMiss, "the share exactly")),
            std::cmp::Ordering::Less => None,
        }
    }
}
