//! CND-27 入院打包检查: how many stays begin with the same bundle of examinations: blood and urine, electrocardiogram, CT, MR.
//!
//! One measure a stay, 1 or 0 of 1. Nobody can tell from one patient that a ward examines everybody alike; whoever keeps
//! the answers sums them over department and month, and a share near one is what to look at.

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-27";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.visit-types",
    "encounters.admission-days",
    "orders.items",
    "orders.days",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// 入院常规检查, by item: of which part of a bundle it is.
#[derive(Debug)]
pub struct Bundles {
    by_item: Map<Code, Vec<(Code, Validity)>>,
}

impl Bundles {
    /// Reads table `admission-examinations`; without one no stay is measured.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("admission-examinations")?;
        let rows = table.codes("item")?.into_iter().zip(table.codes("part")?);
        let mut by_item: Map<Code, Vec<(Code, Validity)>> = Map::default();
        for ((item, part), validity) in rows.zip(table.validity()?) {
            by_item.entry(item).or_default().push((part, validity));
        }
        Ok(Bundles { by_item })
    }

    fn part(&self, item: Code, day: Day) -> Option<Code> {
        let mut parts = self.by_item.get(&item)?.iter();
        let (part, _) = parts.find(|(_, validity)| validity.includes(day))?;
        Some(*part)
    }
}

/// Stays under review. A bundle is so many parts of the table on the day of admission and the days after it that the
/// parameter counts, refunds taken off.
pub(crate) fn check(settings: &Settings, bundles: &Bundles, care: &Care<'_>, answer: &mut Answer) {
    if bundles.by_item.is_empty() {
        return;
    }
    let encounters = care.batch.encounters();
    for (stay, kind) in encounters.visit_types().recorded() {
        let current = encounters.current().get(stay) == Some(true);
        if !current || !settings.stay_types.contains(&kind) {
            continue;
        }
        let Some(admitted) = encounters.admission_days().get(stay) else {
            answer.add(Abstention::new(ID, stay).missing("encounters.admission-days"));
            continue;
        };
        let early = care.lines.of(stay).filter(|line| line.counted);
        let parts = early.filter_map(|line| {
            let (item, day) = line.item.zip(line.day)?;
            let is_early = (0..=settings.bundle_days).contains(&day.since(admitted));
            bundles.part(item, day).filter(|_| is_early)
        });
        let parts: Set<Code> = parts.collect();
        let parts = i64::try_from(parts.len()).unwrap_or(i64::MAX);
        let bundle = parts >= settings.bundle_parts_min;
        answer.add(Measure::new(ID, stay, i64::from(bundle), 1));
    }
}
