//! Adds lines up by what is declared, and knows what it had to leave out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rulepack_contract::data::{Data, Values};
use rulepack_contract::schema::ids;
use rulepack_contract::units::NOT_RECORDED_S64;
use rulepack_protocol::pack::manifest::{Grouping, Total};

use super::in_parts::{LeftOut, PartSums, SumKey, SumOfLines};
use super::{AMOUNTS, DAYS, INSTITUTIONS, Source, Span};

/// The groupings, in the order in which a group has them.
pub(super) const GROUPINGS: [Grouping; 6] = [
    Grouping::Department,
    Grouping::Doctor,
    Grouping::VisitType,
    Grouping::ChargeType,
    Grouping::Item,
    Grouping::PaymentGroup,
];
/// The columns of the contract that hold them.
pub(super) const COLUMNS: [&str; 6] = [
    "departments",
    "doctors",
    "visit-types",
    "charge-types",
    "items",
    "payment-groups",
];

/// What is summed apart: numbers of the data, 0 where it is not grouped by.
type Group = [u32; 6];
/// An institution's period.
type Place = (u32, Span);

/// All sums of one pack.
#[derive(Debug)]
pub(super) struct Sums<'d> {
    data: &'d Data,
    lines: Vec<Line>,
    /// Institutions of which some line does not say when it was, or lines that do not say whose they are.
    unplaced: BTreeSet<(Option<u32>, Source)>,
    sums: HashMap<(Place, Group), Sum>,
    /// Places that are not whole, and for want of what.
    spoilt: BTreeMap<(Place, Vec<Grouping>), BTreeSet<Source>>,
}

/// A line to sum.
#[derive(Debug, Clone, Copy)]
struct Line {
    row: u32,
    encounter: u32,
    institution: u32,
    day: i32,
}

#[derive(Debug, Default)]
struct Sum {
    encounters: i64,
    /// Lines of one encounter follow each other.
    last_encounter: Option<u32>,
    amount: i64,
    /// `None` once a line does not say.
    covered: Option<i64>,
    own_pay: Option<i64>,
    base_quantity: Option<i64>,
    base_unit: Option<u32>,
}

impl<'d> Sums<'d> {
    /// Nothing yet, of the lines to sum.
    pub(super) fn new(data: &'d Data) -> Self {
        let mut sums = Sums {
            data,
            lines: Vec::new(),
            unplaced: BTreeSet::new(),
            sums: HashMap::new(),
            spoilt: BTreeMap::new(),
        };
        for row in 0..data.rows(ids::ORDERS) {
            // What does not say is summed, as packs count it.
            if data.number(ids::ORDERS, "counted", row) != Some(0) {
                sums.place(row);
            }
        }
        sums
    }

    fn place(&mut self, row: u32) {
        let encounter = whole(self.data.number(ids::ORDERS, "encounters", row));
        let institution = encounter.and_then(|encounter| {
            whole(self.data.number(ids::ENCOUNTERS, "institutions", encounter))
        });
        let day = self.data.number(ids::ORDERS, "days", row);
        let day = day.and_then(|day| i32::try_from(day).ok());
        match (encounter, institution, day) {
            (Some(encounter), Some(institution), Some(day)) => self.lines.push(Line {
                row,
                encounter,
                institution,
                day,
            }),
            (_, Some(_), None) => _ = self.unplaced.insert((institution, DAYS)),
            _ => _ = self.unplaced.insert((None, INSTITUTIONS)),
        }
    }

    /// Sums what one `[[total]]` declares (its groupings in order), over these periods.
    pub(super) fn add(&mut self, total: &Total, spans: &[Span]) {
        let by = &total.by;
        for at in 0..self.lines.len() {
            let line = self.lines[at];
            let after = spans.partition_point(|span| span.first <= line.day);
            let span = after.checked_sub(1).and_then(|place| spans.get(place));
            let Some(span) = span.filter(|span| line.day <= span.last).copied() else {
                continue;
            };
            let place = (line.institution, span);
            if let Err(missing) = self.add_line(line, place, by) {
                let spoilt = self.spoilt.entry((place, by.clone())).or_default();
                spoilt.insert(missing);
            }
        }
        let whole = |place: &Place| !self.spoilt.contains_key(&(*place, by.clone()));
        let grouped = |group: &Group| groups_by(group) == *by;
        let mut sums = std::mem::take(&mut self.sums);
        sums.retain(|(place, group), _| !grouped(group) || whole(place));
        self.sums = sums;
    }

