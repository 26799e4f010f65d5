//! CND-07 中医、康复治疗部位（穴位）: the record of a treatment names the body part or acupoint, the one that was ordered.

use rulepack_sdk::prelude::*;

use crate::treatments::{Recorded, recorded};
use crate::{Care, Conduct};

/// Id of the rule.
pub const ID: &str = "CND-07";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "orders.items",
    "orders.days",
    "care-records.items",
    "care-records.performed",
    "care-records.body-sites",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// A treatment without a record is the matter of CND-06.
pub(crate) fn check(pack: &Conduct, care: &Care<'_>, answer: &mut Answer) {
    for (line, item, day, treatment) in pack.treatments.charged(care) {
        let Recorded::Yes(record) = recorded(care.batch, line, item, day) else {
            continue;
        };
        if !treatment.needs_site {
            continue;
        }
        let ordered = care.batch.orders().body_sites().get(line.order);
        let found = match (care.batch.care_records().body_sites().get(record), ordered) {
            (None, _) => Some("no-site"),
            (Some(treated), Some(ordered)) if treated != ordered => Some("other-site"),
            _ => None,
        };
        if let Some(template) = found {
            answer.add(
                Finding::high_suspicion(ID, template)
                    .offending(line.order, line.amount)
                    .related(record, Money::ZERO)
                    .argument("item", item),
            );
        }
    }
}
