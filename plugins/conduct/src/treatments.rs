//! 中医、康复治疗项目: what each treatment asks of the record, and how often it is given.

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::lines::Line;

/// Treatments by item, each with the days on which its row is in force.
#[derive(Debug)]
pub struct Treatments {
    by_item: Map<Code, Vec<Treatment>>,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Treatment {
    /// Items of one family are alike: charged together they are one treatment.
    pub family: Code,
    /// The most of it in a day, in billing units.
    pub daily_max: Option<Quantity>,
    /// Whether the record names a body part or acupoint.
    pub needs_site: bool,
    /// Its place in the table.
    pub row: usize,
    validity: Validity,
}

/// A record of a treatment, as far as it can be held against a line.
pub enum Recorded {
    /// Written on the day of the line.
    Yes(Row<CareRecords>),
    /// Not written, and the hospital's records are complete.
    No,
    /// Nobody knows, for want of this column.
    Unknown(&'static str),
}

impl Treatments {
    /// Reads table `treatments`.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("treatments")?;
        let mut by_item: Map<Code, Vec<Treatment>> = Map::default();
        let codes = table.codes("item")?.into_iter().zip(table.codes("family")?);
        let terms = table
            .optional_quantities("daily_max")?
            .into_iter()
            .zip(table.integers("needs_site")?);
        for (row, ((codes, terms), validity)) in codes.zip(terms).zip(table.validity()?).enumerate()
        {
            let ((item, family), (daily_max, needs_site)) = (codes, terms);
            let needs_site = needs_site == 1;
            let treatment = Treatment {
                family,
                daily_max,
                needs_site,
                row,
                validity,
            };
            by_item.entry(item).or_default().push(treatment);
        }
        Ok(Treatments { by_item })
    }

    /// The treatment that an item is on a day.
    #[must_use]
    pub fn of(&self, item: Code, day: Day) -> Option<&Treatment> {
        let mut rows = self.by_item.get(&item)?.iter();
        rows.find(|row| row.validity.includes(day))
    }

    /// Charged lines under review that are treatments, with their item and day; by encounter, day, order.
    pub(crate) fn charged<'a>(
        &'a self,
        care: &'a Care<'_>,
    ) -> Vec<(&'a Line, Code, Day, &'a Treatment)> {
        let lines = care
            .lines
            .under_review()
            .filter(|line| line.charged != Some(false));
        let treatments = lines.filter_map(|line| {
            let (item, day) = line.item.zip(line.day)?;
            Some((line, item, day, self.of(item, day)?))
        });
        let mut treatments: Vec<_> = treatments.collect();
        treatments.sort_by_key(|(line, _, day, _)| (line.encounter, *day, line.order));
        treatments
    }
}

/// The record of a treatment on its day: one that names the line, or its item.
pub(crate) fn recorded(batch: &Batch, line: &Line, item: Code, day: Day) -> Recorded {
    let records = batch.care_records();
    let mut unknown = None;
    for record in records.of(line.encounter) {
        let names_line = records.orders().get(record) == Some(line.order);
        let named = records.items().get(record);
        match (
            names_line || named == Some(item),
            records.performed().get(record),
        ) {
            (true, Some(performed)) if performed.day() == day => return Recorded::Yes(record),
            (true, None) => unknown = Some("care-records.performed"),
            _ => {}
        }
    }
    match unknown {
        Some(column) => Recorded::Unknown(column),
        None if batch.presence::<CareRecords>() != Presence::Complete => {
            Recorded::Unknown("care-records.items")
        }
        None => Recorded::No,
    }
}

/// How often a treatment was recorded on a day, by records that name one of the lines or their item: each record once,
/// or as often as it says.
///
/// # Errors
/// [`Overflow`] of the sum.
pub(crate) fn recorded_times(
    batch: &Batch,
    lines: &[&Line],
    item: Code,
    day: Day,
) -> Result<Quantity, Overflow> {
    let records = batch.care_records();
    let Some(encounter) = lines.first().map(|line| line.encounter) else {
        return Ok(Quantity::ZERO);
    };
    let of_day = records.of(encounter).filter(|record| {
        let order = records.orders().get(*record);
        let names_line = order.is_some_and(|order| lines.iter().any(|line| line.order == order));
        let performed = records.performed().get(*record);
        (names_line || records.items().get(*record) == Some(item))
            && performed.is_some_and(|performed| performed.day() == day)
    });
    Quantity::sum(of_day.map(|record| {
        let times = records.quantities().get(record);
        times.unwrap_or(ONCE)
    }))
}

/// One, in ten-thousandths.
const ONCE: Quantity = Quantity(10_000);
