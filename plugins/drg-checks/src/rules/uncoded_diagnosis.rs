//! DRG-09 病案诊断未填入结算清单（低编）: the record has a diagnosis that the settlement list does not name, and with it
//! the stay would belong to a group for more.
//!
//! The hospital asks for less than it may, so nothing of the fund is at stake; the message tells the difference. A
//! group claimed that is not the one of the record is DRG-01.

use rulepack_sdk::prelude::*;

use crate::standards::{self, Gap};
use crate::stay::Reader;
use crate::{DrgChecks, Stay};

/// Id of the rule.
pub const ID: &str = "DRG-09";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "patients.genders",
    "encounters.patients",
    "encounters.current",
    "encounters.ages",
    "encounters.payment-methods",
    "encounters.payment-groups",
    "diagnoses.encounters",
    "diagnoses.codes",
    "diagnoses.systems",
    "diagnoses.principal",
    "diagnoses.on-settlement-list",
    "procedures.encounters",
    "procedures.codes",
    "procedures.principal",
    "procedures.on-settlement-list",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// The first diagnosis of the record that alone gives a group for more.
pub(crate) fn check(
    stay: &Stay,
    reader: &Reader<'_>,
    pack: &DrgChecks,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let record = match &stay.record {
        Ok(record) => record,
        Err(missing) => {
            stay.abstain(ID, missing, answer);
            return Ok(());
        }
    };
    let Some(claimed) = stay.given().filter(|given| stay.claimed == Some(*given)) else {
        return Ok(());
    };
    let table = reader.batch.diagnoses();
    for row in table.of(stay.encounter) {
        let unlisted = table.on_settlement_list().get(row) == Some(false);
        let system = table.systems().get(row);
        let western = system.is_none_or(|it| reader.terms.western_systems.contains(&it));
        let Some(code) = table.codes().get(row).filter(|_| unlisted && western) else {
            continue;
        };
        let mut diagnoses = record.list.diagnosis_codes();
        diagnoses.push(code);
        let procedures = record.list.procedure_codes();
        let outcome = reader.group(stay.encounter, &diagnoses, &procedures);
        let Some(given) = outcome.grouping.map(|it| it.group) else {
            continue;
        };
        let Some(gap) = standards::gap(pack, stay.day, given, claimed)? else {
            continue;
        };
        let template = match gap {
            Gap::Priced(..) => "uncoded",
            Gap::Unpriced => "uncoded-unpriced",
        };
        let finding = Finding::low_suspicion(ID, template)
            .offending(stay.encounter, Money::ZERO)
            .related(row, Money::ZERO)
            .argument("claimed", claimed)
            .argument("given", given)
            .argument("diagnosis", code);
        answer.add(gap.told(finding));
        return Ok(());
    }
    Ok(())
}
