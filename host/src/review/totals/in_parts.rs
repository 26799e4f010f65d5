//! Sums of lines that are read in parts, because memory does not hold all of them (an audit): each part holds
//! whole encounters and is summed for itself, and the sums of all parts are joined. What comes of it is what
//! [`add`](super::add) makes of whole data.

use std::collections::BTreeSet;
use std::sync::Arc;

use rulepack_contract::data::{Coverage, Data, Presence, Values};
use rulepack_contract::schema::ids;
use rulepack_contract::units::NOT_RECORDED_S32;
use rulepack_protocol::pack::manifest::{Grouping, Total};
use serde::{Deserialize, Serialize};

use super::sums::{COLUMNS, GROUPINGS, Sums, add};
use super::{AMOUNTS, Totalled, Wanted};

/// What is to be summed of every part: the sums that any pack declares.
#[derive(Debug, Clone)]
pub struct Summing {
    sources: Data,
    wanted: Option<Wanted>,
}

/// The sums of some lines.
#[derive(Debug, Default)]
pub struct PartSums {
    /// Each once, in no order.
    pub sums: Vec<(SumKey, SumOfLines)>,
    /// What is not whole.
    pub left_out: BTreeSet<LeftOut>,
}

/// What is summed apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SumKey {
    /// Key of the institution.
    pub institution: String,
    /// First day of the period, from 1970-01-01.
    pub first: i32,
    /// Its last day.
    pub last: i32,
    /// Department, doctor, visit type, charge type, item and payment group; empty where it is not grouped by.
    pub group: [String; 6],
}

/// What some lines come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SumOfLines {
    /// Encounters that have such a line.
    pub encounters: i64,
    /// Fen.
    pub amount: i64,
    /// Fen inside the scope of the fund; `None` where a line does not say.
    pub covered: Option<i64>,
    /// Fen outside the catalogue; `None` where a line does not say.
    pub own_pay: Option<i64>,
    /// Ten-thousandths of the smallest unit; `None` where a line does not say, or lines differ in the unit.
    pub base_quantity: Option<i64>,
    /// That unit.
    pub base_unit: Option<String>,
}

/// Sums that are not whole, and for want of which column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeftOut {
    /// Key of the institution; every one where it is not known.
    pub institution: Option<String>,
    /// Groupings, first and last day; all of the institution where it is not known.
    pub of: Option<(Vec<Grouping>, i32, i32)>,
    /// `orders.departments`
    pub missing: String,
}

/// What was made of all parts. The sums themselves are the `totals` of the data that is reviewed with it.
#[derive(Debug, Clone)]
pub struct SumsMade {
    summing: Summing,
    left_out: BTreeSet<LeftOut>,
    /// The same without what is missing.
    places: BTreeSet<LeftOutPlace>,
}

type LeftOutPlace = (Option<String>, Option<(Vec<Grouping>, i32, i32)>);

impl Summing {
    /// Of parts whose tables and columns are those of `sources`, over whole periods of these days.
    #[must_use]
    pub fn new(sources: &Data, declared: &[Total], (first, last): (i32, i32)) -> Self {
        Summing {
            sources: sources.clone(),
            wanted: Wanted::of(sources, declared, (first, last)).ok(),
        }
    }

    /// The sums of a part.
    #[must_use]
    pub fn sum(&self, part: &Data) -> PartSums {
        let Some(wanted) = &self.wanted else {
            return PartSums::default();
        };
        let mut sums = Sums::new(part);
        for (total, spans) in &wanted.totals {
            sums.add(total, spans);
        }
        sums.in_parts()
    }

    /// Whether a column of the table is there: what the lines do not record is not recorded of their sums.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        match column {
            "covered-amounts" | "own-pays" | "base-quantities" => {
                let place = ids::ORDERS.table().column(column);
                place.is_some_and(|place| self.sources.values(ids::ORDERS, place).is_some())
            }
            _ => true,
        }
    }
}

impl SumOfLines {
    /// Adds the sum of other lines.
    ///
    /// # Errors
    /// The column whose sum 64 bits do not hold: nothing is known of it then.
    pub fn join(&mut self, other: &SumOfLines) -> Result<(), String> {
        let amount = self.amount.checked_add(other.amount);
        self.amount = amount.ok_or_else(|| AMOUNTS.told())?;
        self.encounters = self.encounters.saturating_add(other.encounters);
        self.covered = add(self.covered, other.covered);
        self.own_pay = add(self.own_pay, other.own_pay);
        let is_same_unit = self.base_unit == other.base_unit;
        let own = self.base_quantity.filter(|_| is_same_unit);
        self.base_quantity = add(own, other.base_quantity);
        Ok(())
    }
}

impl SumKey {
    /// What it is grouped by, in order.
    #[must_use]
    pub fn by(&self) -> Vec<Grouping> {
        by(|place| !self.group[place].is_empty())
    }
}