    fn add_line(&mut self, line: Line, place: Place, by: &[Grouping]) -> Result<(), Source> {
        let orders = |column| self.data.number(ids::ORDERS, column, line.row);
        let amount = orders("amounts").ok_or(AMOUNTS)?;
        let mut group = Group::default();
        for (number, grouping) in group.iter_mut().zip(GROUPINGS) {
            if by.contains(&grouping) {
                let source = Source::of(grouping);
                let row = match source.table {
                    ids::ORDERS => line.row,
                    _ => line.encounter,
                };
                *number = text(self.data, source, row).ok_or(source)?;
            }
        }
        let (covered, own_pay) = (orders("covered-amounts"), orders("own-pays"));
        let by_item = by.contains(&Grouping::Item);
        let quantity = orders("base-quantities").filter(|_| by_item);
        let unit = Source {
            table: ids::ORDERS,
            column: "base-units",
        };
        let unit = text(self.data, unit, line.row);
        let sum = self.sums.entry((place, group)).or_insert_with(|| Sum {
            covered: Some(0),
            own_pay: Some(0),
            base_quantity: unit.map(|_| 0),
            base_unit: unit,
            ..Sum::default()
        });
        sum.amount = sum.amount.checked_add(amount).ok_or(AMOUNTS)?;
        sum.covered = add(sum.covered, covered);
        sum.own_pay = add(sum.own_pay, own_pay);
        // Tablets and grams are not one quantity.
        let is_same_unit = sum.base_unit == unit;
        sum.base_quantity = add(sum.base_quantity.filter(|_| is_same_unit), quantity);
        if sum.last_encounter.replace(line.encounter) != Some(line.encounter) {
            sum.encounters += 1;
        }
        Ok(())
    }

    /// Institutions of which something was left out, and for want of which column.
    pub(super) fn left_out(&self) -> BTreeSet<(u32, String)> {
        let spoilt = self
            .spoilt
            .iter()
            .flat_map(|(((institution, _), _), missing)| {
                missing.iter().map(|source| (*institution, source.told()))
            });
        let all = 0..self.data.rows(ids::INSTITUTIONS);
        let unplaced = self.unplaced.iter().flat_map(|(institution, source)| {
            let rows = match institution {
                Some(row) => *row..row + 1,
                None => all.clone(),
            };
            rows.map(|row| (row, source.told()))
        });
        spoilt.chain(unplaced).collect()
    }

    /// The same as texts, to be joined with those of other parts of the data.
    pub(super) fn in_parts(&self) -> PartSums {
        let institution = |row: u32| self.data.key(ids::INSTITUTIONS, row).map(str::to_owned);
        let mut parts = PartSums::default();
        for (((row, span), group), sum) in &self.sums {
            let mut texts = GROUPINGS.iter().zip(group);
            let key = SumKey {
                institution: institution(*row).unwrap_or_default(),
                first: span.first,
                last: span.last,
                group: std::array::from_fn(|_| {
                    let next = texts.next();
                    next.map_or_else(String::new, |(by, number)| {
                        self.text(*by, *number).to_owned()
                    })
                }),
            };
            let unit = sum
                .base_unit
                .and_then(|number| self.data.codes().text(number));
            let sum = SumOfLines {
                encounters: sum.encounters,
                amount: sum.amount,
                covered: sum.covered,
                own_pay: sum.own_pay,
                base_quantity: sum.base_quantity,
                base_unit: unit.map(str::to_owned),
            };
            parts.sums.push((key, sum));
        }
        for (((row, span), by), missing) in &self.spoilt {
            let of_place = missing.iter().map(|source| LeftOut {
                institution: institution(*row),
                of: Some((by.clone(), span.first, span.last)),
                missing: source.told(),
            });
            parts.left_out.extend(of_place);
        }
        let unplaced = self.unplaced.iter().map(|(row, source)| LeftOut {
            institution: row.and_then(institution),
            of: None,
            missing: source.told(),
        });
        parts.left_out.extend(unplaced);
        parts
    }

