//! 超病种目录: an item charged under a chronic disease whose catalogue, which the city supplies, does not
//! cover it. A disease that the catalogue does not know is not judged.

use rulepack_sdk::prelude::*;

use super::Context;
use crate::binding::{Evaluator, bound};
use crate::findings::{Hit, Hits};

/// What each disease covers.
#[derive(Debug, Default)]
pub struct Catalogue {
    supplied: bool,
    covered: Map<(Code, Code), Vec<Validity>>,
    known: Map<Code, Vec<Validity>>,
}

impl Catalogue {
    /// Reads table `chronic-catalogue`; nothing is known where nobody supplied it.
    ///
    /// # Errors
    /// Where the manifest does not declare it so.
    pub fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("chronic-catalogue")?;
        let mut catalogue = Catalogue {
            supplied: table.supplied(),
            ..Catalogue::default()
        };
        let rows = table
            .codes("disease")?
            .into_iter()
            .zip(table.codes("item")?);
        for ((disease, item), validity) in rows.zip(table.validity()?) {
            let covered = catalogue.covered.entry((disease, item));
            covered.or_default().push(validity);
            catalogue.known.entry(disease).or_default().push(validity);
        }
        Ok(catalogue)
    }
}

/// Judges lines of chronic visits that name their disease.
#[inline(never)]
pub fn chronic_catalogue(context: &Context<'_>, hits: &mut Hits, answer: &mut Answer) {
    let encounters = context.batch.encounters();
    let care_types = &context.settings.lists.chronic_care_types;
    for line in context.lines.reviewed().filter(|line| line.claimed) {
        let care_type = encounters.care_types().get(line.encounter);
        if !care_type.is_some_and(|care_type| care_types.contains(&care_type)) {
            continue;
        }
        for (rule, binding) in bound(Evaluator::ChronicCatalogue, context.batch.stage()) {
            if !context.knowledge.chronic_catalogue.supplied {
                // No column is missing: the table is.
                answer.add(Abstention::new(binding.rule, line.order));
                continue;
            }
            let abstain = |column| Abstention::new(binding.rule, line.order).missing(column);
            let named = context.batch.orders().diseases().get(line.order);
            let disease = named.or_else(|| encounters.chronic_diseases().get(line.encounter));
            let (Some(disease), Some(day)) = (disease, line.day) else {
                let is_named = disease.is_some();
                answer.add(abstain(match is_named {
                    true => "orders.days",
                    false => "orders.diseases",
                }));
                continue;
            };
            let in_force = |days: &Vec<Validity>| days.iter().any(|it| it.includes(day));
            let catalogue = &context.knowledge.chronic_catalogue;
            let is_known = catalogue.known.get(&disease).is_some_and(in_force);
            let codes = [Some(line.item), line.name].into_iter().flatten();
            let is_covered = codes
                .filter_map(|code| catalogue.covered.get(&(disease, code)))
                .any(in_force);
            if is_known && !is_covered {
                let hit = Hit::new(line.order, line.amount, Some(line.item));
                let scope = (line.encounter, i64::from(disease.number()));
                hits.add(rule, scope, hit.figure("other", disease));
            }
        }
    }
}
