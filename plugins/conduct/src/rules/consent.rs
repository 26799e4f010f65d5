//! CND-11 自费项目知情同意: what the patient pays outside the catalogue (自费) is agreed to and signed beforehand.

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::lines::Line;
use crate::records::are_told;
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-11";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["orders.own-pays"];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::During, Stage::After];

/// How a line stands with consents.
enum Consent {
    Signed,
    Unsigned,
    None,
    Unknown(&'static str),
}

/// A consent is for a line, for an item, or, where it names neither, for the whole stay or visit. The lines
/// of a stay that lack it are one finding; at stake is what the patient paid for them.
pub(crate) fn check(settings: &Settings, care: &Care<'_>, answer: &mut Answer) {
    for (encounter, current) in care.batch.encounters().current().recorded() {
        if !current {
            continue;
        }
        let (mut unsigned, mut none) = (Vec::new(), Vec::new());
        for line in care.lines.of(encounter).filter(|line| line.counted) {
            let Some(paid) = line.own_pay.filter(|paid| *paid > Money::ZERO) else {
                continue;
            };
            match consent(settings, care.batch, line) {
                Consent::Signed => {}
                Consent::Unsigned => unsigned.push((line.order, paid)),
                Consent::None => none.push((line.order, paid)),
                Consent::Unknown(column) => {
                    answer.add(Abstention::new(ID, line.order).missing(column));
                }
            }
        }
        for (template, lines) in [("unsigned", unsigned), ("no-consent", none)] {
            if !lines.is_empty() {
                let finding = Finding::violation(ID, template);
                let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
                let lines = lines.into_iter();
                let finding = lines.fold(finding, |it, (order, paid)| it.offending(order, paid));
                answer.add(finding.argument("lines", count));
            }
        }
    }
}

fn consent(settings: &Settings, batch: &Batch, line: &Line) -> Consent {
    let records = batch.care_records();
    let mut best = match are_told(batch, line.encounter) {
        true => Consent::None,
        false => Consent::Unknown("care-records.kinds"),
    };
    for record in records.of(line.encounter) {
        let kind = records.kinds().get(record);
        if !kind.is_some_and(|kind| settings.consent_kinds.contains(&kind)) {
            continue;
        }
        let (order, item) = (records.orders().get(record), records.items().get(record));
        let meant = match (order, item) {
            (Some(order), _) => order == line.order,
            (None, Some(item)) => line.item == Some(item),
            (None, None) => true,
        };
        match (meant, records.signed().get(record)) {
            (false, _) => {}
            (true, Some(true)) => return Consent::Signed,
            (true, Some(false)) if matches!(best, Consent::None) => best = Consent::Unsigned,
            (true, Some(false)) => {}
            (true, None) => best = Consent::Unknown("care-records.signed"),
        }
    }
    best
}
