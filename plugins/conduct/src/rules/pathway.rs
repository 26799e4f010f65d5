//! CND-23 临床路径外医嘱: for a diagnosis with a clinical pathway (临床路径), what the pathway does not hold is approved first.

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-23";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.visit-types",
    "diagnoses.codes",
    "diagnoses.principal",
    "orders.items",
    "orders.days",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::Before, Stage::During, Stage::After];

/// 临床路径, as the hospital supplies them: the items of each principal diagnosis.
#[derive(Debug)]
pub struct Pathways {
    items: Map<(Code, Code), Vec<Validity>>,
    diagnoses: Map<Code, Vec<Validity>>,
}

impl Pathways {
    /// Reads table `pathways`; without one nothing is outside.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("pathways")?;
        let rows = table.codes("diagnosis")?.into_iter();
        let rows = rows.zip(table.codes("item")?).zip(table.validity()?);
        let mut pathways = Pathways {
            items: Map::default(),
            diagnoses: Map::default(),
        };
        for ((diagnosis, item), validity) in rows {
            let items = pathways.items.entry((diagnosis, item)).or_default();
            items.push(validity);
            let days = pathways.diagnoses.entry(diagnosis).or_default();
            days.push(validity);
        }
        Ok(pathways)
    }

    fn exists(&self, diagnosis: Code, day: Day) -> bool {
        in_force(self.diagnoses.get(&diagnosis), day)
    }

    fn holds(&self, diagnosis: Code, item: Code, day: Day) -> bool {
        in_force(self.items.get(&(diagnosis, item)), day)
    }
}

fn in_force(rows: Option<&Vec<Validity>>, day: Day) -> bool {
    rows.is_some_and(|rows| rows.iter().any(|validity| validity.includes(day)))
}

/// The lines of a stay outside its pathway are one finding, unless a signed record of the deviation (变异记录) is for the
/// line or for the whole stay. The record is what a person looks for: a suspicion.
pub(crate) fn check(
    settings: &Settings,
    pathways: &Pathways,
    care: &Care<'_>,
    answer: &mut Answer,
) {
    let encounters = care.batch.encounters();
    for (stay, kind) in encounters.visit_types().recorded() {
        let principal = principal(care.batch, stay);
        let (true, Some(diagnosis)) = (settings.stay_types.contains(&kind), principal) else {
            continue;
        };
        let mut outside = Vec::new();
        let lines = care.lines.of(stay);
        for line in lines.filter(|line| line.under_review && line.counted) {
            let (Some(item), Some(day)) = (line.item, line.day) else {
                continue;
            };
            let meant = pathways.exists(diagnosis, day) && !pathways.holds(diagnosis, item, day);
            if meant && !is_approved(settings, care.batch, (stay, line.order)) {
                outside.push((line.order, line.amount));
            }
        }
        if !outside.is_empty() {
            let count = i64::try_from(outside.len()).unwrap_or(i64::MAX);
            let finding = Finding::low_suspicion(ID, "outside")
                .argument("diagnosis", diagnosis)
                .argument("lines", count);
            let lines = outside.into_iter();
            answer.add(lines.fold(finding, |it, (order, amount)| it.offending(order, amount)));
        }
    }
}

fn principal(batch: &Batch, stay: Row<Encounters>) -> Option<Code> {
    let diagnoses = batch.diagnoses();
    let mut principal = diagnoses
        .of(stay)
        .filter(|row| diagnoses.principal().get(*row) == Some(true));
    diagnoses.codes().get(principal.next()?)
}

fn is_approved(
    settings: &Settings,
    batch: &Batch,
    (stay, order): (Row<Encounters>, Row<Orders>),
) -> bool {
    let records = batch.care_records();
    records.of(stay).any(|record| {
        let kind = records.kinds().get(record);
        let of_line = records.orders().get(record).is_none_or(|it| it == order);
        kind.is_some_and(|kind| settings.variance_kinds.contains(&kind))
            && of_line
            && records.signed().get(record) == Some(true)
    })
}