    /// The table, by institution, period and the texts of what it is grouped by.
    pub(super) fn columns(&self) -> Vec<Option<Values>> {
        let is_placed = |((institution, _), _): &&(Place, Group)| {
            let whole = |of: Option<u32>| !self.unplaced.iter().any(|(found, _)| *found == of);
            whole(None) && whole(Some(*institution))
        };
        let mut keys: Vec<&(Place, Group)> = self.sums.keys().filter(is_placed).collect();
        keys.sort_by_cached_key(|((institution, span), group)| {
            let texts = GROUPINGS.iter().zip(group);
            let texts = texts.map(|(grouping, number)| self.text(*grouping, *number));
            (*institution, *span, texts.collect::<Vec<_>>())
        });
        let s64 = |of: &dyn Fn(&Sum) -> Option<i64>| {
            let value = |key: &&(Place, Group)| self.sums.get(*key).and_then(of);
            let values = keys
                .iter()
                .map(|key| value(key).unwrap_or(NOT_RECORDED_S64));
            Some(Values::S64(values.collect()))
        };
        let s32 = |of: &dyn Fn(Span) -> i32| {
            Some(Values::S32(
                keys.iter().map(|((_, span), _)| of(*span)).collect(),
            ))
        };
        let has = |column: &str| {
            let place = ids::ORDERS.table().column(column);
            place.is_some_and(|place| self.data.values(ids::ORDERS, place).is_some())
        };
        let column = |name: &str| match name {
            "institutions" => Some(Values::U32(keys.iter().map(|((row, _), _)| *row).collect())),
            "period-starts" => s32(&|span| span.first),
            "period-ends" => s32(&|span| span.last),
            "encounters" => s64(&|sum| Some(sum.encounters)),
            "amounts" => s64(&|sum| Some(sum.amount)),
            "covered-amounts" => s64(&|sum| sum.covered).filter(|_| has(name)),
            "own-pays" => s64(&|sum| sum.own_pay).filter(|_| has(name)),
            "base-quantities" => s64(&|sum| sum.base_quantity).filter(|_| has(name)),
            _ => {
                let place = COLUMNS.iter().position(|column| *column == name)?;
                let numbers = keys.iter().map(|(_, group)| group.get(place).copied());
                Some(Values::U32(
                    numbers.map(Option::unwrap_or_default).collect(),
                ))
            }
        };
        let columns = ids::TOTALS.table().columns.iter();
        columns.map(|declared| column(declared.name)).collect()
    }

    fn text(&self, grouping: Grouping, number: u32) -> &'d str {
        let texts = match grouping {
            Grouping::Doctor => self.data.tokens(),
            _ => self.data.codes(),
        };
        texts.text(number).unwrap_or_default()
    }
}

/// What a group is grouped by, in order.
fn groups_by(group: &Group) -> Vec<Grouping> {
    let pairs = GROUPINGS.iter().zip(group);
    let mut by: Vec<Grouping> = pairs
        .filter(|(_, number)| **number != 0)
        .map(|(grouping, _)| *grouping)
        .collect();
    by.sort();
    by
}

/// The number of a code or token; `None` where it is not recorded.
fn text(data: &Data, source: Source, row: u32) -> Option<u32> {
    match source.values(data)? {
        Values::U32(values) => values
            .get(row as usize)
            .copied()
            .filter(|number| *number != 0),
        _ => None,
    }
}

fn whole(number: Option<i64>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}

pub(super) fn add(sum: Option<i64>, value: Option<i64>) -> Option<i64> {
    sum?.checked_add(value?)
}
