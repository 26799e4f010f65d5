//! CND-09 中医、康复相近项目重复收费: of treatments that are alike one is charged for a body part on a day.

use rulepack_sdk::prelude::*;

use super::treatment_records::TREATMENTS;
use crate::{Care, Conduct};

/// Id of the rule.
pub const ID: &str = "CND-09";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["orders.items", "orders.days"];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::During, Stage::After];

/// Different items of one family in a stay or visit on one day. The dearest one stands, the others are at
/// stake; where both lines name their body part, and another, both stand.
pub(crate) fn check(pack: &Conduct, care: &Care<'_>, answer: &mut Answer) {
    let sites = care.batch.orders().body_sites();
    let mut charged = pack.treatments.charged(care);
    charged.sort_by_key(|(line, _, day, treatment)| {
        (
            line.encounter,
            *day,
            treatment.family,
            std::cmp::Reverse(line.amount),
            line.order,
        )
    });
    let together = charged.chunk_by(|one, other| {
        (one.0.encounter, one.2, one.3.family) == (other.0.encounter, other.2, other.3.family)
    });
    for lines in together {
        for (place, (line, item, _, treatment)) in lines.iter().enumerate() {
            let site = sites.get(line.order);
            let dearer = lines.iter().take(place).find(|(dearer, other, ..)| {
                let other_site = sites.get(dearer.order);
                let apart = site.is_some() && other_site.is_some() && site != other_site;
                other != item && !apart
            });
            let Some((dearer, other, ..)) = dearer else {
                continue;
            };
            answer.add(
                Finding::high_suspicion(ID, "alike")
                    .offending(line.order, line.amount)
                    .related(dearer.order, dearer.amount)
                    .argument("item", *item)
                    .argument("other", *other)
                    .evidence(TREATMENTS, treatment.row),
            );
        }
    }
}