impl SumsMade {
    /// By what they were made, and what of them is left out.
    #[must_use]
    pub fn new(summing: Summing, left_out: BTreeSet<LeftOut>) -> Self {
        let places = left_out
            .iter()
            .map(|it| (it.institution.clone(), it.of.clone()));
        SumsMade {
            summing,
            places: places.collect(),
            left_out,
        }
    }

    /// Whether a sum is whole.
    #[must_use]
    pub fn keeps(&self, key: &SumKey) -> bool {
        if self.places.is_empty() {
            return true;
        }
        let institution = Some(key.institution.clone());
        let of = Some((key.by(), key.first, key.last));
        let takes = [(None, None), (institution.clone(), None), (institution, of)];
        !takes.iter().any(|place| self.places.contains(place))
    }

    /// The data that one pack sees: with the sums that it declares.
    pub(super) fn of_pack(
        &self,
        data: &Arc<Data>,
        declared: &[Total],
        days: (i32, i32),
    ) -> Result<Totalled, Vec<String>> {
        let wanted = Wanted::of(&self.summing.sources, declared, days)?;
        let is_declared = |by: &[Grouping]| wanted.totals.iter().any(|(total, _)| total.by == by);
        let concerns = |it: &&LeftOut| it.of.as_ref().is_none_or(|(by, ..)| is_declared(by));
        let left_out: Vec<&LeftOut> = self.left_out.iter().filter(concerns).collect();
        let is_complete = left_out.is_empty() && wanted.before_history.is_none();
        let is_wanted = |row| {
            let (by, first, last) = sum_in(data, row);
            let mut totals = wanted.totals.iter();
            totals.any(|(total, spans)| {
                let mut spans = spans.iter();
                total.by == by && spans.any(|span| (span.first, span.last) == (first, last))
            })
        };
        let seen = data
            .with_rows(ids::TOTALS, wanted.coverage(is_complete), is_wanted)
            .ok_or_else(|| vec!["totals (too many)".to_owned()])?;
        let mut told = BTreeSet::new();
        for row in 0..data.rows(ids::INSTITUTIONS) {
            let key = data.key(ids::INSTITUTIONS, row);
            let of_row =
                |it: &&&LeftOut| it.institution.as_deref().is_none_or(|of| Some(of) == key);
            told.extend(
                left_out
                    .iter()
                    .filter(of_row)
                    .map(|it| (row, it.missing.clone())),
            );
            told.extend(wanted.before_history.iter().map(|told| (row, told.clone())));
        }
        Ok(Totalled {
            data: Arc::new(seen),
            left_out: told,
        })
    }
}

/// The data as a pack sees it that declares no sums.
pub(super) fn without_sums(data: &Data) -> Option<Totalled> {
    let absent = Coverage {
        presence: Presence::Absent,
        history_start: NOT_RECORDED_S32,
    };
    Some(Totalled {
        data: Arc::new(data.with_rows(ids::TOTALS, absent, |_| false)?),
        left_out: BTreeSet::new(),
    })
}

/// The data with those of the sums that were brought which are grouped as the pack declares: sums by anything else
/// are for other packs, and would be counted twice.
pub(super) fn declared_alone(data: &Data, declared: &[Total]) -> Option<Totalled> {
    let mut groupings: Vec<Vec<Grouping>> = declared.iter().map(|it| it.by.clone()).collect();
    groupings.iter_mut().for_each(|by| by.sort());
    let coverage = data.coverage(ids::TOTALS);
    let is_declared = |row| groupings.contains(&sum_in(data, row).0);
    Some(Totalled {
        data: Arc::new(data.with_rows(ids::TOTALS, coverage, is_declared)?),
        left_out: BTreeSet::new(),
    })
}

/// What a row of the table is grouped by, and its period.
fn sum_in(data: &Data, row: u32) -> (Vec<Grouping>, i32, i32) {
    let grouped = |place: usize| {
        let column = COLUMNS
            .get(place)
            .and_then(|name| ids::TOTALS.table().column(name));
        let values = column.and_then(|column| data.values(ids::TOTALS, column));
        let number = match values {
            Some(Values::U32(numbers)) => numbers.get(row as usize).copied(),
            _ => None,
        };
        number.is_some_and(|number| number != 0)
    };
    let day = |column| {
        let day = data.number(ids::TOTALS, column, row);
        day.and_then(|day| i32::try_from(day).ok())
            .unwrap_or(NOT_RECORDED_S32)
    };
    (by(grouped), day("period-starts"), day("period-ends"))
}

/// The groupings of which this is so, in the order in which they are compared.
fn by(is: impl Fn(usize) -> bool) -> Vec<Grouping> {
    let places = GROUPINGS.iter().enumerate();
    let mut by: Vec<Grouping> = places
        .filter(|(place, _)| is(*place))
        .map(|(_, by)| *by)
        .collect();
    by.sort();
    by
}
